"""Which keys are available now, and why not: for the key bar, the help and the status line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from storage.domain.filters import Filter
from storage.language.texts import _
from storage.table.sorting import Order
from tui.data.breakdown_list import BreakdownList
from tui.data.reading import has_content
from tui.screens.arrangement import Arrangement
from tui.screens.key_focus import KeyFocus
from tui.screens.navigation import Navigation
from tui.screens.screen_layout import Layout
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_line import FilterLine
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import PromptLine
from tui.widgets.scroll_text import Lines
from tui.widgets.starts_table import StartsTable
from tui.words.keys import Key, Where, bar
from tui.words.unavailable import NO_DATA, UNREADABLE, ScreenState, why_not

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


class Availability:
    """Says which keys of one screen are available, and why others are not.

    Args:
        path: the database.
        everything: the filter without any choice of the user.
        saving: the progress of a save; returns None if there is none.
    """

    def __init__(
        self,
        navigation: Navigation,
        key_focus: KeyFocus,
        arrangement: Arrangement,
        table: StartsTable,
        detail: DetailPane,
        path: Path | Address,
        everything: Filter,
        saving: Callable[[], str | None],
    ) -> None:
        self._navigation, self._key_focus, self._arrangement = navigation, key_focus, arrangement
        self._table, self._detail, self._path, self._saving = table, detail, path, saving
        self._everything = everything

    def reason(self, action: str) -> str:
        """Why an action of the dashboard is unavailable; empty if it is available."""
        return why_not(action, self._state())

    def why_not(self, key: Key) -> str:
        """Why a key is unavailable; empty if it is available."""
        if key.where is Where.DETAIL:
            if self._detail.display and key.action.startswith("step("):
                return self.why_no_step(int(key.action[5:-1]))
            return self._detail.why_not(key.action)
        return self.reason(key.action or "open") if key.where is Where.DASHBOARD else ""

    def why_no_step(self, by: int) -> str:
        """Why the start before (-1) or after (1) the open one cannot be opened; empty if it can."""
        if by < 0 and self._table.cursor == 0:
            return _("this is the first start of the table")
        if by > 0 and self._table.cursor >= self._table.count - 1:
            return _("this is the last start of the table")
        return ""

    def bar_keys(self, focused: Widget | None) -> tuple[list[Key], frozenset[Key]]:
        """The keys that the key bar shows for a focused widget, and those of them that are unavailable."""
        # The narrow layout shows one chart, and its bar has no room for the funnel's key.
        narrow = self._arrangement.layout is Layout.NARROW
        keys = [key for key in bar(*_listening(focused)) if not (narrow and key.action == "funnel")]
        return keys, frozenset(key for key in keys if self.why_not(key))

    def _state(self) -> ScreenState:
        navigation = self._navigation
        return ScreenState(
            can_go_back=navigation.history.depth > 0 or self._detail.display,
            can_go_forward=navigation.history.ahead > 0,
            filtered=navigation.view.filter != self._everything,
            grouped=navigation.view.grouped,
            compared=navigation.view.compare is not None,
            by_time=navigation.view.order is Order.TIME,
            broken_down=navigation.view.by is not None,
            marked=len(self._table.pager.marked) if isinstance(self._table.pager, BreakdownList) else 0,
            all_charts=self._arrangement.layout is Layout.WIDE,
            saving=self._saving(),
            selectable_count=self._selectable_count(),
            no_data=self._no_data(),
            any_failed=navigation.snapshot is None or navigation.snapshot.report.status.failed > 0,
        )

    def _selectable_count(self) -> int:
        widget = self._key_focus.focused_widget()
        if self._navigation.snapshot is None:
            return 1  # not known yet
        if isinstance(widget, StartsTable):
            return widget.count
        return widget.item_count() if isinstance(widget, Panel) else 1

    def _no_data(self) -> str:
        """Why there is no data; empty if there is some, or while the database is being read."""
        navigation = self._navigation
        if navigation.snapshot is not None:
            return NO_DATA if navigation.snapshot.empty else ""
        if not navigation.failure:
            return ""
        return UNREADABLE if has_content(self._path) else NO_DATA


def _listening(focused: Widget | None) -> tuple[Where, ...]:
    """The parts of the program that handle keys while a widget has the focus."""
    match focused:
        case ChoiceList():
            return (Where.LIST,)
        case FilterLine():
            return (Where.FILTER_LINE,)
        case PromptLine():
            return (Where.PROMPT,)
        case Lines():
            return (Where.DETAIL, Where.TEXT, Where.EVERYWHERE)
        case _:
            return (Where.DASHBOARD, Where.EVERYWHERE)
