"""Shows what was read, or why it could not be read, on every widget of the dashboard."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from storage.language.texts import _
from tui.data.reading import Snapshot, Stamp
from tui.data.worker_messages import DetailRead, LoadFailed, PagesRead
from tui.screens.arrangement import Arrangement
from tui.screens.breakdowns import Breakdowns
from tui.screens.dashboard_widgets import DashboardWidgets
from tui.screens.database_worker import DatabaseWorker
from tui.screens.navigation import Navigation, numbers_from_before
from tui.screens.status_notices import StatusNotices
from tui.screens.table_notice import how_to_import, no_rows
from tui.widgets.funnel_chart import FunnelChart
from tui.widgets.panel import Panel
from tui.words.breakdown_words import NO_FAILURES
from tui.words.filter_words import describe
from tui.words.wording import order_words, short_moment

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


class Presenter:
    """Shows snapshots, pages and failures on the widgets of one screen; `path` is the database."""

    def __init__(
        self,
        screen: Screen[None],
        widgets: DashboardWidgets,
        navigation: Navigation,
        arrangement: Arrangement,
        breakdowns: Breakdowns,
        notices: StatusNotices,
        database: DatabaseWorker,
        path: Path | Address,
    ) -> None:
        self._screen, self._widgets, self._navigation, self._path = screen, widgets, navigation, path
        self._arrangement, self._breakdowns = arrangement, breakdowns
        self._notices, self._database = notices, database
        self._tells_refresh = False

    def tell_refresh(self) -> None:
        """Says, when the view that is being read is shown, whether its numbers have changed."""
        self._tells_refresh = True

    def show(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        """Shows everything that was read for a view, unless another view was requested since."""
        navigation, view = self._navigation, snapshot.view
        if view != navigation.view:
            return
        before, anchor = navigation.snapshot, navigation.anchor
        navigation.set_snapshot(snapshot, stamp)
        self._arrangement.show_failures(snapshot.report)
        focused = self._screen.focused
        if isinstance(focused, Panel) and anchor.item is not None:
            focused.cursor = anchor.item
        for panel in self._widgets.panels.values():
            if isinstance(panel, FunnelChart):
                panel.of_period = view.funnel_of_period or snapshot.comparison is not None
                panel.of_this_week = snapshot.today < snapshot.report.funnel.until
            panel.show(snapshot.report, snapshot.previous)
        order = "" if view.grouped else order_words(view.order, view.reverse)
        notice = no_rows(snapshot, navigation.history.depth > 0, self._path)
        position = anchor.position_in(snapshot.report)
        rows = self._breakdowns.rows_of(snapshot)
        if rows is not None:
            reloaded = before is not None and before.view == view
            position = self._breakdowns.position_in(rows, position, reloaded)
            notice = notice or (() if rows.count else (NO_FAILURES,))
        self._widgets.table.show(rows or snapshot.pager, describe(snapshot.filter), order, position, notice)
        self._notices.loaded(first=before is None, other_view=before is not None and before.view != view)
        self._widgets.status_line.freshness(_freshness(snapshot))
        if self._tells_refresh and before is not None:
            changed = before.report != snapshot.report
            self._notices.say(
                _("read again: the numbers have changed") if changed else _("read again: nothing has changed")
            )
        self._tells_refresh = False
        if before is None:
            self._screen.call_after_refresh(self._finish_startup)

    def _finish_startup(self) -> None:
        """Does what can wait until the first numbers are on the screen."""
        self._database.import_later()
        # The objects created so far live until the end: the garbage collector need not scan them again.
        gc.freeze()
        gc.enable()

    def fail(self, message: LoadFailed) -> None:
        """Says why the database could not be read, unless another view was requested since."""
        if message.view is not None:
            if message.view != self._navigation.view:
                return
            self._navigation.fail(message.stamp, message.text)
        if self._navigation.snapshot is None:
            self._widgets.table.explain((message.text, *how_to_import(self._path)))
            self._notices.say(message.text, error=True)
        else:
            self._notices.say(numbers_from_before(message.text), error=True)

    def show_detail(self, message: DetailRead) -> None:
        """Shows one start."""
        pane = self._widgets.detail
        opens = not pane.display
        pane.show(message.row, message.detail)
        if opens:
            self._arrangement.arrange(self._arrangement.layout)

    def show_pages(self, message: PagesRead) -> None:
        """Stores pages of the table, and redraws it if it still shows their pager."""
        for index, rows in message.pages.items():
            message.pager.store(index, rows)
        if message.pager is self._widgets.table.pager:
            self._widgets.table.refresh()


def _freshness(snapshot: Snapshot) -> str:
    """How old the numbers are: when the version was published that they are of, else when the last import ended."""
    if snapshot.made_at is not None:
        return _("published {time}").format(time=short_moment(snapshot.made_at).strip())
    if snapshot.data_until is not None:
        return _("data up to {time}").format(time=short_moment(snapshot.data_until).strip())
    return ""
