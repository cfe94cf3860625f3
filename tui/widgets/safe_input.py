"""An input line that shows its text without control characters; its value keeps them."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from tui.terminal.style import safe


class SafeInput(Input):
    """An input whose text may come from imported files; its cursor stays visible when it is resized."""

    def on_resize(self) -> None:
        self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False)

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        if all(segment.text.isascii() and segment.text.isprintable() for segment in line):
            return line
        return Strip([Segment(safe(text), style, control) for text, style, control in line]).adjust_cell_length(
            line.cell_length
        )
