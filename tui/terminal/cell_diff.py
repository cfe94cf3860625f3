"""Sends only the cells that changed: each frame is compared with what the terminal shows, cell by cell.

Textual repaints whole widgets, which is slow over a slow link. This overrides its private `_display`; if a version of
Textual lacks the expected private parts, its own `_display` is used. Knows no widget.
"""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip

from tui.terminal.key_order import OrderedKeys
from tui.terminal.style import colorless

Cell = tuple[str, Style | None]  # the right half of a wide character is ("", style)
Piece = tuple[int, int, Strip]  # y, x and the cells to show there

_MAX_GAP = 6  # unchanged cells that are sent again: moving the cursor over them takes about as many bytes
_BLANK: Cell = (" ", None)
_CLEAR = "\x1b[0m\x1b[2J"
_ERASE_LINE = "\x1b[K"


def supported() -> bool:
    """Whether this version of Textual has the private methods and parameters that this module uses."""
    return (
        list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]
        and list(inspect.signature(ChopsUpdate.__init__).parameters) == ["self", "chops", "spans", "chop_ends"]
        and list(inspect.signature(LayoutUpdate.__init__).parameters) == ["self", "strips", "region"]
        and all(hasattr(App, name) for name in ("_begin_update", "_end_update", "post_display_hook"))
    )


def pieces_of(update: object) -> Iterator[Piece]:
    """The parts of lines that an update of Textual's compositor would paint, as (y, x, cells)."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield y, update.region.x, Strip.join(list(line))
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= last and end > first:
                    yield y, x, strip.crop(0, min(end, last) - x)


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same parts, those that follow each other on a line as one: the cursor is positioned once for all of them."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece[0] == last[0] and piece[1] == last[1] + last[2].cell_length:
            last = last[0], last[1], Strip.join([last[2], piece[2]])
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


def cells_of(strip: Strip) -> list[Cell]:
    """The cells of a line."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if text.isascii():
            blank = _BLANK if _is_plain_background(style) else (" ", style)
            cells += [blank if character == " " else (character, style) for character in text]
            continue
        for start, end, width in split_graphemes(text)[0]:
            if width == 0:
                if cells:
                    cells[-1] = (cells[-1][0] + text[start:end], cells[-1][1])
                continue
            cells.append((text[start:end], style))
            cells += [("", style)] * (width - 1)
    return cells


class TerminalBuffer:
    """The cells that the terminal shows, as far as they are known."""

    def __init__(self, ascii_only: bool = False) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._clear = True
        self._ascii_only = ascii_only

    def forget(self) -> None:
        """Forgets all cells; the next update clears the terminal first."""
        self._clear = True

    def changes(self, pieces: Iterable[Piece], console: Console, size: Size) -> str:
        """Stores the painted cells, and returns the text to send to the terminal.

        Cells outside `size` are left out: after the terminal has become smaller, Textual still paints one frame of the
        old size, and a terminal would draw these cells at its edges.

        Args:
            pieces: what Textual paints.
            console: knows which colours the terminal has.
            size: of the terminal, in cells.
        """
        width, height = size
        sent: list[str] = []
        if self._clear:
            self._rows.clear()
            self._clear = False
            sent.append(_CLEAR)
        encoder = Encoder(console)
        for y, x, strip in joined(pieces):
            if y >= height or x >= width:
                continue
            cells = cells_of(strip.crop(0, width - x))
            if self._ascii_only:
                cells = [(in_ascii(character), style) for character, style in cells]
            row = self._rows.setdefault(y, [])
            end = x + len(cells)
            if len(row) < end:
                row += [_BLANK] * (end - len(row))
            if row[x:end] == cells:
                continue
            for first, last in _runs(row, cells, x):
                sent.append(Control.move_to(x + first, y).segment.text)
                erases = all(
                    character == " " and _is_plain_background(style) for character, style in row[x + last : width]
                )
                sent.append(encoder.encode(cells[first:last], x + first, y, erases))
            row[x:end] = cells
        return "".join(sent)


def in_ascii(character: str) -> str:
    """The character of a cell for an ASCII terminal; it takes one cell too."""
    if character.isascii():
        # The right half of a wide character ("") becomes a cell of its own, as its left half does.
        return character or "?"
    if character in _IN_ASCII:
        return _IN_ASCII[character]
    letter = unicodedata.normalize("NFKD", character)[0]  # without its accent
    return letter if letter.isascii() and letter.isprintable() and cell_len(character) == 1 else "?"


_IN_ASCII = {
    **dict.fromkeys("─━–―", "-"),
    **dict.fromkeys("│▏▕┃", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("█▐▌■▓", "#"),
    **dict.fromkeys("▁▂", "_"),
    **dict.fromkeys("▃▄", "="),
    **dict.fromkeys("▅▆▇▒", "%"),
    "·": ".",
    "…": "~",
    "░": ":",
    "□": "o",
    "▸": ">",
    "▾": "v",
    "▲": "^",
    "×": "x",
    "↑": "^",
    "↓": "v",
    "←": "<",
    "‹": "<",
    "›": ">",
    "→": ">",
}


def _runs(row: list[Cell], cells: list[Cell], x: int) -> list[tuple[int, int]]:
    """The spans of `cells` that differ from the row from `x` on, as (first, end); they never cut a wide character."""
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
        if runs and first - runs[-1][1] <= _MAX_GAP:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return runs


class Encoder:
    """Encodes cells as text with terminal sequences, with the shortest sequence for each change of style."""

    def __init__(self, console: Console) -> None:
        self._system = console._color_system or ColorSystem.TRUECOLOR
        self._colored = not colorless()

    def encode(self, cells: list[Cell], x: int, y: int, erases: bool) -> str:
        """Encodes a run of cells; the style is plain before and after.

        After a character whose width differs between terminals, the cursor is positioned again.

        Args:
            cells: the run.
            x: column of its first cell.
            y: row of the run.
            erases: whether blanks at its end may be erased instead of written: up to the right edge of the screen there
                are blanks only.
        """
        end = len(cells)
        if erases:
            while end and cells[end - 1][0] == " " and _is_plain_background(cells[end - 1][1]):
                end -= 1
        out: list[str] = []
        pen = _PLAIN_PEN
        for place, (character, style) in enumerate(cells[:end], 1):
            wanted = _pen(style, self._system, self._colored)
            if wanted != pen and not (character == " " and style is None and pen.leaves_blanks):
                out.append(_change(pen, wanted))
                pen = wanted
            out.append(character)
            if character and not _has_certain_width(character) and place < end:
                following = place + (1 if cells[place][0] == "" else 0)
                out.append(Control.move_to(x + following, y).segment.text)
        if pen != _PLAIN_PEN:
            out.append(_change(pen, _PLAIN_PEN))
        if end < len(cells):
            out.append(_ERASE_LINE if len(cells) - end > len(_ERASE_LINE) else " " * (len(cells) - end))
        return "".join(out)


class _Pen(NamedTuple):
    """A style as SGR codes (ECMA-48): attributes, foreground and background; and the link (OSC 8)."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""
    link: str = ""

    @property
    def leaves_blanks(self) -> bool:
        """Whether a blank looks plain in it: no background, reverse, underline, strike or link."""
        marks = self.attributes.split(";")
        return not (self.background or self.link or {"4", "7", "9", "21", "53"} & set(marks))


_PLAIN_PEN = _Pen()


@lru_cache(maxsize=4096)
def _pen(style: Style | None, system: ColorSystem, colored: bool) -> _Pen:
    if style is None:
        return _PLAIN_PEN
    codes = []
    for color, foreground in ((style.color, True), (style.bgcolor, False)):
        shown = None if color is None or color.is_default or not colored else color.downgrade(system)
        codes.append("" if shown is None else ";".join(shown.get_ansi_codes(foreground)))
    attributes = Strip.render_ansi(style.without_color, system)
    link = f"{style._link_id};{style.link}" if style.link else ""
    return _Pen(attributes, codes[0], codes[1], link)


def _change(before: _Pen, after: _Pen) -> str:
    """The sequences that change one pen into another."""
    out = ""
    if before.link and before.link != after.link:
        out += "\x1b]8;;\x1b\\"
    if before.attributes and before.attributes != after.attributes:
        # Terminals differ in how single attributes are switched off, so all are reset and the remaining ones set again.
        codes = [code for code in (after.attributes, after.foreground, after.background) if code]
        out += f"\x1b[0;{';'.join(codes)}m" if codes else "\x1b[0m"
    elif after == _Pen(link=after.link):
        out += "\x1b[0m" if before.attributes or before.foreground or before.background else ""
    else:
        codes = [after.attributes] if after.attributes != before.attributes else []
        if after.foreground != before.foreground:
            codes.append(after.foreground or "39")
        if after.background != before.background:
            codes.append(after.background or "49")
        out += f"\x1b[{';'.join(codes)}m" if codes else ""
    if after.link and before.link != after.link:
        number, _, target = after.link.partition(";")
        out += f"\x1b]8;id={number};{target}\x1b\\"
    return out


def _is_plain_background(style: Style | None) -> bool:
    """Whether a blank in this style shows only the terminal's own background."""
    if style is None:
        return True
    background = style.bgcolor is None or style.bgcolor.is_default
    return background and not (style.reverse or style.underline or style.strike or style.link)


def _has_certain_width(character: str) -> bool:
    """Whether every terminal shows it in one cell: Latin letters, box drawing, block elements and a few others."""
    return len(character) == 1 and (character < "\u0250" or "\u2500" <= character <= "\u259f" or character in "–…▸▾▴▲·")


class CellDiff(OrderedKeys):
    """An app that sends only changed cells, or paints as Textual does if that is not safe."""

    def __init__(self, ascii_only: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._buffer = TerminalBuffer(ascii_only)
        self._diffs = supported()

    def forget_screen(self) -> None:
        """Sends the whole screen again with the next frame."""
        self._buffer.forget()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        known = renderable is None or isinstance(renderable, (LayoutUpdate, ChopsUpdate))
        if not self._diffs or not known or self.is_inline:
            self._buffer.forget()
            super()._display(screen, renderable)
            return
        try:
            if renderable is None or self._batch_count or not self._running or self._closed:
                return
            if self.is_headless or self._driver is None:
                return
            sent = self._buffer.changes(pieces_of(renderable), self.console, self.size)
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
