"""Proves in bulk that the cube in one top block is what `messages` say, for `saludo check`.

The proof is one-sided: where it says nothing, `recount_comparison`, the plain rule, counts again and tells what
differs. It holds for the sets, whatever their bytes: a set that is stored in another form, with the same numbers, is
right.

Of each day the leaf sets, counters, details and repeats are counted from its starts in arrays (start_arrays.py). A
coarser block must have the union of the leaf sets of the blocks below. The roll-ups of every block must be the union of
its own leaf sets, and its multiplicities must say in how many of them each number is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from operator import add

import numpy as np

from storage.cube import counters
from storage.cube.counters import DetailSends
from storage.cube.layout import ALL, KINDS, TOP, Block, children_of, days_of, has_multiplicity
from storage.cube.repeats import stored_repeats
from storage.cube.set_arrays import (
    LEAST_ID,
    NUMBER_BITS,
    PLANE_BITS,
    BlockSets,
    IdBits,
    Integers,
    Unproven,
    distinct,
    in_groups,
    integers,
    number_of,
    stored_sets,
    united,
)
from storage.cube.start_arrays import CELL_COLUMNS, DayStarts, counted_cells
from storage.database.error_words import WRONG_VALUE
from storage.database.settings import load_settings
from storage.domain.calendar import Calendar

Progress = Callable[[int], None]  # called with the number of days counted since the last call

_CELLS_LEVEL = 2  # the cells of a block of this level are compared at once

_Sets = Mapping[int, Integers]  # the elements of leaf sets by kind


def is_proven(connection: sqlite3.Connection, top: int, days: Collection[int], progress: Progress) -> bool:
    """Whether the cube in one top block is proven.

    Args:
        connection: the database.
        top: the first day of the block.
        days: those of its days that have starts.
        progress: told of each day that is counted.
    """
    try:
        _Proof(connection, frozenset(days), progress).block((TOP, top))
    except (Unproven, *WRONG_VALUE):
        return False
    return True


class _Proof:
    """Proves the blocks of one top block; raises Unproven where it cannot."""

    def __init__(self, connection: sqlite3.Connection, days: frozenset[int], progress: Progress) -> None:
        self._connection, self._days, self._progress = connection, days, progress
        self._calendar = Calendar(load_settings(connection).zone)
        self._bits = IdBits.of(connection)
        self._pairs = counters.lines_and_templates(connection)
        self._cells: list[Integers] = []  # as counted, of the days of a block of _CELLS_LEVEL

    def block(self, block: Block) -> tuple[_Sets, DetailSends]:
        """Proves a block and all below it; returns its leaf sets and details."""
        level, first = block
        if level == 0:
            sets, details = self._day(first)
        else:
            parts = [self.block(child) for child in children_of(block)]
            parts = [part for part in parts if part[1] or any(elements.size for elements in part[0].values())]
            sets = {kind: united(part[kind] for part, _ in parts) for kind in KINDS}
            details = _sums([part for _, part in parts])
        if level == _CELLS_LEVEL:
            self._prove_cells(days_of(block))
        if counters.with_roll_ups(details) != counters.stored_details(self._connection, block):
            raise Unproven
        for kind in KINDS:
            prove_sets(self._bits, kind, level, sets[kind], stored_sets(self._connection, self._bits, kind, block))
        return sets, details

    def _day(self, day: int) -> tuple[_Sets, DetailSends]:
        repeats = stored_repeats(self._connection, day)
        if day not in self._days:
            if repeats is not None:
                raise Unproven
            return {kind: np.empty(0, np.int64) for kind in KINDS}, {}
        starts = DayStarts.read(self._connection, self._calendar, self._bits, day)
        if starts.repeats() != repeats:
            raise Unproven
        self._cells.append(counted_cells(starts, day))
        self._progress(1)
        return {kind: starts.leaf_sets(kind) for kind in KINDS}, starts.leaf_details()

    def _prove_cells(self, days: range) -> None:
        stored = integers(counters.rows_of_days(self._connection, days, self._pairs), CELL_COLUMNS)
        counted = np.concatenate([np.empty((0, CELL_COLUMNS), np.int64), *self._cells])
        self._cells = []
        order = np.lexsort((counted[:, 2], counted[:, 1], counted[:, 0]))
        if not np.array_equal(counted[order], stored):
            raise Unproven


def prove_sets(bits: IdBits, kind: int, level: int, leaves: Integers, stored: BlockSets) -> None:
    """Proves the stored sets of a block, which must have these leaf sets.

    Args:
        bits: of the keys.
        kind: of user sets.
        level: of the block.
        leaves: the elements that the leaf sets must have, in order.
        stored: what is stored.

    Raises:
        Unproven: they differ.
    """
    expected = stored._replace(leaves=leaves)
    if not stored.packed:
        failures = leaves >> NUMBER_BITS & (1 << bits.failure) - 1
        numbered = failures << NUMBER_BITS | number_of(leaves)
        ids = leaves >> NUMBER_BITS + bits.failure
        of_lines = _roll_up(bits, ids >> bits.template, numbered)
        of_templates = _roll_up(bits, ids & (1 << bits.template) - 1, numbered)
        nothing = np.empty(0, np.int64)
        planes = (nothing, nothing, nothing)
        total, occurrences = distinct(in_groups(numbered >> NUMBER_BITS, numbered))
        if has_multiplicity(kind, level):
            of_both = total | (ALL - LEAST_ID) << NUMBER_BITS + bits.failure, occurrences
            planes = _planes(bits, *of_lines), _planes(bits, *of_templates), _planes(bits, *of_both)
        expected = BlockSets(False, leaves, of_lines[0], of_templates[0], total, *planes)
    elif any(elements.size for elements in stored.arrays()[1:]):
        raise Unproven
    if not all(np.array_equal(of, found) for of, found in zip(expected.arrays(), stored.arrays(), strict=True)):
        raise Unproven


def _roll_up(bits: IdBits, ids: Integers, numbered: Integers) -> tuple[Integers, Integers]:
    """The elements of roll-ups, and in how many leaf sets each is.

    Args:
        bits: of the keys.
        ids: of the lines or templates of the elements of leaf sets, as they are in keys.
        numbered: the failures and numbers of these elements.
    """
    return distinct(in_groups(ids << bits.failure | numbered >> NUMBER_BITS, numbered))


def _planes(bits: IdBits, elements: Integers, occurrences: Integers) -> Integers:
    """The elements of bit planes, from those of a roll-up and in how many sets each is."""
    below = NUMBER_BITS + bits.failure
    more = occurrences > 1
    elements, further = elements[more], occurrences[more] - 1
    planes = [np.empty(0, np.int64)]
    for place in range(int(further.max(initial=0)).bit_length()):
        some = elements[further >> place & 1 == 1]
        planes.append(((some >> below) << PLANE_BITS | place) << below | some & (1 << below) - 1)
    joined = np.concatenate(planes)
    joined.sort()
    return joined


def _sums(parts: list[DetailSends]) -> DetailSends:
    sums: DetailSends = {}
    for details in parts:
        for detail, sends in details.items():
            known = sums.get(detail)
            sums[detail] = sends if known is None else tuple(map(add, known, sends))
    return sums
