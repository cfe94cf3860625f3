"""The dashboard: filters, tiles, charts and the table of one snapshot, and what every key does to the view.

The view (a filter, the form of the table, what the funnel covers) is asked for and loaded by workers; a snapshot comes
back as a message and is shown whole. Knows nothing of SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus, Resize
from textual.reactive import Reactive
from textual.widget import Widget

from storage.choices import Choice
from storage.filters import Filter, Period, literal
from storage.report import Report
from storage.starts import NotificationRow, StartRow
from tui.charts import AnsweredChart, FailuresChart, StatusChart, UsersChart
from tui.choosing import ChoiceList, Closed, Picked
from tui.evolution import DailyChart, FunnelChart
from tui.filter_line import FilterLine, LineClosed
from tui.filters import Dropdown, FilterBar
from tui.history import History, Stop
from tui.keys import Where, bar, bindings
from tui.layout import HORIZONTAL, VERTICAL, Layout, TooSmall, layout_of, next_chart, shown_charts
from tui.loading import Snapshot, View
from tui.messages import (
    ChooseField,
    Counted,
    DetailRead,
    Drill,
    FilterChosen,
    Loaded,
    LoadFailed,
    Note,
    Opened,
    PagesRead,
    Place,
    SaveEnded,
    SaveProgress,
)
from tui.options import marked, options_of, shifted, taken
from tui.pager import moved
from tui.panel import Panel
from tui.starts import PagesWanted, StartsTable
from tui.status import KeyBar, StatusLine
from tui.tiles import Tiles
from tui.wording import filter_words, moment, number, plural
from tui.workers import WorkingScreen

_LOOK_EVERY = 1.0  # seconds between two looks at whether the database changed
PANELS = ("tiles", "answered", "status", "users", "daily", "funnel", "failures", "starts")


class Dashboard(WorkingScreen):
    """The one main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DASHBOARD)]
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS = ""
    # Textual repaints the whole screen on every change of focus; each widget here repaints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, path: Path, filter: Filter, clock: Callable[[], datetime], directory: Path) -> None:
        super().__init__(path, clock, directory, "dashboard")
        self.view = View(filter)
        self.snapshot: Snapshot | None = None
        self.history = History()
        self.chart = "daily"
        self._place: Place | None = Place()  # where the table is to stand in the view that is being loaded
        self._stamp: tuple[int, int, int] | None = None
        self._counts: dict[Hashable, int] | None = None
        self._saving: str | None = None

    def compose(self) -> ComposeResult:
        yield FilterBar(id="filters")
        yield Tiles("tiles")
        with Horizontal(id="proportions"):
            yield AnsweredChart("answered")
            yield StatusChart("status")
            yield UsersChart("users")
        with Horizontal(id="pair"):
            yield DailyChart("daily")
            yield FunnelChart("funnel")
            yield FailuresChart("failures")
        yield StartsTable("starts")
        yield StatusLine("status-line")
        yield KeyBar("key-bar")
        yield TooSmall("too-small")
        yield ChoiceList("choices")
        yield FilterLine("filter-line", self._choices)

    def on_mount(self) -> None:
        for chart in PANELS[1:7]:
            self.query_one(f"#{chart}").add_class("chart")
        self._arrange(layout_of(self.app.size))
        self.query_one(FilterBar).show(self.view.filter)
        self.query_one(StatusLine).say("reading …")
        self.table.focus()
        self.load(self.view, self._first_row, 50)
        self.set_interval(_LOOK_EVERY, self._look)

    @property
    def table(self) -> StartsTable:
        """The table of starts."""
        return self.query_one(StartsTable)

    def say(self, text: str, error: bool = False) -> None:
        """One line for the person."""
        self.query_one(StatusLine).say(text, error)

    def _choices(self) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
        return ((), ()) if self.snapshot is None else (self.snapshot.lines, self.snapshot.templates)

    # Sizes

    def on_resize(self, event: Resize) -> None:
        self._arrange(layout_of(event.size))

    def _arrange(self, layout: Layout) -> None:
        shown = shown_charts(layout, self.chart)
        for chart in PANELS[1:7]:
            self.query_one(f"#{chart}").set_class(chart in shown, "-shown")
        for row in ("proportions", "pair"):
            charts = self.query_one(f"#{row}").children
            self.query_one(f"#{row}").set_class(any(chart.id in shown for chart in charts), "-shown")

    def _is_shown(self, chart: str) -> bool:
        return chart not in PANELS[1:7] or chart in shown_charts(layout_of(self.size), self.chart)

    # Loading

    def _first_row(self, report: Report) -> int:
        """The row that is to be the first on the screen, in a report that has just been read."""
        place = self._place or self._present_place()
        if self._place is None and self.snapshot is not None and self.snapshot.view == self.view and place.top:
            return moved(place.top, self.snapshot.report, report)
        return place.top

    def _present_place(self) -> Place:
        return Place(self.table.top, self.table.cursor)

    def _ask(self, view: View, place: Place | None) -> None:
        """Asks for a view; `place` is where its table is to stand, None to stay where one is."""
        self.view, self._place = view, place
        self.query_one(FilterBar).show(view.filter)
        self.load(view, self._first_row, max(self.table.rows, 20))

    def _go(self, view: View, focus: str | None = None) -> None:
        """Goes on to another view, so that one can come back to this one."""
        if view == self.view:
            return
        self.history.leave(self._stop())
        self._ask(view, Place())
        if focus is not None:
            self.query_one(f"#{focus}").focus()

    def _stop(self) -> Stop:
        focused = self.focused.id if self.focused is not None and self.focused.id else "starts"
        return Stop(self.view, self._present_place(), focused)

    def on_loaded(self, message: Loaded) -> None:
        snapshot = message.snapshot
        if snapshot.view != self.view:
            return
        with self.app.batch_update():
            self._show(snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        before, self.snapshot = self.snapshot, snapshot
        report, table = snapshot.report, self.table
        place = self._place or self._moved_place(before, snapshot)
        self._place = None
        self.query_one(FunnelChart).of_period = snapshot.view.funnel_of_period
        for panel in self.query(Panel):
            panel.show(report)
        words = filter_words(snapshot.view.filter)
        table.show(snapshot.pager, words, place.top, place.cursor, self._notice(snapshot))
        line = self.query_one(StatusLine)
        if before is None or before.view != snapshot.view or line.is_error:
            line.say(self._where(snapshot))
        line.freshness("" if snapshot.data_of is None else f"data of {moment(snapshot.data_of)}")
        self._show_keys()

    def _moved_place(self, before: Snapshot | None, after: Snapshot) -> Place:
        """Where the table stands after a reload: on the rows that it stood on."""
        place = self._present_place()
        if before is None or before.view != after.view or before.view.grouped:
            return place
        top = moved(place.top, before.report, after.report) if place.top else 0
        cursor = moved(place.cursor, before.report, after.report) if place.cursor else 0
        return Place(top, cursor)

    def _where(self, snapshot: Snapshot) -> str:
        back = f"  (Esc goes back, {plural(self.history.depth, 'step')})" if self.history.depth else ""
        return f"{plural(snapshot.report.starts, 'start')}{back}"

    def _notice(self, snapshot: Snapshot) -> tuple[str, ...]:
        if snapshot.pager.count:
            return ()
        if snapshot.empty:
            return (
                "There is nothing in this database yet.",
                "Import your files:   saludo import webhooks/*.jsonl send-log.jsonl sessionStartingCauses-*.tsv",
                "Or try the demo:     saludo demo",
            )
        loosen = "x clears every filter, < goes to the period before, p chooses another period"
        return (f"Nothing matches: {filter_words(snapshot.view.filter)}.", loosen)

    def on_load_failed(self, message: LoadFailed) -> None:
        if message.view is not None and message.view != self.view:
            return
        old = "  These are the numbers of before." if self.snapshot is not None else ""
        self.say(f"{message.text}{old}", error=True)

    async def _look(self) -> None:
        """Reads again when another process has changed the database, or a day has begun."""
        stamp = await self.stamp()
        changed = self._stamp is not None and stamp != self._stamp
        first = self.snapshot is None and stamp is not None and self._stamp is None
        day_began = self.snapshot is not None and not _same_day(self.snapshot, self.clock())
        self._stamp = stamp
        if (changed or day_began or (first and self.query_one(StatusLine).is_error)) and self._saving is None:
            self._ask(self.view, None if self.snapshot is not None else Place())

    def on_pages_wanted(self, message: PagesWanted) -> None:
        self.load_pages(message.pager, message.pages)

    def on_pages_read(self, message: PagesRead) -> None:
        for index, rows in message.pages.items():
            message.pager.store(index, rows)
        if message.pager is self.table.pager:
            self.table.refresh()

    # Going deeper and back

    def on_drill(self, message: Drill) -> None:
        self._go(replace(self.view, filter=message.filter, grouped=False), focus="starts")

    def on_opened(self, message: Opened) -> None:
        if isinstance(message.row, StartRow):
            self.load_detail(message.row)
        else:
            self._go(replace(self.view, filter=_of_notification(self.view.filter, message.row), grouped=False))

    def on_detail_read(self, message: DetailRead) -> None:
        self.app.show_detail(message.row, message.detail)  # type: ignore[attr-defined]  # the app is SaludoApp

    def step(self, by: int) -> None:
        """Opens the start so many rows below the one that is open."""
        self.table.action_move(by)
        row = self.table.row()
        if isinstance(row, StartRow):
            self.load_detail(row)

    def show_contact(self, row: StartRow) -> None:
        """Shows every start of a person."""
        if row.contact:
            everything = Filter(Period(None), contact=literal(row.contact))
            self._go(replace(self.view, filter=everything, grouped=False), focus="starts")

    def action_back(self) -> None:
        if self._saving is not None:
            self.workers.cancel_group(self, "save")
            return
        self._return(self.history.back(self._stop()))

    def action_forward(self) -> None:
        self._return(self.history.forward(self._stop()))

    def _return(self, stop: Stop | None) -> None:
        if stop is None:
            self.say("there is nowhere to go back to; q quits" if not self.history.depth else "this is the last step")
            return
        self._ask(stop.view, stop.place)
        if self._is_shown(stop.focus):
            self.query_one(f"#{stop.focus}").focus()

    # Filters

    def on_choose_field(self, message: ChooseField) -> None:
        self.action_choose(message.field)

    def action_choose(self, field: str) -> None:
        if self.snapshot is None:
            self.say("still reading; try again in a moment")
            return
        self._counts = None
        choices, dropdown = self.query_one(ChoiceList), self.query_one(f"#choose-{field}", Dropdown)
        options = options_of(field, self.snapshot.lines, self.snapshot.templates, None)
        width = min(self.size.width, max(dropdown.size.width, 44 if field != "template" else 60))
        height = min(len(options) + 3, self.size.height - 3, 22)
        choices.styles.width, choices.styles.height = width, height
        choices.styles.offset = (max(0, min(dropdown.region.x, self.size.width - width)), 1)
        choices.display = True
        choices.open(field, options, marked(self.view.filter, field))
        choices.focus()
        if field != "period":
            self.load_counts(self.view.filter, field)

    def on_counted(self, message: Counted) -> None:
        choices = self.query_one(ChoiceList)
        if choices.display and choices.field == message.field and self.snapshot is not None:
            options = options_of(message.field, self.snapshot.lines, self.snapshot.templates, message.counts)
            choices.count(options)

    def on_picked(self, message: Picked) -> None:
        field = message.field
        self._close_list()
        self._go(replace(self.view, filter=taken(self.view.filter, field, message.values)))

    def on_closed(self, message: Closed) -> None:
        if self.query_one(ChoiceList).display:
            self._close_list()

    def _close_list(self) -> None:
        choices = self.query_one(ChoiceList)
        had_focus = self.focused is choices
        choices.display = False
        if had_focus:
            self.query_one(f"#choose-{choices.field}").focus()

    def action_filter_line(self) -> None:
        line = self.query_one(FilterLine)
        line.display = True
        line.edit(self.view.filter)
        line.focus()
        self.say("Tab completes a field or a value, Enter applies, Esc leaves")

    def on_line_closed(self, message: LineClosed) -> None:
        self.query_one(FilterLine).display = False
        self.table.focus()
        if self.snapshot is not None:
            self.say(self._where(self.snapshot))

    def on_filter_chosen(self, message: FilterChosen) -> None:
        self._go(replace(self.view, filter=message.filter))

    def action_clear(self) -> None:
        self._go(replace(self.view, filter=Filter()))

    def action_shift(self, by: int) -> None:
        if self.snapshot is None or self.snapshot.view.filter.period != self.view.filter.period:
            return
        report = self.snapshot.report
        period = shifted(self.view.filter.period, report.since, report.until, by)
        self._go(replace(self.view, filter=replace(self.view.filter, period=period)))

    # Views

    def action_view(self) -> None:
        self._go(replace(self.view, grouped=not self.view.grouped))

    def action_funnel(self) -> None:
        self._go(replace(self.view, funnel_of_period=not self.view.funnel_of_period))

    def action_next_chart(self) -> None:
        self._show_chart(next_chart(layout_of(self.size), self.chart))

    def _show_chart(self, chart: str) -> None:
        had = self.focused.id if self.focused is not None else None
        self.chart = chart
        self._arrange(layout_of(self.size))
        if had is not None and not self._is_shown(had):
            self.query_one(f"#{chart}").focus()

    def action_panel(self, key: str) -> None:
        name = PANELS[int(key) - 1]
        if not self._is_shown(name):
            self._show_chart(name)
        self.query_one(f"#{name}").focus()

    def action_refresh(self) -> None:
        self._ask(self.view, None if self.snapshot is not None else Place())

    # Saving

    def action_save(self) -> None:
        if self._saving is not None:
            self.say(f"still saving: {self._saving}; Esc cancels it")
            return
        if self.snapshot is None or self.snapshot.view != self.view:
            self.say("still reading; try again in a moment")
            return
        self._saving = "…"
        panel = self.focused
        if isinstance(panel, Panel):
            self.save_figures(panel.id or "panel", self.view.filter, panel.figures(self.snapshot.report))
        else:
            self.say("saving …")
            self.save_starts(self.view.filter)

    def on_save_progress(self, message: SaveProgress) -> None:
        if self._saving is not None:
            self._saving = f"{number(message.count)} starts"
            self.say(f"saving: {self._saving} so far; Esc cancels")

    def on_save_ended(self, message: SaveEnded) -> None:
        self._saving = None
        self.say(message.text, message.error)

    # Words

    def on_note(self, message: Note) -> None:
        self.say(message.text, message.error)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        focused = self.focused
        if isinstance(focused, ChoiceList):
            wheres: tuple[Where, ...] = (Where.LIST,)
        elif isinstance(focused, FilterLine):
            wheres = (Where.FILTER_LINE,)
        else:
            wheres = (Where.DASHBOARD, Where.EVERYWHERE)
        narrow = layout_of(self.size) is Layout.NARROW
        self.query_one(KeyBar).show([key for key in bar(*wheres) if narrow or key.bar != "Chart"])


def _of_notification(filter: Filter, row: NotificationRow) -> Filter:
    """The filter of the starts behind a row of the grouped table."""
    until = row.day.fromordinal(row.day.toordinal() + 1)
    return replace(
        filter,
        period=Period(None, row.day.isoformat(), until.isoformat()),
        templates=frozenset((row.template_value,)),
        lines=frozenset((row.line_value,)),
    )


def _same_day(snapshot: Snapshot, now: datetime) -> bool:
    zone = snapshot.zone
    return snapshot.now.astimezone(zone).date() == now.astimezone(zone).date()
