"""The dropdowns of the filter in one line, and beside them what no dropdown shows. Knows no value.

Each shows its setting and opens its list. Where the filter has other parts, such as a status or a failure, dropdowns
that restrict nothing make room for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from tui.words.filter_words import DROPDOWNS, OTHER_SETTINGS, DropdownWords, setting_of
from tui.words.keys import Where, bindings

_MIN_WIDTH = 6  # cells; a narrower dropdown shows its key only
_KEY_WIDTH = 3  # cells of a key, a gap and an arrow
_OTHERS = "others"  # in place of a field's name
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
        if self.field == _OTHERS:
            return self._words.setting(filter), True
        return setting_of(self.field, filter), self.field != "period" and filter.restricts(self.field)

    @property
    def is_set(self) -> bool:
        """Whether it says more than that everything is selected."""
        return self.field == "period" or self._state(self._filter)[1]

    @property
    def wanted(self) -> int:
        """The cells that its key, its setting and its arrow need."""
        setting, _ = self._state(self._filter)
        return cell_len(f"{self._words.key} {safe(setting, _MAX_NAME_LENGTH)} ▾")

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
        if y or width < _KEY_WIDTH:
            return Strip.blank(width)
        if width < _MIN_WIDTH:
            key = (f"{self._words.key} ▾", CURSOR + BOLD) if self.has_focus else (f"{self._words.key} ▾", KEY)
            return strip(key).adjust_cell_length(width)
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

    A period loses the spaces around its dash. A phone number loses its first digits, which many numbers share. Of other
    settings, those that do not fit are counted.
    """
    if field == _OTHERS:
        first, *others = parts = setting.split(", ")
        for left_out in range(len(parts)):
            shown = ", ".join(parts[: len(parts) - left_out]) + (f" +{left_out}" if left_out else "")
            if cell_len(shown) <= room:
                return shown
        more = f" +{len(others)}" if others else ""
        return cut(first, room - len(more)) + more
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
        others = Dropdown(_OTHERS, OTHER_SETTINGS, self._choose)
        others.display = False
        yield others

    def show(self, filter: Filter) -> None:
        """Shows the settings of a filter."""
        for dropdown in self.query(Dropdown):
            dropdown.show(filter)
        for others in self.query(f"#choose-{_OTHERS}"):  # none before the bar is composed
            others.display = bool(OTHER_SETTINGS.setting(filter))
        self._make_room()

    def on_resize(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """Gives each dropdown its share of the style sheet or, where there are other settings, the cells it needs."""
        shown = [dropdown for dropdown in self.query(Dropdown) if dropdown.display]
        if all(dropdown.field != _OTHERS for dropdown in shown):
            for dropdown in shown:
                if dropdown.styles.inline.has_rule("width"):
                    dropdown.styles.inline.clear_rule("width")
                    dropdown.refresh(layout=True)
            return
        room = self.size.width - len(shown)  # a gap follows each
        widths = shared([dropdown.wanted for dropdown in shown], [dropdown.is_set for dropdown in shown], room)
        for dropdown, width in zip(shown, widths, strict=True):
            dropdown.styles.width = width


def shared(wanted: Sequence[int], first: Sequence[bool], room: int) -> list[int]:
    """The cells that each of several texts gets of `room`.

    Each has the cells of a key. What is left is shared evenly between those of `first` until each has what it wants,
    then between the others.
    """
    widths = [_KEY_WIDTH] * len(wanted)
    for turn in (True, False):
        hungry = [index for index, is_first in enumerate(first) if is_first is turn and widths[index] < wanted[index]]
        while hungry and sum(widths) < room:
            for index in hungry:
                widths[index] += sum(widths) < room
            hungry = [index for index in hungry if widths[index] < wanted[index]]
    return widths
