"""The breakdown in the place of the table: its dimension, how its rows are sorted, the marks, and Enter on a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storage.domain.dimension import Dimension
from storage.report.breakdown_comparison import ComparedRow
from tui.data.breakdown_list import BreakdownList, Sorting, first_sorting
from tui.data.pager import ScrollPosition
from tui.data.reading import Snapshot
from tui.screens.navigation import Navigation
from tui.widgets.starts_table import StartsTable


class Breakdowns:
    """The actions on the breakdown of one screen; `say` shows a line in the status line."""

    def __init__(self, navigation: Navigation, table: StartsTable, say: Callable[[str], None]) -> None:
        self._navigation, self._table, self._say = navigation, table, say
        self._sortings: dict[Dimension, Sorting] = {}

    @property
    def rows(self) -> BreakdownList | None:
        """The rows on the screen; None while the table shows starts."""
        pager = self._table.pager
        return pager if isinstance(pager, BreakdownList) else None

    def show_next(self) -> None:
        """Shows the breakdown by the next dimension; the first time, by template."""
        dimensions, by = list(Dimension), self._navigation.view.by
        following = 0 if by is None else (dimensions.index(by) + 1) % len(dimensions)
        self.show(dimensions[following])

    def show(self, by: Dimension) -> None:
        """Shows the breakdown by a dimension. From one to the next is no step back: Esc returns to the starts."""
        view = self._navigation.view
        other = replace(view, by=by, grouped=False)
        if view.by is None:
            self._navigation.go(other, focus="starts")
        else:
            self._navigation.replace(other, focus="starts")

    def rows_of(self, snapshot: Snapshot) -> BreakdownList | None:
        """The rows of a snapshot, sorted as its dimension was last; None if it has starts."""
        found = snapshot.breakdown
        if found is None:
            return None
        sorting = self._sortings.get(found.dimension) or first_sorting(found.dimension)
        rows = BreakdownList(found, snapshot.breakdown_before, sorting, snapshot.report.status.failed)
        before = self.rows
        if before is not None and before.dimension is found.dimension:
            rows.marked = [key for key in before.marked if rows.place_of(key) is not None]
        return rows

    def position_in(self, rows: BreakdownList, position: ScrollPosition, reloaded: bool) -> ScrollPosition:
        """Where the table stands in new rows.

        Args:
            position: the position to restore.
            reloaded: whether the same view was read again: then the cursor stays on its row, wherever that is now.
        """
        row = self._table.row()
        if not reloaded or not isinstance(row, ComparedRow):
            return position
        place = rows.place_of(row.row.key)
        return position if place is None else ScrollPosition(self._table.top, place)

    def sort(self, rows: BreakdownList) -> None:
        """Sorts by the next column."""
        columns, by = rows.columns, rows.sorting.by
        following = columns[(columns.index(by) + 1) % len(columns)] if by in columns else columns[0]
        self._sort(rows, Sorting(following))

    def reverse(self, rows: BreakdownList) -> None:
        """Reverses the order."""
        self._sort(rows, Sorting(rows.sorting.by, not rows.sorting.reverse))

    def _sort(self, rows: BreakdownList, sorting: Sorting) -> None:
        self._sortings[rows.dimension] = sorting
        rows.sort(sorting)
        self._table.stand_on(0)

    def open(self, one: ComparedRow) -> None:
        """Narrows the filter to a row, and shows its starts."""
        from storage.report.breakdown_filter import filter_of  # only needed here

        rows, view = self.rows, self._navigation.view
        if rows is None or not one.row.counts.starts:
            self._say("no starts: the count is 0")
            return
        filter = filter_of(view.filter, rows.breakdown, one.row)
        self._navigation.go(replace(view, filter=filter, by=None), focus="starts")
