"""Which view the dashboard shows, and the way to it: another view, back and forward, and reloads that keep the place.

Knows no widget: the screen reads what is asked for, and hands over the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from storage.domain.filters import Filter
from storage.report.report import Report
from tui.data.drill import CountedUsers
from tui.data.pager import ScrollPosition, shifted_position
from tui.data.reading import Snapshot, Stamp, View
from tui.data.view_history import History, HistoryEntry
from tui.words.filter_words import breadcrumbs
from tui.words.numbers import plural
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
    """Where the user is on the screen: which widget has the keys, and where its cursor is."""

    def entry(self, view: View) -> HistoryEntry:
        """The place, to come back to in this view."""

    def close_start(self) -> None:
        """Closes the start that is open, if there is one."""

    def focus_on(self, id: str) -> None:
        """Gives the keys to a widget."""

    def focus_again(self, id: str) -> None:
        """Gives the keys to a widget of the history, if it is on the screen."""


class Navigation:
    """The present view, its snapshot, and the views before and after it.

    Args:
        filter: the filter of the first view.
        place: where the user is on the screen.
        read: reads a view; the second argument gives the first row on the screen in the new report. The answer comes to
            `set_snapshot` or `fail`.
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
        """The snapshot, if it is of the present view and not of one before."""
        return self.snapshot if self.snapshot is not None and self.snapshot.view == self.view else None

    def load(self, view: View, anchor: Anchor) -> None:
        """Reads a view, and restores the anchor once it is there."""
        self.view, self.anchor, self.is_reading = view, anchor, True
        self._read(view, anchor.top)

    def reload(self) -> None:
        """Reads the present view again; the place stays."""
        if self.is_reading or self.snapshot is None:
            self.load(self.view, self.anchor)
        else:
            before = self.snapshot.report if self.view.by_time else None
            self.load(self.view, Anchor(self._place.entry(self.view).position, before))

    def set_snapshot(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        """Takes the snapshot that was asked for."""
        self.snapshot, self.stamp, self.is_reading, self.failure = snapshot, stamp, False, ""

    def fail(self, stamp: Stamp | None, failure: str) -> None:
        """Takes the reason why the view could not be read; it is read again once the stamp changes."""
        self.stamp, self.is_reading, self.failure = stamp, False, failure

    def go(self, view: View, focus: str | None = None) -> None:
        """Goes to another view, from which the user can come back to this one.

        Args:
            view: the view; nothing happens if it is the present one.
            focus: the id of the widget that gets the keys; None: they stay.
        """
        if view == self.view:
            return
        self._place.close_start()
        self.history.push(self._place.entry(self.view))
        self.load(view, Anchor())
        if focus is not None:
            self._place.focus_on(focus)

    def go_to(self, filter: Filter) -> None:
        """Goes to the present view with another filter."""
        self.go(replace(self.view, filter=filter))

    def drill(self, view: View, counted_users: CountedUsers | None) -> None:
        """Goes to the starts behind a number.

        Args:
            view: the view of these starts.
            counted_users: the number, if its starts can be of more users than it counts: the status line then says why.
        """
        self._counted_users = None if counted_users is None else (view, self.stamp, counted_users)
        if view == self.view:
            self._place.focus_on("starts")
            self._say("the table already shows these starts")
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
        """How much the view shows, and the filters that led to it: what the status line says if nothing else does."""
        if self.snapshot is None:
            return self.failure or "loading …"
        if self.snapshot.empty:
            return NO_DATA
        report = self.snapshot.report
        counts = f"{plural(report.starts, 'start')} of {plural(report.users, 'user')}"
        if self._counted_users is not None and self._counted_users[:2] == (self.snapshot.view, self.stamp):
            others = self._counted_users[2].explanation(report.users)
            counts += f": {others}" if others else ""
        if paused:
            counts = f"paused   {counts}"
        trail = breadcrumbs([*self.history.recent_filters(), self.view.filter])
        return f"{counts}   {trail}" if self.history.depth and BREADCRUMB_SEPARATOR in trail else counts
