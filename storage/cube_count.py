"""What the starts of one day add up to, counted in memory: counters, details and sets of users of each line and
template. Reads `messages` and owns `failure_kinds`; knows nothing of what the cube held before.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.bitmaps import SLICE_BITS, encode_numbers
from storage.calendar import Calendar
from storage.cube_layout import FAILED, FAILED_SLICES, STEPS, STEPS_SLICES, USERS, users_slice
from storage.database import DatabaseError
from storage.filters import UserType
from storage.schema import COUNTERS, HALF, ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.selection import NO_TEMPLATE, UNKNOWN_ID

Cell = tuple[int, int]  # line, template
Detail = tuple[int, int, int, int, int]  # line, template, status, failure, marks
Sends = tuple[int, ...]  # of each origin, those to new users in the lower half (schema.HALF), to recurrent ones above
Leaf = tuple[int, int]  # template, failure (0 but in the kind FAILED)
Leaves = dict[int, dict[Leaf, bytes]]  # by line
# A start: line, template, `class_number`, marks, failure (0: none), contact.
CountedStart = tuple[int, int, int, int, int, "int | None"]
Failure = tuple["int | None", str]  # code and reason

_CLASS = f"(m.origin * {len(USER_TYPES)} + m.user_type) * {len(STATUSES)} + m.status"
_STARTS = f"""
SELECT ifnull(m.line, {UNKNOWN_ID}),
       ifnull(m.start_template, iif(m.origin < {REFERRED_FROM}, {UNKNOWN_ID}, {NO_TEMPLATE})),
       {_CLASS}, m.marks, m.failure_code, m.failure_reason, m.contact
FROM messages AS m INDEXED BY starts_by_time
WHERE m.origin IS NOT NULL AND m.start_at >= ? AND m.start_at < ? AND m.day = ?
"""
_NEW_USERS = USER_TYPES.index(UserType.NEW)
_OF_LINES = f" AND ifnull(m.line, {UNKNOWN_ID}) IN (SELECT value FROM json_each(?))"


def class_number(origin: int, user_type: int, status: int) -> int:
    """One number for the three."""
    return (origin * len(USER_TYPES) + user_type) * len(STATUSES) + status


@dataclass(frozen=True, slots=True)
class _Class:
    """What all starts of one origin, user type and status have in common: the place of their counter among COUNTERS and
    what one of them is there, whether they are of new users, what one of them is in details, and the first numbers of
    their slices in the three kinds of sets (None: they are in none)."""

    origin: int
    status: int
    counter: int
    one: int
    new: bool
    one_send: int
    users: int
    steps: int | None
    failed: int | None


def _classes() -> Iterator[_Class | None]:
    counters = {
        key: (place, 1 << HALF * upper)
        for place, pair in enumerate(COUNTERS.values())
        for upper, key in enumerate(pair)
    }
    steps = {(*key,): number << SLICE_BITS for number, *key in STEPS_SLICES}
    failed = {(*key,): number << SLICE_BITS for number, *key in FAILED_SLICES}
    for origin in range(len(ORIGINS)):
        for user_type in range(len(USER_TYPES)):
            for status in range(len(STATUSES)):
                key = origin, user_type, status
                if (origin, status) not in counters:
                    yield None
                    continue
                counter, one = counters[origin, status]
                new = user_type == _NEW_USERS
                one_send = 1 if new else 1 << HALF
                users = users_slice(*key) << SLICE_BITS
                yield _Class(origin, status, counter, one, new, one_send, users, steps.get(key), failed.get(key))


_CLASSES = tuple(_classes())


@dataclass(slots=True)
class _Counting:
    """One line and template in work: its counters, of all users and of new ones, and the numbers of its users in two
    kinds."""

    counters: list[int]
    new: list[int]
    users: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counted:
    """The starts of a day: counters in the order of COUNTERS, of all users and then of new ones; details; and the sets
    of users by kind."""

    cells: dict[Cell, tuple[int, ...]]
    details: dict[Detail, Sends]
    leaves: dict[int, Leaves]


def count(starts: Iterable[CountedStart]) -> Counted:
    """Counts the starts of a day; raises DatabaseError where a contact's id has more bits than a set has room for."""
    counting: dict[Cell, _Counting] = {}
    details: defaultdict[Detail, list[int]] = defaultdict(lambda: [0] * REFERRED_FROM)
    failed: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    highest = 0
    for line, template, number, marks, failure, contact in starts:
        of = _CLASSES[number]
        assert of is not None
        cell = line, template
        known = counting.get(cell)
        if known is None:
            known = counting[cell] = _Counting([0] * len(COUNTERS), [0] * len(COUNTERS))
        known.counters[of.counter] += of.one
        if of.new:
            known.new[of.counter] += of.one
        if (failure or marks) and of.origin < REFERRED_FROM:
            details[line, template, of.status, failure, marks][of.origin] += of.one_send
        if contact is None:
            continue
        if contact > highest:
            highest = contact
        known.users.append(of.users | contact)
        if of.steps is not None:
            known.steps.append(of.steps | contact)
        elif failure and of.failed is not None:
            failed[line, template, failure].append(of.failed | contact)
    if highest >= 1 << SLICE_BITS:
        raise DatabaseError(f"there are more than {1 << SLICE_BITS:,} contacts; start another database")
    cells = {cell: (*one.counters, *one.new) for cell, one in counting.items()}
    sends = {detail: tuple(of_origins) for detail, of_origins in details.items()}
    return Counted(cells, sends, _leaves(counting, failed))


def starts_of_day(
    connection: sqlite3.Connection, calendar: Calendar, day: int, lines: Iterable[int] | None
) -> Iterator[CountedStart]:
    """The starts of these lines (None: of all) on a local day; writes down failures that are new."""
    parameters: list[int | str] = [calendar.start_of(day), calendar.start_of(day + 1), day]
    statement = _STARTS
    if lines is not None:
        statement += _OF_LINES
        parameters.append(json.dumps(sorted(lines)))
    kinds = FailureKinds(connection)
    for line, template, number, marks, code, reason, contact in connection.execute(statement, parameters):
        yield line, template, number, marks, 0 if reason is None else kinds.id_of(code, reason), contact


def _leaves(counting: dict[Cell, _Counting], failed: dict[tuple[int, int, int], list[int]]) -> dict[int, Leaves]:
    users: Leaves = defaultdict(dict)
    steps: Leaves = defaultdict(dict)
    failures: Leaves = defaultdict(dict)
    for (line, template), one in counting.items():
        if one.users:
            users[line][template, 0] = encode_numbers(one.users)
        if one.steps:
            steps[line][template, 0] = encode_numbers(one.steps)
    for (line, template, failure), numbers in failed.items():
        failures[line][template, failure] = encode_numbers(numbers)
    return {USERS: users, STEPS: steps, FAILED: failures}


def starts_by_day(derived: Iterable[tuple[Any, ...]], failures: Mapping[Failure, int]) -> dict[int, list[CountedStart]]:
    """Starts by local day, of their messages' derived columns (message_rows.DERIVED); the failures as `FailureKinds`
    numbers them."""
    days: defaultdict[int, list[CountedStart]] = defaultdict(list)
    for line, contact, template, _, day, origin, user_type, status, _, marks, code, reason, _ in derived:
        if template is None:
            template = UNKNOWN_ID if origin < REFERRED_FROM else NO_TEMPLATE
        failure = 0 if reason is None else failures[code, reason]
        number = class_number(origin, user_type, status)
        days[day].append((UNKNOWN_ID if line is None else line, template, number, marks, failure, contact))
    return days


class FailureKinds:
    """The ids of failures, made where they are new."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("SELECT code, reason, id FROM failure_kinds")
        self._ids: dict[Failure, int] = {(code, reason): id for code, reason, id in rows}

    def id_of(self, code: int | None, reason: str) -> int:
        """The id of a failure."""
        id = self._ids.get((code, reason))
        if id is None:
            cursor = self._connection.execute("INSERT INTO failure_kinds (code, reason) VALUES (?, ?)", (code, reason))
            id = self._ids[code, reason] = int(cursor.lastrowid or 0)
        return id
