"""A against B: the marked rows of a breakdown side by side, and which is better at each rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.strip import Strip

from storage.report.breakdown_comparison import ComparedRow
from storage.report.versus import Finding, Verdict, verdicts
from tui.data.breakdown_list import BreakdownList, SortBy, rates_of
from tui.screens.screen_layout import HORIZONTAL, VERTICAL, TooSmall
from tui.terminal.style import BOLD, DIM, HEADING, PLAIN, fit
from tui.widgets import breakdown_columns
from tui.widgets.panel import heading, strip, wrapped
from tui.widgets.scroll_text import Lines
from tui.widgets.status_bar import KeyBar
from tui.words import versus_words
from tui.words.keys import Where, bar, bindings
from tui.words.wording import DIMENSION_NAMES

_FRONT = 6  # cells before a row: its letter


class VersusScreen(Screen[None]):
    """The rows on an opaque screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.VERSUS)]
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    def __init__(self) -> None:
        super().__init__()
        self._rows: BreakdownList | None = None
        self._about = ""

    def compose(self) -> ComposeResult:
        yield Lines("versus")
        yield KeyBar("versus-keys")
        yield TooSmall("versus-too-small")

    def on_mount(self) -> None:
        self.query_one(KeyBar).show(bar(Where.VERSUS, Where.TEXT))
        self.query_one(Lines).focus()

    def prepare(self, rows: BreakdownList, about: str) -> None:
        """Sets what the screen shows: a list with marked rows, and in words which starts it counts."""
        self._rows, self._about = replace(rows, previous=None), about
        if self.is_mounted:
            self._show()

    def on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:  # as on the dashboard
            event.prevent_default()

    def on_screen_resume(self) -> None:
        self._show()

    def _show(self) -> None:
        rows, about = self._rows, self._about
        if rows is not None:
            self.query_one(Lines).show(lambda width: list(versus_lines(rows, about, width)))

    def action_close(self) -> None:
        self.app.pop_screen()


def versus_lines(rows: BreakdownList, about: str, width: int) -> Iterator[Strip]:
    """The marked rows and their verdicts as lines.

    Args:
        rows: a breakdown with two or more marked rows; the first marked one is A.
        about: which starts it counts, in words.
        width: of the lines, in cells.
    """
    marked = rows.marked_rows()
    letters = [versus_words.letter(place) for place in range(len(marked))]
    yield heading("", "A against B", f"by {DIMENSION_NAMES[rows.dimension].lower()}, {about}", width, True)
    yield strip()
    columns = breakdown_columns.placed_side_by_side(rows, max(1, width - _FRONT))
    yield strip((" " * _FRONT, PLAIN), *breakdown_columns.header(rows, columns, arrow=False))
    for name, row in zip(letters, marked, strict=True):
        cells = breakdown_columns.cells(ComparedRow(row, None), columns, None)
        yield strip((f"  {fit(name, _FRONT - 2)}", BOLD), *cells)
    sends = [row.counts.sends for row in marked]
    for rate, title in versus_words.RATES.items():
        yield strip()
        yield strip((f"  {title}", HEADING))
        found = verdicts([rates_of(row.counts)[SortBy(rate)] for row in marked], sends)
        for name, verdict in zip(letters[1:], found, strict=True):
            yield from _verdict_lines(name, verdict, width)
    yield strip()
    for text in filter(None, (versus_words.correction(len(marked)), *versus_words.WARNINGS)):
        yield from (strip((f"  {line}", DIM)) for line in wrapped(text, max(10, width - 4)))


def _verdict_lines(name: str, verdict: Verdict, width: int) -> Iterator[Strip]:
    clear = verdict.finding in (Finding.BETTER, Finding.WORSE)
    said, difference = versus_words.finding(name, verdict), versus_words.difference(verdict)
    texts = [f"{said}   {difference}"] if len(said) + len(difference) + 7 <= width else [said, f"  {difference}"]
    for text in texts:
        for line in wrapped(text, max(10, width - 6)):
            yield strip((f"    {line}", BOLD if clear else PLAIN))
