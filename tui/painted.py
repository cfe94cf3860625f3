"""A widget that draws its own lines: on the theme's background, or on the terminal's own where the theme is that."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget


class Painted(Widget):
    """Draws by `draw_line`, which need not think of the theme."""

    def draw_line(self, y: int) -> Strip:
        """The line at y, in the terminal's own colours."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        line = self.draw_line(y)
        return line if self.app.native_ansi_color else line.apply_style(self.rich_style)
