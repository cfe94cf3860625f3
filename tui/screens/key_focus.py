"""Which widget has the keys: panels, the table, an open start, and lists and lines that borrow the keys for a while."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget

from tui.data.reading import View
from tui.data.view_history import HistoryEntry
from tui.data.worker_messages import ScrollPosition
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_line import FilterLine
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import PromptLine
from tui.widgets.scroll_text import Lines
from tui.widgets.starts_table import StartsTable


class KeyFocus:
    """The keys of one screen, between its table, panels and dialogs."""

    def __init__(self, screen: Screen[None], table: StartsTable, detail: DetailPane) -> None:
        self._screen, self._table, self._detail = screen, table, detail
        self._lender, self._lent_over_start = "starts", False

    @property
    def is_lent(self) -> bool:
        """Whether a list or a line has the keys."""
        return isinstance(self._screen.focused, (ChoiceList, FilterLine, PromptLine))

    def lend(self, dialog: Widget) -> None:
        """Shows a list or a line and gives it the keys, until `take_back`."""
        self._lender, self._lent_over_start = self.id_in_use(), isinstance(self._screen.focused, Lines)
        dialog.display = True
        self._screen.set_focus(dialog)

    def take_back(self) -> None:
        """Gives the keys back to the widget that had them before the list or line."""
        if self._lent_over_start and self._detail.display:
            self._screen.set_focus(self._detail.query_one(Lines))
        else:
            self.focus_on(self._lender)

    def focus_on(self, id: str) -> None:
        """Gives the keys to a widget."""
        self._screen.set_focus(self._widget(id))

    def focus_again(self, id: str) -> None:
        """Gives the keys to a widget of the history, if it is on the screen."""
        if self._widget(id).focusable:
            self.focus_on(id)

    def close_start(self) -> None:
        """Closes the start that is open, if there is one: the table then has the keys."""
        if self._detail.display:
            self._detail.action_close()

    def id_in_use(self) -> str:
        """The id of the widget that has the keys, or that lent them to a list or a line."""
        focused = self._screen.focused
        if isinstance(focused, Lines):
            return "starts"  # the open start is a row of it
        if self.is_lent or focused is None or focused.id is None:
            return self._lender
        return focused.id

    def in_use(self) -> Widget:
        """The widget of `id_in_use`."""
        return self._widget(self.id_in_use())

    def panel_in_use(self) -> Panel | None:
        """The panel in use; None if it is the table or a filter, where an action is about the table's starts."""
        widget = self.in_use()
        return widget if isinstance(widget, Panel) else None

    def entry(self, view: View) -> HistoryEntry:
        """The place of the user, to come back to in this view."""
        panel = self.panel_in_use()
        position = ScrollPosition(self._table.top, self._table.cursor)
        return HistoryEntry(view, position, self.id_in_use(), 0 if panel is None else panel.cursor)

    def _widget(self, id: str) -> Widget:
        return self._screen.query_one(f"#{id}", Widget)
