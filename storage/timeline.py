"""What follows from one contact's messages: joined rows, answers, status, new or recurrent (DESIGN 3).

Pure functions of the messages given; knows no database, no days and no time zone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Protocol

from storage.events import REFERRED, Origin
from storage.filters import StartStatus, UserType
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

JOIN_DISTANCE = 60_000  # ms
CLOCK_SKEW = 5_000  # ms


class Marks(IntFlag):
    """What the data of a start has that a person should know."""

    IMPLIED = 1
    CONFLICT = 2
    JOINED = 4


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


@dataclass(frozen=True, slots=True)
class Start:
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


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a contact's messages: its starts, and which row is one start with which keyed message."""

    starts: tuple[Start, ...]
    joined: Mapping[int, int]  # id of a keyless row -> id of the keyed message


@dataclass(slots=True)
class _Outbound:
    """A notification or another outbound message in work: its evidence, with that of a joined row, and its answers."""

    id: int
    message: Message
    line: int | None
    contact: int | None
    notification: bool
    joined: bool = False
    answers: list[int] = field(default_factory=list)  # times, ms
    answered_untimed: bool = False

    @property
    def order(self) -> tuple[int, str]:
        return self.message.at, self.message.key

    def flags(self) -> int:
        """What platforms state, with our own TSV's derived columns where nothing else is known."""
        exported = self.exported()
        return self.message.flags | (exported.flags if exported else 0)

    def exported(self) -> Exported | None:
        return self.message.exported if self.message.sources == Sources.EXPORT else None

    def reached(self) -> bool:
        """Whether anything proves that it arrived."""
        flags, times = self.flags(), self.message.times
        return bool(
            self.answers
            or self.answered_untimed
            or flags & (Stated.DELIVERED | Stated.READ)
            or "delivered" in times
            or "read" in times
        )

    def has_failure(self) -> bool:
        return "error" in self.message.fields or bool(self.flags() & Stated.NOT_SENT)

    def failed(self) -> bool:
        return self.has_failure() and not self.reached()


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
    placed = list(messages)
    inbound = [one for one in placed if one.message.direction is Direction.IN]
    referred_rows = [one for one in placed if one.message.direction is Direction.ROW and is_referred(one.message)]
    outbound, joined = _join([one for one in placed if one.message.direction is not Direction.IN])
    for out in outbound:
        _own_answers(out, context_answers)
    _answer_by_time(outbound, inbound, notification_keys, answer_window)
    since = _known_since(outbound, inbound, referred_rows)
    if since is None or (known_since is not None and known_since < since):
        since = known_since
    starts = [_notification_start(out, since) for out in outbound if out.notification]
    starts += [_referred_start(one, since) for one in (*inbound, *referred_rows) if is_referred(one.message)]
    return Derived(tuple(starts), joined)


def _join(placed: list[Placed]) -> tuple[list[_Outbound], dict[int, int]]:
    """The outbound messages, each keyless platform row taken into the keyed notification that it is one start with."""
    outbound = {
        one.id: _Outbound(one.id, one.message, one.line, one.contact, is_notification(one.message))
        for one in placed
        if not is_referred(one.message)
    }
    rows = [one for one in outbound.values() if one.notification and _joinable_row(one.message)]
    keyed = sorted(
        (one for one in outbound.values() if one.notification and one.message.direction is Direction.OUT),
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
        _absorb(outbound[keyed_id], outbound.pop(row_id))
    return list(outbound.values()), joined


def _joinable_row(message: Message) -> bool:
    return message.direction is Direction.ROW and bool(message.sources & Sources.PLATFORM)


def _agree(row: _Outbound, other: _Outbound) -> bool:
    templates = row.message.value("template"), other.message.value("template")
    lines = row.line, other.line
    return (None in templates or templates[0] == templates[1]) and (None in lines or lines[0] == lines[1])


def _absorb(keyed: _Outbound, row: _Outbound) -> None:
    merged = keyed.message.copy()
    merged.merge(row.message)
    keyed.message = merged
    keyed.line = row.line if keyed.line is None else keyed.line
    keyed.joined = True


def _own_answers(out: _Outbound, context_answers: Mapping[str, int]) -> None:
    """Rule 1 and what the sources themselves say."""
    if not out.notification:
        return
    if (at := context_answers.get(out.message.key)) is not None and out.message.direction is Direction.OUT:
        out.answers.append(at)
    if (at := out.message.times.get("answered")) is not None:
        out.answers.append(at)
    exported = out.exported()
    if exported is not None and exported.answered_at is not None:
        out.answers.append(exported.answered_at)
    out.answered_untimed = bool(out.flags() & Stated.ANSWERED)


def _answer_by_time(
    outbound: list[_Outbound], inbound: list[Placed], notification_keys: frozenset[str], answer_window: int
) -> None:
    """Rule 2: a message without a context of a notification answers the latest one before it on its line."""
    by_line: defaultdict[int | None, list[_Outbound]] = defaultdict(list)
    for out in outbound:
        if out.notification and out.contact is not None and not out.failed():
            by_line[out.line].append(out)
    times = {}
    for line, candidates in by_line.items():
        candidates.sort(key=lambda out: out.order)
        times[line] = [out.message.at for out in candidates]
    for one in inbound:
        if not can_answer(one.message) or one.message.value("context") in notification_keys or one.line not in times:
            continue
        place = bisect_right(times[one.line], one.message.at + CLOCK_SKEW) - 1
        if place >= 0 and one.message.at - times[one.line][place] <= answer_window:
            by_line[one.line][place].answers.append(one.message.at)


def _known_since(outbound: list[_Outbound], inbound: list[Placed], rows: list[Placed]) -> int | None:
    """The earliest time, ms, at which a message made the contact a known one."""
    times = [out.message.at for out in outbound if out.contact is not None and not out.failed()]
    times += [one.message.at for one in (*inbound, *rows) if one.contact is not None and makes_known(one.message)]
    return min(times, default=None)


def _user_type(message: Message, known_since: int | None) -> UserType:
    given = message.value("new")
    if given is None and message.sources == Sources.EXPORT and message.exported and message.exported.new:
        given = message.exported.new[1]
    if given is None:
        given = known_since is None or known_since >= message.at
    return UserType.NEW if given else UserType.RECURRENT


def _notification_start(out: _Outbound, known_since: int | None) -> Start:
    message, flags, times = out.message, out.flags(), out.message.times
    answered = bool(out.answers) or out.answered_untimed
    read = answered or "read" in times or bool(flags & Stated.READ)
    delivered = read or "delivered" in times or bool(flags & Stated.DELIVERED)
    failed = out.failed()
    status = (
        StartStatus.ANSWERED
        if answered
        else StartStatus.READ
        if read
        else StartStatus.DELIVERED
        if delivered
        else StartStatus.FAILED
        if failed
        else StartStatus.SENT
    )
    read_implied = read and "read" not in times and not flags & Stated.READ
    delivered_implied = delivered and "delivered" not in times and not flags & Stated.DELIVERED
    marks = Marks.IMPLIED if read_implied or delivered_implied else Marks(0)
    if out.has_failure() and not failed:
        marks |= Marks.CONFLICT
    if out.joined:
        marks |= Marks.JOINED
    failure = message.failure if failed else None
    return Start(
        out.id,
        message.at,
        out.line,
        message.value("template"),
        _origin(message),
        _user_type(message, known_since),
        status,
        min(out.answers, default=None),
        failure.code if failure else None,
        failure.text if failure else None,
        failure.detail if failure else None,
        marks.value,
    )


def _origin(message: Message) -> Origin:
    given = origin_given(message)
    if given is Origin.NOTIFICATION or message.value("campaign") is not None:
        return Origin.NOTIFICATION
    return Origin.TEMPLATE if given is None or given in REFERRED else given


def _referred_start(one: Placed, known_since: int | None) -> Start:
    message = one.message
    origin = origin_given(message) or Origin.WEBCHAT
    return Start(
        one.id,
        message.at,
        one.line,
        message.value("template"),
        origin,
        _user_type(message, known_since),
        StartStatus.RECEIVED,
        None,
        None,
        None,
        None,
        0,
    )
