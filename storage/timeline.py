"""What follows from one contact's messages: joined rows, answers, status, new or recurrent (DESIGN 3).

Pure functions of the messages given; knows no database, no days and no time zone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from storage.filters import StartStatus, UserType
from storage.marks import Marks
from storage.messages import (
    Direction,
    Exported,
    Message,
    Sources,
    Stated,
    can_answer,
    is_notification,
    is_referred,
    makes_known,
    origin_given,
)
from storage.origins import REFERRED, Origin

JOIN_DISTANCE = 60_000  # ms
CLOCK_SKEW = 5_000  # ms


class Placed(Protocol):
    """A message with the line, contact and id that it has in the database (None: unknown)."""

    @property
    def id(self) -> int: ...
    @property
    def message(self) -> Message: ...
    @property
    def line(self) -> int | None: ...
    @property
    def contact(self) -> int | None: ...


class Start(NamedTuple):
    """One conversation start and what follows for it; times in ms, template by name."""

    id: int
    at: int
    line: int | None
    template: str | None
    origin: Origin
    user_type: UserType
    status: StartStatus
    answered_at: int | None
    failure_code: int | None
    failure_text: str | None
    failure_detail: str | None
    marks: int


class Derived(NamedTuple):
    """What follows from a contact's messages: its starts, and which row is one start with which keyed message."""

    starts: list[Start]
    joined: Mapping[int, int]  # id of a keyless row -> id of the keyed message


class _Outbound:
    """A notification or another outbound message in work: its evidence, with that of a joined row, and its answers.

    flags: what platforms state, with our own TSV's derived columns where nothing else is known. failure: whether
    anything says that it failed; arrived: whether anything but an answer proves that it arrived.
    """

    __slots__ = (
        "answered_untimed",
        "answers",
        "arrived",
        "at",
        "contact",
        "failure",
        "flags",
        "id",
        "joined",
        "line",
        "message",
        "notification",
    )

    def __init__(self, placed: Placed) -> None:
        message = placed.message
        self.id = placed.id
        self.line = placed.line
        self.contact = placed.contact
        self.notification = is_notification(message)
        self.joined = False
        self.answers: list[int] = []  # times, ms
        self.answered_untimed = False
        self.settle(message)

    @property
    def order(self) -> tuple[int, str]:
        return self.at, self.message.key

    @property
    def failed(self) -> bool:
        return self.failure and not (self.arrived or self.answers or self.answered_untimed)

    def exported(self) -> Exported | None:
        return self.message.exported if self.message.sources == _EXPORT else None

    def settle(self, message: Message) -> None:
        """Works out what the evidence says."""
        self.message = message
        times = message.times
        own = times.get("any")
        self.at = times["session"] if own is None else own
        flags = message.flags
        if message.exported is not None and message.sources == _EXPORT:
            flags |= message.exported.flags
        self.flags = flags
        self.failure = "error" in message.fields or flags & _NOT_SENT != 0
        self.arrived = "delivered" in times or "read" in times or flags & _ARRIVED != 0


# Plain numbers: an enum's `&` makes a new member every time.
_EXPORT = int(Sources.EXPORT)
_NOT_SENT, _DELIVERED, _READ, _ANSWERED = (
    int(bit) for bit in (Stated.NOT_SENT, Stated.DELIVERED, Stated.READ, Stated.ANSWERED)
)
_ARRIVED = _DELIVERED | _READ
_IMPLIED, _CONFLICT, _JOINED = (int(mark) for mark in (Marks.IMPLIED, Marks.CONFLICT, Marks.JOINED))


def derive(
    messages: Iterable[Placed],
    context_answers: Mapping[str, int],
    notification_keys: frozenset[str],
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
        direction = one.message.direction
        if direction is _OUT:
            outbound.append(_Outbound(one))
            continue
        is_start = is_referred(one.message)
        if is_start:
            referred.append(one)
        if direction is _IN:
            inbound.append(one)
        elif not is_start:
            rows = True
            outbound.append(_Outbound(one))
    joined: dict[int, int] = {}
    if rows:
        joined = _join(outbound)
        outbound = [out for out in outbound if out.id not in joined]
    for out in outbound:
        if out.notification:
            _own_answers(out, context_answers)
    if inbound:
        _answer_by_time(outbound, inbound, notification_keys, answer_window)
    times = [out.at for out in outbound if out.contact is not None and not out.failed]
    for one in (*inbound, *referred) if inbound or referred else ():  # a referred message in stands in both
        if one.contact is not None and makes_known(one.message):
            times.append(one.message.at)
    if known_since is not None:
        times.append(known_since)
    since = min(times, default=None)
    starts = [_notification_start(out, since) for out in outbound if out.notification]
    starts += [_referred_start(one, since) for one in referred]
    return Derived(starts, joined)


_IN, _OUT, _ROW = Direction.IN, Direction.OUT, Direction.ROW


def _join(placed: list[_Outbound]) -> dict[int, int]:
    """Takes each keyless platform row into the keyed notification that it is one start with; which into which."""
    outbound = {one.id: one for one in placed}
    rows = [one for one in placed if one.notification and _joinable_row(one.message)]
    keyed = sorted(
        (one for one in placed if one.notification and one.message.direction is _OUT),
        key=lambda one: one.message.at,
    )
    times = [one.message.at for one in keyed]
    pairs = []
    for row in rows:
        at = row.message.at
        for other in keyed[bisect_right(times, at - JOIN_DISTANCE - 1) : bisect_right(times, at + JOIN_DISTANCE)]:
            if row.contact is not None and _agree(row, other):
                pairs.append((abs(other.message.at - at), other.message.key, row.message.key, other.id, row.id))
    joined: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, keyed_id, row_id in sorted(pairs):
        if row_id in joined or keyed_id in taken:
            continue
        joined[row_id] = keyed_id
        taken.add(keyed_id)
        _absorb(outbound[keyed_id], outbound[row_id])
    return joined


def _joinable_row(message: Message) -> bool:
    return message.direction is Direction.ROW and bool(message.sources & Sources.PLATFORM)


def _agree(row: _Outbound, other: _Outbound) -> bool:
    templates = row.message.value("template"), other.message.value("template")
    lines = row.line, other.line
    return (None in templates or templates[0] == templates[1]) and (None in lines or lines[0] == lines[1])


def _absorb(keyed: _Outbound, row: _Outbound) -> None:
    merged = keyed.message.copy()
    merged.merge(row.message)
    keyed.settle(merged)
    keyed.line = row.line if keyed.line is None else keyed.line
    keyed.joined = True


def _own_answers(out: _Outbound, context_answers: Mapping[str, int]) -> None:
    """Rule 1 and what the sources themselves say."""
    message = out.message
    if (at := context_answers.get(message.key)) is not None and message.direction is _OUT:
        out.answers.append(at)
    if (at := message.times.get("answered")) is not None:
        out.answers.append(at)
    if message.exported is not None and (exported := out.exported()) and exported.answered_at is not None:
        out.answers.append(exported.answered_at)
    out.answered_untimed = out.flags & _ANSWERED != 0


def _answer_by_time(
    outbound: list[_Outbound], inbound: list[Placed], notification_keys: frozenset[str], answer_window: int
) -> None:
    """Rule 2: a message without a context of a notification answers the latest one before it on its line."""
    by_line: defaultdict[int | None, list[_Outbound]] = defaultdict(list)
    for out in outbound:
        if out.notification and out.contact is not None and not out.failed:
            by_line[out.line].append(out)
    times = {}
    for line, candidates in by_line.items():
        candidates.sort(key=lambda out: out.order)
        times[line] = [out.at for out in candidates]
    for one in inbound:
        message = one.message
        if one.line not in times or not can_answer(message) or message.value("context") in notification_keys:
            continue
        at = message.at
        place = bisect_right(times[one.line], at + CLOCK_SKEW) - 1
        if place >= 0 and at - times[one.line][place] <= answer_window:
            by_line[one.line][place].answers.append(at)


def _user_type(message: Message, at: int, known_since: int | None) -> UserType:
    given = message.fields.get("new")
    new = None if given is None else given[2]
    if new is None and message.exported and message.exported.new and message.sources == _EXPORT:
        new = message.exported.new[1]
    if new is None:
        new = known_since is None or known_since >= at
    return _NEW if new else _RECURRENT


_NEW, _RECURRENT = UserType.NEW, UserType.RECURRENT
_STEPS = (StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)


def _notification_start(out: _Outbound, known_since: int | None) -> Start:
    message, flags, times = out.message, out.flags, out.message.times
    answers = out.answers
    was_read = "read" in times or flags & _READ != 0
    was_delivered = "delivered" in times or flags & _DELIVERED != 0
    step = 3 if answers or out.answered_untimed else 2 if was_read else 1 if was_delivered else 0
    failed = out.failure and not step
    marks = _IMPLIED if (step > 2 and not was_read) or (step > 1 and not was_delivered) else 0
    if out.failure and not failed:
        marks |= _CONFLICT
    if out.joined:
        marks |= _JOINED
    failure = message.failure if failed else None
    template = message.fields.get("template")
    return Start(
        out.id,
        out.at,
        out.line,
        None if template is None else template[2],
        _origin(message),
        _user_type(message, out.at, known_since),
        _FAILED if failed else _STEPS[step],
        min(answers) if answers else None,
        *(_NO_FAILURE if failure is None else (failure.code, failure.text, failure.detail)),
        marks,
    )


_FAILED = StartStatus.FAILED
_NO_FAILURE = (None, None, None)


def _origin(message: Message) -> Origin:
    fields = message.fields
    if "campaign" in fields:
        return _NOTIFICATION
    given = origin_given(message) if "origin" in fields else None
    return Origin.TEMPLATE if given is None or given in REFERRED else given


_NOTIFICATION = Origin.NOTIFICATION


def _referred_start(one: Placed, known_since: int | None) -> Start:
    message = one.message
    origin = origin_given(message) or Origin.WEBCHAT
    return Start(
        one.id,
        message.at,
        one.line,
        message.value("template"),
        origin,
        _user_type(message, message.at, known_since),
        StartStatus.RECEIVED,
        None,
        None,
        None,
        None,
        0,
    )
