"""A screen of lines to read: the base of the help, of the people to try again and of A against B."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen
from textual.strip import Strip

from tui.screens.screen_layout import HORIZONTAL, VERTICAL, TooSmall
from tui.widgets.scroll_text import Lines
from tui.widgets.status_bar import KeyBar
from tui.words.keys import Where, bar


class LinesScreen(Screen[None]):
    """Lines on an opaque screen, scrolled, with a key bar. `prepare` of a subclass ends with `show_lines`.

    Attributes:
        where: whose keys listen; a subclass has their bindings too.
    """

    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    where: ClassVar[Where]

    def lines(self, width: int) -> Iterator[Strip]:
        """What the screen shows, as lines of at most `width` cells."""
        raise NotImplementedError

    @property
    def keeps_place(self) -> bool:
        """Whether the lines stay where they were scrolled to when the screen is shown again."""
        return False

    def compose(self) -> ComposeResult:
        name = self.where.name.lower()
        yield Lines(name)
        yield KeyBar(f"{name}-keys")
        yield TooSmall(f"{name}-too-small")

    def on_mount(self) -> None:
        self.query_one(KeyBar).show(bar(self.where, Where.TEXT))
        self.query_one(Lines).focus()

    def on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:  # as on the dashboard
            event.prevent_default()

    def on_screen_resume(self) -> None:
        self.show_lines()

    def show_lines(self) -> None:
        """Shows the lines as they are now; before the screen is mounted, nothing."""
        if self.is_mounted:
            self.query_one(Lines).show(lambda width: list(self.lines(width)), keep=self.keeps_place)

    def action_close(self) -> None:
        self.app.pop_screen()
