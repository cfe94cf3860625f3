"""A against B: the marked rows of a breakdown side by side, and which is better at each rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.strip import Strip

from storage.language.texts import _
from storage.report.breakdown_comparison import ComparedRow
from storage.report.versus import Finding, Verdict, verdicts
from tui.data.breakdown_list import BreakdownList, SortBy, rates_of
from tui.screens.lines_screen import LinesScreen
from tui.terminal.style import BOLD, DIM, HEADING, PLAIN, fit
from tui.widgets import breakdown_columns
from tui.widgets.panel import heading, strip, wrapped
from tui.words import versus_words
from tui.words.keys import Where, bindings
from tui.words.wording import BY_DIMENSION

_FRONT = 6  # cells before a row: its letter


class VersusScreen(LinesScreen):
    """The rows on an opaque screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.VERSUS)]
    where = Where.VERSUS

    def __init__(self) -> None:
        super().__init__()
        self._rows: BreakdownList | None = None
        self._about = ""

    def prepare(self, rows: BreakdownList, about: str) -> None:
        """Sets what the screen shows: a list with marked rows, and in words which starts it counts."""
        self._rows, self._about = replace(rows, previous=None), about
        self.show_lines()

    def lines(self, width: int) -> Iterator[Strip]:
        return iter(()) if self._rows is None else versus_lines(self._rows, self._about, width)


def versus_lines(rows: BreakdownList, about: str, width: int) -> Iterator[Strip]:
    """The marked rows and their verdicts as lines.

    Args:
        rows: a breakdown with two or more marked rows; the first marked one is A.
        about: which starts it counts, in words.
        width: of the lines, in cells.
    """
    marked = rows.marked_rows()
    letters = [versus_words.letter(place) for place in range(len(marked))]
    title = _("by {dimension}, {starts}").format(dimension=BY_DIMENSION[rows.dimension], starts=about)
    yield heading("", _("A against B"), title, width, True)
    yield strip()
    columns = breakdown_columns.placed_side_by_side(rows, max(1, width - _FRONT))
    yield strip((" " * _FRONT, PLAIN), *breakdown_columns.header(rows, columns, arrow=False))
    for name, row in zip(letters, marked, strict=True):
        cells = breakdown_columns.cells(ComparedRow(row, None), columns, None)
        yield strip((f"  {fit(name, _FRONT - 2)}", BOLD), *cells)
    sends = [row.counts.sends for row in marked]
    for rate, title in versus_words.RATES.items():
        yield strip()
        rates = [rates_of(row.counts)[SortBy(rate)] for row in marked]
        counts = "   " + versus_words.counts(rates)
        yield strip((f"  {title}", HEADING), (counts if cell_len(title + counts) < width - 2 else "", DIM))
        found = verdicts(rates, sends)
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
