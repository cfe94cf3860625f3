"""Rows as an aligned table for a terminal. Knows nothing of what they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tui.commands.output import is_utf8, printable
from tui.terminal.sanitize import ELLIPSIS

_GAP = "  "
_NARROWEST = 8  # cells of a column that is cut


def aligned(rows: Sequence[Sequence[str]], columns: int | None = None) -> list[str]:
    """The lines of a table; control characters become U+FFFD.

    Args:
        rows: the cells, equally many in each row; the first row may be the header.
        columns: cells of the terminal. To fit, the last column is cut first, then the widest; None cuts nothing.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cells_of, column)) for column in zip(*cells, strict=True)]
    if columns is not None:
        widths = _fitted(widths, columns - len(_GAP) * (len(widths) - 1))
    return [_GAP.join(map(padded, row, widths)).rstrip() for row in cells]


def cells_of(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitted(widths: list[int], room: int) -> list[int]:
    """Widths that fit into so many cells, as far as no column gets narrower than `_NARROWEST`."""
    fitted = [*widths]
    fitted[-1] = max(min(fitted[-1], _NARROWEST), fitted[-1] - max(0, sum(fitted) - room))
    while sum(fitted) > room and (widest := max(fitted)) > _NARROWEST:
        fitted[fitted.index(widest)] -= 1
    return fitted


def padded(text: str, width: int) -> str:
    """A text in so many cells: cut with an ellipsis, or with spaces after it."""
    count = cells_of(text)
    if count > width:
        text, count = _cut(text, width)
    return text + " " * (width - count)


def _cut(text: str, width: int) -> tuple[str, int]:
    """The beginning of a text with an ellipsis, and its cells."""
    kept, count = "", 0
    for character in text:
        if count + _width(character) > width - 1:
            break
        kept += character
        count += _width(character)
    return kept + (ELLIPSIS if is_utf8() else "~"), count + 1
