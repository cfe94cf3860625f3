"""How to write what of the cube is to be counted again: the parts of a day, and the sets of users of a coarse block.
Reads, and writes nothing itself, so that a process that may only read can work it out (storage/cube_beside.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storage import cube_cells, cube_users
from storage.calendar import Calendar
from storage.cube_cells import Cells, Details
from storage.cube_count import Counted, CountedStart, count, starts_of_day
from storage.cube_layout import KINDS, Block
from storage.cube_users import StoredBlock
from storage.writes import Write


@dataclass(frozen=True, slots=True)
class _StoredDay:
    """A day as the cube has it; nothing of a day that had no starts."""

    cells: Cells = field(default_factory=dict)
    details: Details = field(default_factory=dict)
    users: Mapping[int, StoredBlock] = field(default_factory=dict)  # by kind


def day_writes(connection: sqlite3.Connection, calendar: Calendar, day: int, lines: set[int]) -> list[Write]:
    """What these lines have on a day, counted again from the messages."""
    everything = lines >= cube_cells.all_lines(connection)
    counted = count(starts_of_day(connection, calendar, day, None if everything else lines))
    stored = _StoredDay(
        cube_cells.stored_cells(connection, day, lines),
        cube_cells.stored_details(connection, day),
        {kind: cube_users.stored_block(connection, kind, (0, day)) for kind in KINDS},
    )
    return _writes(day, lines, counted, stored)


def new_day_writes(day: int, starts: Iterable[CountedStart]) -> list[Write]:
    """All that a day has that had no starts before; without a database."""
    counted = count(starts)
    return _writes(day, {line for line, _ in counted.cells}, counted, _StoredDay())


def _writes(day: int, lines: set[int], counted: Counted, stored: _StoredDay) -> list[Write]:
    writes = cube_cells.cell_writes(day, lines, counted.cells, stored.cells)
    writes += cube_cells.detail_writes(day, lines, counted.details, stored.details)
    for kind in KINDS:
        of_kind = stored.users.get(kind, StoredBlock())
        writes += cube_users.block_writes(kind, (0, day), lines, counted.leaves[kind], of_kind)
    return writes


def coarse_writes(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> list[Write]:
    """The sets of users of these lines in a coarse block, made again of the blocks below it."""
    leaves = cube_users.leaves_of_children(connection, kind, block, lines)
    return cube_users.block_writes(kind, block, lines, leaves, cube_users.stored_block(connection, kind, block))
