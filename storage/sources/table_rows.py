"""Cuts the lines of a table into rows of cells. Knows no encoding and no format.

Tables quote as RFC 4180 says: a quoted cell may hold separators and line ends, and quotes inside it are doubled. But
quotes may also be ordinary characters, and one that is never closed must cost its own row only.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator

from storage.sources.stream import MAX_ROW_BYTES
from storage.sources.table_lines import Line, TooLong

_MAX_ROW_LINES = 1_000
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t|]*', re.IGNORECASE | re.DOTALL)
_NEEDS_QUOTES = re.compile(r'[\t\n,;|"]')

# The cells of a row, the number of its first line, and where the next row starts; None where reading cannot resume.
Row = tuple[list[str], int, tuple[int, int] | None]


def named_separator(line: str) -> str | None:
    """The separator that a spreadsheet's first line "sep=;" names; None for any other line."""
    found = _SEPARATOR_LINE.fullmatch(line)
    return None if found is None else found[1]


def rows_of(
    lines: Iterator[Line], separator: str, width: int | None = None, *, quotes_all: bool = False
) -> Iterator[Row]:
    """The rows of a table without blank ones.

    Args:
        lines: The lines.
        separator: What separates cells.
        width: Cells of the header; None where the first row is the header.
        quotes_all: Whether even cells that need no quotes have them.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    waiting: deque[Line] = deque()
    blank = " " + separator
    while True:
        if waiting:
            line = waiting.popleft()
        elif (found := next(lines, None)) is not None:
            line = found
        else:
            return
        number, text, end = line
        if type(text) is TooLong:
            cells: list[str] = [text]
        elif '"' not in text:
            if not text.strip(blank):
                continue
            cells = text.split(separator)
        else:
            cells, end = _quoted(line, lines, waiting, separator, width, quotes_all)
            if not any(cell.strip() for cell in cells):
                continue
        if width is None:
            width = len(cells)
        yield cells, number, end


def _quoted(
    line: Line, lines: Iterator[Line], waiting: deque[Line], separator: str, width: int | None, quotes_all: bool
) -> tuple[list[str], tuple[int, int] | None]:
    """The cells of a row that begins with this line, which has a quote; and where the next row starts.

    A row of several lines counts only if it is as wide as the header.
    """
    _, text, end = line
    if separator != "\t":
        return _quoted_over_lines(line, lines, waiting, separator, width)
    plain = text.split(separator)
    if len(plain) == width:
        # Platforms that separate with tabs quote nothing; spreadsheets quote only what needs it, or everything.
        if plain[-1].startswith('"') and plain[-1].count('"') % 2:
            end = _close(plain, line, lines, waiting, separator)
        return [_unquoted(cell, quotes_all) for cell in plain], end
    cells, end = _quoted_over_lines(line, lines, waiting, separator, width)
    # A row of several lines is as wide as the header, so one of another width is this line only.
    return (plain, line[2]) if width is not None and len(cells) != width else (cells, end)


def _close(
    cells: list[str], line: Line, lines: Iterator[Line], waiting: deque[Line], separator: str
) -> tuple[int, int] | None:
    """Completes a last cell whose quote is open with the lines below, which are no rows; and where the next row starts.

    Where the quote is never closed, or a row comes first, it is a part of the cell.
    """
    group: list[Line] = []
    size = len(line[1])
    while len(group) < _MAX_ROW_LINES and size < MAX_ROW_BYTES:
        more = waiting.popleft() if waiting else next(lines, None)
        if more is None:
            break
        group.append(more)
        size += len(more[1])
        if separator in more[1]:
            break
        if more[1].count('"') % 2:
            cells[-1] = "\n".join([cells[-1], *(one[1] for one in group)])
            return more[2]
    waiting.extendleft(reversed(group))
    return line[2]


def _quoted_over_lines(
    line: Line, lines: Iterator[Line], waiting: deque[Line], separator: str, width: int | None
) -> tuple[list[str], tuple[int, int] | None]:
    group, quotes, size = [line], line[1].count('"'), len(line[1])
    while quotes % 2 and len(group) < _MAX_ROW_LINES and size < MAX_ROW_BYTES:
        more = waiting.popleft() if waiting else next(lines, None)
        if more is None:
            break
        group.append(more)
        quotes, size = quotes + more[1].count('"'), size + len(more[1])
    cells = _cells("\n".join(one[1] for one in group), separator)
    if len(group) > 1 and (quotes % 2 or not cells or width not in (None, len(cells))):
        waiting.extendleft(reversed(group[1:]))
        cells, group = _cells(line[1], separator), [line]
    return cells, group[-1][2]


def _unquoted(cell: str, quotes_all: bool) -> str:
    """The value of a cell in quotes; the cell itself where its quotes are its own."""
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inner = cell[1:-1]
    if '"' in inner.replace('""', "") or not (quotes_all or _NEEDS_QUOTES.search(inner)):
        return cell
    return inner.replace('""', '"')


def _cells(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []
