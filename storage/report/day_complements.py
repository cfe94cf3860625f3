"""The user sets of days under a filter that leaves out few lines and templates: from what it leaves out.

A day's roll-up over everything is one set. Less the sets of the lines and templates that are left out, it lacks only
who has a start in them and a selected one as well: contacts with several starts on the day, whom its repeats name
(storage/cube/repeats.py). Counts no users.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode, union_of
from storage.cube.layout import ALL, PACKED_BLOCK, STEPS, USERS, has_multiplicity
from storage.cube.packed_sets import FailureSets, sets_in_block
from storage.cube.repeats import Repeats, repeats_of_days
from storage.report.selection import Dimensions
from storage.report.user_set_rows import SetRow, few_excluded, rows_of


class LeftOut(NamedTuple):
    """The few lines and templates that a filter leaves out."""

    lines: frozenset[int]
    templates: frozenset[int]


def few_left_out(
    kind: int, dimensions: Dimensions, all_lines: Collection[int], all_templates: Collection[int]
) -> LeftOut | None:
    """What the filter leaves out, if it is so little that to subtract it is faster than to unite the rest."""
    lines = _few(dimensions.lines, all_lines)
    templates = _few(dimensions.templates, all_templates)
    if kind == STEPS or lines is None or templates is None or not (lines or templates):
        return None
    return LeftOut(lines, templates)


def can_subtract(kind: int, level: int) -> bool:
    """Whether what is left out can be subtracted in the blocks of a level: in days, `repeats` knows USERS only."""
    return kind == USERS if level == 0 else has_multiplicity(kind, level)


def _few(selected: frozenset[int] | None, every: Collection[int]) -> frozenset[int] | None:
    excluded = set() if selected is None else few_excluded(selected, every)
    return None if excluded is None else frozenset(excluded)


def sets_of_days(
    connection: sqlite3.Connection, days: Collection[int], dimensions: Dimensions, left_out: LeftOut
) -> Iterator[tuple[int, EncodedSet | BitMap]]:
    """The selected sets of each day, to be united; none of the days may be dirty."""
    if not days:
        return
    repeats = dict(repeats_of_days(connection, days))
    blocks = [(0, day) for day in days]
    rows = rows_of(connection, USERS, blocks, {ALL, *left_out.lines}, {ALL, *left_out.templates})
    for day, of_day in groupby(rows, lambda row: int(row[1])):
        for users in _sets_of_day(of_day, repeats.get(day), dimensions):
            yield day, users


def _sets_of_day(
    rows: Iterable[SetRow], repeats: Repeats | None, dimensions: Dimensions
) -> Iterator[EncodedSet | BitMap]:
    every: EncodedSet = b""
    excluded: list[EncodedSet] = []
    for _, _, line, template, bitmap in rows:
        if line == PACKED_BLOCK:
            yield from _of_packed_block(bitmap, dimensions)
        elif line == template == ALL:
            every = bitmap
        elif ALL in (line, template):
            excluded.append(bitmap)
    users, without = decode(every), union_of(excluded)
    if repeats is not None:
        without -= BitMap(repeats.partly_selected(dimensions.lines, dimensions.templates))
    yield users - without


def _of_packed_block(packed: bytes, dimensions: Dimensions) -> list[EncodedSet]:
    sets: FailureSets = sets_in_block(packed, dimensions.lines, dimensions.templates)
    return [users for _, users in sets]
