"""The tiles: the counts of the period in one row, in the longest form that fits. Knows no other panel."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin, StartStatus
from storage.report.report import Report, share
from tui.data.drill import narrowed
from tui.terminal.style import BOLD, CURSOR, DIM, FOCUSED, fit, status_style
from tui.widgets.panel import Panel, strip
from tui.words.numbers import NO_VALUE, number, percent, short_number
from tui.words.wording import SHORT_ORIGINS

SENDS = frozenset((Origin.TEMPLATE, Origin.NOTIFICATION))


class Tile(NamedTuple):
    """One number.

    Attributes:
        name: its caption.
        short: its caption if there is little room.
        forms: its value, from the longest form to the shortest.
        below: what it counts, shown below if there is room.
        style: of the value.
        drill_count: how many starts or users Enter shows.
        origins: what Enter narrows the filter to.
        statuses: what Enter narrows the filter to.
    """

    name: str
    short: str
    forms: tuple[str, ...]
    below: str
    style: Style
    drill_count: int
    origins: frozenset[Origin] = frozenset()
    statuses: frozenset[StartStatus] = frozenset()


def tiles_of(report: Report) -> list[Tile]:
    """The tiles of a report, in order."""
    answered, status = report.answered, report.status
    per_user = f"{report.sends / report.users_sent:.2f}" if report.users_sent else NO_VALUE
    answered_share = percent(share(answered.users_answered, answered.users_reached))
    failed_share = percent(share(status.failed, report.sends))
    tiles = [
        Tile("Starts", "Starts", _forms(report.starts), "all origins", BOLD, report.starts),
        Tile("Sends", "Sends", _forms(report.sends), "notifications", BOLD, report.sends, origins=SENDS),
        Tile("Users", "Users", _forms(report.users), "in all starts", BOLD, report.users),
        Tile("Users sent to", "Sent to", _forms(report.users_sent), "in sends", BOLD, report.users_sent, origins=SENDS),
        Tile("Sends per user", "Per user", (per_user,), "users sent to", BOLD, report.sends, origins=SENDS),
        Tile(
            "Answered",
            "Answered",
            (f"{answered_share} {number(answered.users_answered)}", answered_share),
            f"of {short_number(answered.users_reached)} users",
            status_style(StartStatus.ANSWERED, bold=True),
            answered.users_answered,
            statuses=frozenset((StartStatus.ANSWERED,)),
        ),
        Tile(
            "Failed",
            "Failed",
            (f"{failed_share} {number(status.failed)}", failed_share),
            f"of {short_number(report.sends)} sends",
            status_style(StartStatus.FAILED, bold=True),
            status.failed,
            statuses=frozenset((StartStatus.FAILED,)),
        ),
    ]
    below = {
        Origin.TEMPLATE: "single sends",
        Origin.NOTIFICATION: "mass sends",
        Origin.WEBCHAT: "referred",
        Origin.CAMPAIGN: "referred by ads",
    }
    short = {
        Origin.TEMPLATE: "Single",
        Origin.NOTIFICATION: "Mass",
        Origin.WEBCHAT: "Web",
        Origin.CAMPAIGN: "Ads",
    }
    tiles += [
        Tile(
            SHORT_ORIGINS[origin],
            short[origin],
            _forms(count),
            below[origin],
            BOLD,
            count,
            origins=frozenset((origin,)),
        )
        for origin, count in report.origins.items()
    ]
    return tiles


def _forms(count: int) -> tuple[str, ...]:
    full, short = number(count), short_number(count)
    return (full, short) if short != full else (full,)


class Tiles(Panel):
    """The row of tiles: captions, numbers, and what they count if there is room."""

    key = "tiles"
    number = 1
    title = "Starts"

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

    def item_count(self) -> int:
        return 0 if self.report is None else len(tiles_of(self.report))

    def _placed(self) -> tuple[int, list[PlacedTile]]:
        """The index of the first shown tile, and the shown tiles; they include the one under the cursor."""
        tiles = [] if self.report is None else tiles_of(self.report)
        for first in range(len(tiles)):
            placed = layout(tiles[first:], self.size.width - 1)
            if self.cursor < first + len(placed) or not placed:
                return first, placed
        return 0, []

    def drill_filter(self, filter: Filter) -> Filter | None:
        if self.report is None:
            return None
        tile = tiles_of(self.report)[self.cursor]
        return narrowed(filter, tile.statuses, tile.origins)

    def count_at_cursor(self) -> int:
        return 0 if self.report is None else tiles_of(self.report)[self.cursor].drill_count

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        tiles = tiles_of(report)
        return [("tile", "value", "of"), *((tile.name, tile.forms[0], tile.below) for tile in tiles)]

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
            below = tile.below if len(tile.below) <= cells else ""
            rows[0].append((fit(placed.name, cells), FOCUSED if on else DIM))
            rows[1].append((fit(placed.value, cells), tile.style + CURSOR if on else tile.style))
            rows[2].append((fit(below, cells), DIM))
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


def layout(tiles: list[Tile], width: int) -> list[PlacedTile]:
    """Places tiles in the longest form in which all fit; if none fits, leaves out the last tiles. No number is cut.

    Args:
        tiles: the tiles, from the first that is to be shown.
        width: cells of the row.

    Returns:
        The tiles that fit, in order; empty if not even the first one fits.
    """
    while tiles:
        for names_short in (False, True):
            for form in range(3):
                placed = [_placed(tile, names_short, form) for tile in tiles]
                spare = width - sum(one.cells for one in placed) - len(placed)
                if spare >= 0:
                    extra = min(6, spare // len(placed))
                    return [one._replace(cells=one.cells + extra) for one in placed]
        tiles = tiles[:-1]
    return []


def _placed(tile: Tile, name_short: bool, form: int) -> PlacedTile:
    name = tile.short if name_short else tile.name
    value = tile.forms[min(form, len(tile.forms) - 1)]
    below = 0 if name_short else len(tile.below)
    return PlacedTile(tile, name, value, max(len(name), len(value), below))
