"""The dropdowns of the filter in one line: each shows its setting and opens its list. Knows no value."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import Click
from textual.strip import Strip

from storage.domain.filters import Filter
from tui.terminal.sanitize import ELLIPSIS
from tui.terminal.style import BOLD, CURSOR, DIM, KEY, PLAIN, chart_style, cut, safe
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import strip
from tui.words.filter_words import DROPDOWNS, DropdownWords
from tui.words.keys import Where, bindings

_MIN_WIDTH = 6  # cells; a narrower dropdown is blank
_MAX_NAME_LENGTH = 200  # characters


class Dropdown(PaintedWidget, can_focus=True):
    """One field in one line: its key, its label if there is room, its setting, and an arrow.

    Args:
        name: the name of the field.
        words: its label, key and settings.
        choose: opens the list of a field.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DROPDOWN)]

    def __init__(self, name: str, words: DropdownWords, choose: Callable[[str], None]) -> None:
        super().__init__(id=f"choose-{name}")
        self.field = name
        self._words, self._choose = words, choose
        self._filter = Filter()

    def show(self, filter: Filter) -> None:
        """Shows the setting of a filter."""
        changed = self._state(filter) != self._state(self._filter)
        self._filter = filter
        if changed:
            self.refresh()

    def _state(self, filter: Filter) -> tuple[str, bool]:
        """The setting in words, and whether it restricts anything; the period, which is always set, does not count."""
        return self._words.setting(filter), self.field != "period" and filter.restricts(self.field)

    def action_open(self) -> None:
        self._choose(self.field)

    def on_click(self, event: Click) -> None:
        self.screen.set_focus(self)
        self.action_open()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        if y or width < _MIN_WIDTH:
            return Strip.blank(width)
        setting, is_set = self._state(self._filter)
        gap = " " if chart_style().ascii else ""  # in ASCII the arrow is a letter
        room = width - len(f"{self._words.key} ▾") - len(gap)
        value = _shortest(self.field, safe(setting, _MAX_NAME_LENGTH), room)
        label = f"{self._words.label} "
        if cell_len(label) + cell_len(value) > room:
            label = ""
        style = CURSOR + BOLD if self.has_focus else BOLD if is_set else PLAIN
        arrow = "▾" if not self.has_focus else "▸"
        return strip(
            (f"{self._words.key} ", KEY),
            (label, DIM),
            (value, style),
            (gap + arrow, KEY if self.has_focus else DIM),
        ).adjust_cell_length(width)


def _shortest(field: str, setting: str, room: int) -> str:
    """A setting cut to `room` cells.

    A period loses the spaces around its dash. A phone number loses its first digits, which many numbers share.
    """
    if cell_len(setting) > room and field == "period":
        setting = setting.replace(" – ", "–")
    if cell_len(setting) > room > 1 and setting.startswith("+") and setting[1:].isdigit():
        return ELLIPSIS + setting[-(room - 1) :]
    return cut(setting, room)


class FilterBar(Horizontal):
    """The dropdowns side by side.

    Args:
        id: the id of the widget.
        choose: opens the list of a field.
    """

    def __init__(self, id: str, choose: Callable[[str], None]) -> None:
        super().__init__(id=id)
        self._choose = choose

    def compose(self) -> ComposeResult:
        yield from (Dropdown(name, words, self._choose) for name, words in DROPDOWNS.items())

    def show(self, filter: Filter) -> None:
        """Shows the settings of a filter."""
        for dropdown in self.query(Dropdown):
            dropdown.show(filter)
