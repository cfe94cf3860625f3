"""Which widget has the keys: panels, the table, an open start, and lists and lines that borrow the keys for a while."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget

from tui.data.pager import ScrollPosition
from tui.data.reading import View
from tui.data.view_history import HistoryEntry
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
        self._focus_before, self._over_start = "starts", False

    @property
    def dialog_has_focus(self) -> bool:
        """Whether a list or a line has the keys."""
        return isinstance(self._screen.focused, (ChoiceList, FilterLine, PromptLine))

    def open_dialog(self, dialog: Widget) -> None:
        """Shows a list or a line and gives it the keys, until `restore`."""
        self._focus_before, self._over_start = self.focused_id(), isinstance(self._screen.focused, Lines)
        dialog.display = True
        self._screen.set_focus(dialog)

    def restore(self) -> None:
        """Gives the keys back to the widget that had them before the list or line."""
        if self._over_start and self._detail.display:
            self._screen.set_focus(self._detail.query_one(Lines))
        else:
            self.focus_on(self._focus_before)

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

    def focused_id(self) -> str:
        """The id of the widget that has the keys, or that lent them to a list or a line."""
        focused = self._screen.focused
        if isinstance(focused, Lines):
            return "starts"  # the open start is a row of it
        if self.dialog_has_focus or focused is None or focused.id is None:
            return self._focus_before
        return focused.id

    def focused_widget(self) -> Widget:
        """The widget of `focused_id`."""
        return self._widget(self.focused_id())

    def focused_panel(self) -> Panel | None:
        """The panel in use; None if it is the table or a filter, where an action is about the table's starts."""
        widget = self.focused_widget()
        return widget if isinstance(widget, Panel) else None

    def entry(self, view: View) -> HistoryEntry:
        """The place of the user, to come back to in this view."""
        panel = self.focused_panel()
        position = ScrollPosition(self._table.top, self._table.cursor)
        return HistoryEntry(view, position, self.focused_id(), 0 if panel is None else panel.cursor)

    def _widget(self, id: str) -> Widget:
        return self._screen.query_one(f"#{id}", Widget)
