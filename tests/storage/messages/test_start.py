"""One message as a start: what its row alone decides."""

from __future__ import annotations

import pytest

from storage.database.codes import (
    ORIGIN_CAMPAIGN,
    ORIGIN_WEBCHAT,
    STATUS_RECEIVED,
    USER_NEW,
    USER_RECURRENT,
)
from storage.domain.events import Flags, LineIds, Origin, Rank
from storage.messages.from_events import line_reference, message_of
from storage.messages.message import Exported, Stated
from storage.messages.message_row import EXPORTED, exported_of, row_of
from storage.messages.start import referred_start
from tests.databases import LINE, NOON
from tests.events import inbound, send

_SENT, _READ = Stated.SENT.value, Stated.READ.value


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(Origin.CAMPAIGN, ORIGIN_CAMPAIGN), (Origin.WEBCHAT, ORIGIN_WEBCHAT), (None, ORIGIN_WEBCHAT)],
)
@pytest.mark.parametrize(
    ("known_since", "user"),
    [(None, USER_NEW), (NOON - 1, USER_RECURRENT), (NOON, USER_NEW), (NOON + 1, USER_NEW)],
)
def test_a_referred_start_is_received_and_new_unless_the_contact_was_known(
    origin: Origin | None, expected: int, known_since: int | None, user: int
) -> None:
    row = row_of(message_of(inbound(origin=origin)))
    assert referred_start(row, 3, known_since) == (NOON, 3, None, expected, user, STATUS_RECEIVED, None, None, 0)


def test_the_derived_columns_of_our_own_tsv_are_kept_apart() -> None:
    stated = Flags(new=True, sent=True, read=True)
    exported = message_of(send(rank=Rank.PLATFORM, derived=True, sent_at=NOON, answered_at=NOON + 5, flags=stated))
    assert exported.exported == Exported(_SENT | _READ, (NOON, 1), NOON + 5)
    assert exported_of(row_of(exported)[EXPORTED]) == exported.exported
    assert exported.flags == 0
    plain = message_of(send(rank=Rank.PLATFORM, sent_at=NOON, flags=stated))
    assert (plain.exported, plain.flags) == (None, _SENT | _READ)


def test_of_two_exported_rows_all_flags_and_the_smaller_values_count() -> None:
    one, other = Exported(_SENT, (NOON, 1), NOON + 5), Exported(_READ, (NOON - 1, 0), NOON + 4)
    assert one.merged_with(other) == other.merged_with(one) == Exported(_SENT | _READ, (NOON - 1, 0), NOON + 4)
    assert one.merged_with(Exported()) == one == Exported().merged_with(one)


def test_a_line_is_named_by_its_identifier_then_its_number_then_its_name() -> None:
    assert line_reference(LINE) == (1, LINE.identifier)
    assert line_reference(LineIds(number="5411000", name="Sales")) == (0, "5411000")
    assert line_reference(LineIds(name="Sales")) == (2, "Sales")
    assert line_reference(LineIds()) is None
