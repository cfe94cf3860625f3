"""The user sets of blocks above days under a filter that leaves out few lines or templates: from what it leaves out.

A roll-up, less the numbers that are found only in sets that are left out: as often in these as in all sets of the
roll-up, which its multiplicities tell (storage/cube/multiplicity.py). Counts no users; day_complements.py is for days.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE, Block
from storage.cube.multiplicity import BitPlanes, add_to, only_in, planes_by_failure, sum_of, with_equal_counts
from storage.cube.packed_sets import separate_sets_in_line, sets_in_block, sets_in_line, unpack, unpack_block
from storage.report.day_complements import LeftOut
from storage.report.selection import Dimensions
from storage.report.user_set_rows import SetRow, rows_of

UserSet = EncodedSet | BitMap
Cell = tuple[int, int]  # line, template
_NO_SETS: dict[int, EncodedSet] = {}
_NO_PLANES: dict[int, BitPlanes] = {}


class _BlockSets:
    """What is stored of a block, as far as it was read.

    Attributes:
        roll_ups: by cell, then by failure.
        planes: their multiplicities.
        leaves: (line, template, failure, set) of leaf sets.
    """

    def __init__(self, kind: int, rows: Iterable[SetRow], templates: Collection[int]) -> None:
        """Reads rows of the block that are not packed; leaf sets of these templates only."""
        self.roll_ups: dict[Cell, dict[int, EncodedSet]] = {}
        self.planes: dict[Cell, dict[int, BitPlanes]] = {}
        self.leaves: list[tuple[int, int, int, EncodedSet]] = []
        for _, _, line, template, bitmap in rows:
            if line == MULTIPLICITY or template == MULTIPLICITY:
                cell = (ALL, template) if line == MULTIPLICITY else (line, ALL)
                self.planes[cell] = planes_by_failure(bitmap)
            elif line == ALL or template == ALL:
                self.roll_ups[line, template] = dict(sets_in_line(bitmap, None)) if kind == FAILED else {0: bitmap}
            elif template != PACKED_LINE:
                self.leaves.append((line, template, 0, bitmap))
            elif len(templates) == 1:  # looked up, without a loop over all sets
                (only,) = templates
                self.leaves += [(line, only, *found) for found in separate_sets_in_line(bitmap, templates)]
            else:
                self.leaves += [(line, *key, users) for key, users in unpack(bitmap) if key[0] in templates]

    def without_leaves(self, place: int) -> Iterator[tuple[int, int, UserSet]]:
        """The roll-ups of lines or of templates that were read, minus the users found only in leaf sets that were read.

        Args:
            place: of the id in a cell: 0 for lines, 1 for templates.

        Yields:
            The line or the template, the failure, and the set.
        """
        leaves: defaultdict[int, list[tuple[int, EncodedSet]]] = defaultdict(list)
        for *cell, failure, leaf in self.leaves:
            leaves[cell[place]].append((failure, leaf))
        for cell_of_roll_up in self.roll_ups:
            id = cell_of_roll_up[place]
            for failure, users in self._without(cell_of_roll_up, leaves[id]):
                yield id, failure, users

    def _without(self, cell: Cell, excluded: Iterable[tuple[int, EncodedSet]]) -> Iterator[tuple[int, UserSet]]:
        """The roll-up of a cell minus the users found only in some of its leaf sets, by failure.

        Args:
            cell: of a single line or a single template.
            excluded: (failure, set) of these leaf sets.
        """
        by_failure: defaultdict[int, list[EncodedSet]] = defaultdict(list)
        for failure, users in excluded:
            by_failure[failure].append(users)
        planes = self.planes.get(cell, _NO_PLANES)
        for failure, all_users in self.roll_ups.get(cell, _NO_SETS).items():
            if failure in by_failure:
                yield failure, decode(all_users) - only_in(by_failure[failure], planes.get(failure, []))
            else:
                yield failure, all_users

    def total_without_others(self) -> Iterator[tuple[int, UserSet]]:
        """The roll-up over everything minus the users found only in the other roll-ups that were read, by failure.

        A leaf set that two of these hold must have been read: it is counted twice in them.
        """
        total = ALL, ALL
        planes = self.planes.get(total, _NO_PLANES)
        for failure, all_users in self.roll_ups.get(total, _NO_SETS).items():
            others = [
                (sets[failure], self.planes.get(cell, _NO_PLANES).get(failure, []))
                for cell, sets in self.roll_ups.items()
                if cell != total and failure in sets
            ]
            if not others:
                yield failure, all_users
                continue
            union, counts = sum_of(others)
            counts_of_all = [*planes.get(failure, [])]
            for _, _, of_failure, twice in self.leaves:
                if of_failure == failure:
                    add_to(counts_of_all, decode(twice))
            yield failure, decode(all_users) - with_equal_counts(union, counts, counts_of_all)


def sets_without(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], dimensions: Dimensions, left_out: LeftOut
) -> Iterator[tuple[Block, int, UserSet]]:
    """The selected sets of each block, to be united: (block, failure, set); the blocks must have multiplicities."""
    lines = {ALL, *left_out.lines, *((MULTIPLICITY,) if left_out.templates else ())}
    templates = {ALL, MULTIPLICITY, *left_out.templates, *((PACKED_LINE,) if left_out.templates else ())}
    for block, rows in _rows_by_block(connection, kind, blocks, lines, templates):
        if rows[0][2] == PACKED_BLOCK:
            found: Iterable[tuple[int, UserSet]] = sets_in_block(rows[0][4], dimensions.lines, dimensions.templates)
        else:
            found = _BlockSets(kind, rows, left_out.templates).total_without_others()
        for failure, users in found:
            yield block, failure, users


def lines_without_templates(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], excluded: Collection[int]
) -> Iterator[tuple[Block, int, int, UserSet]]:
    """The sets of all templates but a few in each line of each block: (block, line, failure, set)."""
    templates = {ALL, MULTIPLICITY, PACKED_LINE, *excluded}
    for block, rows in _rows_by_block(connection, kind, blocks, lines, templates):
        if rows[0][2] == PACKED_BLOCK:
            for (line, template, failure), packed_users in unpack_block(rows[0][4]):
                if line in lines and template not in excluded:
                    yield block, line, failure, packed_users
            continue
        for line, failure, users in _BlockSets(kind, rows, excluded).without_leaves(0):
            yield block, line, failure, users


def templates_without_lines(
    connection: sqlite3.Connection,
    kind: int,
    blocks: list[Block],
    templates: Collection[int],
    excluded: Collection[int],
) -> Iterator[tuple[int, int, UserSet]]:
    """The sets of all lines but a few in each template: (template, failure, set), several of the same template."""
    rows_of_templates = {PACKED_LINE, *templates}
    for _, rows in _rows_by_block(connection, kind, blocks, {ALL, MULTIPLICITY, *excluded}, rows_of_templates):
        if rows[0][2] == PACKED_BLOCK:
            for (line, template, failure), packed_users in unpack_block(rows[0][4]):
                if line not in excluded and template in templates:
                    yield template, failure, packed_users
            continue
        yield from _BlockSets(kind, rows, templates).without_leaves(1)


def _rows_by_block(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], templates: Collection[int]
) -> Iterator[tuple[Block, list[SetRow]]]:
    rows = rows_of(connection, kind, blocks, lines, templates) if blocks else ()
    for block, of_block in groupby(rows, lambda row: (row[0], row[1])):
        yield block, list(of_block)
