"""Reads the user sets of a selection from the cube, with as few rows of `users` as possible. Counts no users.

Where the cube has a roll-up, it is read; else the sets of single templates or lines are. All lines or templates but a
few are a roll-up minus the users found only in what is left out (block_complements.py, day_complements.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet
from storage.cube.layout import ALL, FAILED, PACKED_BLOCK, PACKED_LINE, Block, has_multiplicity
from storage.cube.packed_sets import (
    FailureSets,
    sets_in_block,
    sets_in_line,
    unpack,
    unpack_block,
)
from storage.report.block_complements import lines_without_templates, sets_without
from storage.report.day_complements import LeftOut, can_subtract, few_left_out, sets_of_days
from storage.report.selection import Dimensions
from storage.report.user_set_rows import few_excluded, rows_of

LeafCell = tuple[int, int, int]  # day, line, template

_MOST_TEMPLATES = 0.75  # share of all templates from which on FAILED is read from the packed lines


def sets_of(
    connection: sqlite3.Connection,
    kind: int,
    blocks: Iterable[Block],
    dimensions: Dimensions,
    all_lines: Collection[int],
    all_templates: Collection[int],
) -> Iterator[tuple[int, EncodedSet | BitMap]]:
    """The user sets of the selected lines and templates in some blocks, to be united by failure.

    Args:
        all_lines: Every line of the cube; used only if lines or templates are selected.
        all_templates: Every template of the cube; used only if templates are selected.

    Yields:
        (failure, set); the failure is 0 unless the kind is FAILED. One by one as they are read: a list of them takes
        more memory, and so more time, than their union.
    """
    lines: Collection[int] = (ALL,) if dimensions.lines is None else dimensions.lines
    templates = dimensions.templates
    blocks = list(blocks)
    left_out = few_left_out(kind, dimensions, all_lines, all_templates)
    if left_out is not None:
        for _, failure, users in complements(connection, kind, blocks, dimensions, left_out):
            yield failure, users
        blocks = [block for block in blocks if not can_subtract(kind, block[0])]
    if templates is None:
        yield from _sets_of_templates(connection, kind, blocks, lines, (ALL,))
        return
    excluded = few_excluded(templates, all_templates)
    if excluded:
        subtracted = [block for block in blocks if has_multiplicity(kind, block[0])]
        for _, _, failure, users in lines_without_templates(connection, kind, subtracted, lines, excluded):
            yield failure, users
        blocks = [block for block in blocks if not has_multiplicity(kind, block[0])]
    if kind == FAILED and dimensions.lines is None and len(templates) > _most_templates(all_lines, all_templates):
        # Packed lines are few rows next to each other; the roll-ups over lines are a row for each template and block.
        lines = all_lines
    yield from _sets_of_templates(connection, kind, blocks, lines, templates)


def complements(
    connection: sqlite3.Connection, kind: int, blocks: Iterable[Block], dimensions: Dimensions, left_out: LeftOut
) -> Iterator[tuple[Block, int, EncodedSet | BitMap]]:
    """The selected sets of those blocks where the few lines and templates that are left out can be subtracted."""
    of_kind = [block for block in blocks if can_subtract(kind, block[0])]
    days = [number for level, number in of_kind if level == 0]
    for day, users in sets_of_days(connection, days, dimensions, left_out):
        yield (0, day), 0, users
    yield from sets_without(connection, kind, [block for block in of_kind if block[0]], dimensions, left_out)


def _most_templates(all_lines: Collection[int], all_templates: Collection[int]) -> float:
    return max(len(all_lines), _MOST_TEMPLATES * len(all_templates))


def _sets_of_templates(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], templates: Collection[int]
) -> Iterator[tuple[int, EncodedSet]]:
    """The sets of some lines and templates, or of the roll-up ALL in place of either."""
    stored = stored_templates(kind, lines, templates)
    for _, _, line, template, bitmap in rows_of(connection, kind, blocks, lines, stored):
        yield from sets_of_row(kind, line, template, bitmap, lines, templates)


def stored_templates(kind: int, lines: Collection[int], templates: Collection[int]) -> Collection[int]:
    """The templates of the rows that hold the sets of some lines and templates."""
    if ALL in lines or ALL in templates:
        return templates
    return {PACKED_LINE} if kind == FAILED else {PACKED_LINE, *templates}


def sets_of_row(
    kind: int, line: int, template: int, bitmap: bytes, lines: Collection[int], templates: Collection[int]
) -> FailureSets:
    """The sets of some lines and templates in one row of `rows_of`, to be united by failure."""
    if line == PACKED_BLOCK:
        return sets_in_block(bitmap, None if ALL in lines else lines, None if ALL in templates else templates)
    if template == PACKED_LINE or kind == FAILED:
        return sets_in_line(bitmap, None if ALL in lines or ALL in templates else templates)
    return [(0, bitmap)]


def sets_by_cell(
    connection: sqlite3.Connection, kind: int, cells: Iterable[LeafCell]
) -> Iterator[tuple[LeafCell, int, EncodedSet]]:
    """The user sets of single days, lines and templates.

    Yields:
        (cell, failure, set); the failure is 0 unless the kind is FAILED.
    """
    wanted: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for day, line, template in cells:
        wanted[day, line].add(template)
    for day, line, template, bitmap in _day_rows(connection, kind, wanted):
        if line == PACKED_BLOCK:
            for (of_line, of_template, failure), users in unpack_block(bitmap):
                if of_template in wanted.get((day, of_line), ()):
                    yield (day, of_line, of_template), failure, users
        elif template == PACKED_LINE:
            for (of_template, failure), users in unpack(bitmap):
                if of_template in wanted[day, line]:
                    yield (day, line, of_template), failure, users
        elif template in wanted[day, line]:
            yield (day, line, template), 0, bitmap


def _day_rows(connection: sqlite3.Connection, kind: int, lines_by_day: Iterable[tuple[int, int]]) -> sqlite3.Cursor:
    """The rows (day, line, template, bitmap) with the leaf sets of some days and lines."""
    keys = {(day, key) for day, line in lines_by_day for key in (line, PACKED_BLOCK)}
    return connection.execute(
        f"""
        SELECT u.block, u.line, u.template, u.bitmap
        FROM json_each(?) AS w CROSS JOIN users AS u
            ON u.kind = ? AND u.level = 0 AND u.block = w.value ->> 0 AND u.line = w.value ->> 1
        WHERE u.template <> {ALL}
        """,
        (json.dumps(sorted(keys)), kind),
    )
