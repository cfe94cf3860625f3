"""TODO."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from storage.domain.events import Ignored, Item
from storage.sources.fields import Unreadable, reject
from storage.sources.opened import Offset, OpenedSource
from storage.sources.stream import Stream, without_mark

LINE_END = re.compile(r"\r\n|\r|\n")


_MOST_LINES = 1_000  # of one row


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a table, its number from 1, and the place behind it (None: something may follow that is part of it)."""

    number: int
    text: str
    end: Offset | None


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row, and the lines that it begins and ends on."""

    cells: list[str]
    first: _Line
    last: _Line
    separator: str

    @property
    def where(self) -> str:
        """Its place for a person."""
        return f"line {self.first.number}"

    @property
    def text(self) -> bytes:
        """What a reject shows of it."""
        return self.separator.join(self.cells).encode("utf-8", "replace")


def table_rows(stream: Stream, separator: str, width: int | None = None) -> Iterator[_Row]:
    """The rows of a table from where the stream is; `width` is that of the header, where that was read before. Platform
    downloads quote nothing; others quote as CSV does."""
    if separator == "\t":
        rows: Iterator[_Row] = (_Row(line.text.split(separator), line, line, separator) for line in _text_lines(stream))
    else:
        rows = _quoted_rows(_text_lines(stream), separator, width)
    return (row for row in rows if any(cell.strip() for cell in row.cells))


def _text_lines(stream: Stream) -> Iterator[_Line]:
    number = stream.place[1]
    for raw in stream.lines():
        text = (without_mark(raw) if number == 0 else raw).decode("utf-8", "replace").replace("\0", "\ufffd")
        *parts, last = LINE_END.split(text.removesuffix("\n").removesuffix("\r"))
        for part in parts:
            number += 1
            yield _Line(number, part, None)
        number += 1
        yield _Line(number, last, Offset(stream.place[0], number) if raw.endswith(b"\n") else None)


def _quoted_rows(lines: Iterator[_Line], separator: str, width: int | None) -> Iterator[_Row]:
    """Rows whose quoted cells may hold line ends. A quote that nothing closes costs its own line and no more: a row of
    several lines counts only if it is as wide as the header."""
    waiting: deque[_Line] = deque()
    while (first := waiting.popleft() if waiting else next(lines, None)) is not None:
        group = [first]
        quotes = first.text.count('"')
        while quotes % 2 and len(group) < _MOST_LINES:
            more = waiting.popleft() if waiting else next(lines, None)
            if more is None:
                break
            group.append(more)
            quotes += more.text.count('"')
        cells = _cells("\n".join(line.text for line in group), separator)
        if len(group) > 1 and (quotes % 2 or not cells or width not in (None, len(cells))):
            waiting.extendleft(reversed(group[1:]))
            cells, group = _cells(first.text, separator), [first]
        width = width or len(cells)
        yield _Row(cells, first, group[-1], separator)


def _cells(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []


def header_and_rows(source: OpenedSource, stream: Stream, separator: str) -> tuple[_Row, Iterator[_Row]]:
    """The header of a table, and its rows from where reading is to begin."""
    rows = table_rows(stream, separator)
    header = next(rows)
    if source.begin.position:
        stream.skip_to(source.begin.position, source.begin.lines)
        rows = table_rows(stream, separator, len(header.cells))
    return header, rows


def table_items(
    source: OpenedSource, header: list[str], rows: Iterator[_Row], read: Callable[[list[str]], Item]
) -> Iterator[Item]:
    for row in rows:
        if row.cells[1:] == header[1:]:  # the first cell may carry a byte order mark
            item: Item = Ignored("header of a file that was put behind another")
        else:
            source.records += 1
            item = _table_item(header, row, read)
        if row.last.end is not None:
            source.reached = row.last.end.position, row.last.end.lines
        yield item


def _table_item(header: list[str], row: _Row, read: Callable[[list[str]], Item]) -> Item:
    cells = row.cells
    if len(cells) > len(header) and not any(cells[len(header) :]):
        cells = cells[: len(header)]
    try:
        if len(cells) != len(header):
            raise Unreadable(f"{len(cells)} columns where the header has {len(header)}")
        return read(cells)
    except Unreadable as error:
        return reject(row.where, str(error), row.text)
