"""What the starts of one day add up to, counted in memory: counters, details and sets of users of each line and
template. Reads `messages` and owns `failure_kinds`; knows nothing of what the cube held before.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any

from storage.cube.bitmaps import SLICE_BITS, encode_numbers
from storage.cube.layout import FAILED, STEPS, USERS
from storage.cube.packed_sets import BlockKey
from storage.cube.start_classes import CLASS_NUMBER_SQL, FAILED_SLICES, STEPS_SLICES, class_number, users_slice
from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.connection import DatabaseError
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS
from storage.database.unknown_ids import LINE_ID, NO_TEMPLATE, TEMPLATE_ID, UNKNOWN_ID
from storage.domain.calendar import Calendar
from storage.domain.vocabulary import UserType

Cell = tuple[int, int]  # line, template
# The columns of a cell, of all users and then of new ones, one above the other in one number: one addition adds up all.
Sums = int
Detail = tuple[int, int, int, int, int]  # line, template, status, failure, marks
Sends = tuple[int, ...]  # of each origin, those to new users in the lower half (schema.HALF), to recurrent ones above
Leaves = dict[BlockKey, bytes]  # failure 0 but in the kind FAILED
# A start: line, template, `class_number`, marks, failure (0: none), contact.
CountedStart = tuple[int, int, int, int, int, "int | None"]
Failure = tuple["int | None", str]  # code and reason

_STARTS = f"""
SELECT {LINE_ID}, {TEMPLATE_ID}, {CLASS_NUMBER_SQL}, m.marks, m.failure_code, m.failure_reason, m.contact
FROM messages AS m INDEXED BY starts_by_time
WHERE m.origin IS NOT NULL AND m.start_at >= ? AND m.start_at < ? AND m.day = ?
"""
_NEW_USERS = USER_TYPES.index(UserType.NEW)
_COLUMNS = Struct(f"<{2 * len(COUNTER_COLUMNS)}q")
_COLUMN = 64  # bits
_CONTACTS = 1 << SLICE_BITS
_OF_LINES = f" AND {LINE_ID} IN (SELECT value FROM json_each(?))"


def sums_of(columns: Iterable[int]) -> Sums:
    """The columns of a cell as one number."""
    return int.from_bytes(_COLUMNS.pack(*columns), "little")


def columns_of(sums: Sums) -> tuple[int, ...]:
    """The columns of a cell, of their number."""
    return _COLUMNS.unpack(sums.to_bytes(_COLUMNS.size, "little"))


@dataclass(frozen=True, slots=True)
class _Class:
    """What all starts of one origin, user type and status have in common: what one of them is in a cell and in details,
    and the first numbers of their slices in the three kinds of sets (None: they are in none)."""

    origin: int
    status: int
    one: Sums
    one_send: int
    users: int
    steps: int | None
    failed: int | None


def _classes() -> Iterator[_Class | None]:
    counters = {
        key: 1 << _COLUMN * place + COUNTER_BITS * upper
        for place, pair in enumerate(COUNTER_COLUMNS.values())
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
                one = counters[origin, status]
                new = user_type == _NEW_USERS
                if new:
                    one |= one << _COLUMN * len(COUNTER_COLUMNS)
                one_send = 1 if new else 1 << COUNTER_BITS
                users = users_slice(*key) << SLICE_BITS
                yield _Class(origin, status, one, one_send, users, steps.get(key), failed.get(key))


_CLASSES = tuple(_classes())


@dataclass(frozen=True, slots=True)
class Counted:
    """The starts of a day: counters, details, and the sets of users by kind."""

    cells: dict[Cell, Sums]
    details: dict[Detail, Sends]
    leaves: dict[int, Leaves]


def count(starts: Iterable[CountedStart]) -> Counted:
    """Counts the starts of a day; raises DatabaseError where a contact's id has more bits than a set has room for."""
    cells: defaultdict[Cell, Sums] = defaultdict(int)
    details: defaultdict[Detail, list[int]] = defaultdict(lambda: [0] * REFERRED_FROM)
    users: defaultdict[BlockKey, list[int]] = defaultdict(list)
    steps: defaultdict[BlockKey, list[int]] = defaultdict(list)
    failed: defaultdict[BlockKey, list[int]] = defaultdict(list)
    for line, template, number, marks, failure, contact in starts:
        of = _CLASSES[number]
        assert of is not None
        cells[line, template] += of.one
        if (failure or marks) and of.origin < REFERRED_FROM:
            details[line, template, of.status, failure, marks][of.origin] += of.one_send
        if contact is None:
            continue
        if contact >= _CONTACTS:
            raise DatabaseError(f"there are more than {_CONTACTS:,} contacts; start another database")
        leaf = line, template, 0
        users[leaf].append(of.users | contact)
        if of.steps is not None:
            steps[leaf].append(of.steps | contact)
        elif failure and of.failed is not None:
            failed[line, template, failure].append(of.failed | contact)
    sends = {detail: tuple(of_origins) for detail, of_origins in details.items()}
    return Counted(dict(cells), sends, {USERS: _encoded(users), STEPS: _encoded(steps), FAILED: _encoded(failed)})


def _encoded(sets: dict[BlockKey, list[int]]) -> Leaves:
    return {leaf: encode_numbers(numbers) for leaf, numbers in sets.items()}


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
