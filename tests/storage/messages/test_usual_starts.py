"""The usual message that is alone is derived from few of its values: the same as by the plain rule."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from storage.database.codes import (
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_SENT,
    USER_NEW,
    USER_RECURRENT,
)
from storage.domain.calendar import QUARTER
from storage.domain.events import Event, Failure, Flags, Origin, Rank, Step
from storage.messages.message import Direction
from storage.messages.message_row import AT, DIRECTION, KEY, NOTHING_UNUSUAL, USUAL
from storage.messages.store import DERIVED, Stored
from storage.messages.timeline import single_message_start
from storage.messages.usual_starts import UsualStarts
from tests.events import send, status
from tests.histories import events
from tests.storage.messages.test_classify import rows_of

NOON = 1_790_000_000_000


class Days(dict[int, int]):
    """A day for each quarter."""

    def __missing__(self, quarter: int) -> int:
        return quarter // 96


TEMPLATES: defaultdict[str | None, int | None] = defaultdict(count(1).__next__, {None: None})


def alone(history: list[Event]) -> list[Stored]:
    """The messages of some events, each of a contact of its own."""
    return [Stored(id, 3, id, 4, id, row, row[AT], None) for id, row in enumerate(rows_of(history), 1)]


@given(events(), st.sampled_from((None, -1, 0, 1)), st.booleans())
def test_usual_messages_are_derived_as_by_the_plain_rule(
    history: list[Event], known: int | None, answers: bool
) -> None:
    messages = alone(history)
    answered = {one.row[KEY]: one.at + 1 for one in messages if answers and one.id % 2}
    given = [(one, None if known is None else one.at + known) for one in messages]
    usual, others = UsualStarts(TEMPLATES, Days()).derive(given, answered)
    since = {one.id: known_since for one, known_since in given}
    for message, columns in usual:
        start = single_message_start(message, answered, since[message.id])
        derived = dict(zip(DERIVED, columns, strict=True))
        assert (derived.pop("line"), derived.pop("contact")) == (message.line, message.contact)
        if start is None:
            assert {*derived.values()} == {None, 0}
            continue
        at, line, template, origin, user_type, status, answered_at, failure, marks = start
        assert (line, failure) == (message.line, None)
        assert status != STATUS_FAILED
        assert derived == {
            "start_template": TEMPLATES[template],
            "start_at": at,
            "day": at // QUARTER // 96,
            "origin": origin,
            "user_type": user_type,
            "status": status,
            "answered_at": answered_at,
            "marks": marks,
            "failure_code": None,
            "failure_reason": None,
            "joined": None,
        }
    assert sorted(one.id for one, _ in (*usual, *others)) == [one.id for one in messages]
    unusual = {
        one.id
        for one in messages
        if one.row[DIRECTION] != Direction.OUT or one.row[USUAL:] != NOTHING_UNUSUAL or one.row[KEY] in answered
    }
    assert unusual <= {one.id for one, _ in others}


def test_a_send_and_its_statuses_are_usual() -> None:
    history: list[Event] = [send("a", NOON), status(Step.SENT, NOON, "a"), status(Step.READ, NOON + 5, "a")]
    usual, others = UsualStarts(TEMPLATES, Days()).derive([(one, None) for one in alone(history)], ())
    assert (len(usual), len(others)) == (1, 0)


def test_usual_and_other_messages_of_one_list_are_told_apart() -> None:
    at = NOON + 1
    failed, text, refused, plain, unnamed, answer, read = alone(
        [
            send("failed", at, failed_at=at + 1, failure=Failure(131026)),
            send("text", at, kind="text"),
            send("refused", at, rank=Rank.PLATFORM, flags=Flags(not_sent=True)),
            send("plain", at, campaign="spring", flags=Flags(sent=True), rank=Rank.PLATFORM),
            send("unnamed", at, template=None, origin=Origin.NOTIFICATION),
            send("answered", at),
            send("read", at, read_at=at + 2),
        ]
    )
    messages = (failed, text, refused, plain, unnamed, answer, read)
    usual, others = UsualStarts({"promo": 5, None: None}, {at // QUARTER: 77}).derive(
        [(one, at - 1 if one is read else None) for one in messages], {"answered"}
    )
    assert others == [(failed, None), (refused, None), (answer, None)]
    nothing, rest = (None,) * 7, (None, None, None)
    assert usual == [
        (text, (3, text.id, *nothing, 0, *rest)),
        (plain, (3, plain.id, 5, at, 77, ORIGIN_NOTIFICATION, USER_NEW, STATUS_SENT, None, 0, *rest)),
        (unnamed, (3, unnamed.id, None, at, 77, ORIGIN_NOTIFICATION, USER_NEW, STATUS_SENT, None, 0, *rest)),
        (read, (3, read.id, 5, at, 77, ORIGIN_TEMPLATE, USER_RECURRENT, STATUS_READ, None, 1, *rest)),
    ]
