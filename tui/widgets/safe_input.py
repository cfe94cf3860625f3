"""A line to type in that shows what was put into it as harmless text; what it holds stays as it is."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from tui.terminal.style import safe


class SafeInput(Input):
    """An input whose text may come from other people's files; its cursor is in view at whatever size."""

    def on_resize(self) -> None:
        self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False)

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        if all(segment.text.isascii() and segment.text.isprintable() for segment in line):
            return line
        return Strip([Segment(safe(text), style, control) for text, style, control in line]).adjust_cell_length(
            line.cell_length
        )
