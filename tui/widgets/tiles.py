"""The tiles: the counts and rates of the period in one row, in the longest form that fits. Knows no other panel."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.domain.proportions import Rate
from storage.language.texts import _
from storage.report.report import Report
from tui.data.drill import narrowed
from tui.terminal.style import CURSOR, DIM, FOCUSED, fit
from tui.widgets.panel import Panel, strip
from tui.widgets.tile_figures import Tile, tiles_of
from tui.words import file_headings


class Tiles(Panel):
    """The row of tiles: captions, numbers, and what they count if there is room."""

    key = "tiles"
    number = 1
    title = _("Starts")
    compares = True

    def show(self, report: Report | None, previous: Report | None = None) -> None:
        # A change needs a line of its own, which a small terminal has only then.
        self.set_class(previous is not None, "-compared")
        super().show(report, previous)

    def shown_data(self, report: Report) -> Hashable:
        return (
            report.starts,
            report.sends,
            report.users,
            report.users_sent,
            tuple(report.origins.items()),
            report.answered,
            report.status,
        )

    def _tiles(self) -> list[Tile]:
        return [] if self.report is None else tiles_of(self.report, self.previous)

    def item_count(self) -> int:
        return len(self._tiles())

    def _placed(self) -> tuple[int, list[PlacedTile]]:
        """The index of the first shown tile, and the shown tiles; they include the one under the cursor."""
        tiles = self._tiles()
        for first in range(len(tiles)):
            placed = layout(tiles[first:], self.size.width - 1, self.previous is not None and self.size.height > 2)
            if self.cursor < first + len(placed) or not placed:
                return first, placed
        return 0, []

    def drill_filter(self, filter: Filter) -> Filter | None:
        if self.report is None:
            return None
        tile = self._tiles()[self.cursor]
        return narrowed(filter, tile.statuses, tile.origins)

    def count_at_cursor(self) -> int:
        return 0 if self.report is None else self._tiles()[self.cursor].drill_count

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        if self.previous is None:
            return [file_headings.TILES, *((tile.name, *_cells(tile.value)) for tile in tiles_of(report))]
        tiles = tiles_of(report, self.previous)
        rows = ((tile.name, *_cells(tile.value), *_cells(tile.before)) for tile in tiles)
        return [(*file_headings.TILES, *file_headings.TILES_BEFORE), *rows]

    def item_at(self, x: int, y: int) -> int | None:
        start = 1
        first, shown = self._placed()
        for index, placed in enumerate(shown, first):
            if start <= x < start + placed.cells:
                return index
            start += placed.cells + 1
        return None

    def _lines(self, width: int, height: int) -> list[Strip]:
        if self.report is None or width < 8:
            return []
        first, shown = self._placed()
        more = first + len(shown) < self.item_count()
        rows: list[list[tuple[str, Style]]] = [[(" ", DIM)] for _ in range(3)]
        for index, placed in enumerate(shown, first):
            tile, cells = placed.tile, placed.cells
            on = self.has_focus and index == self.cursor
            below = next((form for form in tile.below if len(form) <= cells), "")
            rows[0].append((fit(placed.name, cells), FOCUSED if on else DIM))
            rows[1].append((fit(placed.value, cells), tile.style + CURSOR if on else tile.style))
            rows[2].append((fit(below, cells), tile.below_style))
            for row in rows:
                row.append((" ", DIM))
        if shown:  # arrows: there are more tiles to the left or to the right
            rows[1][0] = ("‹" if first else " ", FOCUSED)
            rows[1][-1] = ("›" if more else " ", FOCUSED)
        return [strip(*row) for row in rows[:height]]


class PlacedTile(NamedTuple):
    """A tile with the caption and the value that are shown, and its width in cells."""

    tile: Tile
    name: str
    value: str
    cells: int


def _cells(value: float | Rate | None) -> tuple[str, str, str]:
    """A number to save: its value, and for a rate its two counts; no value of a base under 30."""
    if isinstance(value, Rate):
        return "" if value.shown is None else str(value.shown), str(value.count), str(value.of)
    return "" if value is None else str(value), "", ""


# The forms of name, number and what is below, from the longest to the shortest: whether the name is short, the form of
# the number, and the form of what is below that has to fit, None if it need not.
_FORMS = (
    (False, 0, 0),
    (False, 0, -1),
    (True, 0, -1),
    (False, 1, -1),
    (True, 1, -1),
    (True, 0, None),
    (True, 1, None),
)


def layout(tiles: list[Tile], width: int, below_matters: bool = False) -> list[PlacedTile]:
    """Places tiles in the longest form in which all fit; if none fits, leaves out the last tiles. No number is cut.

    Args:
        tiles: the tiles, from the first that is to be shown.
        width: cells of the row.
        below_matters: whether what is below each number has to fit in some form.

    Returns:
        The tiles that fit, in order; empty if not even the first one fits.
    """
    while tiles:
        for name_short, form, below in _FORMS:
            if below is None and below_matters:
                continue
            placed = [_placed(tile, name_short, form, below) for tile in tiles]
            spare = width - sum(one.cells for one in placed) - len(placed)
            if spare >= 0:
                extra = min(6, spare // len(placed))
                return [one._replace(cells=one.cells + extra) for one in placed]
        tiles = tiles[:-1]
    return []


def _placed(tile: Tile, name_short: bool, form: int, below: int | None) -> PlacedTile:
    name = tile.short if name_short else tile.name
    value = tile.forms[min(form, len(tile.forms) - 1)] + (tile.unit if name_short else "")
    return PlacedTile(tile, name, value, max(len(name), len(value), 0 if below is None else len(tile.below[below])))
