"""The dashboard: filters, tiles, charts and the table of one snapshot, and what Enter and the views do.

A snapshot comes back from a worker as a message and is shown whole. Knows nothing of SQL.
"""

from __future__ import annotations

import gc
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus, Resize, ScreenResume
from textual.reactive import Reactive
from textual.widget import Widget

from storage.database.connection import default_path
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.domain.period import Period
from storage.table.pages import NotificationRow, StartRow
from tui.data.reading import Snapshot, Stamp
from tui.data.worker_messages import DetailRead, Drill, Loaded, LoadFailed, Note, Opened, PlotsReady
from tui.screens.finding import FindingScreen
from tui.screens.layout import (
    HORIZONTAL,
    VERTICAL,
    Layout,
    TooSmall,
    classes_of,
    detail_region,
    layout_of,
    next_chart,
    shown_charts,
)
from tui.widgets import charts
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane, Step, WholeContact
from tui.widgets.drawn_charts import DrawnChart, FunnelChart
from tui.widgets.filter_bar import FilterBar
from tui.widgets.filter_line import FilterLine
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import PromptLine
from tui.widgets.scroll_text import Lines
from tui.widgets.starts_table import StartsTable
from tui.widgets.status_bar import KeyBar, StatusLine
from tui.widgets.tiles import Tiles
from tui.words.keys import Where, bar, bindings
from tui.words.wording import filter_words, order_words, plural, short_moment


def panels() -> dict[int, str]:
    """The ids of tiles, charts and table by the number of their key."""
    of_panels: tuple[type[Panel], ...] = (Tiles, *charts.CHARTS)
    return {panel.number: panel.key for panel in of_panels} | {StartsTable.number: "starts"}


class Dashboard(FindingScreen):
    """The one main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DASHBOARD)]
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS = ""
    # Textual repaints the whole screen on every change of focus; each widget here repaints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(
        self,
        path: Path,
        filter: Filter,
        clock: Callable[[], datetime],
        directory: Path,
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(path, filter, clock, directory, "dashboard")
        self._problems = problems
        self._said = ""
        self._opened = False
        self.chart = "daily"

    def compose(self) -> ComposeResult:
        # Every class that the first layout needs is there before it: each that comes later styles its widgets anew.
        self.add_class(*classes_of(self.app.size), update=False)
        shown = shown_charts(layout_of(self.app.size), self.chart)
        yield FilterBar("filters", self.action_choose)
        yield Tiles()
        for row in charts.ROWS:
            in_row = [chart() for chart in charts.charts_in(row)]
            for chart in in_row:
                chart.set_class(chart.key in shown, "-shown", update=False)
            around = Horizontal(*in_row, id=row)
            around.set_class(any(chart.key in shown for chart in in_row), "-shown", update=False)
            yield around
        yield StartsTable("starts")
        yield StatusLine("status-line")
        yield KeyBar("key-bar")
        yield TooSmall("too-small")
        yield DetailPane("detail", self._leave_detail)
        yield ChoiceList("choices", self.give_back)
        yield FilterLine("filter-line", self.known_choices, self.give_back)
        yield PromptLine("prompt-line", self.give_back)

    def on_mount(self) -> None:
        self._arrange(layout_of(self.app.size))
        self.set_focus(self.table)
        self.query_one(FilterBar).show(self.view.filter)
        found = self.read_at_once(self.view)
        if found is None:
            self.say("reading …")
            self.ask(self.view, self.landing)
        else:
            self._show(*found)
        self.watch_database()

    def on_screen_resume(self, event: ScreenResume) -> None:
        # At the start every widget has just been styled as it was mounted.
        event.refresh_styles = self._opened
        self._opened = True

    # Sizes

    def on_resize(self, event: Resize) -> None:
        layout, panel = layout_of(event.size), self.panel_in_use()
        if panel in charts.charts() and panel not in shown_charts(layout, self.chart):
            self.chart = panel  # the one that has the keys stays, in however small a terminal
        self._arrange(layout)
        self.call_after_refresh(self.place_open_list)  # below its dropdown, which has its own place first
        self.show_keys()

    def _arrange(self, layout: Layout) -> None:
        pane, place = self.query_one(DetailPane), detail_region(layout, self.size)
        beside = place.x > 0
        makes_room = beside and pane.display
        pane.set_class(beside, "-beside")
        pane.styles.offset, pane.styles.width, pane.styles.height = place.offset, place.width, place.height
        shown = shown_charts(layout, self.chart, makes_room)
        for chart in charts.charts():
            self.query_one(f"#{chart}").set_class(chart in shown, "-shown")
        for row in charts.ROWS:
            keys = {chart.key for chart in charts.charts_in(row)}
            self.query_one(f"#{row}").set_class(not keys.isdisjoint(shown), "-shown")
        for row in (*charts.ROWS, "starts"):
            self.query_one(f"#{row}").styles.width = place.x if makes_room else "100%"
        # Textual cuts wide characters at the edges of what lies over them: what is covered is not drawn at all.
        for widget in self.query("Dropdown, Panel, StartsTable"):
            widget.visible = beside or not pane.display

    def _is_shown(self, chart: str) -> bool:
        return chart not in charts.charts() or chart in shown_charts(layout_of(self.size), self.chart)

    # Showing

    def on_loaded(self, message: Loaded) -> None:
        snapshot = message.snapshot
        if snapshot.view != self.view:
            return
        with self.app.batch_update():
            self._show(snapshot, message.stamp)

    def _show(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        before = self.snapshot
        place = self.arrived(snapshot, stamp)
        self.query_one(FunnelChart).of_period = snapshot.view.funnel_of_period
        for panel in self.query(Panel):
            panel.show(snapshot.report)
        words = filter_words(snapshot.view.filter)
        order = "" if snapshot.view.grouped else order_words(snapshot.view.order, snapshot.view.reverse)
        self.table.show(snapshot.pager, words, order, place, self._notice(snapshot))
        line = self.query_one(StatusLine)
        if before is None and self._problems:
            line.say("; ".join(self._problems), error=True)
        elif before is None or before.view != snapshot.view or line.is_error or line.text == self._said:
            line.say(self.where())
            self._said = line.text
        line.freshness("" if snapshot.data_of is None else f"data of {short_moment(snapshot.data_of).strip()}")
        self.show_keys()
        if before is None:
            self.call_after_refresh(self._end_start)

    def _end_start(self) -> None:
        """What can wait until the first numbers are on the screen."""
        self.load_plots()
        # What the start has made is kept for good: the collector need never look at it again.
        gc.freeze()
        gc.enable()

    def on_plots_ready(self, message: PlotsReady) -> None:
        for chart in self.query(DrawnChart):
            chart.draw()

    def _notice(self, snapshot: Snapshot) -> tuple[str, ...]:
        if snapshot.pager.count:
            return ()
        if snapshot.empty:
            return ("There is nothing in this database yet.", *how_to_begin(self.path))
        without = [f"Without {words} there would be {plural(count, 'start')}." for words, count in snapshot.loosened]
        keys = "x clears every filter, < goes to the period before" + (
            ", Esc goes back." if self.history.depth else "."
        )
        return (f"Nothing matches: {filter_words(snapshot.view.filter)}.", *without, keys)

    def on_load_failed(self, message: LoadFailed) -> None:
        if message.view is not None and message.view != self.view:
            return
        if message.view is not None:
            self.missed(message.stamp, message.text)
        if self.snapshot is None:
            self.table.explain((message.text, *how_to_begin(self.path)))
            self.say(message.text, error=True)
            self.show_keys()
        else:
            self.say(f"{message.text}  These are the numbers of before.", error=True)

    # Going deeper and back

    def on_drill(self, message: Drill) -> None:
        self.drill(replace(self.view, filter=message.filter, grouped=False), message.pressed)

    def on_opened(self, message: Opened) -> None:
        if isinstance(message.row, StartRow):
            self.load_detail(message.row)
        else:
            self.go(replace(self.view, filter=_of_notification(self.view.filter, message.row), grouped=False))

    def on_detail_read(self, message: DetailRead) -> None:
        pane = self.query_one(DetailPane)
        opens = not pane.display
        pane.show(message.row, message.detail)
        if opens:
            self._arrange(layout_of(self.size))
        self.show_keys()

    def _leave_detail(self) -> None:
        self._arrange(layout_of(self.size))
        self.set_focus(self.table)

    def on_step(self, message: Step) -> None:
        """Opens the start so many rows below the one that is open."""
        if reason := self.at_the_end(f"step({message.by})"):
            self.say(reason)
            return
        self.table.action_move(message.by)
        row = self.table.row()
        if isinstance(row, StartRow):
            self.load_detail(row)

    def on_whole_contact(self, message: WholeContact) -> None:
        """Shows every start of a person."""
        row = message.row
        if row.contact:
            everything = Filter(Period(None), contact=literal(row.contact))
            self.go(replace(self.view, filter=everything, grouped=False), focus="starts")

    # Views

    def action_view(self) -> None:
        if self.refused("view"):
            return
        self.go(replace(self.view, grouped=not self.view.grouped))

    def action_funnel(self) -> None:
        if self.refused("funnel"):
            return
        if not self._is_shown("funnel"):
            self._show_chart("funnel")
        self.go(replace(self.view, funnel_of_period=not self.view.funnel_of_period))

    def action_next_chart(self) -> None:
        if not self.refused("next_chart"):
            self._show_chart(next_chart(layout_of(self.size), self.chart))

    def _show_chart(self, chart: str) -> None:
        self.close_start()
        had = self.focused.id if self.focused is not None else None
        self.chart = chart
        self._arrange(layout_of(self.size))
        if had is not None and not self._is_shown(had):
            self.focus_on(chart)
        self.call_after_refresh(self.show_keys)  # what its cursor can stand on shows once it has a size

    def action_panel(self, key: str) -> None:
        name = panels().get(int(key))
        if name is None:
            self.say(f"no panel has the number {key}")
            return
        self.close_start()
        if not self._is_shown(name):
            self._show_chart(name)
        self.focus_on(name)

    # Words

    def on_note(self, message: Note) -> None:
        self.say(message.text, message.error)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.show_keys()

    def show_keys(self) -> None:
        focused = self.focused
        if isinstance(focused, ChoiceList):
            wheres: tuple[Where, ...] = (Where.LIST,)
        elif isinstance(focused, FilterLine):
            wheres = (Where.FILTER_LINE,)
        elif isinstance(focused, PromptLine):
            wheres = (Where.PROMPT,)
        elif isinstance(focused, Lines):
            wheres = (Where.DETAIL, Where.TEXT, Where.EVERYWHERE)
        else:
            wheres = (Where.DASHBOARD, Where.EVERYWHERE)
        # A small terminal shows one chart, and has no room for both.
        left_out = "Funnel" if layout_of(self.size) is Layout.NARROW else ""
        keys = [key for key in bar(*wheres) if key.bar != left_out]
        self.query_one(KeyBar).show(keys, frozenset(key for key in keys if self.why_not(key)))


def how_to_begin(path: Path) -> tuple[str, ...]:
    """How a database gets its first data, in lines."""
    named = "" if path == default_path() else f" --db {shlex.quote(str(path))}"
    return ("", f"Import your files:   saludo import{named} FILES", "Or try the demo:     saludo demo")


def _of_notification(filter: Filter, row: NotificationRow) -> Filter:
    """The filter of the starts behind a row of the grouped table."""
    until = row.day.fromordinal(row.day.toordinal() + 1)
    return replace(
        filter,
        period=Period(None, row.day.isoformat(), until.isoformat()),
        templates=frozenset((row.template_value,)),
        lines=frozenset((row.line_value,)),
    )
