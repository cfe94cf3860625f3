"""One message as a start: what its row alone decides."""

from __future__ import annotations

from itertools import product

import pytest

from storage.database.codes import (
    ORIGIN_CAMPAIGN,
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    ORIGIN_WEBCHAT,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
    USER_NEW,
    USER_RECURRENT,
)
from storage.domain.events import Failure, Flags, LineIds, Origin, Rank
from storage.domain.vocabulary import DataFlag
from storage.messages.from_events import line_reference, message_of
from storage.messages.message import Exported, Stated
from storage.messages.message_row import EXPORTED, exported_of, row_of
from storage.messages.start import earlier, notification_start, referred_start, stated
from tests.databases import LINE, NOON
from tests.events import inbound, row, send

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


def test_status_and_flags_follow_from_what_is_known_in_any_combination() -> None:
    for times, flags, answered, joined in product(
        product((False, True), repeat=3), product((False, True), repeat=4), (None, NOON + 9), (False, True)
    ):
        (failed_at, delivered_at, read_at), (not_sent, delivered, read, answered_untimed) = times, flags
        message = message_of(
            send(
                failed_at=NOON + 1 if failed_at else None,
                failure=Failure(131026, "gone", "x") if failed_at else None,
                delivered_at=NOON + 2 if delivered_at else None,
                read_at=NOON + 3 if read_at else None,
            )
        )
        bits = sum(bit for bit, given in zip((1, 4, 8, 16), flags, strict=True) if given) | _SENT
        found = notification_start(row_of(message), 3, bits, answered, None, joined=joined)
        steps = [delivered_at or delivered, read_at or read, answered is not None or answered_untimed]
        last = max((place for place, is_known in enumerate(steps) if is_known), default=None)
        failed = failed_at or not_sent
        status = STATUS_FAILED if failed else STATUS_SENT
        if last is not None:
            status = (STATUS_DELIVERED, STATUS_READ, STATUS_ANSWERED)[last]
        quality = DataFlag.IMPLIED if last is not None and not all(steps[:last]) else DataFlag(0)
        quality |= DataFlag.CONFLICT if failed and last is not None else DataFlag(0)
        quality |= DataFlag.JOINED if joined else DataFlag(0)
        why = Failure(131026, "gone", "x") if status == STATUS_FAILED and failed_at else None
        assert found == (NOON, 3, "promo", ORIGIN_TEMPLATE, USER_NEW, status, answered, why, quality.value)


def test_what_is_stated_without_a_time_and_the_earliest_answer() -> None:
    plain = row_of(message_of(send(flags=Flags(read=True), answered_at=NOON + 5)))
    assert stated(plain, True, {}) == (_READ, NOON + 5)
    assert stated(plain, True, {"w1": NOON + 4}) == (_READ, NOON + 4)
    assert stated(plain, True, {"w1": NOON + 6, "w2": NOON}) == (_READ, NOON + 5)
    assert stated(plain, False, {"w1": NOON}) == (_READ, None)
    keyless = row_of(message_of(row("w1", answered_at=NOON + 5)))
    assert stated(keyless, True, {"w1": NOON}) == (0, NOON + 5)
    bare = row_of(message_of(send()))
    assert stated(bare, True, {"w1": NOON + 4}) == (0, NOON + 4)
    exported = message_of(send(rank=Rank.PLATFORM, derived=True, answered_at=NOON + 5, flags=Flags(read=True)))
    assert stated(row_of(exported), True, {}) == (_READ, NOON + 5)
    assert stated(row_of(exported), True, {"w1": NOON + 4}) == (_READ, NOON + 4)
    assert stated(row_of(exported), True, {"w1": NOON + 6}) == (_READ, NOON + 5)
    assert stated(row_of(exported), False, {}) == (_READ, None)
    exported.flags = _SENT
    assert stated(row_of(exported), True, {}) == (_SENT | _READ, NOON + 5)
    exported.merge(message_of(send(rank=Rank.PLATFORM)))  # another source knows it: our own TSV counts no more
    assert stated(row_of(exported), True, {}) == (_SENT, None)
    assert [earlier(*pair) for pair in ((None, None), (1, None), (None, 1), (1, 2), (2, 1))] == [None, 1, 1, 1, 1]


def test_who_is_new_is_what_the_source_says_else_what_was_known() -> None:
    def user(known_since: int | None, **more: object) -> int:
        return notification_start(row_of(message_of(send(**more))), 3, 0, None, known_since)[4]  # type: ignore[arg-type]

    assert [user(since) for since in (None, NOON, NOON - 1)] == [USER_NEW, USER_NEW, USER_RECURRENT]
    assert user(NOON - 1, flags=Flags(new=True)) == USER_NEW
    assert user(None, flags=Flags(new=False)) == USER_RECURRENT
    own = {"rank": Rank.PLATFORM, "derived": True}
    assert user(NOON - 1, **own, flags=Flags(new=True)) == USER_NEW
    assert user(None, **own, flags=Flags(new=False)) == USER_RECURRENT
    assert [user(since, **own) for since in (None, NOON - 1)] == [USER_NEW, USER_RECURRENT]
    message = message_of(send(rank=Rank.PLATFORM, derived=True, flags=Flags(new=False)))
    message.merge(message_of(send(rank=Rank.PLATFORM)))  # our own TSV counts no more
    assert notification_start(row_of(message), 3, 0, None, None)[4] == USER_NEW


def test_the_origin_of_a_notification_is_a_campaign_if_it_names_one() -> None:
    def origin(**more: object) -> int:
        return notification_start(row_of(message_of(send(**more))), 3, 0, None, None)[3]  # type: ignore[arg-type]

    assert origin() == origin(origin=Origin.TEMPLATE) == ORIGIN_TEMPLATE
    assert origin(origin=Origin.NOTIFICATION) == origin(campaign="x") == ORIGIN_NOTIFICATION
    assert origin(campaign="x", origin=Origin.TEMPLATE) == ORIGIN_NOTIFICATION
