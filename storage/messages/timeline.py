"""What follows from the messages of one contact: joined rows, answers, status, user type (docs/definitions.md).

The messages of a contact come in; its starts go out. Pure functions of the given rows: knows no database, no days and
no time zone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple, Protocol

from storage.domain.vocabulary import JOIN_DISTANCE
from storage.messages.classify import can_answer, inbound_makes_known, is_notification, is_referred
from storage.messages.message import Direction, Sources, Stated
from storage.messages.message_row import (
    AT,
    CONTEXT,
    DELIVERED_AT,
    DIRECTION,
    FAILED_AT,
    KEY,
    READ_AT,
    SOURCES,
    TEMPLATE,
    Row,
    message_of_row,
    row_of,
)
from storage.messages.start import Start, earlier, notification_start, referred_start, stated

CLOCK_SKEW = 5_000  # ms


class TimelineMessage(Protocol):
    """A message with its ids in the database; None: its line or contact is unknown."""

    @property
    def id(self) -> int: ...
    @property
    def row(self) -> Row: ...
    @property
    def line(self) -> int | None: ...
    @property
    def contact(self) -> int | None: ...


class Derived(NamedTuple):
    """What follows from a contact's messages.

    starts: message id -> start. joined: id of a keyless row -> id of the keyed message that it is one start with.
    """

    starts: dict[int, Start]
    joined: Mapping[int, int]


_IN, _OUT, _ROW = (int(direction) for direction in (Direction.IN, Direction.OUT, Direction.ROW))
# Plain numbers: `&` of two enum members creates a third.
_PLATFORM = Sources.PLATFORM.value
_NOT_SENT, _ANSWERED = Stated.NOT_SENT.value, Stated.ANSWERED.value
_ARRIVED = Stated.DELIVERED.value | Stated.READ.value


def derive(
    messages: Iterable[TimelineMessage],
    context_answers: Mapping[str, int],
    notification_keys: Container[str],
    answer_window: int,
    known_since: int | None = None,
) -> Derived:
    """Derives the starts of one contact.

    Args:
        messages: All messages of one contact, or one message of an unknown contact.
        context_answers: Key of a notification -> time in ms of the earliest message of any contact that quotes and
            answers it.
        notification_keys: Those keys quoted by a message here that are notifications.
        answer_window: How long after a send a message answers it, ms.
        known_since: Time in ms of a message that is not among these and makes the contact known; None if there is none.
    """
    inbound, referred, outbound, has_rows = _split(messages, context_answers)
    joined = _join(outbound, context_answers) if has_rows else {}
    if joined:
        outbound = [out for out in outbound if out.id not in joined]
    if inbound:
        _answer_by_time(outbound, inbound, notification_keys, answer_window)
    since = _known_since(outbound, (*inbound, *referred), known_since)
    return Derived(_starts(outbound, referred, since), joined)


def single_message_start(
    message: TimelineMessage, context_answers: Mapping[str, int], known_since: int | None = None
) -> Start | None:
    """The start of a contact's only message, which is one out with a key; None if it is no notification.

    The same as `derive` (tests/storage/messages/test_timeline.py), without looking for rows to join and for answers:
    most contacts of an import have one message.
    """
    row = message.row
    if not is_notification(row):
        return None
    flags, answered_at = stated(row, True, context_answers)
    return notification_start(row, message.line, flags, answered_at, known_since)


def _split(
    messages: Iterable[TimelineMessage], context_answers: Mapping[str, int]
) -> tuple[list[TimelineMessage], list[TimelineMessage], list[_Outbound], bool]:
    """Phase 1: what each message is.

    Returns:
        The messages in; the referred starts, of which messages in are in both lists; the messages out and keyless rows;
        and whether a keyless row is among them.
    """
    inbound, referred, outbound, has_rows = [], [], [], False
    for message in messages:
        direction = message.row[DIRECTION]
        if direction == _OUT:
            outbound.append(_Outbound(message, context_answers))
            continue
        if is_start := is_referred(message.row):
            referred.append(message)
        if direction == _IN:
            inbound.append(message)
        elif not is_start:
            has_rows = True
            outbound.append(_Outbound(message, context_answers))
    return inbound, referred, outbound, has_rows


class _Outbound:
    """A message out, or a keyless row of one, while its timeline is derived.

    row: what its records say, and after a join those of the joined row. flags: what its records state without a time
    (bits of `Stated`). failure: whether a record says that it failed. arrived: whether a record proves that it arrived;
    an answer proves it as well. answered_at: the earliest answer so far, ms.
    """

    __slots__ = (
        "answered_at",
        "answered_untimed",
        "arrived",
        "at",
        "contact",
        "failure",
        "flags",
        "id",
        "joined",
        "line",
        "notification",
        "row",
    )

    def __init__(self, message: TimelineMessage, context_answers: Mapping[str, int]) -> None:
        self.id = message.id
        self.line = message.line
        self.contact = message.contact
        self.notification = is_notification(message.row)
        self.joined = False
        self.recompute(message.row, context_answers)

    @property
    def failed(self) -> bool:
        return self.failure and not (self.arrived or self.answered_untimed or self.answered_at is not None)

    def recompute(self, row: Row, context_answers: Mapping[str, int]) -> None:
        """Recomputes flags, failure, arrival and answer time from `row`; the answer by context and by the sources."""
        self.row = row
        self.at = row[AT]
        self.flags, self.answered_at = flags, _ = stated(row, self.notification, context_answers)
        self.failure = row[FAILED_AT] is not None or flags & _NOT_SENT != 0
        self.arrived = row[DELIVERED_AT] is not None or row[READ_AT] is not None or flags & _ARRIVED != 0
        self.answered_untimed = self.notification and flags & _ANSWERED != 0


def _join(outbound: list[_Outbound], context_answers: Mapping[str, int]) -> dict[int, int]:
    """Phase 2: joins keyless platform rows to the notifications that they are one start with ("Joined rows").

    The nearest pair is joined first, ties go by the keys, and each message is joined once at most. What a row says is
    merged into the notification.

    Returns:
        Id of the row -> id of the notification.
    """
    by_id = {out.id: out for out in outbound}
    joined: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, keyed_id, row_id in sorted(_pairs(outbound)):
        if row_id in joined or keyed_id in taken:
            continue
        joined[row_id] = keyed_id
        taken.add(keyed_id)
        _absorb(by_id[keyed_id], by_id[row_id], context_answers)
    return joined


def _pairs(outbound: list[_Outbound]) -> list[tuple[int, str, str, int, int]]:
    """All pairs that could be joined: (distance in ms, key of the notification, key of the row, their ids)."""
    rows = [out for out in outbound if out.notification and out.contact is not None and _is_joinable(out.row)]
    keyed = sorted((out for out in outbound if out.notification and out.row[DIRECTION] == _OUT), key=lambda out: out.at)
    times = [out.at for out in keyed]
    pairs = []
    for row in rows:
        at = row.at
        for other in keyed[bisect_left(times, at - JOIN_DISTANCE) : bisect_right(times, at + JOIN_DISTANCE)]:
            if _agree(row, other):
                pairs.append((abs(other.at - at), other.row[KEY], row.row[KEY], other.id, row.id))
    return pairs


def _is_joinable(row: Row) -> bool:
    return bool(row[DIRECTION] == _ROW and row[SOURCES] & _PLATFORM)


def _agree(row: _Outbound, other: _Outbound) -> bool:
    """Whether templates and lines agree; an unknown one agrees with any."""
    templates = row.row[TEMPLATE], other.row[TEMPLATE]
    lines = row.line, other.line
    return (None in templates or templates[0] == templates[1]) and (None in lines or lines[0] == lines[1])


def _absorb(keyed: _Outbound, row: _Outbound, context_answers: Mapping[str, int]) -> None:
    """Merges what a joined row says into its notification."""
    merged = message_of_row(keyed.row)
    merged.merge(message_of_row(row.row))
    keyed.recompute(row_of(merged), context_answers)
    keyed.line = row.line if keyed.line is None else keyed.line
    keyed.joined = True


def _answer_by_time(
    outbound: list[_Outbound], inbound: list[TimelineMessage], notification_keys: Container[str], answer_window: int
) -> None:
    """Phase 3: answers by time ("Answered", rule 2). A message in that quotes no notification answers the latest one
    before it on its line. Answers by context are known already, so it is decided which notifications failed."""
    answers = [one for one in inbound if one.row[CONTEXT] not in notification_keys and can_answer(one.row)]
    if not answers:
        return
    by_line: defaultdict[int | None, list[_Outbound]] = defaultdict(list)
    for out in outbound:
        if out.notification and out.contact is not None and not out.failed:
            by_line[out.line].append(out)
    times = {}
    for line, candidates in by_line.items():
        if len(candidates) > 1:
            candidates.sort(key=lambda out: (out.at, out.row[KEY]))
        times[line] = [out.at for out in candidates]
    for one in answers:
        if one.line not in times:
            continue
        at = one.row[AT]
        latest = bisect_right(times[one.line], at + CLOCK_SKEW) - 1
        if latest >= 0 and at - times[one.line][latest] <= answer_window:
            answered = by_line[one.line][latest]
            answered.answered_at = earlier(answered.answered_at, at)


def _known_since(
    outbound: Iterable[_Outbound], inbound: Iterable[TimelineMessage], known_since: int | None
) -> int | None:
    """Phase 4: the time, ms, of the earliest message that makes the contact known ("New or recurrent")."""
    since = known_since
    for out in outbound:
        if (since is None or out.at < since) and out.contact is not None and not out.failed:
            since = out.at
    for message in inbound:
        if message.contact is not None and inbound_makes_known(message.row):
            since = earlier(since, message.row[AT])
    return since


def _starts(
    outbound: Iterable[_Outbound], referred: Iterable[TimelineMessage], known_since: int | None
) -> dict[int, Start]:
    """Phase 5: the starts, by message id."""
    starts = {
        out.id: notification_start(out.row, out.line, out.flags, out.answered_at, known_since, joined=out.joined)
        for out in outbound
        if out.notification
    }
    for message in referred:
        starts[message.id] = referred_start(message.row, message.line, known_since)
    return starts
