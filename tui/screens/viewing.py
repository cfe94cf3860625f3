"""Which view is shown and the way to it: asking for another, going back and on, and staying in place on a reload.

Knows the table and the history, and nothing of how a filter is chosen or a panel drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from textual.widget import Widget

from storage.domain.filters import Filter
from storage.report.report import Report
from storage.table.sorting import Order
from tui.data.drill import Pressed
from tui.data.pager import moved
from tui.data.reading import Snapshot, Stamp, View, has_content
from tui.data.view_history import History, HistoryEntry
from tui.data.worker_messages import NothingThere, PagesRead, ScrollPosition
from tui.screens.layout import Layout, layout_of
from tui.screens.workers import FIRST_ROWS, WorkingScreen
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_bar import FilterBar
from tui.widgets.filter_line import FilterLine
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import PromptLine
from tui.widgets.scroll_text import Lines
from tui.widgets.starts_table import PagesWanted, StartsTable
from tui.widgets.status_bar import StatusLine
from tui.words.keys import Key, Where
from tui.words.unavailable import NO_DATA, UNREADABLE, Moment, why_not
from tui.words.wording import CRUMB, crumbs, plural

_LOOK_EVERY = 1.0  # seconds between two looks at whether the database changed


class Anchor(NamedTuple):
    """Where one is to stand in a report that is being read: in the table as in the report before, or at a place; and on
    a part of the panel that has the keys, where it is not the one under the cursor now."""

    place: ScrollPosition
    before: Report | None = None
    part: int | None = None

    def row(self, row: int, report: Report) -> int:
        """Where a row of the report before stands now; the newest row stays the newest."""
        return row if self.before is None or not row else moved(row, self.before, report)

    def top(self, report: Report) -> int:
        """The first row on the screen."""
        return self.row(self.place.top, report)

    def placed(self, report: Report) -> ScrollPosition:
        """The first row on the screen and the one under the cursor."""
        return ScrollPosition(self.top(report), self.row(self.place.cursor, report))


class ViewingScreen(WorkingScreen):
    """A screen with one view at a time, and the views before and after it."""

    def __init__(self, path: Path, filter: Filter, clock: Callable[[], datetime], directory: Path, id: str) -> None:
        super().__init__(path, clock, directory, id)
        self.view = View(filter)
        self.snapshot: Snapshot | None = None
        self.history = History()
        self.landing = Anchor(ScrollPosition())
        self.before_list = "starts"
        self.path, self.failure = path, ""
        self._list_over_start = False
        self._pressed: tuple[View, Stamp | None, Pressed] | None = None
        self.saving: str | None = None
        self.paused = False
        self.hidden_text = ""  # what the status line had no room for before the last key
        self._pending = False
        self._stamp: Stamp | None = None

    @property
    def table(self) -> StartsTable:
        """The table of starts."""
        return self.query_one(StartsTable)

    def moment(self) -> Moment:
        """What decides which keys can act."""
        panel = self.query_one(f"#{self.panel_in_use()}")
        table = self.table if isinstance(panel, StartsTable) else None
        selectable_count = table.count if table is not None else panel.parts() if isinstance(panel, Panel) else 1
        if self.snapshot is None:
            selectable_count = 1  # nobody knows yet
        return Moment(
            way_back=self.history.depth > 0 or self.query_one(DetailPane).display,
            way_forward=self.history.ahead > 0,
            filtered=self.view.filter != Filter(),
            grouped=self.view.grouped,
            by_time=self.view.order is Order.TIME,
            all_charts=layout_of(self.size) is Layout.WIDE,
            saving=self.saving,
            selectable_count=selectable_count,
            no_data=self.no_data(),
        )

    def no_data(self) -> str:
        """Why there is nothing to show at all; nothing where there is, or while the database is being read."""
        if self.snapshot is not None:
            return NO_DATA if self.snapshot.empty else ""
        if not self.failure:
            return ""
        return UNREADABLE if has_content(self.path) else NO_DATA

    def why_not(self, key: Key) -> str:
        """Why a key cannot act now; nothing where it can."""
        if key.where is Where.DETAIL:
            pane = self.query_one(DetailPane)
            return self.at_the_end(key.action) if pane.display and "step" in key.action else pane.why_not(key.action)
        return why_not(key.action or "open", self.moment()) if key.where is Where.DASHBOARD else ""

    def at_the_end(self, step: str) -> str:
        """Why there is no start to step to from the one that is open; nothing where there is."""
        if step == "step(-1)" and self.table.cursor == 0:
            return "this is the first start of the table"
        if step == "step(1)" and self.table.cursor >= self.table.count - 1:
            return "this is the last start of the table"
        return ""

    def refused(self, action: str) -> bool:
        """Whether an action cannot act now; says why."""
        reason = why_not(action, self.moment())
        if reason:
            self.say(reason)
        return bool(reason)

    def show_keys(self) -> None:
        """Shows which keys work now."""

    def say(self, text: str, error: bool = False, ends_in_path: bool = False) -> None:
        """One line for the person."""
        self.query_one(StatusLine).say(text, error, ends_in_path)

    def forget_notice(self) -> None:
        """A notice is for the moment: the next key takes it away, an error stays."""
        line = self.query_one(StatusLine)
        self.hidden_text = line.hidden_text
        lent = isinstance(self.focused, (ChoiceList, FilterLine, PromptLine))
        if not lent and not line.is_error and self.saving is None:
            self.say(self.where())

    def where(self) -> str:
        """How much is shown, and whether there is a way back."""
        if self.snapshot is None:
            return self.failure or "reading …"
        if self.snapshot.empty:
            return NO_DATA
        report = self.snapshot.report
        counts = f"{plural(report.starts, 'start')} of {plural(report.users, 'user')}"
        if self._pressed is not None and self._pressed[:2] == (self.snapshot.view, self._stamp):
            others = self._pressed[2].words(report.users)
            counts += f": {others}" if others else ""
        way = crumbs([*self.history.way(), self.view.filter])
        if self.paused:
            counts = f"paused   {counts}"
        return f"{counts}   {way}" if self.history.depth and CRUMB in way else counts

    def watch_database(self) -> None:
        """Begins to look now and then whether the database has changed."""
        self.set_interval(_LOOK_EVERY, self._look)

    def ask(self, view: View, anchor: Anchor) -> None:
        """Asks for a view, whose table is to stand at the anchor."""
        self.view, self.landing, self._pending = view, anchor, True
        self.query_one(FilterBar).show(view.filter)
        self.load(view, anchor.top, max(self.table.rows, FIRST_ROWS))

    def ask_again(self) -> None:
        """Reads the present view again and stays where one is."""
        if self._pending or self.snapshot is None:
            self.ask(self.view, self.landing)
        else:
            moving = self.snapshot.report if self.view.by_time else None
            self.ask(self.view, Anchor(self._place(), moving))

    def arrived(self, snapshot: Snapshot, stamp: Stamp | None) -> ScrollPosition:
        """Takes what was asked for and says where the table is to stand in it."""
        self.snapshot, self._stamp, self._pending = snapshot, stamp, False
        self.failure = ""
        panel = self.focused
        if isinstance(panel, Panel) and self.landing.part is not None:
            panel.cursor = self.landing.part
        return self.landing.placed(snapshot.report)

    def missed(self, stamp: Stamp | None, failure: str) -> None:
        """What was asked for could not be read: it is asked for again once the database changes."""
        self._stamp, self._pending, self.failure = stamp, False, failure

    def go(self, view: View, focus: str | None = None) -> None:
        """Goes on to another view, so that one can come back to this one."""
        if view == self.view:
            return
        self.close_start()
        self.history.leave(self._stop())
        self.ask(view, Anchor(ScrollPosition()))
        if focus is not None:
            self.focus_on(focus)

    def drill(self, view: View, pressed: Pressed | None) -> None:
        """Goes on to the starts behind a number; where they are of more users, the status line tells whose they are."""
        self._pressed = None if pressed is None else (view, self._stamp, pressed)
        if view == self.view:
            self.focus_on("starts")
            self.say("these are the starts of the table already")
        self.go(view, focus="starts")

    def close_start(self) -> None:
        """Closes the start that is open, if one is: the table has the keys then."""
        pane = self.query_one(DetailPane)
        if pane.display:
            pane.action_close()

    def lend_keys(self, widget: Widget) -> None:
        """Shows a list or a line and gives it the keys, until it gives them back."""
        self.before_list, self._list_over_start = self.panel_in_use(), isinstance(self.focused, Lines)
        widget.display = True
        self.set_focus(widget)

    def give_back(self) -> None:
        """A list or a line was left: who had the keys before has them again."""
        pane = self.query_one(DetailPane)
        if self._list_over_start and pane.display:
            self.set_focus(pane.query_one(Lines))
        else:
            self.focus_on(self.before_list)
        self.say(self.where())

    def on_nothing_there(self, message: NothingThere) -> None:
        if not self.refused("open"):
            self.say("still reading; try again in a moment")

    def focus_on(self, id: str) -> None:
        """Gives the keys to a widget."""
        self.set_focus(self.query_one(f"#{id}", Widget))

    def panel_in_use(self) -> str:
        """The widget that has the keys, or that had them before a list or the filter line opened."""
        focused = self.focused
        if isinstance(focused, Lines):
            return "starts"  # whose row the open start is
        if isinstance(focused, (ChoiceList, FilterLine, PromptLine)) or focused is None or focused.id is None:
            return self.before_list
        return focused.id

    def _place(self) -> ScrollPosition:
        return ScrollPosition(self.table.top, self.table.cursor)

    def _stop(self) -> HistoryEntry:
        focus = self.panel_in_use()
        panel = self.query_one(f"#{focus}")
        return HistoryEntry(self.view, self._place(), focus, panel.cursor if isinstance(panel, Panel) else 0)

    def action_back(self) -> None:
        if self.saving is not None:
            self.workers.cancel_group(self, "save")
        elif self.query_one(DetailPane).display:
            self.close_start()
        elif not self.refused("back"):
            self._return(self.history.back(self._stop()))

    def action_forward(self) -> None:
        if not self.refused("forward"):
            self._return(self.history.forward(self._stop()))

    def _return(self, stop: HistoryEntry | None) -> None:
        if stop is None:
            return
        self.close_start()
        self.ask(stop.view, Anchor(stop.place, part=stop.part))
        if self.query_one(f"#{stop.focus}", Widget).focusable:
            self.focus_on(stop.focus)

    def action_refresh(self) -> None:
        self.ask_again()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.say(self.where())

    async def _look(self) -> None:
        """Reads again when another process has changed the database, or a day has begun."""
        if self._pending or self.paused:
            return
        stamp = await self.stamp()
        day_began = self.snapshot is not None and self.snapshot.day_of(self.clock()) != self.snapshot.today
        if stamp != self._stamp or day_began:
            self.ask_again()

    def on_pages_wanted(self, message: PagesWanted) -> None:
        self.load_pages(message.pager, message.pages)

    def on_pages_read(self, message: PagesRead) -> None:
        for index, rows in message.pages.items():
            message.pager.store(index, rows)
        if message.pager is self.table.pager:
            self.table.refresh()
