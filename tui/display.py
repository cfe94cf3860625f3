"""Sends only the cells that changed: what the terminal shows already is remembered and compared, cell by cell.

Textual repaints whole widgets, which over a slow link is most of what is sent. This overrides its private `_display`;
where Textual's parts are not as expected, everything falls back to Textual's own. Knows no widget.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import split_graphemes
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

Cell = tuple[str, Style | None]  # the right half of a wide character is ("", style)
Piece = tuple[int, int, Strip]  # y, x and what is to stand there

_GAP = 6  # unchanged cells that are sent again rather than moved over: a move costs about as many bytes
_UNKNOWN: Cell = ("\0", None)


def supported() -> bool:
    """Whether this version of Textual has the private parts that are used here, in the form that is used."""
    return (
        list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]
        and list(inspect.signature(ChopsUpdate.__init__).parameters) == ["self", "chops", "spans", "chop_ends"]
        and list(inspect.signature(LayoutUpdate.__init__).parameters) == ["self", "strips", "region"]
        and all(hasattr(App, name) for name in ("_begin_update", "_end_update", "post_display_hook"))
    )


def pieces_of(update: object) -> Iterator[Piece]:
    """What an update of Textual's compositor would paint, as pieces of lines."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield y, update.region.x, Strip.join(list(line))
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= last and end > first:
                    yield y, x, strip.crop(0, min(end, last) - x)


def cells_of(strip: Strip) -> list[Cell]:
    """The cells of a line."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if text.isascii():
            cells += [(character, style) for character in text]
            continue
        for start, end, width in split_graphemes(text)[0]:
            if width == 0:
                if cells:
                    cells[-1] = (cells[-1][0] + text[start:end], cells[-1][1])
                continue
            cells.append((text[start:end], style))
            cells += [("", style)] * (width - 1)
    return cells


class Shadow:
    """What the terminal shows, as far as it is known."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}

    def forget(self) -> None:
        """The terminal may show anything: the next update is sent whole."""
        self._rows.clear()

    def changes(self, pieces: Iterable[Piece], console: Console) -> str:
        """Takes in what is painted and returns what must be sent for it."""
        sent: list[str] = []
        for y, x, strip in pieces:
            cells = cells_of(strip)
            row = self._rows.setdefault(y, [])
            end = x + len(cells)
            if len(row) < end:
                row += [_UNKNOWN] * (end - len(row))
            if row[x:end] == cells:
                continue
            for first, last in _runs(row, cells, x):
                sent.append(Control.move_to(x + first, y).segment.text)
                sent.append(_rendered(cells[first:last], x + first, y, console))
            row[x:end] = cells
        return "".join(sent)


def _runs(row: list[Cell], cells: list[Cell], x: int) -> list[tuple[int, int]]:
    """The spans of `cells` that differ from what stands in the row from `x` on, never cutting a wide character."""
    runs: list[tuple[int, int]] = []
    count = len(cells)
    for place in range(count):
        if row[x + place] == cells[place]:
            continue
        first, last = place, place + 1
        while first > 0 and (cells[first][0] == "" or row[x + first][0] == ""):
            first -= 1
        while last < count and (cells[last][0] == "" or row[x + last][0] == ""):
            last += 1
        if runs and first - runs[-1][1] <= _GAP:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return runs


def _rendered(cells: list[Cell], x: int, y: int, console: Console) -> str:
    """The cells as terminal sequences; after characters whose width terminals disagree on, the cursor is placed."""
    segments: list[Segment] = []
    text, style = "", cells[0][1]
    placed: list[str] = []

    def flush() -> None:
        nonlocal text
        if text:
            segments.append(Segment(text, style))
            text = ""

    for place, (character, cell_style) in enumerate(cells, 1):
        if cell_style != style:
            flush()
            style = cell_style
        text += character
        if character and not _sure(character) and place < len(cells):
            flush()
            placed.append(Strip(segments).render(console))
            following = place + (1 if cells[place][0] == "" else 0)
            placed.append(Control.move_to(x + following, y).segment.text)
            segments = []
    flush()
    return "".join(placed) + Strip(segments).render(console)


def _sure(character: str) -> bool:
    """Whether every terminal shows it in one cell: Latin letters, box drawing and block elements."""
    return len(character) == 1 and (character < "\u0250" or "\u2500" <= character <= "\u259f" or character in "–…▸▾▴▲·")


class CellDiff(App[None]):
    """An app that sends only changed cells; Textual's own way where that cannot be done safely."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shadow = Shadow()
        self._diffs = supported()

    def forget_screen(self) -> None:
        """Whatever the terminal shows is sent again with the next frame."""
        self._shadow.forget()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        plain = isinstance(renderable, (LayoutUpdate, ChopsUpdate))
        if not self._diffs or not plain or self.is_inline:
            self._shadow.forget()
            super()._display(screen, renderable)
            return
        try:
            if self._batch_count or not self._running or self._closed or self.is_headless or self._driver is None:
                return
            sent = self._shadow.changes(pieces_of(renderable), self.console)
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            if not sent and cursor == self._previous_cursor_position:
                return
            self._previous_cursor_position = cursor
            self._begin_update()
            self._driver.write(sent + Control.move_to(*cursor).segment.text)
            self._end_update()
            self._driver.flush()
        finally:
            self.post_display_hook()
