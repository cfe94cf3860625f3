"""Reads tables: rows into the items of a format. Knows no format in particular."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, dropwhile, islice

from storage.domain.events import Ignored, Item
from storage.sources.column_dates import DateOrders
from storage.sources.fields import Unreadable, reject
from storage.sources.format import Context, Format
from storage.sources.opened import OpenedSource
from storage.sources.stream import Stream
from storage.sources.table_lines import Decode, Line, sample_lines, text_lines
from storage.sources.table_rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class TableShape:
    """How a table is written.

    Attributes:
        separator: What separates cells.
        decode: How its lines are decoded.
        skipped: Lines before the header that are none of its rows: a title, or the name of the separator.
        quotes_all: Whether even cells that need no quotes have them.
    """

    separator: str
    decode: Decode
    skipped: int = 0
    quotes_all: bool = False

    def rows(self, lines: Iterator[Line], width: int | None = None) -> Iterator[Row]:
        """The rows of these lines; arguments as of `rows_of`."""
        if width is None and self.skipped:
            lines = dropwhile(lambda line: line[0] <= self.skipped, lines)
        return rows_of(lines, self.separator, width, quotes_all=self.quotes_all)


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose format is known; context: what the reader of its rows gets; sample: its first bytes."""

    format: Format
    shape: TableShape
    context: Context
    sample: bytes


def table_items(source: OpenedSource, stream: Stream, table: Table) -> Iterator[Item]:
    """The items of a table, from `source.start` on.

    Args:
        source: Counts the records and holds the place that was reached.
        stream: The table, at its beginning: its header has to be read in any case.
        table: What is known of it.
    """
    shape = table.shape
    (header, where, _), rows = _header_and_rows(source, stream, shape)
    dates = _date_orders(source, stream, table)
    assert table.format.table is not None
    reader = table.format.table(header, replace(table.context, dates=dates))
    if reader is None:
        yield reject(f"line {where}", "unreadable header", shape.separator.join(header).encode("utf-8", "replace"))
        return
    source.notes = lambda: (*dates.notes(), *reader.notes())
    source.columns = tuple((name, reader.understood().get(place)) for place, name in enumerate(header))
    if not source.start.position and (first := next(rows, None)) is not None:
        if reader.is_description(_fitted(first[0], len(header))):
            yield Ignored("row of column descriptions")
        else:
            rows = chain([first], rows)
    read, width, last, others = reader.item, len(header), header[-1], header[1:]
    for cells, number, end in rows:
        if cells[-1] == last and cells[1:] == others:  # the first cell may carry a byte order mark
            item: Item = Ignored("repeated header")
        else:
            source.records += 1
            try:
                item = read(cells if len(cells) == width else _as_wide(cells, width))
            except Unreadable as error:
                item = reject(f"line {number}", str(error), shape.separator.join(cells).encode("utf-8", "replace"))
        if end is not None:
            source.reached = end
        yield item


def _as_wide(cells: list[str], width: int) -> list[str]:
    """The cells without empty ones at the end that the header does not have; raises Unreadable."""
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    raise Unreadable(f"{len(cells)} columns, but the header has {width}")


def _fitted(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _header_and_rows(source: OpenedSource, stream: Stream, shape: TableShape) -> tuple[Row, Iterator[Row]]:
    """The header, and the rows from `source.start` on."""
    rows = shape.rows(text_lines(stream, shape.decode))
    header = next(rows)
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
        rows = shape.rows(text_lines(stream, shape.decode), len(header[0]))
    return header, rows


def _date_orders(source: OpenedSource, stream: Stream, table: Table) -> DateOrders:
    """How the order of day and month is decided: by all rows of a file, by the first ones of a pipe."""

    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        with stream.again() as again:
            if again is None:
                lines = iter(sample_lines(table.sample, table.shape.decode))
            else:
                lines = text_lines(again, table.shape.decode)
            yield from ((number, cells) for cells, number, _ in islice(table.shape.rows(lines), 1, None))

    options, lines_before = table.context.options, source.start.lines
    return DateOrders(options.dates, rows, whole=stream.can_repeat, read_before=lines_before)
