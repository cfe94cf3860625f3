"""Reads the user sets of a selection, each with the block, line or template that it belongs to. Counts no users.

Like user_set_reader.py, which unites everything that is selected: here sets of different groups stay apart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from storage.cube.bitmaps import EncodedSet
from storage.cube.layout import ALL, FAILED, PACKED_BLOCK, PACKED_LINE, Block, has_multiplicity
from storage.cube.packed_sets import sets_in_line, unpack, unpack_block
from storage.report.block_complements import UserSet, lines_without_templates, templates_without_lines
from storage.report.day_complements import can_subtract, few_left_out
from storage.report.selection import Dimensions
from storage.report.user_set_reader import complements, sets_of_row, stored_templates
from storage.report.user_set_rows import few_excluded, rows_of


class SetReader(NamedTuple):
    """Reads sets of one kind.

    Attributes:
        kind: a kind of storage/cube/layout.py.
        lines: every line of the cube.
        templates: every template of the cube.
    """

    connection: sqlite3.Connection
    kind: int
    lines: Collection[int]
    templates: Collection[int]

    def by_block(self, blocks: list[Block], dimensions: Dimensions) -> Iterator[tuple[Block, int, UserSet]]:
        """The selected sets of each block; (block, failure, set) with failure 0 unless the kind is FAILED."""
        lines: Collection[int] = (ALL,) if dimensions.lines is None else dimensions.lines
        left_out = few_left_out(self.kind, dimensions, self.lines, self.templates)
        if left_out is not None:
            yield from complements(self.connection, self.kind, blocks, dimensions, left_out)
            blocks = [block for block in blocks if not can_subtract(self.kind, block[0])]
        whole, subtracted, excluded = self._split(blocks, dimensions)
        templates: Collection[int] = (ALL,) if dimensions.templates is None else dimensions.templates
        stored = stored_templates(self.kind, lines, templates)
        for level, block, line, template, bitmap in rows_of(self.connection, self.kind, whole, lines, stored):
            for failure, users in sets_of_row(self.kind, line, template, bitmap, lines, templates):
                yield (level, block), failure, users
        for one, _, failure, of_line in lines_without_templates(
            self.connection, self.kind, subtracted, lines, excluded
        ):
            yield one, failure, of_line

    def by_line(self, blocks: list[Block], dimensions: Dimensions) -> Iterator[tuple[int, int, UserSet]]:
        """The selected sets of each line; (line, failure, set), several of the same line."""
        lines = frozenset(self.lines) if dimensions.lines is None else dimensions.lines
        whole, subtracted, excluded = self._split(blocks, dimensions)
        templates: Collection[int] = (ALL,) if dimensions.templates is None else dimensions.templates
        stored = stored_templates(self.kind, lines, templates)
        for _, _, line, template, bitmap in rows_of(self.connection, self.kind, whole, lines, stored):
            if line == PACKED_BLOCK:
                yield from _lines_of_packed_block(bitmap, lines, dimensions.templates)
            else:
                for failure, users in sets_of_row(self.kind, line, template, bitmap, lines, templates):
                    yield line, failure, users
        for _, line, failure, of_line in lines_without_templates(
            self.connection, self.kind, subtracted, lines, excluded
        ):
            yield line, failure, of_line

    def by_template(self, blocks: list[Block], dimensions: Dimensions) -> Iterator[tuple[int, int, UserSet]]:
        """The selected sets of each template; (template, failure, set), several of the same template."""
        lines: Collection[int] = (ALL,) if dimensions.lines is None else dimensions.lines
        templates = frozenset(self.templates) if dimensions.templates is None else dimensions.templates
        excluded = None if dimensions.lines is None else few_excluded(dimensions.lines, self.lines)
        if excluded:
            subtracted = [block for block in blocks if has_multiplicity(self.kind, block[0])]
            blocks = [block for block in blocks if not has_multiplicity(self.kind, block[0])]
            yield from templates_without_lines(self.connection, self.kind, subtracted, templates, excluded)
        stored = stored_templates(self.kind, lines, templates)
        for _, _, line, template, bitmap in rows_of(self.connection, self.kind, blocks, lines, stored):
            if line == PACKED_BLOCK:
                for (of_line, of_template, failure), users in unpack_block(bitmap):
                    if of_template in templates and (dimensions.lines is None or of_line in dimensions.lines):
                        yield of_template, failure, users
            elif template == PACKED_LINE:
                for (of_template, failure), users in unpack(bitmap):
                    if of_template in templates:
                        yield of_template, failure, users
            elif self.kind == FAILED:
                for failure, packed_users in sets_in_line(bitmap, None):
                    yield template, failure, packed_users
            else:
                yield template, 0, bitmap

    def _split(self, blocks: Iterable[Block], dimensions: Dimensions) -> tuple[list[Block], list[Block], set[int]]:
        """The blocks whose selected templates are read, those from which the few others are subtracted, and these."""
        templates = dimensions.templates
        excluded = None if templates is None else few_excluded(templates, self.templates)
        if not excluded:
            return list(blocks), [], set()
        whole = [block for block in blocks if not has_multiplicity(self.kind, block[0])]
        return whole, [block for block in blocks if has_multiplicity(self.kind, block[0])], excluded


def _lines_of_packed_block(
    packed: bytes, lines: Collection[int], templates: Collection[int] | None
) -> Iterator[tuple[int, int, EncodedSet]]:
    for (line, template, failure), users in unpack_block(packed):
        if line in lines and (templates is None or template in templates):
            yield line, failure, users
