"""Compares the whole cube with a recount of `messages`, for `saludo check`. Reads only, so that any process can do it.

The recount goes from the days up: a block is made of the leaf sets and details of the blocks below it, which are still
in memory, and not of what is stored. A top block is compared on its own (`top_blocks`), and `outside` finds the rows
that belong to none.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import add
from typing import Any

from storage.cube import counters, user_sets
from storage.cube.bitmaps import encoded_union
from storage.cube.counters import DetailSends
from storage.cube.day_counts import FailureKinds, LeafSets, count, days_with_starts, starts_of_day
from storage.cube.layout import KINDS, TOP, Block, block_of, children_of, days_of
from storage.cube.repeats import repeats_of, stored_repeats
from storage.database.settings import load_settings
from storage.domain.calendar import Calendar

Progress = Callable[[int], None]  # called with the number of days compared since the last call

_CELLS_LEVEL = 2  # the cells of a block of this level are read at once: some 100 MB
# By table: how a differing row is named.
_PLACES = {
    "cells": "cell of line {line}, template {template}, day {day}",
    "details": "cell of line {line}, template {template}, details, level {level}, block {block}",
    "users": "cell of line {line}, template {template}, users, kind {kind}, level {level}, block {block}",
    "repeats": "cell of repeats, day {day}",
}
_KEYS = {
    "cells": ("line", "template", "day"),
    "details": ("level", "block", "line", "template"),
    "users": ("kind", "level", "block", "line", "template"),
    "repeats": ("day",),
}
_USERS = "SELECT line, template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ?"

_MANY_STARTS = 20_000  # in a top block
_START_NUMBER = """
SELECT 1 FROM messages INDEXED BY starts_by_time
WHERE origin IS NOT NULL AND start_at >= ? AND start_at < ? LIMIT 1 OFFSET ?
"""

_DayCells = dict[tuple[int, int], tuple[int, ...]]


def days_by_top_block(connection: sqlite3.Connection) -> dict[int, list[int]]:
    """The days that have starts, by the first day of the top block that they are in."""
    by_block: defaultdict[int, list[int]] = defaultdict(list)
    for day in days_with_starts(connection, Calendar(load_settings(connection).zone)):
        by_block[block_of(TOP, day)[1]].append(day)
    return dict(by_block)


def top_block_differences(
    connection: sqlite3.Connection, top: int, days: Collection[int], progress: Progress = lambda days: None
) -> list[str]:
    """The cells in one top block that differ.

    Args:
        top: the first day of the block.
        days: those of its days that have starts.
    """
    comparison = _Comparison(connection, frozenset(days), progress)
    comparison.compare((TOP, top))
    return [_message(table, key) for table in _PLACES for key in sorted(comparison.found[table])]


def differences(
    connection: sqlite3.Connection, top: int, days: Collection[int], progress: Progress = lambda days: None
) -> list[str]:
    """The cells in one top block that differ: of many starts they are first proven in bulk, where numpy can be loaded.

    Arguments as of `top_block_differences`, which tells them one by one where the proof says nothing.
    """
    told = 0

    def tell(some: int) -> None:
        nonlocal told
        told += some
        progress(some)

    if days and _are_many(connection, min(days), max(days)):
        try:
            from storage.cube.block_proof import is_proven
        except ImportError:
            pass
        else:
            if is_proven(connection, top, days, tell):
                return []
    again = iter(range(told))  # days that are told already
    return top_block_differences(
        connection, top, days, lambda some: progress(some) if next(again, None) is None else None
    )


def _are_many(connection: sqlite3.Connection, first: int, last: int) -> bool:
    """Whether so many starts lie on these days that to prove them pays for loading numpy."""
    calendar = Calendar(load_settings(connection).zone)
    bounds = calendar.start_of(first), calendar.start_of(last + 1)
    found = connection.execute(_START_NUMBER, (*bounds, _MANY_STARTS - 1)).fetchone()
    return found is not None


def outside(connection: sqlite3.Connection, tops: Iterable[int]) -> list[str]:
    """The rows of the cube that are in none of these top blocks, or in no block at all."""
    blocks = json.dumps([block for top in tops for block in _within((TOP, top))])
    is_block = "IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
    nowhere = f"ifnull((level, block) NOT {is_block}, 1)"
    day_nowhere = f"ifnull((0, day) NOT {is_block}, 1)"
    conditions = {
        "cells": day_nowhere,
        "details": nowhere,
        "users": f"{nowhere} OR kind NOT IN ({', '.join(map(str, KINDS))})",
        "repeats": day_nowhere,
    }
    found = []
    for table, condition in conditions.items():
        columns = ", ".join(_KEYS[table])
        rows = connection.execute(
            f"SELECT DISTINCT {columns} FROM {table} WHERE {condition} ORDER BY {columns}", (blocks,)
        )
        found += [_message(table, row) for row in rows]
    return found


def _within(block: Block) -> Iterator[Block]:
    """A block and all blocks below it."""
    yield block
    if block[0]:
        for child in children_of(block):
            yield from _within(child)


def _message(table: str, key: tuple[Any, ...]) -> str:
    place = _PLACES[table].format(**dict(zip(_KEYS[table], key, strict=True)))
    return f"{place}: differs from its messages"


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a block is made of: its leaf details and, by kind, its leaf sets."""

    details: DetailSends = field(default_factory=dict)
    leaf_sets: Mapping[int, LeafSets] = field(default_factory=lambda: {kind: {} for kind in KINDS})


_NOTHING = _Counted()


class _Comparison:
    """Compares the blocks of one top block.

    Attributes:
        found: by table, the keys of the rows that differ.
    """

    def __init__(self, connection: sqlite3.Connection, days: frozenset[int], progress: Progress) -> None:
        self._connection, self._days, self._progress = connection, days, progress
        self._calendar = Calendar(load_settings(connection).zone)
        self._kinds = FailureKinds(connection, added=False)
        self._cells: dict[int, _DayCells] = {}
        self._pairs = counters.lines_and_templates(connection)
        self.found: dict[str, set[tuple[Any, ...]]] = {table: set() for table in _PLACES}

    def compare(self, block: Block) -> _Counted:
        """Compares a block and all below it; returns what it is made of."""
        level, first = block
        if level == _CELLS_LEVEL:
            self._cells = counters.cells_by_day(self._connection, days_of(block), self._pairs)
        if level == 0:
            counted = self._compare_day(first)
        else:
            counted = _united([self.compare(child) for child in children_of(block)])
        self._note(
            "details", block, counters.with_roll_ups(counted.details), counters.stored_details(self._connection, block)
        )
        for kind in KINDS:
            stored = {(line, template): users for line, template, users in self._users(kind, block)}
            rows = user_sets.block_rows(kind, block, counted.leaf_sets[kind])
            self._note("users", (kind, *block), {(line, template): users for line, template, users in rows}, stored)
        return counted

    def _users(self, kind: int, block: Block) -> Iterator[tuple[int, int, bytes]]:
        return self._connection.execute(_USERS, (kind, *block))

    def _compare_day(self, day: int) -> _Counted:
        stored, repeats = self._cells.pop(day, {}), stored_repeats(self._connection, day)
        if day not in self._days:
            self.found["cells"].update((*cell, day) for cell in stored)
            self.found["repeats"].update([] if repeats is None else [(day,)])
            return _NOTHING
        counted = count(starts_of_day(self._connection, self._calendar, day, None, self._kinds))
        expected = counters.columns_of_cells(counted.cells)
        self.found["cells"].update((*cell, day) for cell in _differing(expected, stored))
        self.found["repeats"].update([] if repeats_of(counted.starts) == repeats else [(day,)])
        self._progress(1)
        return _Counted(counted.details, counted.leaf_sets)

    def _note(self, table: str, place: tuple[int, ...], expected: Mapping[Any, Any], stored: Mapping[Any, Any]) -> None:
        """Notes the rows of a block that differ; a key begins with line and template."""
        if expected != stored:
            self.found[table].update((*place, *key[:2]) for key in _differing(expected, stored))


def _differing(expected: Mapping[Any, Any], stored: Mapping[Any, Any]) -> set[Any]:
    """The keys whose values differ, or that one side does not have."""
    if expected == stored:
        return set()
    return {key for key in expected.keys() | stored.keys() if expected.get(key) != stored.get(key)}


def _united(parts: list[_Counted]) -> _Counted:
    """What the block above is made of."""
    parts = [part for part in parts if part is not _NOTHING]
    if len(parts) < 2:
        return parts[0] if parts else _NOTHING
    return _Counted(_sums(parts), {kind: _unions([part.leaf_sets[kind] for part in parts]) for kind in KINDS})


def _sums(parts: list[_Counted]) -> DetailSends:
    sums: DetailSends = {}
    for part in parts:
        for detail, sends in part.details.items():
            known = sums.get(detail)
            sums[detail] = sends if known is None else tuple(map(add, known, sends))
    return sums


def _unions(parts: list[LeafSets]) -> LeafSets:
    by_leaf: defaultdict[Any, list[bytes]] = defaultdict(list)
    for sets in parts:
        for leaf, users in sets.items():
            by_leaf[leaf].append(users)
    return {leaf: encoded_union(sets) for leaf, sets in by_leaf.items()}
