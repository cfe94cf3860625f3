"""Computes the writes of a day or of a coarse block. Executes none of them, so that a process that only reads can
compute them too (counting_process.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.cube import counters, user_sets
from storage.cube.counters import CellCounters, DetailSends
from storage.cube.day_counts import (
    Counted,
    Failure,
    FailureKinds,
    StartGroups,
    count,
    starts_by_day,
    starts_of_day,
)
from storage.cube.dimension_ids import all_lines
from storage.cube.layout import KINDS, USERS, Block
from storage.cube.repeats import (
    StartsByCell,
    decode_repeats,
    repeats_of,
    repeats_writes,
    starts_of_sets,
    stored_repeats,
)
from storage.cube.user_sets import StoredBlock
from storage.database.statements import BulkStatement
from storage.domain.calendar import Calendar


@dataclass(frozen=True, slots=True)
class _StoredDay:
    """What the cube holds of a day; empty for a day without starts.

    Attributes:
        users: By kind of user sets.
        repeats: Their bytes.
    """

    cells: CellCounters = field(default_factory=dict)
    details: DetailSends = field(default_factory=dict)
    users: Mapping[int, StoredBlock] = field(default_factory=dict)
    repeats: bytes | None = None

    def starts_of_other_lines(self, lines: set[int]) -> StartsByCell:
        """The starts of all lines but these."""
        leaves = user_sets.leaf_sets_of_block(self.users.get(USERS, ()))
        sets = {(line, template): users for (line, template, _), users in leaves.items() if line not in lines}
        starts = starts_of_sets(sets, None if self.repeats is None else decode_repeats(self.repeats))
        return {cell: numbers for cell, numbers in starts.items() if cell[0] not in lines}


def day_writes(connection: sqlite3.Connection, calendar: Calendar, day: int, lines: set[int]) -> list[BulkStatement]:
    """The writes of some lines on a day, counted from `messages`; stores new failure kinds."""
    writes = recounted_writes(connection, calendar, day, lines, FailureKinds(connection))
    assert writes is not None
    return writes


def recounted_writes(
    connection: sqlite3.Connection, calendar: Calendar, day: int, lines: set[int], kinds: FailureKinds
) -> list[BulkStatement] | None:
    """The writes of some lines on a day, counted from `messages`; None if `kinds` does not know one of its failures."""
    is_every_line = lines >= all_lines(connection)
    groups = starts_of_day(connection, calendar, day, None if is_every_line else lines, kinds)
    if any(failure == FailureKinds.UNKNOWN for *_, failure in groups):
        return None
    counted = count(groups)
    stored = _StoredDay(
        counters.stored_cells(connection, day, lines),
        counters.stored_details(connection, (0, day)),
        {kind: user_sets.stored_block(connection, kind, (0, day)) for kind in KINDS},
        stored_repeats(connection, day),
    )
    return _writes(day, lines, counted, stored)


def new_day_writes(day: int, starts: StartGroups) -> list[BulkStatement]:
    """The writes of a day of which the cube has nothing, from all its starts; needs no database."""
    counted = count(starts)
    return _writes(day, {line for line, _ in counted.cells}, counted, _StoredDay())


def writes_by_day(
    derived: Iterable[tuple[Any, ...]], failures: Mapping[Failure, int]
) -> dict[int, list[BulkStatement]]:
    """The writes of days of which the cube has nothing, by day; arguments as of `starts_by_day`."""
    return {day: new_day_writes(day, starts) for day, starts in starts_by_day(derived, failures).items()}


def _writes(day: int, lines: set[int], counted: Counted, stored: _StoredDay) -> list[BulkStatement]:
    writes = counters.cell_writes(day, lines, counted.cells, stored.cells)
    writes += counters.detail_writes(day, lines, counted.details, stored.details)
    for kind in KINDS:
        of_kind = stored.users.get(kind, ())
        writes += user_sets.block_writes(kind, (0, day), lines, counted.leaf_sets[kind], of_kind)
    starts = {**stored.starts_of_other_lines(lines), **counted.starts}
    return writes + repeats_writes(day, repeats_of(starts), stored.repeats)


def coarse_writes(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> list[BulkStatement]:
    """The writes of one kind of user sets of some lines in a coarse block, from the blocks below it."""
    leaves = user_sets.leaf_sets_of_children(connection, kind, block, lines)
    return user_sets.block_writes(kind, block, lines, leaves, user_sets.stored_block(connection, kind, block))
