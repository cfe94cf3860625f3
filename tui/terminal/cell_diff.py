"""Sends only the cells that changed: what the terminal shows already is remembered and compared, cell by cell.

Textual repaints whole widgets, which over a slow link is most of what is sent. This overrides its private `_display`;
where Textual's parts are not as expected, everything falls back to Textual's own. Knows no widget.
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

from tui.terminal.key_order import OrderlyKeys
from tui.terminal.style import colorless

Cell = tuple[str, Style | None]  # the right half of a wide character is ("", style)
Piece = tuple[int, int, Strip]  # y, x and what is to stand there

_GAP = 6  # unchanged cells that are sent again rather than moved over: a move costs about as many bytes
_BLANK: Cell = (" ", None)
_CLEAR = "\x1b[0m\x1b[2J"
_ERASE_LINE = "\x1b[K"


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
            blank = _BLANK if _shows_nothing(style) else (" ", style)
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


class Shadow:
    """What the terminal shows, as far as it is known."""

    def __init__(self, ascii_only: bool = False) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._clear = True
        self._ascii_only = ascii_only

    def forget(self) -> None:
        """The terminal may show anything: the next update clears it first."""
        self._clear = True

    def changes(self, pieces: Iterable[Piece], console: Console, size: Size) -> str:
        """Takes in what is painted and returns what must be sent for it to a terminal of a size.

        What lies outside is left out: after the terminal has become smaller, Textual still paints a frame of the old
        size, and a terminal would draw what lies beyond its edges on them.
        """
        width, height = size
        sent: list[str] = []
        if self._clear:
            self._rows.clear()
            self._clear = False
            sent.append(_CLEAR)
        encoder = Encoder(console)
        for y, x, strip in pieces:
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
                sent.append(encoder.encode(cells[first:last], x + first, y, width))
            row[x:end] = cells
        return "".join(sent)


def in_ascii(character: str) -> str:
    """The cell's character for a terminal that knows ASCII only; one cell stays one cell."""
    if character.isascii():
        # The right half of a wide character is a cell like any other once its left half is one.
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


class Encoder:
    """Cells as terminal sequences, each change of style as short as it can be said."""

    def __init__(self, console: Console) -> None:
        self._system = console._color_system or ColorSystem.TRUECOLOR
        self._colored = not colorless()

    def encode(self, cells: list[Cell], x: int, y: int, width: int) -> str:
        """A run of cells that begins at (x, y) on a screen of `width` cells; the style is plain before and after.

        Blanks up to the screen's edge are erased. After characters whose width terminals disagree on, the cursor is
        placed again.
        """
        end = len(cells)
        if x + end == width:
            while end and cells[end - 1][0] == " " and _shows_nothing(cells[end - 1][1]):
                end -= 1
        out: list[str] = []
        pen = _PLAIN_PEN
        for place, (character, style) in enumerate(cells[:end], 1):
            wanted = _pen(style, self._system, self._colored)
            if wanted != pen and not (character == " " and style is None and pen.leaves_blanks):
                out.append(_change(pen, wanted))
                pen = wanted
            out.append(character)
            if character and not _sure(character) and place < end:
                following = place + (1 if cells[place][0] == "" else 0)
                out.append(Control.move_to(x + following, y).segment.text)
        if pen != _PLAIN_PEN:
            out.append(_change(pen, _PLAIN_PEN))
        if end < len(cells):
            out.append(_ERASE_LINE if len(cells) - end > len(_ERASE_LINE) else " " * (len(cells) - end))
        return "".join(out)


class _Pen(NamedTuple):
    """A style as the codes of SGR: attributes, foreground and background, and the link."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""
    link: str = ""

    @property
    def leaves_blanks(self) -> bool:
        """Whether a blank looks the same with it as without: no background, reverse, underline or strike."""
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
    """What turns one pen into another."""
    out = ""
    if before.link and before.link != after.link:
        out += "\x1b]8;;\x1b\\"
    if before.attributes and before.attributes != after.attributes:
        # Single attributes cannot be taken off everywhere alike: off with all, and anew what stays.
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


def _shows_nothing(style: Style | None) -> bool:
    """Whether a blank in this style is the terminal's own background."""
    if style is None:
        return True
    background = style.bgcolor is None or style.bgcolor.is_default
    return background and not (style.reverse or style.underline or style.strike or style.link)


def _sure(character: str) -> bool:
    """Whether every terminal shows it in one cell: Latin letters, box drawing and block elements."""
    return len(character) == 1 and (character < "\u0250" or "\u2500" <= character <= "\u259f" or character in "–…▸▾▴▲·")


class CellDiff(OrderlyKeys):
    """An app that sends only changed cells; Textual's own way where that cannot be done safely."""

    def __init__(self, ascii_only: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._shadow = Shadow(ascii_only)
        self._diffs = supported()

    def forget_screen(self) -> None:
        """Whatever the terminal shows is sent again with the next frame."""
        self._shadow.forget()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        known = renderable is None or isinstance(renderable, (LayoutUpdate, ChopsUpdate))
        if not self._diffs or not known or self.is_inline:
            self._shadow.forget()
            super()._display(screen, renderable)
            return
        try:
            if renderable is None or self._batch_count or not self._running or self._closed:
                return
            if self.is_headless or self._driver is None:
                return
            sent = self._shadow.changes(pieces_of(renderable), self.console, self.size)
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
