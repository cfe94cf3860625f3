"""The five dropdowns in one line: what each says, and opening its list. Knows no value that a database holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import Click
from textual.strip import Strip

from storage.domain.filters import Filter
from tui.terminal.sanitize import ELLIPSIS
from tui.terminal.style import BOLD, CURSOR, DIM, KEY, PLAIN, cut, look, safe
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import strip
from tui.words.keys import Where, bindings
from tui.words.wording import chosen, origins_name, period_name, user_type_name


class Field(NamedTuple):
    """One thing to filter by: its name in the grammar and for people, its key, and what it says of a filter."""

    name: str
    label: str
    key: str
    says: Callable[[Filter], str]
    is_set: Callable[[Filter], bool]


FIELDS: tuple[Field, ...] = (
    Field("period", "Period", "p", lambda filter: period_name(filter.period), lambda filter: False),
    Field("origin", "Started by", "o", origins_name, lambda filter: bool(filter.origins)),
    Field(
        "line",
        "Line",
        "l",
        lambda filter: chosen(filter.lines, "All lines", "lines"),
        lambda filter: bool(filter.lines),
    ),
    Field(
        "template",
        "Template",
        "t",
        lambda filter: chosen(filter.templates, "All templates", "templates"),
        lambda filter: bool(filter.templates),
    ),
    Field("user", "User", "u", user_type_name, lambda filter: filter.user_type is not None),
)


class Dropdown(PaintedWidget, can_focus=True):
    """One filter in one line: its key, its name where there is room, what it is set to, and that it opens."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DROPDOWN)]

    def __init__(self, field: Field, choose: Callable[[str], None]) -> None:
        super().__init__(id=f"choose-{field.name}")
        self._choose = choose
        self.field = field
        self.filter = Filter()

    def show(self, filter: Filter) -> None:
        """Says what another filter has for it."""
        changed = self._state(filter) != self._state(self.filter)
        self.filter = filter
        if changed:
            self.refresh()

    def _state(self, filter: Filter) -> tuple[str, bool]:
        return self.field.says(filter), self.field.is_set(filter)

    def action_open(self) -> None:
        self._choose(self.field.name)

    def on_click(self, event: Click) -> None:
        self.screen.set_focus(self)
        self.action_open()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        if y or width < 6:
            return Strip.blank(width)
        says, is_set = self._state(self.filter)
        apart = " " if look().ascii else ""  # in ASCII the arrow is a letter
        room = width - 3 - len(apart)
        value = _shortest(self.field.name, safe(says, 200), room)
        name = f"{self.field.label} "
        if cell_len(value) + len(name) > room:
            name = ""
        style = CURSOR + BOLD if self.has_focus else BOLD if is_set else PLAIN
        arrow = "▾" if not self.has_focus else "▸"
        return strip(
            (f"{self.field.key} ", KEY), (name, DIM), (value, style), (apart + arrow, KEY if self.has_focus else DIM)
        ).adjust_cell_length(width)


def _shortest(field: str, value: str, room: int) -> str:
    """A filter's value in few cells: days without blanks around their dash, of a number its end, which tells it from
    others."""
    if cell_len(value) > room and field == "period":
        value = value.replace(" – ", "–")
    if cell_len(value) > room > 1 and value.startswith("+") and value[1:].isdigit():
        return ELLIPSIS + value[-(room - 1) :]
    return cut(value, room)


class FilterBar(Horizontal):
    """The dropdowns side by side; `choose` opens the list of a field."""

    def __init__(self, id: str, choose: Callable[[str], None]) -> None:
        super().__init__(id=id)
        self._choose = choose

    def compose(self) -> ComposeResult:
        yield from (Dropdown(field, self._choose) for field in FIELDS)

    def show(self, filter: Filter) -> None:
        """Says what a filter is."""
        for dropdown in self.query(Dropdown):
            dropdown.show(filter)
