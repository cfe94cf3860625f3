"""Reads tables: rows into the items of a format. Knows no format in particular."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import dropwhile, islice
from operator import itemgetter

from msgspec.structs import replace as replaced

from storage.domain.events import Ignored, Item, Reject
from storage.domain.sends import Sends
from storage.sources.column_dates import DateOrders
from storage.sources.fields import Unreadable, reject
from storage.sources.format import Context, Format, RowReader
from storage.sources.opened import OpenedSource
from storage.sources.stream import MAX_ROW_BYTES, Stream
from storage.sources.table_blocks import CutLines, LineBlocks, cut_lines, is_blank
from storage.sources.table_lines import Decode, Line, TooLong, sample_lines, text_lines
from storage.sources.table_rows import Row, rows_of
from storage.sources.table_runs import equal_lines, places


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
    rows = shape.rows(text_lines(LineBlocks(stream), shape.decode, shape.separator))
    header = next(rows)
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
        lines = text_lines(LineBlocks(stream), shape.decode, shape.separator)
        rows = shape.rows(lines, len(header[0]))
    reading = _reading(source, stream, table, header)
    if isinstance(reading, Reject):
        yield reading
        return
    yield from reading.without_description(rows)
    for row in rows:
        yield reading.item(row)


def table_parts(source: OpenedSource, stream: Stream, table: Table, most: int) -> Iterator[Item | Sends]:
    """The same items, with many rows read at once where that is possible; other arguments as of `table_items`.

    Args:
        source: Counts the records and holds the place that was reached.
        stream: The table, at its beginning.
        table: What is known of it.
        most: How many rows at once, at most.
    """
    shape, blocks = table.shape, LineBlocks(stream, most)
    rows = shape.rows(text_lines(blocks, shape.decode, shape.separator))
    header = next(rows)
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
        blocks = LineBlocks(stream, most)
        rows = shape.rows(text_lines(blocks, shape.decode, shape.separator), len(header[0]))
    reading = _reading(source, stream, table, header)
    if isinstance(reading, Reject):
        yield reading
        return
    yield from reading.without_description(rows)
    end = blocks.offset if source.start.position else reading.end
    one_by_one_until = 0
    while True:
        # Where a row ends with the lines that were read, none of these waits to be the begin of another row.
        if end is not None and blocks.nothing_behind(end) and blocks.offset[0] >= one_by_one_until:
            blocks.go_on(end)
            yield from reading.equal_lines(blocks, shape)
            while (cut := cut_lines(block := blocks.peek(), shape.separator, shape.decode)) is not None:
                first = blocks.offset[1] + 1
                blocks.take(block, len(cut.lines))
                yield from reading.parts(cut, first, blocks.offset)
                yield from reading.equal_lines(blocks, shape)
            one_by_one_until = blocks.offset[0] + len(block)
            rows = shape.rows(text_lines(blocks, shape.decode, shape.separator), len(header[0]))
        for row in rows:
            yield reading.item(row)
            end = row[2]
            if end is not None and blocks.nothing_behind(end) and blocks.offset[0] >= one_by_one_until:
                break
        else:
            return


def _reading(source: OpenedSource, stream: Stream, table: Table, header: Row) -> _Reading | Reject:
    """The table behind a header; a reject where its format does not know the whole header."""
    names, where, _ = header
    dates, separator = _date_orders(source, stream, table), table.shape.separator
    assert table.format.table is not None
    reader = table.format.table(names, replace(table.context, dates=dates))
    if reader is None:
        return reject(f"line {where}", "unreadable header", separator.join(names).encode("utf-8", "replace"))
    source.notes = lambda: (*dates.notes(), *reader.notes())
    source.columns = tuple((name, reader.understood().get(place)) for place, name in enumerate(names))
    return _Reading(source, separator, names, reader)


class _Reading:
    """One table while it is read.

    Attributes:
        end: Where the row behind the first one starts, if the first one was read and reading can resume there.

    Args:
        source: Counts the records and holds the place that was reached.
        separator: What separates cells.
        header: The names of the columns.
        reader: Reads the rows below them.
    """

    def __init__(self, source: OpenedSource, separator: str, header: list[str], reader: RowReader) -> None:
        self._source, self._separator = source, separator
        self._reader, self._read = reader, reader.item
        self._width, self._last, self._others = len(header), header[-1], header[1:]
        self.end: tuple[int, int] | None = None

    def without_description(self, rows: Iterator[Row]) -> Iterator[Item]:
        """The item of the first row, which may describe the columns; nothing where reading starts behind it."""
        if not self._source.start.position and (first := next(rows, None)) is not None:
            self.end = first[2]
            if self._reader.is_description(_fitted(first[0], self._width)):
                yield Ignored("row of column descriptions")
            else:
                yield self.item(first)

    def item(self, row: Row) -> Item:
        """The item of one row."""
        cells, number, end = row
        item = self._item_of(cells, number)
        if end is not None:
            self._source.reached = end
        return item

    def _item_of(self, cells: list[str], number: int) -> Item:
        if self._is_header(cells):
            return Ignored("repeated header")
        self._source.records += 1
        try:
            if type(cells[0]) is TooLong:
                raise Unreadable(f"longer than {MAX_ROW_BYTES >> 20} MB")
            return self._read(cells if len(cells) == self._width else _as_wide(cells, self._width))
        except Unreadable as error:
            return reject(f"line {number}", str(error), self._separator.join(cells).encode("utf-8", "replace"))

    def equal_lines(self, blocks: LineBlocks, shape: TableShape) -> Iterator[Item]:
        """Takes blank lines, and runs of equal ones that give no event; what the lines of a run say is told once."""
        while True:
            blocks.skip_blank(shape.separator)
            lines = equal_lines(blocks, shape.decode, partial(shape.rows, width=self._width))
            if lines is None:
                return
            before, first = self._source.records, blocks.offset[1] + 1
            item = None if lines.cells is None else self._item_of(lines.cells, first)
            records, self._source.records = self._source.records - before, before
            if item is not None and type(item) is not Reject and type(item) is not Ignored:
                return
            blocks.take(lines.text, lines.count)
            self._source.records += records * lines.count
            if item is not None:
                self._source.reached = blocks.offset
                yield _told_once(item, first, lines.count)

    def _is_header(self, cells: list[str]) -> bool:
        return cells[-1] == self._last and cells[1:] == self._others  # the first cell may carry a byte order mark

    def parts(self, cut: CutLines, first: int, end: tuple[int, int]) -> Iterator[Item | Sends]:
        """What some lines say, each of which is one row.

        Args:
            cut: The lines and their rows.
            first: The number of the first line.
            end: The place behind them, which is reached with the last part.
        """
        rows, width = cut.rows, self._width
        if {*map(len, rows)} == {width} and self._last not in map(itemgetter(-1), rows):
            sends, others = self._reader.together(rows)
        else:
            fit = [place for place, cells in enumerate(rows) if len(cells) == width and not self._is_header(cells)]
            sends, odd = self._reader.together([rows[place] for place in fit])
            others = sorted({*range(len(rows))}.difference(fit).union(fit[place] for place in odd))
        parts: list[Item | Sends] = [
            self._item_of(rows[place], first + place)
            for place in others
            if not is_blank(cut.lines[place], rows[place], self._separator)
        ]
        if sends is not None:
            self._source.records += len(sends)
            parts.append(sends)
        yield from parts[:-1]
        self._source.reached = end
        yield from parts[-1:]


def _told_once(item: Reject | Ignored, first: int, count: int) -> Reject | Ignored:
    """What the first line of a run says, for all of them."""
    if isinstance(item, Reject):
        return replaced(item, where=places(first, count))
    return replace(item, count=item.count * count)


def _as_wide(cells: list[str], width: int) -> list[str]:
    """The cells without empty ones at the end that the header does not have; raises Unreadable."""
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    raise Unreadable(f"{len(cells)} columns, but the header has {width}")


def _fitted(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _date_orders(source: OpenedSource, stream: Stream, table: Table) -> DateOrders:
    """How the order of day and month is decided: by all rows of a file, by the first ones of a pipe."""

    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        with stream.again() as again:
            if again is None:
                lines = iter(sample_lines(table.sample, table.shape.decode))
            else:
                lines = text_lines(LineBlocks(again), table.shape.decode, table.shape.separator)
            yield from ((number, cells) for cells, number, _ in islice(table.shape.rows(lines), 1, None))

    options, lines_before = table.context.options, source.start.lines
    return DateOrders(options.dates, rows, whole=stream.can_repeat, read_before=lines_before)
