"""What the cube holds: its lines, templates and failure kinds, and which of its days are dirty. Knows no count.

A dirty day is newer in `messages` than in the cube; readers count it from the messages until the next writer refreshes
it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property

from storage.cube.dimension_ids import all_lines, all_templates
from storage.cube.layout import Block, cover
from storage.domain.calendar import date_of, number_of
from storage.report.selected_failures import is_selected
from storage.report.selection import Dimensions, Selection

FailureKind = tuple[int | None, str]  # code and reason


class CubeCatalog:
    """What the cube holds in one read transaction; everything is read once, when first needed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._covers: dict[tuple[int, int], list[Block]] = {}

    @cached_property
    def lines(self) -> set[int]:
        """Every line that a cell may have."""
        return all_lines(self.connection)

    @cached_property
    def templates(self) -> set[int]:
        """Every template that a cell may have."""
        return all_templates(self.connection)

    @cached_property
    def failure_kinds(self) -> dict[int, FailureKind]:
        """Every failure kind by its id."""
        rows = self.connection.execute("SELECT id, code, reason FROM failure_kinds")
        return {id: (code, reason) for id, code, reason in rows}

    def failure_ids(self, dimensions: Dimensions) -> list[int]:
        """The ids of the selected failure kinds; none where the filter does not name failures."""
        values, others = dimensions.failures, dimensions.other_failures
        if values is None:
            return []
        return [
            id
            for id, kind in self.failure_kinds.items()
            if is_selected(values, *kind) and not (others and is_selected(others, *kind))
        ]

    def other_failure_ids(self, dimensions: Dimensions) -> list[int]:
        """The ids of the failure kinds that are left out where all that did not fail stays in."""
        if not dimensions.excludes_failures:
            return []
        return [id for id, kind in self.failure_kinds.items() if is_selected(dimensions.other_failures, *kind)]

    def are_selected(self, dimensions: Dimensions, failures: Iterable[int]) -> set[int]:
        """Those of the ids of failure kinds that are selected; all where the filter neither names nor excludes any."""
        if dimensions.failures is not None:
            return set(failures).intersection(self.failure_ids(dimensions))
        return set(failures).difference(self.other_failure_ids(dimensions))

    @cached_property
    def _dirty(self) -> list[Block]:
        return self.connection.execute("SELECT DISTINCT level, block FROM dirty ORDER BY level, block").fetchall()

    def is_dirty_day(self, day: int) -> bool:
        """Whether a day is dirty."""
        return (0, day) in self._dirty_set

    @cached_property
    def _dirty_set(self) -> frozenset[Block]:
        return frozenset(self._dirty)

    @cached_property
    def has_dirty_days(self) -> bool:
        """Whether any day at all is dirty."""
        return any(level == 0 for level, _ in self._dirty)

    def dirty_parts(self, selection: Selection) -> Iterator[Selection]:
        """The selection limited to its dirty days: one part for each run of consecutive days."""
        first, end = number_of(selection.since), number_of(selection.until)
        days = [block for level, block in self._dirty if level == 0 and first <= block < end]
        start = None
        for index, day in enumerate(days):
            start = day if start is None else start
            if index + 1 == len(days) or days[index + 1] != day + 1:
                yield selection.between(date_of(start), date_of(day) + timedelta(days=1))
                start = None

    def is_dirty(self, selection: Selection) -> bool:
        """Whether any day of the selection is dirty."""
        return any(True for _ in self.dirty_parts(selection))

    def clean_days(self, selection: Selection) -> list[Block]:
        """The days of the selection that are not dirty, as blocks of the finest level."""
        dirty = set(self._dirty)
        days = [(0, day) for day in range(number_of(selection.since), number_of(selection.until))]
        return [day for day in days if day not in dirty]

    def clean_blocks(self, selection: Selection) -> list[Block]:
        """The fewest blocks that cover the days of the selection that are not dirty."""
        period = number_of(selection.since), number_of(selection.until)
        if period not in self._covers:
            self._covers[period] = cover(*period, self._dirty)
        return self._covers[period]
