"""Files into events: which format a file is, and its records as events, rejects and ignored parts.

To add a format: one module here that turns its records into events, and one entry in FORMATS. Nothing here touches a
database.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from storage.domain.events import Ignored, Item, LineIds, Origin, Send, Status
from storage.sources import botmaker, cloud_api, send_log
from storage.sources.cloud_api_types import Webhook
from storage.sources.fields import Unreadable, reject
from storage.sources.json_scanner import Record, Scanner, decode, records
from storage.sources.stream import LONGEST, PIECE, Stream, without_mark

_LINE_END = re.compile(r"\r\n|\r|\n")
_MOST_LINES = 1_000  # of one row
_BRACE, _LINE_FEED = b"{\n"
_POSTED = b'{"object"'  # how webhooks begin
_OF_ANOTHER_SHAPE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class UnknownFormat(ValueError):
    """The file is of no known format; the message says what is wrong with it in one line."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an import is told: the zone of naive times, what rows without an origin or a line are of, and a format."""

    time_zone: ZoneInfo
    origin: Origin = Origin.TEMPLATE
    line: LineIds | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two records: bytes of the content before it, and lines."""

    position: int = 0
    lines: int = 0


@dataclass(slots=True)
class OpenedSource:
    """A recognised file: `items` reads it once; `position` and `records` say how far that is. Reading can go on another
    time where it was `done`."""

    format: str
    _stream: Stream
    _read: Callable[[OpenedSource], Iterator[Item]]
    begin: Place
    records: int = 0
    reached: tuple[int, int] = field(init=False)  # position and lines: all before was given out with the last item

    def __post_init__(self) -> None:
        self.reached = self.begin.position, self.begin.lines

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._stream.position

    @property
    def done(self) -> Place:
        """The last place that everything before was given out of."""
        return Place(*self.reached)

    @property
    def packed(self) -> bool:
        """Whether the file is compressed: then reading can't go on at a place."""
        return self._stream.packed

    def items(self) -> Iterator[Item]:
        """Everything the file holds, in its order; never raises for what is in it."""
        return chain(self._read(self), self._stream.end())


def open_source(file: BinaryIO, options: Options, begin: Place = Place()) -> OpenedSource:
    """Recognises a file by its content, to read it from a place that an earlier reading was done with; raises
    UnknownFormat."""
    stream = Stream(file)
    sample = without_mark(stream.sample())
    found = _recognise(stream, sample)
    if options.format is not None:
        if options.format not in FORMATS:
            raise UnknownFormat(f"'{options.format}' is no format; known are {', '.join(FORMATS)}")
        fits = found is None or found.name == options.format or (found.json and options.format in _JSON_FORMATS)
        if not fits or (found is None and options.format not in _JSON_FORMATS):
            raise UnknownFormat(f"does not look like {options.format}")
        found = found or _Found(options.format, json=True)
    if found is None:
        raise UnknownFormat(f"is of no known format; known are {', '.join(FORMATS)}")
    if found.json:
        return OpenedSource(
            options.format or found.name, stream, lambda source: _json_items(source, stream, options), begin
        )
    read, separator = FORMATS[found.name], found.separator
    return OpenedSource(found.name, stream, lambda source: read(source, stream, options, separator), begin)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    json: bool = False
    separator: str = "\t"


def _recognise(stream: Stream, sample: bytes) -> _Found | None:
    if not sample.strip():
        raise UnknownFormat(stream.broken or "is empty")
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnknownFormat("is UTF-16; save it as UTF-8")
    if b"\0" in sample:
        raise UnknownFormat("is a binary file; known formats are text or gzip of it")
    first = next((line for line in _LINE_END.split(sample.decode("utf-8", "replace")) if line.strip()), "")
    csv.field_size_limit(LONGEST)
    for separator in ("\t", ";", ",", "|"):
        cells = next(csv.reader([first], delimiter=separator))
        if len(cells) < 2:
            continue
        if botmaker.header_in(cells) is not None:
            return _Found(botmaker.NAME, separator=separator)
        if send_log.columns_of(cells) is not None:
            return _Found(send_log.NAME, separator=separator)
    return _recognise_json(sample)


def _recognise_json(sample: bytes) -> _Found | None:
    for record in records(sample.splitlines(keepends=True)):
        if record is None:
            continue
        try:
            value = decode(record.text)
        except ValueError:
            continue
        for module in (cloud_api, send_log):
            if module.recognises(value):
                return _Found(module.NAME, json=True)
    # One object may be longer than the sample, or the first ones broken: what is in them still tells.
    if b'"entry"' in sample and b'"changes"' in sample:
        return _Found(cloud_api.NAME, json=True)
    if b'"messaging_product"' in sample and (b'"to"' in sample or b'"recipient"' in sample):
        return _Found(send_log.NAME, json=True)
    return None


def _json_items(source: OpenedSource, stream: Stream, options: Options) -> Iterator[Item]:
    """Webhooks and sends of one stream of JSON objects: people keep both in one log."""
    readers, scanner = _JsonReaders(options), Scanner()
    one, several = readers.one, readers.several
    if source.begin.position:
        stream.skip_to(source.begin.position, source.begin.lines)
    for line in stream.lines(PIECE):
        item = None if scanner.inside else one(line)
        if item is not None:
            source.records += 1
            source.reached = stream.place
            yield item
            continue
        number = stream.place[1] + (line[-1] != _LINE_FEED)
        items = None if scanner.inside else several(line, number)
        if items is None:
            for record in scanner.feed(line, number):
                yield from _record_items(source, readers, record)
            if not scanner.inside:
                source.reached = stream.place
            continue
        source.records += 1
        yield from items[:-1]
        source.reached = stream.place
        yield from items[-1:]
    for record in scanner.end():
        yield from _record_items(source, readers, record)


def _record_items(source: OpenedSource, readers: _JsonReaders, record: Record | None) -> list[Item]:
    if record is None:
        return [Ignored("line without JSON")]
    source.records += 1
    return readers.items(record)


class _JsonReaders:
    """What turns JSON texts into items."""

    def __init__(self, options: Options) -> None:
        self._webhooks = cloud_api.CloudApi(options.time_zone, options.line)
        self._sends = send_log.SendLog(options.time_zone, options.line)
        self._webhook = msgspec.json.Decoder(Webhook).decode
        self._accepted = msgspec.json.Decoder(send_log.Accepted).decode

    def one(self, line: bytes) -> Status | Send | None:
        """The item of a line that is a webhook of one status or an accepted send, in its usual shape, None where it is
        not. Decoding straight into the shape spares looking for the object's end and for what it is."""
        if line.startswith(_POSTED):
            return self._webhooks.one_status(line)
        try:
            return self._sends.accepted(self._accepted(line))
        except (*_OF_ANOTHER_SHAPE, Unreadable):
            return None

    def several(self, line: bytes, number: int) -> list[Item] | None:
        """The items of a line that is one webhook, None where it is not."""
        return self._posted(line, f"line {number}") if line[0] == _BRACE and b'"entry"' in line else None

    def _posted(self, text: bytes, where: str) -> list[Item] | None:
        try:
            return self._webhooks.items(self._webhook(text), where)
        except _OF_ANOTHER_SHAPE:
            return None

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text, whatever it is."""
        text, where = record.text, record.where
        if record.broken is not None:
            return [reject(where, record.broken, text)]
        try:
            items = self._whole(text, where)
        except (ValueError, RecursionError) as error:
            return [reject(where, f"is no JSON: {error}", text)]
        return [reject(where, "is neither a webhook nor a send", text)] if items is None else items

    def _whole(self, text: bytes, where: str) -> list[Item] | None:
        if (items := self._posted(text, where)) is not None:
            return items
        value = decode(text)
        items = self._webhooks.items_of(value, text, where)
        return self._sends.items_of(value, text, where) if items is None else items


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a table, its number from 1, and the place behind it (None: something may follow that is part of it)."""

    number: int
    text: str
    end: Place | None


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


def _rows(stream: Stream, separator: str, width: int | None = None) -> Iterator[_Row]:
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
        *parts, last = _LINE_END.split(text.removesuffix("\n").removesuffix("\r"))
        for part in parts:
            number += 1
            yield _Line(number, part, None)
        number += 1
        yield _Line(number, last, Place(stream.place[0], number) if raw.endswith(b"\n") else None)


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


def _header_and_rows(source: OpenedSource, stream: Stream, separator: str) -> tuple[_Row, Iterator[_Row]]:
    """The header of a table, and its rows from where reading is to begin."""
    rows = _rows(stream, separator)
    header = next(rows)
    if source.begin.position:
        stream.skip_to(source.begin.position, source.begin.lines)
        rows = _rows(stream, separator, len(header.cells))
    return header, rows


def _table_items(
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


def _botmaker_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    first, rows = _header_and_rows(source, stream, separator)
    header = botmaker.header_in(first.cells)
    if header is None:
        yield reject(first.where, "the header cannot be read", first.text)
        return
    table = botmaker.Rows(header, options.time_zone, options.origin, options.line)
    second = None if source.begin.position else next(rows, None)
    if second is not None and table.is_description(second.cells):
        yield Ignored("row of column descriptions")
    elif second is not None:
        rows = chain([second], rows)
    yield from _table_items(source, first.cells, rows, table.send)


def _send_log_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    first, rows = _header_and_rows(source, stream, separator)
    header = first.cells
    columns = send_log.columns_of(header)
    if columns is None:
        yield reject(first.where, "the header cannot be read", first.text)
        return
    log = send_log.SendLog(options.time_zone, options.line)

    def read(cells: list[str]) -> Item:
        return log.row(dict(zip(header, cells, strict=True)), columns)

    yield from _table_items(source, header, rows, read)


def _no_table(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    raise UnknownFormat("is JSON, not a table")


FORMATS: dict[str, Callable[[OpenedSource, Stream, Options, str], Iterator[Item]]] = {
    cloud_api.NAME: _no_table,
    send_log.NAME: _send_log_items,
    botmaker.NAME: _botmaker_items,
}
_JSON_FORMATS = frozenset((cloud_api.NAME, send_log.NAME))

__all__ = ["FORMATS", "OpenedSource", "Options", "Place", "UnknownFormat", "open_source"]
