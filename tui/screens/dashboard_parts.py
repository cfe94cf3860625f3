"""Creates the parts of the dashboard and gives each what it needs: this file shows which part uses which."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from storage.domain.filters import Filter
from storage.report.report import Report
from tui.data.filter_settings import FilterSettings
from tui.data.reading import View
from tui.data.worker_messages import Note
from tui.screens.arrangement import Arrangement
from tui.screens.availability import Availability
from tui.screens.breakdowns import Breakdowns
from tui.screens.copying import Copying
from tui.screens.dashboard_widgets import DashboardWidgets
from tui.screens.database_worker import FIRST_ROWS, DatabaseWorker
from tui.screens.filter_dialogs import FilterDialogs
from tui.screens.key_focus import KeyFocus
from tui.screens.live_updates import LiveUpdates
from tui.screens.navigation import Navigation
from tui.screens.opened_start import OpenedStart
from tui.screens.presenter import Presenter
from tui.screens.prompt import Prompt
from tui.screens.retry_search import RetrySearch
from tui.screens.saves import Saves
from tui.screens.status_notices import StatusNotices
from tui.screens.table_search import Search
from tui.screens.view_switches import ViewSwitches

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


class DashboardParts:
    """The parts of one dashboard.

    The arguments are those of `Dashboard`, and:

    Args:
        screen: holds the widgets and runs the workers.
        widgets: its widgets.
        show_keys: updates the key bar; called when the available keys may have changed.
    """

    def __init__(
        self,
        screen: Screen[None],
        widgets: DashboardWidgets,
        show_keys: Callable[[], None],
        path: Path | Address,
        filter: Filter,
        clock: Callable[[], datetime],
        directory: Path,
        problems: tuple[str, ...],
        filters: FilterSettings,
    ) -> None:
        self._screen, self._widgets = screen, widgets
        table, detail = widgets.table, widgets.detail

        def say(text: str) -> None:
            notices.say(text)

        database = self.database = DatabaseWorker(screen, path, clock, directory)
        focus = self.key_focus = KeyFocus(screen, table, detail)
        navigation = self.navigation = Navigation(filter, focus, self._read, say)
        live = self.live = LiveUpdates(navigation, database.stamp, clock)
        notices = self.notices = StatusNotices(
            widgets.status_line, lambda: navigation.summary(paused=live.paused), problems
        )
        arrangement = self.arrangement = Arrangement(screen, detail, focus, say, show_keys)
        ask = Prompt(widgets.prompt_line, focus, say).ask
        saves = self.saves = Saves(navigation, database, focus, table, notices, clock, directory, ask, show_keys)
        availability = self.availability = Availability(
            navigation, focus, arrangement, table, detail, path, filters.everything, saving=lambda: saves.progress
        )
        self.dialogs = FilterDialogs(
            screen, widgets.choices, widgets.filter_line, navigation, database, focus, say, filters, clock
        )
        breakdowns = self.breakdowns = Breakdowns(navigation, table, say)
        self.switches = ViewSwitches(navigation, arrangement, breakdowns)
        copying = self.copying = Copying(navigation, focus, table, self._write_to_terminal, database.later, self._note)
        self.retries = RetrySearch(screen, navigation, database, saves, say)
        self.search = Search(navigation, database, table, breakdowns, ask, say)
        self.opened = OpenedStart(navigation, database, table, availability, copying, say)
        self.presenter = Presenter(screen, widgets, navigation, arrangement, breakdowns, notices, database, path)

    def leave_detail(self) -> None:
        """Called when the open start is closed: shows the panels again, and gives the table the focus."""
        self.arrangement.arrange(self.arrangement.layout)
        self._screen.set_focus(self._widgets.table)

    def restore_focus(self) -> None:
        """Called when a list or a line is closed."""
        self.key_focus.restore()
        self.notices.show_summary()

    def _read(self, view: View, position_in: Callable[[Report], int]) -> None:
        self._widgets.filter_bar.show(view.filter)
        self.database.load(view, position_in, max(self._widgets.table.rows, FIRST_ROWS))

    def _note(self, note: Note) -> None:
        self._screen.post_message(note)

    def _write_to_terminal(self, text: str) -> None:
        if self._screen.app._driver is not None:
            self._screen.app._driver.write(text)
