"""Counts the starts of one day in memory: counters, details and leaf sets. Reads `messages`, owns `failure_kinds`, and
knows nothing of what the cube holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from struct import Struct
from typing import Any

from storage.cube.bitmaps import SLICE_BITS, encode_numbers
from storage.cube.layout import FAILED, STEPS, USERS
from storage.cube.packed_sets import BlockSetKey
from storage.cube.repeats import Cell, StartsByCell
from storage.cube.start_classes import (
    CLASS_NUMBER_SQL,
    COUNTER_PLACES,
    FAILED_SLICES,
    STEPS_SLICES,
    class_number,
    users_slice,
)
from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_NEW, USER_TYPES
from storage.database.connection import DatabaseError
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID, line_id, template_id
from storage.domain.calendar import Calendar
from storage.language.texts import _

# All columns of a row of `cells` in one integer of 64 bits a column: one addition adds all counters.
PackedCounters = int
Detail = tuple[int, int, int, int, int]  # line, template, status, failure, data-quality flags
# By origin of sends: those to new users in the lower COUNTER_BITS, those to recurrent users above.
PackedSends = tuple[int, ...]
LeafSets = dict[BlockSetKey, bytes]  # by line, template and failure (0 unless the kind is FAILED)
# Starts as the cube counts them: the contacts (None: unknown) of those that are equal otherwise. The key is line,
# template, `class_number`, data-quality flags and failure (0: none).
StartGroups = dict[tuple[int, int, int, int, int], list["int | None"]]
Failure = tuple["int | None", str]  # code, reason

# The key of a start's group, but for its failure, in one integer: one value a start is read faster than four. A start
# that failed, or that has an id beyond these bits, has a text instead.
_ID_BITS, _CLASS_BITS, _FLAG_BITS = 26, 6, 4
_LEAST_ID = -15  # ids of the cube begin above it
_IDS = f"({LINE_ID} - {_LEAST_ID}) << {_ID_BITS} | ({TEMPLATE_ID} - {_LEAST_ID})"
_GROUP = f"((({_IDS}) << {_CLASS_BITS}) | {CLASS_NUMBER_SQL}) << {_FLAG_BITS} | m.marks"
_FITS = f"(({LINE_ID} - {_LEAST_ID}) | ({TEMPLATE_ID} - {_LEAST_ID})) >> {_ID_BITS} = 0 AND m.marks >> {_FLAG_BITS} = 0"
_GROUP_TEXT = " || ' ' || ".join(
    (LINE_ID, TEMPLATE_ID, CLASS_NUMBER_SQL, "m.marks", "ifnull(m.failure_code, '')", "ifnull(m.failure_reason, '')")
)
_STARTS = f"""
SELECT m.contact, iif(m.failure_reason IS NULL AND {_FITS}, {_GROUP}, {_GROUP_TEXT})
FROM messages AS m INDEXED BY starts_by_time
WHERE m.origin IS NOT NULL AND m.start_at >= ? AND m.start_at < ? AND m.day = ?
"""
_FIRST_START = "SELECT start_at FROM messages WHERE origin IS NOT NULL ORDER BY start_at LIMIT 1"
_NEXT_START = "SELECT start_at FROM messages WHERE origin IS NOT NULL AND start_at >= ? ORDER BY start_at LIMIT 1"
_OF_LINES = f" AND {LINE_ID} IN (SELECT value FROM json_each(?))"
_COLUMNS = Struct(f"<{2 * len(COUNTER_COLUMNS)}q")
_COLUMN_BITS = 64
_MOST_CONTACTS = 1 << SLICE_BITS


def pack_counters(columns: Iterable[int]) -> PackedCounters:
    """The columns of a row of `cells` as one integer."""
    return int.from_bytes(_COLUMNS.pack(*columns), "little")


def unpack_counters(counters: PackedCounters) -> tuple[int, ...]:
    """The columns of a row of `cells`, from one integer."""
    return _COLUMNS.unpack(counters.to_bytes(_COLUMNS.size, "little"))


@dataclass(frozen=True, slots=True)
class _StartClass:
    """What every start of one origin, user type and status adds to the cube.

    Attributes:
        counters: Added to the cell's counters.
        sends: Added to the detail's sends of its origin.
        users: The first number of its slice in USERS; contact ids are added to it.
        steps: Likewise in STEPS, None: not in these sets.
        failed: Likewise in FAILED.
    """

    origin: int
    status: int
    counters: PackedCounters
    sends: int
    users: int
    steps: int | None
    failed: int | None


def _start_classes() -> Iterator[_StartClass | None]:
    """The classes by number; None where a status cannot occur with an origin."""
    counters = {key: 1 << _COLUMN_BITS * column + below for key, (column, below) in COUNTER_PLACES.items()}
    steps = {(*key,): number << SLICE_BITS for number, *key in STEPS_SLICES}
    failed = {(*key,): number << SLICE_BITS for number, *key in FAILED_SLICES}
    for key in product(range(len(ORIGINS)), range(len(USER_TYPES)), range(len(STATUSES))):
        origin, user_type, status = key
        if (origin, status) not in counters:
            yield None
            continue
        counter, is_new = counters[origin, status], user_type == USER_NEW
        yield _StartClass(
            origin=origin,
            status=status,
            counters=counter | counter << _COLUMN_BITS * len(COUNTER_COLUMNS) if is_new else counter,
            sends=1 if is_new else 1 << COUNTER_BITS,
            users=users_slice(*key) << SLICE_BITS,
            steps=steps.get(key),
            failed=failed.get(key),
        )


CLASSES = tuple(_start_classes())


@dataclass(frozen=True, slots=True)
class Counted:
    """The starts of a day, counted.

    Attributes:
        leaf_sets: By kind of user sets.
        starts: A number as in the sets of USERS for each start, with contact 0 where it is unknown.
    """

    cells: dict[Cell, PackedCounters]
    details: dict[Detail, PackedSends]
    leaf_sets: dict[int, LeafSets]
    starts: StartsByCell


class _CellStarts:
    """The starts of a cell: their counters, and the numbers of their contacts in the sets of USERS and STEPS."""

    __slots__ = ("counters", "steps", "users")

    def __init__(self) -> None:
        self.counters: PackedCounters = 0
        self.users: list[int] = []
        self.steps: list[int] = []


def count(groups: StartGroups) -> Counted:
    """Counts the starts of a day.

    Raises:
        DatabaseError: A contact's id has more than SLICE_BITS bits.
    """
    check_contacts(max(filter(None, chain.from_iterable(groups.values())), default=0))
    cells: defaultdict[Cell, _CellStarts] = defaultdict(_CellStarts)
    details: defaultdict[Detail, list[int]] = defaultdict(lambda: [0] * REFERRED_FROM)
    failed: defaultdict[BlockSetKey, list[int]] = defaultdict(list)
    unknown: defaultdict[Cell, list[int]] = defaultdict(list)
    for (line, template, number, flags, failure), members in groups.items():
        of = CLASSES[number]
        assert of is not None
        starts = cells[line, template]
        starts.counters += of.counters * len(members)
        if (failure or flags) and of.origin < REFERRED_FROM:
            details[line, template, of.status, failure, flags][of.origin] += of.sends * len(members)
        contacts: Sequence[Any] = members
        if None in members:
            contacts = [contact for contact in members if contact is not None]
            unknown[line, template] += [of.users] * (len(members) - len(contacts))
        if len(contacts) == 1:  # as in most groups: a third less time than by the lists below
            starts.users.append(of.users | contacts[0])
            if of.steps is not None:
                starts.steps.append(of.steps | contacts[0])
        else:
            starts.users += [of.users | contact for contact in contacts]
            if of.steps is not None:
                starts.steps += [of.steps | contact for contact in contacts]
        if failure and of.failed is not None and contacts:
            failed[line, template, failure] += [of.failed | contact for contact in contacts]
    return Counted(
        {cell: starts.counters for cell, starts in cells.items()},
        {detail: tuple(sends) for detail, sends in details.items()},
        {
            USERS: {(*cell, 0): encode_numbers(starts.users) for cell, starts in cells.items() if starts.users},
            STEPS: {(*cell, 0): encode_numbers(starts.steps) for cell, starts in cells.items() if starts.steps},
            FAILED: {leaf: encode_numbers(numbers) for leaf, numbers in failed.items()},
        },
        {cell: starts.users + unknown[cell] if cell in unknown else starts.users for cell, starts in cells.items()},
    )


def check_contacts(greatest: int) -> None:
    """Refuses contacts that a set cannot hold.

    Args:
        greatest: The greatest id of a contact.

    Raises:
        DatabaseError: It has more than SLICE_BITS bits.
    """
    if greatest >= _MOST_CONTACTS:
        message = _("more than {count} contacts; import into a new database (--db)")
        raise DatabaseError(message.format(count=f"{_MOST_CONTACTS:,}"))


def starts_of_day(
    connection: sqlite3.Connection,
    calendar: Calendar,
    day: int,
    lines: Iterable[int] | None,
    kinds: FailureKinds | None = None,
) -> StartGroups:
    """The starts on a local day from `messages`.

    Args:
        lines: None: all lines.
        kinds: the ids of failures; None: those that are stored, where new ones are added.
    """
    parameters: list[int | str] = [calendar.start_of(day), calendar.start_of(day + 1), day]
    statement = _STARTS
    if lines is not None:
        statement += _OF_LINES
        parameters.append(json.dumps(sorted(lines)))
    groups: defaultdict[int | str, list[int | None]] = defaultdict(list)
    for contact, group in connection.execute(statement, parameters):
        groups[group].append(contact)
    kinds = FailureKinds(connection) if kinds is None else kinds
    return {_group_key(group, kinds): members for group, members in groups.items()}


def _group_key(group: int | str, kinds: FailureKinds) -> tuple[int, int, int, int, int]:
    """The key of StartGroups, from that of _STARTS."""
    if isinstance(group, int):
        flags, number = group & ~(-1 << _FLAG_BITS), group >> _FLAG_BITS & ~(-1 << _CLASS_BITS)
        ids = group >> _FLAG_BITS + _CLASS_BITS
        return (ids >> _ID_BITS) + _LEAST_ID, (ids & ~(-1 << _ID_BITS)) + _LEAST_ID, number, flags, 0
    *columns, code, reason = group.split(" ", 5)
    line, template, of_class, marks = map(int, columns)
    return line, template, of_class, marks, kinds.id_of(int(code) if code else None, reason) if reason else 0


def days_with_starts(connection: sqlite3.Connection, calendar: Calendar) -> Iterator[int]:
    """The local days on which `messages` has starts, in order: found in the index, so that gaps take no time."""
    at: int | None = None
    while True:
        statement, values = (_FIRST_START, ()) if at is None else (_NEXT_START, (at,))
        found = connection.execute(statement, values).fetchone()
        if found is None:
            return
        day = calendar.day_number(found[0])
        yield day
        at = calendar.start_of(day + 1)


def starts_by_day(derived: Iterable[tuple[Any, ...]], failures: Mapping[Failure, int]) -> dict[int, StartGroups]:
    """Starts by local day, from the derived columns of their messages.

    Args:
        derived: The values of DERIVED in storage/messages/store.py for each start.
        failures: The ids of `FailureKinds` of all failures among them.
    """
    days: defaultdict[int, defaultdict[Any, list[int | None]]] = defaultdict(lambda: defaultdict(list))
    for line, contact, template, __, day, origin, user_type, status, __, flags, code, reason, __ in derived:
        failure = 0 if reason is None else failures[code, reason]
        number = class_number(origin, user_type, status)
        days[day][line_id(line), template_id(template, origin), number, flags, failure].append(contact)
    return {day: dict(groups) for day, groups in days.items()}


class FailureKinds:
    """The ids of failures, which are stored when they first occur.

    Attributes:
        UNKNOWN: stands for every failure that is not stored, where none is added.
    """

    UNKNOWN = -1

    def __init__(self, connection: sqlite3.Connection, *, added: bool = True) -> None:
        """Reads the stored ones.

        Args:
            connection: the database.
            added: whether new ones are stored.
        """
        self._connection, self._added = connection, added
        rows = connection.execute("SELECT code, reason, id FROM failure_kinds")
        self._ids: dict[Failure, int] = {(code, reason): id for code, reason, id in rows}

    def id_of(self, code: int | None, reason: str) -> int:
        """The id of a failure."""
        id = self._ids.get((code, reason))
        if id is None:
            if not self._added:
                return self.UNKNOWN
            cursor = self._connection.execute("INSERT INTO failure_kinds (code, reason) VALUES (?, ?)", (code, reason))
            id = self._ids[code, reason] = int(cursor.lastrowid or 0)
        return id
