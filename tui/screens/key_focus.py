"""Which widget has the focus: a panel, the table, an open start, or a list or line until it is closed."""

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
    """The focus of one screen, between its table, panels and dialogs (a list or a line to type in)."""

    def __init__(self, screen: Screen[None], table: StartsTable, detail: DetailPane) -> None:
        self._screen, self._table, self._detail = screen, table, detail
        self._focus_before, self._over_start = "starts", False
        self._awaited = ""  # the widget that gets the focus once it is on the screen; empty for none

    @property
    def dialog_has_focus(self) -> bool:
        """Whether a list or a line has the focus."""
        return isinstance(self._screen.focused, (ChoiceList, FilterLine, PromptLine))

    def open_dialog(self, dialog: Widget) -> None:
        """Shows a list or a line and gives it the focus, until `restore`."""
        self._focus_before, self._over_start = self.focused_id(), isinstance(self._screen.focused, Lines)
        dialog.display = True
        self._screen.set_focus(dialog)

    def restore(self) -> None:
        """Gives the focus back to the widget that had it before the list or line."""
        if self._over_start and self._detail.display:
            self._screen.set_focus(self._detail.query_one(Lines))
        else:
            self.focus_on(self._focus_before)

    def focus_on(self, id: str) -> None:
        """Gives the focus to a widget."""
        self._screen.set_focus(self._widget(id))

    def focus_again(self, id: str) -> None:
        """Gives the focus to a widget of the history: now, or when the view that is being read shows it."""
        if self._widget(id).focusable:
            self.focus_on(id)
        else:
            self._awaited = id

    def focus_awaited(self) -> None:
        """Gives the focus to the widget of the history that was not yet on the screen, unless it went elsewhere."""
        awaited, self._awaited = self._awaited, ""
        if awaited and self.focused_id() == "starts" and self._widget(awaited).focusable:
            self.focus_on(awaited)

    def close_start(self) -> None:
        """Closes the open start, if there is one; the table gets the focus."""
        if self._detail.display:
            self._detail.action_close()

    def focused_id(self) -> str:
        """The id of the focused widget; of the one that had the focus before if a list or a line has it now."""
        focused = self._screen.focused
        if isinstance(focused, Lines):
            return "starts"  # the open start is a row of it
        if self.dialog_has_focus or focused is None or focused.id is None:
            return self._focus_before
        return focused.id

    def focused_widget(self) -> Widget:
        """The widget with the id `focused_id`."""
        return self._widget(self.focused_id())

    def focused_panel(self) -> Panel | None:
        """The focused panel; None if it is the table or a filter: actions then apply to the starts of the table."""
        widget = self.focused_widget()
        return widget if isinstance(widget, Panel) else None

    def entry(self, view: View) -> HistoryEntry:
        """The present position in a view, for the history."""
        panel = self.focused_panel()
        position = ScrollPosition(self._table.top, self._table.cursor)
        return HistoryEntry(view, position, self.focused_id(), 0 if panel is None else panel.cursor)

    def _widget(self, id: str) -> Widget:
        return self._screen.query_one(f"#{id}", Widget)
