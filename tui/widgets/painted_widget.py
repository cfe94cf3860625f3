"""A widget that draws its own lines: on the theme's background, or on the terminal's with the theme `ansi`."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.style import PLAIN


class PaintedWidget(Widget):
    """Subclasses implement `draw_line`; this adds the colours of the theme."""

    def draw_line(self, y: int) -> Strip:
        """The line at y, in the terminal's own colours."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        line = self.draw_line(y)
        if not self.app.native_ansi_color:
            return line.apply_style(self.rich_style)
        if any(segment.style is None for segment in line):
            # Textual's NO_COLOR filter fails on segments without a style.
            line = Strip([Segment(text, style or PLAIN, control) for text, style, control in line], line.cell_length)
        return line
