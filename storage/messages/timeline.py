"""What follows from one contact's messages: joined rows, answers, status, new or recurrent (DESIGN 3).

Pure functions of the rows of evidence given; knows no database, no days and no time zone. Origins, user types and
statuses are the numbers that the database keeps them as.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple, Protocol

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.domain.events import Failure
from storage.domain.vocabulary import DataFlag, Origin, StartStatus, UserType
from storage.messages.classify import can_answer, inbound_makes_known, is_notification, is_referred
from storage.messages.message import Direction, Sources, Stated
from storage.messages.message_row import (
    ANSWERED_AT,
    AT,
    CAMPAIGN,
    CONTEXT,
    DELIVERED_AT,
    DIRECTION,
    ERROR_CODE,
    ERROR_DETAIL,
    EXPORTED,
    FAILED_AT,
    FLAGS,
    KEY,
    NEW,
    ORIGIN,
    READ_AT,
    SOURCES,
    TEMPLATE,
    Row,
    exported_of,
    message_of_row,
    row_of,
)

JOIN_DISTANCE = 60_000  # ms
CLOCK_SKEW = 5_000  # ms


class Placed(Protocol):
    """A message's evidence with the line, contact and id that it has in the database (None: unknown)."""

    @property
    def id(self) -> int: ...
    @property
    def row(self) -> Row: ...
    @property
    def line(self) -> int | None: ...
    @property
    def contact(self) -> int | None: ...


# One conversation start: (at, line, template, origin, user type, status, answered at, failure, marks); times in ms, the
# template by name. A plain tuple: to make one of a class of its own takes as long as to find out what is in it.
Start = tuple[int, "int | None", "str | None", int, int, int, "int | None", "Failure | None", int]


class Derived(NamedTuple):
    """What follows from a contact's messages: its starts, and which row is one start with which keyed message."""

    starts: dict[int, Start]  # by the message's id
    joined: Mapping[int, int]  # id of a keyless row -> id of the keyed message


class _Outbound:
    """A notification or another outbound message in work: its evidence, with that of a joined row, and its answers.

    flags: what platforms state, with our own TSV's derived columns where nothing else is known. failure: whether
    anything says that it failed; arrived: whether anything but an answer proves that it arrived; answered_at: its
    earliest answer, ms.
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

    def __init__(self, placed: Placed, context_answers: Mapping[str, int]) -> None:
        self.id = placed.id
        self.line = placed.line
        self.contact = placed.contact
        self.notification = is_notification(placed.row)
        self.joined = False
        self.settle(placed.row, context_answers)

    @property
    def failed(self) -> bool:
        return self.failure and not (self.arrived or self.answered_untimed or self.answered_at is not None)

    def settle(self, row: Row, context_answers: Mapping[str, int]) -> None:
        """Works out what the evidence says; answers by rule 1 and what the sources themselves say of them included."""
        self.row = row
        self.at = row[AT]
        self.flags, self.answered_at = flags, _ = _stated(row, self.notification, context_answers)
        self.failure = row[FAILED_AT] is not None or flags & _NOT_SENT != 0
        self.arrived = row[DELIVERED_AT] is not None or row[READ_AT] is not None or flags & _ARRIVED != 0
        self.answered_untimed = self.notification and flags & _ANSWERED != 0


def _stated(row: Row, notification: bool, context_answers: Mapping[str, int]) -> tuple[int, int | None]:
    """What is stated of an outbound message without a time, and its earliest answer by rule 1 or by its sources' own
    word, ms."""
    flags: int = row[FLAGS]
    answered_at: int | None = None
    if notification:
        if row[DIRECTION] == _OUT:
            answered_at = context_answers.get(row[KEY])
        if (given := row[ANSWERED_AT]) is not None:
            answered_at = _earlier(given, answered_at)
    if row[EXPORTED] is not None and row[SOURCES] == _EXPORT:
        exported = exported_of(row[EXPORTED])
        flags |= exported.flags
        if notification:
            answered_at = _earlier(answered_at, exported.answered_at)
    return flags, answered_at


def _earlier(one: int | None, other: int | None) -> int | None:
    return other if one is None or (other is not None and other < one) else one


# Plain numbers: an enum's `&` makes a new member every time.
_EXPORT, _PLATFORM = int(Sources.EXPORT), int(Sources.PLATFORM)
_NOT_SENT, _DELIVERED, _READ, _ANSWERED = (
    int(bit) for bit in (Stated.NOT_SENT, Stated.DELIVERED, Stated.READ, Stated.ANSWERED)
)
_ARRIVED = _DELIVERED | _READ
_IMPLIED, _CONFLICT, _JOINED = (int(mark) for mark in (DataFlag.IMPLIED, DataFlag.CONFLICT, DataFlag.JOINED))
_IN, _OUT, _ROW = (int(direction) for direction in (Direction.IN, Direction.OUT, Direction.ROW))


def single_message_start(
    one: Placed, context_answers: Mapping[str, int], known_since: int | None = None
) -> Start | None:
    """The start that a keyed outbound message is by itself, with no other message of its contact: the same as `derive`
    of it alone, without looking for what there is to join, to answer or to know the contact by."""
    row = one.row
    if not is_notification(row):
        return None
    flags, answered_at = _stated(row, True, context_answers)
    return _notification_start(row, one.line, flags, answered_at, known_since)


def derive(
    messages: Iterable[Placed],
    context_answers: Mapping[str, int],
    notification_keys: Container[str],
    answer_window: int,
    known_since: int | None = None,
) -> Derived:
    """What follows from the messages of one contact.

    messages: all of one contact (or one message of an unknown contact alone). context_answers: key of a notification ->
    earliest time of a message, of whatever contact, that answers it by its context. notification_keys: those keys named
    by a context here that are notifications. answer_window in ms. known_since: the time, ms, at which a message that is
    not given made the contact a known one; None where all are given.
    """
    inbound, referred, outbound, rows = [], [], [], False
    for one in messages:
        direction = one.row[DIRECTION]
        if direction == _OUT:
            outbound.append(_Outbound(one, context_answers))
            continue
        is_start = is_referred(one.row)
        if is_start:
            referred.append(one)
        if direction == _IN:
            inbound.append(one)
        elif not is_start:
            rows = True
            outbound.append(_Outbound(one, context_answers))
    joined: dict[int, int] = {}
    if rows:
        joined = _join(outbound, context_answers)
        outbound = [out for out in outbound if out.id not in joined]
    if inbound:
        _answer_by_time(outbound, inbound, notification_keys, answer_window)
    since = known_since
    for out in outbound:
        if (since is None or out.at < since) and out.contact is not None and not out.failed:
            since = out.at
    for one in (*inbound, *referred) if inbound or referred else ():  # a referred message in stands in both
        if one.contact is not None and inbound_makes_known(one.row):
            since = _earlier(since, one.row[AT])
    starts = {
        out.id: _notification_start(out.row, out.line, out.flags, out.answered_at, since, joined=out.joined)
        for out in outbound
        if out.notification
    }
    for one in referred:
        starts[one.id] = _referred_start(one, since)
    return Derived(starts, joined)


def _join(placed: list[_Outbound], context_answers: Mapping[str, int]) -> dict[int, int]:
    """Takes each keyless platform row into the keyed notification that it is one start with; which into which."""
    outbound = {one.id: one for one in placed}
    rows = [one for one in placed if one.notification and _is_joinable(one.row)]
    keyed = sorted(
        (one for one in placed if one.notification and one.row[DIRECTION] == _OUT), key=lambda one: one.row[AT]
    )
    times = [one.row[AT] for one in keyed]
    pairs = []
    for row in rows:
        at = row.row[AT]
        for other in keyed[bisect_right(times, at - JOIN_DISTANCE - 1) : bisect_right(times, at + JOIN_DISTANCE)]:
            if row.contact is not None and _agree(row, other):
                pairs.append((abs(other.row[AT] - at), other.row[KEY], row.row[KEY], other.id, row.id))
    joined: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, keyed_id, row_id in sorted(pairs):
        if row_id in joined or keyed_id in taken:
            continue
        joined[row_id] = keyed_id
        taken.add(keyed_id)
        _absorb(outbound[keyed_id], outbound[row_id], context_answers)
    return joined


def _is_joinable(row: Row) -> bool:
    return bool(row[DIRECTION] == _ROW and row[SOURCES] & _PLATFORM)


def _agree(row: _Outbound, other: _Outbound) -> bool:
    templates = row.row[TEMPLATE], other.row[TEMPLATE]
    lines = row.line, other.line
    return (None in templates or templates[0] == templates[1]) and (None in lines or lines[0] == lines[1])


def _absorb(keyed: _Outbound, row: _Outbound, context_answers: Mapping[str, int]) -> None:
    merged = message_of_row(keyed.row)
    merged.merge(message_of_row(row.row))
    keyed.settle(row_of(merged), context_answers)
    keyed.line = row.line if keyed.line is None else keyed.line
    keyed.joined = True


def _answer_by_time(
    outbound: list[_Outbound], inbound: list[Placed], notification_keys: Container[str], answer_window: int
) -> None:
    """Rule 2: a message without a context of a notification answers the latest one before it on its line."""
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
        place = bisect_right(times[one.line], at + CLOCK_SKEW) - 1
        if place >= 0 and at - times[one.line][place] <= answer_window:
            answered = by_line[one.line][place]
            answered.answered_at = _earlier(answered.answered_at, at)


def _user_type(row: Row, known_since: int | None) -> int:
    new = row[NEW]
    if new is None and row[EXPORTED] is not None and row[SOURCES] == _EXPORT:
        told = exported_of(row[EXPORTED]).new
        new = None if told is None else told[1]
    if new is None:
        new = known_since is None or known_since >= row[AT]
    return _NEW if new else _RECURRENT


_NEW, _RECURRENT = (USER_TYPES.index(user_type) for user_type in (UserType.NEW, UserType.RECURRENT))
_FAILED, *_STEPS, _RECEIVED = (
    STATUSES.index(status)
    for status in (
        StartStatus.FAILED,
        StartStatus.SENT,
        StartStatus.DELIVERED,
        StartStatus.READ,
        StartStatus.ANSWERED,
        StartStatus.RECEIVED,
    )
)
_ORIGINS = {origin.value: number for number, origin in enumerate(ORIGINS)}
_SENT_AS = {origin.value: number for number, origin in enumerate(ORIGINS[:REFERRED_FROM])}
_TEMPLATE, _NOTIFICATION, _WEBCHAT = (
    ORIGINS.index(origin) for origin in (Origin.TEMPLATE, Origin.NOTIFICATION, Origin.WEBCHAT)
)


def _notification_start(
    row: Row, line: int | None, flags: int, answered_at: int | None, known_since: int | None, *, joined: bool = False
) -> Start:
    at, failure = row[AT], row[FAILED_AT] is not None
    was_read, was_delivered, answered = row[READ_AT] is not None, row[DELIVERED_AT] is not None, answered_at is not None
    if flags:
        was_read |= flags & _READ != 0
        was_delivered |= flags & _DELIVERED != 0
        answered |= flags & _ANSWERED != 0
        failure |= flags & _NOT_SENT != 0
    step = 3 if answered else 2 if was_read else 1 if was_delivered else 0
    failed = failure and not step
    marks = _IMPLIED if (step > 2 and not was_read) or (step > 1 and not was_delivered) else 0
    if failure and not failed:
        marks |= _CONFLICT
    if joined:
        marks |= _JOINED
    return (
        at,
        line,
        row[TEMPLATE],
        _SENT_AS.get(row[ORIGIN], _TEMPLATE) if row[CAMPAIGN] is None else _NOTIFICATION,
        _user_type(row, known_since),
        _FAILED if failed else _STEPS[step],
        answered_at,
        Failure(*row[ERROR_CODE : ERROR_DETAIL + 1]) if failed and row[FAILED_AT] is not None else None,
        marks,
    )


def _referred_start(one: Placed, known_since: int | None) -> Start:
    row = one.row
    origin = _ORIGINS.get(row[ORIGIN], _WEBCHAT)
    return row[AT], one.line, row[TEMPLATE], origin, _user_type(row, known_since), _RECEIVED, None, None, 0
