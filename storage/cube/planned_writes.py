"""How to write what of the cube is to be counted again: the parts of a day, and the sets of users of a coarse block.
Reads only, so that a process that may not write can work it out (`counting_process.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storage.cube import counters, user_sets
from storage.cube.counters import Cells, Details
from storage.cube.day_counts import Counted, CountedStart, count, starts_of_day
from storage.cube.layout import KINDS, Block
from storage.cube.user_sets import StoredBlock
from storage.database.statements import BulkStatement
from storage.domain.calendar import Calendar


@dataclass(frozen=True, slots=True)
class _StoredDay:
    """A day as the cube has it; nothing of a day that had no starts."""

    cells: Cells = field(default_factory=dict)
    details: Details = field(default_factory=dict)
    users: Mapping[int, StoredBlock] = field(default_factory=dict)  # by kind


def day_writes(connection: sqlite3.Connection, calendar: Calendar, day: int, lines: set[int]) -> list[BulkStatement]:
    """What these lines have on a day, counted again from the messages."""
    everything = lines >= counters.all_lines(connection)
    counted = count(starts_of_day(connection, calendar, day, None if everything else lines))
    stored = _StoredDay(
        counters.stored_cells(connection, day, lines),
        counters.stored_details(connection, day),
        {kind: user_sets.stored_block(connection, kind, (0, day)) for kind in KINDS},
    )
    return _writes(day, lines, counted, stored)


def new_day_writes(day: int, starts: Iterable[CountedStart]) -> list[BulkStatement]:
    """All that a day has that had no starts before; without a database."""
    counted = count(starts)
    return _writes(day, {line for line, _ in counted.cells}, counted, _StoredDay())


def _writes(day: int, lines: set[int], counted: Counted, stored: _StoredDay) -> list[BulkStatement]:
    writes = counters.cell_writes(day, lines, counted.cells, stored.cells)
    writes += counters.detail_writes(day, lines, counted.details, stored.details)
    for kind in KINDS:
        of_kind = stored.users.get(kind, StoredBlock())
        writes += user_sets.block_writes(kind, (0, day), lines, counted.leaves[kind], of_kind)
    return writes


def coarse_writes(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> list[BulkStatement]:
    """The sets of users of these lines in a coarse block, made again of the blocks below it."""
    leaves = user_sets.leaves_of_children(connection, kind, block, lines)
    return user_sets.block_writes(kind, block, lines, leaves, user_sets.stored_block(connection, kind, block))
