"""The breakdown in the place of the table: its dimension, how its rows are sorted, the marks, and Enter on a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.app import App

from storage.domain.dimension import Dimension
from storage.language.texts import _, ngettext
from storage.report.breakdown_comparison import ComparedRow
from storage.report.grouping import GroupKey
from tui.data.breakdown_list import BreakdownList, Sorting, first_sorting
from tui.data.pager import ScrollPosition
from tui.data.reading import Snapshot
from tui.screens.navigation import Navigation
from tui.widgets.starts_table import StartsTable
from tui.words.filter_words import describe
from tui.words.numbers import number
from tui.words.unavailable import NO_STARTS


class Breakdowns:
    """The actions on the breakdown of one screen; `say` shows a line in the status line."""

    def __init__(self, navigation: Navigation, table: StartsTable, say: Callable[[str], None]) -> None:
        self._navigation, self._table, self._say = navigation, table, say
        self._sortings: dict[Dimension, Sorting] = {}
        self._marked: dict[Dimension, list[GroupKey]] = {}

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
        rows.marked = [key for key in self._marked.get(found.dimension, ()) if rows.place_of(key) is not None]
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
        self._sort(rows, Sorting(rows.next_column()))

    def reverse(self, rows: BreakdownList) -> None:
        """Reverses the order."""
        self._sort(rows, Sorting(rows.sorting.by, not rows.sorting.reverse))

    def _sort(self, rows: BreakdownList, sorting: Sorting) -> None:
        self._sortings[rows.dimension] = sorting
        rows.sort(sorting)
        self._table.stand_on(0)
        self._table.show_sorted_column()

    @property
    def marked(self) -> int:
        """How many rows are marked."""
        return 0 if self.rows is None else len(self.rows.marked)

    def mark(self) -> None:
        """Marks the row under the cursor, or removes its mark, and moves on."""
        rows, row = self.rows, self._table.row()
        if rows is None or not isinstance(row, ComparedRow):
            return
        rows.toggle(row.row.key)
        self._marked[rows.dimension] = rows.marked
        self._table.stand_on(self._table.cursor + 1)
        count = len(rows.marked)
        text = ngettext("{count} row marked", "{count} rows marked", count)
        if count > 1:
            text = _("{count} rows marked; = compares them")
        self._say(text.format(count=number(count)))

    def compare(self, app: App[None]) -> None:
        """Shows the marked rows side by side."""
        from tui.screens.versus_screen import VersusScreen

        rows = self.rows
        if rows is not None:
            snapshot = self._navigation.snapshot
            about = "" if snapshot is None else describe(snapshot.filter)
            app.get_screen("versus", VersusScreen).prepare(rows, about)
            app.push_screen("versus")

    def open(self, one: ComparedRow) -> None:
        """Narrows the filter to the marked rows, or if none is marked to this one, and shows their starts."""
        from storage.report.breakdown_filter import filter_of_rows  # only needed here

        rows, view = self.rows, self._navigation.view
        if rows is None:
            return
        chosen = rows.marked_rows() or [one.row]
        if not any(row.counts.starts for row in chosen):
            self._say(NO_STARTS)
            return
        filter = filter_of_rows(view.filter, rows.breakdown, chosen)
        if filter is None:
            self._say(_("no filter selects these rows together; Space removes a mark"))
        else:
            self._navigation.go(replace(view, filter=filter, by=None), focus="starts")
