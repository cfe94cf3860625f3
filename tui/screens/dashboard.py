"""The dashboard: composes widgets, holds the parts that act on them, and forwards messages and keys to the parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import DescendantFocus, Resize, ScreenResume
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from storage.domain.dimension import Dimension
from storage.domain.filters import Filter
from storage.language.texts import _
from storage.report.breakdown_comparison import ComparedRow
from storage.stores.interface import Content
from tui.data import worker_messages
from tui.data.filter_settings import NO_FILTER_SETTINGS, FilterSettings
from tui.data.reading import Snapshot, Stamp, View
from tui.screens.dashboard_parts import DashboardParts
from tui.screens.dashboard_widgets import DashboardWidgets
from tui.screens.filter_dialogs import STILL_LOADING, known_choices
from tui.screens.live_updates import INTERVAL
from tui.screens.screen_layout import HORIZONTAL, VERTICAL, classes_of, layout_of
from tui.widgets.choice_list import ValuesPicked
from tui.widgets.detail_pane import ContactRequested, LinkRequested, StepRequested
from tui.widgets.prompt_line import Purpose, TextCancelled, TextEntered, TextTyped
from tui.widgets.starts_table import MarkRequested, NoMoreColumns, PagesRequested
from tui.words.keys import Key, Where, bindings
from tui.words.unavailable import NO_COLUMNS

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


class Dashboard(Screen[None]):
    """The main screen.

    Args:
        path: the database, which need not exist yet.
        filter: the filter to begin with.
        clock: gives the current time.
        directory: where files without a path are saved.
        problems: of the settings file, shown with the first numbers.
        filters: of the settings file: named filters and excluded people.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DASHBOARD)]
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS = ""
    # Textual repaints the whole screen on every change of focus; each widget here repaints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(
        self,
        path: Path | Address,
        filter: Filter,
        clock: Callable[[], datetime],
        directory: Path,
        problems: tuple[str, ...] = (),
        filters: FilterSettings = NO_FILTER_SETTINGS,
    ) -> None:
        super().__init__(id="dashboard")
        self._resumed = False
        self.widgets = DashboardWidgets(
            choose=self.action_choose,
            known_choices=lambda: known_choices(self.parts.navigation),
            context=lambda: self.parts.dialogs.context,
            leave_detail=lambda: self.parts.leave_detail(),
            restore_focus=lambda: self.parts.restore_focus(),
        )
        self.table = self.widgets.table
        self.parts = DashboardParts(
            self, self.widgets, self.show_keys, path, filter, clock, directory, problems, filters
        )

    def compose(self) -> ComposeResult:
        # The classes of the first layout are set before the widgets exist: set later, each would style them again.
        self.add_class(*classes_of(self.app.size), update=False)
        yield from self.widgets.compose(self.app.size, self.parts.arrangement.chart)

    def on_mount(self) -> None:
        self.parts.arrangement.arrange(layout_of(self.app.size))
        self.set_focus(self.table)
        self.widgets.filter_bar.show(self.view.filter)
        found = self.parts.database.read_at_once(self.view)
        if found is None:
            self.parts.notices.show_summary()
            self.parts.navigation.load(self.view, self.parts.navigation.anchor)
        else:
            self.show_snapshot(*found)
        self.set_interval(INTERVAL, self.parts.live.check)

    def on_screen_resume(self, event: ScreenResume) -> None:
        # The first time, every widget has just been styled when it was mounted.
        event.refresh_styles = self._resumed
        self._resumed = True

    # Called by the parts and the app

    @property
    def view(self) -> View:
        """The present view."""
        return self.parts.navigation.view

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest snapshot; None before the first one is read."""
        return self.parts.navigation.snapshot

    def say(self, text: str, error: bool = False) -> None:
        """Shows a line in the status line."""
        self.parts.notices.say(text, error)

    def why_not(self, key: Key) -> str:
        """Why a key is unavailable; empty if it is available."""
        return self.parts.availability.why_not(key)

    def show_keys(self) -> None:
        """Updates the key bar."""
        keys = self.parts.availability.bar_keys(self.focused)
        self.widgets.key_bar.show(*keys, on_rows=self.focused is self.table)

    def interrupt(self, key: str) -> bool:
        """Any key stops a text search (Escape does nothing else then), Escape one for people; a notice goes."""
        if key == "escape" and self.parts.retries.is_running:
            self.parts.retries.cancel()
            return True
        if self.parts.search.can_stop:
            self.parts.search.stop()
            return key == "escape"
        if key != "ctrl+l":  # it only redraws the screen
            self.parts.notices.forget(
                keep=self.parts.key_focus.dialog_has_focus or self.parts.saves.progress is not None
            )
        return False

    def show_snapshot(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        """Shows everything that was read for a view."""
        self.parts.presenter.show(snapshot, stamp)
        self.show_keys()

    # Messages of workers and widgets, forwarded

    def on_loaded(self, message: worker_messages.Loaded) -> None:
        with self.app.batch_update():
            self.show_snapshot(message.snapshot, message.stamp)

    def on_load_failed(self, message: worker_messages.LoadFailed) -> None:
        if message.view is None:
            self.parts.search.is_running = False
        self.parts.presenter.fail(message)
        self.show_keys()

    def on_detail_read(self, message: worker_messages.DetailRead) -> None:
        self.parts.presenter.show_detail(message)
        self.show_keys()

    def on_pages_read(self, message: worker_messages.PagesRead) -> None:
        self.parts.presenter.show_pages(message)
        self.parts.search.rows_read()

    def on_plots_ready(self, message: worker_messages.PlotsReady) -> None:
        self.widgets.draw_charts()

    def on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:
            # Textual lays the screen out for it and posts it again, so that two sizes would take turns for ever.
            event.prevent_default()
            return
        self.parts.arrangement.resize(layout_of(event.size))
        self.call_after_refresh(self.parts.dialogs.place_open_list)  # below its dropdown, which is placed first
        self.show_keys()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.show_keys()

    def on_note(self, message: worker_messages.Note) -> None:
        self.say(message.text, message.error)

    def on_nothing_to_open(self, message: worker_messages.NothingToOpen) -> None:
        self._act("open", self.say, STILL_LOADING)

    def on_drill(self, message: worker_messages.Drill) -> None:
        filter = self.parts.navigation.of_view(message.filter)
        view = replace(self.view, filter=filter, grouped=False, by=None)
        self.parts.navigation.drill(view, message.counted_users)

    def on_text_entered(self, message: TextEntered) -> None:
        if message.purpose is Purpose.SAVE:
            self._act("save", self.parts.saves.save_as, message.text)
        else:
            self._act("find", self.parts.search.entered, message.text)

    def on_text_typed(self, message: TextTyped) -> None:
        if message.purpose is Purpose.FIND:
            self.parts.search.typed(message.text)

    def on_text_cancelled(self, message: TextCancelled) -> None:
        if message.purpose is Purpose.FIND:
            self.parts.search.cancelled()

    async def on_values_picked(self, message: ValuesPicked) -> None:
        await self.parts.dialogs.pick(message)

    def on_pages_requested(self, message: PagesRequested) -> None:
        self.parts.database.load_pages(message.pager, message.pages)

    def on_no_more_columns(self, message: NoMoreColumns) -> None:
        self.say(NO_COLUMNS[message.by])

    def on_mark_requested(self, message: MarkRequested) -> None:
        self.parts.breakdowns.mark()
        self.show_keys()

    def on_counts_read(self, message: worker_messages.CountsRead) -> None:
        self.parts.dialogs.count(message)

    def on_filter_chosen(self, message: worker_messages.FilterChosen) -> None:
        self.parts.navigation.go_to(message.filter)

    def on_row_opened(self, message: worker_messages.RowOpened) -> None:
        if isinstance(message.row, ComparedRow):
            self.parts.breakdowns.open(message.row)
        else:
            self.parts.opened.open(message.row)

    def on_step_requested(self, message: StepRequested) -> None:
        self.parts.opened.step(message.by)

    def on_contact_requested(self, message: ContactRequested) -> None:
        self.parts.opened.show_contact(message.row)

    def on_link_requested(self, message: LinkRequested) -> None:
        self.parts.opened.use_link(message)

    def on_retries_read(self, message: worker_messages.RetriesRead) -> None:
        self.parts.retries.show(message)
        self.parts.notices.show_summary()

    def on_find_progress(self, message: worker_messages.FindProgress) -> None:
        self.parts.search.advance(message.day)

    def on_find_ended(self, message: worker_messages.FindEnded) -> None:
        self.parts.search.end(message)

    def on_group_found(self, message: worker_messages.GroupFound) -> None:
        self.parts.search.end_group(message)

    def on_save_progress(self, message: worker_messages.SaveProgress) -> None:
        self.parts.saves.advance(message.count)

    def on_save_ended(self, message: worker_messages.SaveEnded) -> None:
        self.parts.saves.end(message)

    # Keys, forwarded

    def _act(self, action: str, act: Callable[..., object], *arguments: Any) -> None:
        """Calls `act`, or shows why the action is unavailable."""
        if reason := self.parts.availability.reason(action):
            self.say(reason)
        else:
            act(*arguments)

    def action_back(self) -> None:
        self._act("back", self._back)

    def _back(self) -> None:
        if self.parts.saves.progress is not None:
            self.parts.saves.cancel()
        elif self.widgets.detail.display:
            self.parts.key_focus.close_start()
        else:
            self.parts.navigation.back()

    def action_forward(self) -> None:
        self._act("forward", self.parts.navigation.forward)

    def action_refresh(self) -> None:
        self.say(_("reading the database again …"))
        self.parts.presenter.tell_refresh()
        self.parts.navigation.reload()

    def action_pause(self) -> None:
        self.parts.live.toggle()
        self.parts.notices.show_summary()

    def action_panel(self, key: str) -> None:
        self.parts.arrangement.show_panel(int(key))

    def action_next_chart(self) -> None:
        self._act("next_chart", self.parts.arrangement.show_next_chart)

    def action_choose(self, field: str) -> None:
        self._act("choose", self.parts.dialogs.choose, field)

    def action_commands(self) -> None:
        self.parts.dialogs.choose_command()

    def action_filter_line(self) -> None:
        self._act("filter_line", self.parts.dialogs.edit)

    def action_clear(self) -> None:
        self._act("clear", self.parts.dialogs.clear)

    def action_shift(self, by: int) -> None:
        self._act("shift", self.parts.dialogs.shift, by)

    def action_view(self) -> None:
        self._act("view", self.parts.switches.group)

    def action_breakdown(self) -> None:
        self._act("breakdown", self.parts.breakdowns.show_next)

    def action_choose_breakdown(self) -> None:
        self._act("breakdown", self.parts.dialogs.choose_breakdown)

    def action_by(self, dimension: str) -> None:
        self._act("breakdown", self.parts.breakdowns.show, Dimension(dimension))

    def action_versus(self) -> None:
        self._act("versus", self.parts.breakdowns.compare, self.app)

    def action_sort(self) -> None:
        self._act("sort", self.parts.switches.sort)

    def action_reverse(self) -> None:
        self._act("reverse", self.parts.switches.reverse)

    def action_compare(self) -> None:
        self._act("compare", self.parts.switches.compare)

    def action_compare_weeks(self) -> None:
        self._act("compare", self.parts.switches.compare_weeks)

    def action_funnel(self) -> None:
        self._act("funnel", self.parts.switches.switch_funnel)

    def action_save(self) -> None:
        self._act("save", self.parts.saves.save)

    def action_save_people(self) -> None:
        self._act("save_people", self.parts.saves.save_people, Content.PEOPLE)

    def action_retry(self) -> None:
        self._act("retry", self.parts.retries.look)

    def action_save_as(self) -> None:
        self._act("save", self.parts.saves.ask_name)

    def action_copy(self) -> None:
        self._act("copy", self.parts.copying.copy_item)

    def action_copy_all(self) -> None:
        self._act("copy_all", self.parts.copying.copy_all)

    def action_find(self) -> None:
        self._act("find", self.parts.search.ask_text)

    def action_find_next(self, by: int) -> None:
        self._act("find_next", self._find_next, by)

    def _find_next(self, by: int) -> None:
        self.parts.key_focus.close_start()
        self.parts.search.find_next(by)
