"""Reads tables: lines into rows, rows into the items of a format. Knows no format in particular."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from storage.domain.events import Ignored, Item
from storage.sources.fields import Unreadable, reject
from storage.sources.format import Context, RowReader
from storage.sources.opened import Offset, OpenedSource
from storage.sources.stream import Stream, without_bom

LINE_END = re.compile(r"\r\n|\r|\n")
_MAX_ROW_LINES = 1_000


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a table.

    Attributes:
        number: From 1.
        text: Without its end.
        end: Where the next line starts; None where reading cannot resume there.
    """

    number: int
    text: str
    end: Offset | None


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row, and its first and last line."""

    cells: list[str]
    first: _Line
    last: _Line
    separator: str

    @property
    def where(self) -> str:
        """Its place in the file, for a person."""
        return f"line {self.first.number}"

    @property
    def text(self) -> bytes:
        """What a reject shows of it."""
        return self.separator.join(self.cells).encode("utf-8", "replace")


def table_items(
    source: OpenedSource,
    stream: Stream,
    table: Callable[[Sequence[str], Context], RowReader | None],
    context: Context,
    separator: str,
) -> Iterator[Item]:
    """The items of a table, from `source.start` on.

    Args:
        source: Counts the records and holds the place that was reached.
        stream: The table, at its beginning: its header has to be read in any case.
        table: The `table` of the format.
        context: What the format's reader gets.
        separator: What separates cells.
    """
    header, rows = _header_and_rows(source, stream, separator)
    reader = table(header.cells, context)
    if reader is None:
        yield reject(header.where, "unreadable header", header.text)
        return
    if not source.start.position and (first := next(rows, None)) is not None:
        if reader.is_description(first.cells):
            yield Ignored("row of column descriptions")
        else:
            rows = chain([first], rows)
    for row in rows:
        if row.cells[1:] == header.cells[1:]:  # the first cell may carry a byte order mark
            item: Item = Ignored("repeated header")
        else:
            source.records += 1
            item = _item(reader, row, len(header.cells))
        if row.last.end is not None:
            source.reached = row.last.end.position, row.last.end.lines
        yield item


def _item(reader: RowReader, row: _Row, width: int) -> Item:
    cells = row.cells
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    try:
        if len(cells) != width:
            raise Unreadable(f"{len(cells)} columns, but the header has {width}")
        return reader.item(cells)
    except Unreadable as error:
        return reject(row.where, str(error), row.text)


def _header_and_rows(source: OpenedSource, stream: Stream, separator: str) -> tuple[_Row, Iterator[_Row]]:
    """The header, and the rows from `source.start` on."""
    rows = _rows(stream, separator)
    header = next(rows)
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
        rows = _rows(stream, separator, len(header.cells))
    return header, rows


def _rows(stream: Stream, separator: str, width: int | None = None) -> Iterator[_Row]:
    """The rows of a table from the stream's offset on, without blank ones.

    Platform downloads separate with tabs and quote nothing; other tables quote as CSV does.

    Args:
        stream: The table.
        separator: What separates cells.
        width: Cells of the header; None where the first row is the header.
    """
    lines = _text_lines(stream)
    if separator == "\t":
        rows: Iterator[_Row] = (_Row(line.text.split(separator), line, line, separator) for line in lines)
    else:
        rows = _quoted_rows(lines, separator, width)
    return (row for row in rows if any(cell.strip() for cell in row.cells))


def _text_lines(stream: Stream) -> Iterator[_Line]:
    number = stream.offset[1]
    for raw in stream.lines():
        text = (without_bom(raw) if number == 0 else raw).decode("utf-8", "replace").replace("\0", "\ufffd")
        *parts, last = LINE_END.split(text.removesuffix("\n").removesuffix("\r"))
        for part in parts:
            number += 1
            yield _Line(number, part, None)
        number += 1
        yield _Line(number, last, Offset(stream.offset[0], number) if raw.endswith(b"\n") else None)


def _quoted_rows(lines: Iterator[_Line], separator: str, width: int | None) -> Iterator[_Row]:
    """Rows whose quoted cells may hold line ends.

    A row of several lines counts only if it is as wide as the header: a quote that is never closed costs its own line
    only.
    """
    waiting: deque[_Line] = deque()
    while (first := waiting.popleft() if waiting else next(lines, None)) is not None:
        group = [first]
        quotes = first.text.count('"')
        while quotes % 2 and len(group) < _MAX_ROW_LINES:
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
