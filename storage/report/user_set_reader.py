"""Reads the user sets of a selection from the cube, with as few rows of `users` as possible. Counts no users.

Where the cube has a roll-up, it is read; else the sets of single templates or lines are. All templates but a few are
the roll-up over templates minus the users found only in the excluded templates (storage/cube/multiplicity.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE, Block, has_multiplicity
from storage.cube.multiplicity import BitPlanes, only_in
from storage.cube.packed_sets import (
    FailureSets,
    LineSetKey,
    separate_sets_in_line,
    sets_in_block,
    sets_in_line,
    unpack,
    unpack_block,
)
from storage.report.day_complements import few_left_out, sets_of_days
from storage.report.selection import Dimensions
from storage.report.user_set_rows import SetRow, few_excluded, rows_of

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
    left_out = few_left_out(kind, dimensions, all_lines, all_templates)
    if left_out is not None:
        blocks = list(blocks)
        days = [number for level, number in blocks if level == 0]
        blocks = [block for block in blocks if block[0] != 0]
        for _, users in sets_of_days(connection, days, dimensions, left_out):
            yield 0, users
    if templates is None:
        yield from _sets_of_templates(connection, kind, list(blocks), lines, (ALL,))
        return
    excluded = few_excluded(templates, all_templates)
    if kind == FAILED and dimensions.lines is None and len(templates) > _most_templates(all_lines, all_templates):
        # Packed lines are few rows next to each other; the roll-ups over lines are a row for each template and block.
        lines_to_unite = all_lines
    else:
        lines_to_unite = lines
    for can_subtract, group in groupby(blocks, lambda block: has_multiplicity(kind, block[0])):
        if excluded is not None and can_subtract:
            for block in group:
                yield from _sets_without(connection, kind, block, lines, templates, excluded)
        else:
            yield from _sets_of_templates(connection, kind, list(group), lines_to_unite, templates)


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


class _BlockSets:
    """The sets of some lines in a block from which excluded templates are subtracted.

    Attributes:
        roll_ups: Over all templates, by line.
        planes: Bit planes of the multiplicities: by line, then by bit and failure.
        excluded: The sets of the excluded templates, by line and failure.
    """

    def __init__(self) -> None:
        self.roll_ups: dict[int, FailureSets] = {}
        self.planes: dict[int, dict[LineSetKey, EncodedSet]] = {}
        self.excluded: defaultdict[tuple[int, int], list[EncodedSet]] = defaultdict(list)

    def read(self, kind: int, rows: Iterable[SetRow], excluded: Collection[int]) -> None:
        """Reads the rows of the block."""
        for _, _, line, template, bitmap in rows:
            if template == ALL:
                self.roll_ups[line] = sets_in_line(bitmap, None) if kind == FAILED else [(0, bitmap)]
            elif template == MULTIPLICITY:
                self.planes[line] = dict(unpack(bitmap))
            elif template == PACKED_LINE or kind == FAILED:
                templates = excluded if template == PACKED_LINE else (template,)
                for failure, users in separate_sets_in_line(bitmap, templates):
                    self.excluded[line, failure].append(users)
            else:
                self.excluded[line, 0].append(bitmap)

    def differences(self) -> Iterator[tuple[int, int, EncodedSet | BitMap]]:
        """The roll-up of each line minus the users found only in excluded templates, by line and failure."""
        for line, roll_up in self.roll_ups.items():
            for failure, all_users in roll_up:
                if (excluded := self.excluded.get((line, failure))) is None:
                    yield line, failure, all_users
                else:
                    users = decode(all_users)
                    users -= only_in(excluded, self._planes_of(line, failure))
                    yield line, failure, users

    def _planes_of(self, line: int, failure: int) -> BitPlanes:
        """The bit planes of a failure; planes that are not stored are empty."""
        planes = self.planes.get(line, {})
        bits = [bit for bit, of in planes if of == failure]
        return [decode(planes.get((bit, failure), b"")) for bit in range(max(bits, default=-1) + 1)]


def _sets_without(
    connection: sqlite3.Connection,
    kind: int,
    block: Block,
    lines: Collection[int],
    templates: Collection[int],
    excluded: Collection[int],
) -> Iterator[tuple[int, EncodedSet | BitMap]]:
    """The sets of the selected templates, by subtraction of the few others."""
    rows = rows_to_subtract(connection, kind, block, lines, excluded)
    if is_packed(rows):
        yield from sets_of_row(kind, *rows[0][2:], lines, templates)
    else:
        for _, failure, users in differences(kind, rows, excluded):
            yield failure, users


def rows_to_subtract(
    connection: sqlite3.Connection, kind: int, block: Block, lines: Collection[int], excluded: Collection[int]
) -> list[SetRow]:
    """The rows of a block with what `differences` needs."""
    return rows_of(connection, kind, [block], lines, {ALL, MULTIPLICITY, PACKED_LINE, *excluded}).fetchall()


def is_packed(rows: Sequence[SetRow]) -> bool:
    """Whether the rows of a block are the only row of a packed block."""
    return bool(rows) and rows[0][2] == PACKED_BLOCK


def differences(
    kind: int, rows: Iterable[SetRow], excluded: Collection[int]
) -> Iterator[tuple[int, int, EncodedSet | BitMap]]:
    """The sets of all templates but the excluded ones in a block, by line and failure."""
    sets = _BlockSets()
    sets.read(kind, rows, excluded)
    yield from sets.differences()


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
