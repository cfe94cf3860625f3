"""Which view the dashboard shows: going to a view, back and forward, and reloads that keep the scroll position.

Knows no widget: the screen reads the requested view and passes on the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN
from storage.language.texts import _
from storage.report.report import Report
from tui.data.drill import CountedUsers
from tui.data.pager import ScrollPosition, shifted_position
from tui.data.reading import Snapshot, Stamp, View
from tui.data.view_history import History, HistoryEntry
from tui.words import counted
from tui.words.filter_words import breadcrumbs
from tui.words.numbers import number
from tui.words.unavailable import NO_DATA
from tui.words.wording import BREADCRUMB_SEPARATOR


class Anchor(NamedTuple):
    """What to restore once a view is read.

    Attributes:
        position: the first row on the screen and the row under the cursor.
        before: the report in which `position` was true; None if it is true in the new one.
        item: the item under the cursor of the focused panel; None to leave the cursor alone.
    """

    position: ScrollPosition = ScrollPosition()
    before: Report | None = None
    item: int | None = None

    def top(self, report: Report) -> int:
        """The first row on the screen in a new report."""
        return self._row(self.position.top, report)

    def position_in(self, report: Report) -> ScrollPosition:
        """The position in a new report."""
        return ScrollPosition(self.top(report), self._row(self.position.cursor, report))

    def _row(self, row: int, report: Report) -> int:
        # The newest row stays the newest.
        return row if self.before is None or not row else shifted_position(row, self.before, report)


class Place(Protocol):
    """Where the user is on the screen: the focused widget and its cursor. `KeyFocus` implements it."""

    def entry(self, view: View) -> HistoryEntry:
        """The present position in a view, for the history."""

    def close_start(self) -> None:
        """Closes the open start, if there is one."""

    def focus_on(self, id: str) -> None:
        """Gives the focus to a widget."""

    def focus_again(self, id: str) -> None:
        """Gives the focus to a widget of the history, if it is on the screen."""


class Navigation:
    """The present view, its snapshot, and the views before and after it.

    Args:
        filter: the filter of the first view.
        place: where the user is on the screen.
        read: reads a view; its second argument returns the first row on the screen, given the new report. The result
            is passed to `set_snapshot` or `fail`.
        say: shows a line in the status line.
    """

    def __init__(
        self,
        filter: Filter,
        place: Place,
        read: Callable[[View, Callable[[Report], int]], None],
        say: Callable[[str], None],
    ) -> None:
        self._place, self._read, self._say = place, read, say
        self.view = View(filter)
        self.snapshot: Snapshot | None = None
        self.history = History()
        self.anchor = Anchor()
        self.failure = ""
        self.stamp: Stamp | None = None
        self.is_reading = False
        self._counted_users: tuple[View, Stamp | None, CountedUsers] | None = None

    @property
    def current(self) -> Snapshot | None:
        """The snapshot if it shows the present view; None while the view is being read."""
        return self.snapshot if self.snapshot is not None and self.snapshot.view == self.view else None

    @property
    def shown_filter(self) -> Filter:
        """The filter of what is shown; while the view is being read, the filter of the view."""
        return self.view.filter if self.current is None else self.current.filter

    def of_view(self, filter: Filter) -> Filter:
        """A narrowed filter of what is shown, for a view that compares as the present one does.

        While a comparison leaves today out, the days shown are not the view's period. A filter of all of them gets the
        period, so that it stays compared with the same days.
        """
        if filter.period != self.shown_filter.period:
            return filter
        return replace(filter, period=self.view.filter.period)

    def load(self, view: View, anchor: Anchor) -> None:
        """Reads a view, and restores the anchor when it is read."""
        self.view, self.anchor, self.is_reading = view, anchor, True
        self._read(view, anchor.top)

    def reload(self) -> None:
        """Reads the present view again; scroll position and cursor stay."""
        if self.is_reading or self.snapshot is None:
            self.load(self.view, self.anchor)
        else:
            before = self.snapshot.report if self.view.by_time else None
            self.load(self.view, Anchor(self._place.entry(self.view).position, before))

    def set_snapshot(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        """Sets the snapshot of the present view."""
        self.snapshot, self.stamp, self.is_reading, self.failure = snapshot, stamp, False, ""

    def fail(self, stamp: Stamp | None, failure: str) -> None:
        """Sets the reason why the view could not be read; it is read again when the stamp changes."""
        self.stamp, self.is_reading, self.failure = stamp, False, failure

    def go(self, view: View, focus: str | None = None) -> None:
        """Goes to another view, from which the user can come back to this one.

        Args:
            view: the view; nothing happens if it is the present one.
            focus: the id of the widget that gets the focus; None: it stays.
        """
        if view == self.view:
            return
        self._place.close_start()
        self.history.push(self._place.entry(self.view))
        self.load(view, Anchor())
        if focus is not None:
            self._place.focus_on(focus)

    def replace(self, view: View, focus: str) -> None:
        """Goes to another view in place of this one, so that the user comes back to the one before both."""
        if view != self.view:
            self._place.close_start()
            self.load(view, Anchor())
        self._place.focus_on(focus)

    def go_to(self, filter: Filter) -> None:
        """Goes to the present view with another filter."""
        self.go(replace(self.view, filter=filter))

    def drill(self, view: View, counted_users: CountedUsers | None) -> None:
        """Goes to the starts that a number counts.

        Args:
            view: the view of these starts.
            counted_users: the number, if its starts can be of more users than it counts: the status line then says why.
        """
        self._counted_users = None if counted_users is None else (view, self.stamp, counted_users)
        if view == self.view:
            self._place.focus_on("starts")
            self._say(_("the table already shows these starts"))
        self.go(view, focus="starts")

    def back(self) -> None:
        """Goes to the previous view of the history."""
        self._return(self.history.back(self._place.entry(self.view)))

    def forward(self) -> None:
        """Goes to the next view of the history."""
        self._return(self.history.forward(self._place.entry(self.view)))

    def _return(self, entry: HistoryEntry | None) -> None:
        if entry is None:
            return
        self._place.close_start()
        self.load(entry.view, Anchor(entry.position, item=entry.item))
        self._place.focus_again(entry.focus)

    def summary(self, paused: bool = False) -> str:
        """How much the view shows, and the filters that led to it: the default text of the status line."""
        if self.snapshot is None:
            return self.failure or _("loading …")
        if self.failure:
            return numbers_from_before(self.failure)
        if self.snapshot.empty:
            return NO_DATA
        report = self.snapshot.report
        compared = _compared(self.snapshot)
        starts = counted.starts(report.starts)
        users = counted.users(report.users)
        counts = compared + _("{starts} of {users}").format(starts=starts, users=users)
        if self._counted_users is not None and self._counted_users[:2] == (self.snapshot.view, self.stamp):
            explanation = self._counted_users[2].explanation(report.users)
            counts += f": {explanation}" if explanation else ""
        if unknown := report.data.unknown_contacts:
            text = _("{counts}, {unknown} of unknown contacts ({filter})")
            counts = text.format(counts=counts, unknown=number(unknown), filter=f"contact:{UNKNOWN}")
        if paused:
            counts = _("paused") + f"   {counts}"
        trail = breadcrumbs([*self.history.recent_filters(), self.view.filter])
        return f"{counts}   {trail}" if self.history.depth and BREADCRUMB_SEPARATOR in trail else counts


def numbers_from_before(failure: str) -> str:
    """That the database cannot be read now, and that the numbers are older."""
    return _("{failure}; the numbers shown are from before").format(failure=failure)


def _compared(snapshot: Snapshot) -> str:
    """Which days are compared, or why none are, in front of the summary; empty if the view compares nothing."""
    if snapshot.comparison is not None:
        # Not imported with this module: the first screen comes sooner without it.
        from tui.words.changes import compared_words

        return f"{compared_words(snapshot.comparison.compared)}   "
    if not snapshot.not_compared:
        return ""
    return _("not compared: {reason}").format(reason=snapshot.not_compared) + "   "
