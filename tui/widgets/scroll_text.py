"""A scrolling text of many lines, for the details of a start and the help. Knows no content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.events import MouseScrollDown, MouseScrollUp, Resize
from textual.strip import Strip

from storage.language.texts import ngettext
from tui.terminal.style import DIM
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import strip
from tui.words.keys import Where, bindings


class Lines(PaintedWidget, can_focus=True):
    """Lines that a function makes for a width; made again when the width changes."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.TEXT)]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._make: Callable[[int], Sequence[Strip]] = lambda width: ()
        self._lines: Sequence[Strip] = ()
        self._width = 0
        self.top = 0

    def show(self, make: Callable[[int], Sequence[Strip]], keep: bool = False) -> None:
        """Shows other lines.

        Args:
            make: returns the lines for a width in cells.
            keep: keep the scroll position; otherwise scroll to the top.
        """
        self._make = make
        self._width = self.size.width
        self._lines = make(self._width) if self._width else ()
        self.top = min(self.top, self._bottom()) if keep else 0
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        if event.size.width != self._width:
            self._width = event.size.width
            self._lines = self._make(self._width)
        self.top = min(self.top, self._bottom())
        self.refresh()

    @property
    def text(self) -> str:
        """All lines, as plain text."""
        return "\n".join(line.text.rstrip() for line in self._lines)

    def _bottom(self) -> int:
        return max(0, len(self._lines) - self.size.height)

    def _go(self, top: int) -> None:
        top = max(0, min(top, self._bottom()))
        if top != self.top:
            self.top = top
            self.refresh()

    def action_scroll(self, by: int) -> None:
        self._go(self.top + by)

    def action_scroll_page(self, by: int) -> None:
        self._go(self.top + by * max(1, self.size.height - 2))

    def action_scroll_to(self, place: int) -> None:
        self._go(place if place >= 0 else len(self._lines))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self._go(self.top + 3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self._go(self.top - 3)

    def draw_line(self, y: int) -> Strip:
        width, height = self.size
        place = self.top + y
        line = self._lines[place] if place < len(self._lines) else strip()
        line = line.adjust_cell_length(width)
        if y == height - 1 and self.top < self._bottom():
            left = len(self._lines) - self.top - height + 1
            words = ngettext("{count} more line below", "{count} more lines below", left).format(count=left)
            more = f" {words} "
            if len(more) < width:
                return strip((more, DIM)).adjust_cell_length(width)
        return line
