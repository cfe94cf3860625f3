"""Files into events: which format a file is, and its records as events, rejects and ignored parts.

To add a format: one module here that turns its records into events, and one entry in FORMATS. Nothing here touches a
database.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from storage.events import Ignored, Item, LineIds, Origin
from storage.sources import botmaker, cloud_api, send_log
from storage.sources.fields import Unreadable, reject
from storage.sources.json_records import Record, Scanner, decode, records
from storage.sources.stream import LONGEST, Stream, without_mark

_LINE_END = re.compile(r"\r\n|\r|\n")
_MOST_LINES = 1_000  # of one row


class UnknownFormat(ValueError):
    """The file is of no known format; the message says what is wrong with it in one line."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an import is told: the zone of naive times, what rows without an origin or a line are of, and a format."""

    time_zone: ZoneInfo
    origin: Origin = Origin.TEMPLATE
    line: LineIds | None = None
    format: str | None = None


@dataclass(slots=True)
class OpenedSource:
    """A recognised file: `items` reads it once; `position` and `records` say how far that is."""

    format: str
    _stream: Stream
    _read: Callable[[OpenedSource], Iterator[Item]]
    records: int = 0

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._stream.position

    def items(self) -> Iterator[Item]:
        """Everything the file holds, in its order; never raises for what is in it."""
        yield from self._read(self)
        yield from self._stream.end()


def open_source(file: BinaryIO, options: Options) -> OpenedSource:
    """Recognises a file by its content; raises UnknownFormat."""
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
        return OpenedSource(options.format or found.name, stream, lambda source: _json_items(source, stream, options))
    read, separator = FORMATS[found.name], found.separator
    return OpenedSource(found.name, stream, lambda source: read(source, stream, options, separator))


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
    readers = _JsonReaders(options)
    scanner = Scanner()
    for number, line in stream.lines():
        items = None if scanner.inside else readers.usual(line, number)
        if items is not None:
            source.records += 1
            yield from items
            continue
        for record in scanner.feed(line, number):
            yield from _record_items(source, readers, record)
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
        self._webhook = msgspec.json.Decoder(cloud_api.Webhook).decode
        self._accepted = msgspec.json.Decoder(send_log.Accepted).decode

    def usual(self, line: bytes, number: int) -> list[Item] | None:
        """The items of a line that is one webhook or one accepted send in its usual shape, None where it is not.

        Decoding straight into the shape spares looking for the object's end and for what it is.
        """
        if line[:1] != b"{":
            return None
        try:
            if b'"entry"' in line:
                return self._webhooks.items(self._webhook(line), line, f"line {number}")
            send = self._sends.accepted(self._accepted(line))
            return None if send is None else [send]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unreadable):
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
        try:
            webhook = self._webhook(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            value = decode(text)
            items = self._webhooks.items_of(value, text, where)
            return self._sends.items_of(value, text, where) if items is None else items
        return self._webhooks.items(webhook, text, where)


def _rows(stream: Stream, separator: str) -> Iterator[tuple[int, list[str], bytes]]:
    """The rows of a table with the line each begins on. Platform downloads quote nothing; others quote as CSV does."""
    lines = enumerate(_text_lines(stream), 1)
    if separator == "\t":
        rows: Iterator[tuple[int, list[str]]] = ((number, line.split(separator)) for number, line in lines)
    else:
        rows = _quoted_rows(lines, separator)
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield number, cells, separator.join(cells).encode("utf-8", "replace")


def _text_lines(stream: Stream) -> Iterator[str]:
    for number, line in stream.lines():
        text = (without_mark(line) if number == 1 else line).decode("utf-8", "replace").replace("\0", "\ufffd")
        yield from _LINE_END.split(text.removesuffix("\n").removesuffix("\r"))


def _quoted_rows(lines: Iterator[tuple[int, str]], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows whose quoted cells may hold line ends. A quote that nothing closes costs its own line and no more: a row of
    several lines counts only if it is as wide as the header."""
    waiting: deque[tuple[int, str]] = deque()
    width = None
    while (first := waiting.popleft() if waiting else next(lines, None)) is not None:
        group = [first]
        quotes = first[1].count('"')
        while quotes % 2 and len(group) < _MOST_LINES:
            more = waiting.popleft() if waiting else next(lines, None)
            if more is None:
                break
            group.append(more)
            quotes += more[1].count('"')
        cells = _cells("\n".join(line for _, line in group), separator)
        if len(group) > 1 and (quotes % 2 or not cells or width not in (None, len(cells))):
            waiting.extendleft(reversed(group[1:]))
            cells = _cells(first[1], separator)
        width = width or len(cells)
        yield first[0], cells


def _cells(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []


def _table_items(
    source: OpenedSource,
    header: list[str],
    rows: Iterator[tuple[int, list[str], bytes]],
    read: Callable[[list[str]], Item],
) -> Iterator[Item]:
    for number, cells, text in rows:
        if header_of("".join(cells)) == header_of("".join(header)):
            yield Ignored("header of a file that was put behind another")
            continue
        source.records += 1
        if len(cells) > len(header) and not any(cells[len(header) :]):
            cells = cells[: len(header)]
        try:
            if len(cells) != len(header):
                raise Unreadable(f"{len(cells)} columns where the header has {len(header)}")
            yield read(cells)
        except Unreadable as error:
            yield reject(f"line {number}", str(error), text)


def _botmaker_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    rows = _rows(stream, separator)
    first, cells, text = next(rows)
    header = botmaker.header_in(cells)
    if header is None:
        yield reject(f"line {first}", "the header cannot be read", text)
        return
    table = botmaker.Rows(header, options.time_zone, options.origin, options.line)
    second = next(rows, None)
    if second is not None and table.is_description(second[1]):
        yield Ignored("row of column descriptions")
    elif second is not None:
        yield from _table_items(source, iter([second]), table.send)
    yield from _table_items(source, rows, table.send)


def _send_log_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    rows = _rows(stream, separator)
    first, header, text = next(rows)
    columns = send_log.columns_of(header)
    if columns is None:
        yield reject(f"line {first}", "the header cannot be read", text)
        return
    log = send_log.SendLog(options.time_zone, options.line)

    def read(cells: list[str]) -> Item:
        if len(cells) != len(header):
            raise Unreadable(f"{len(cells)} columns where the header has {len(header)}")
        return log.row(dict(zip(header, cells, strict=True)), columns)

    yield from _table_items(source, rows, read)


def _no_table(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    raise UnknownFormat("is JSON, not a table")


FORMATS: dict[str, Callable[[OpenedSource, Stream, Options, str], Iterator[Item]]] = {
    cloud_api.NAME: _no_table,
    send_log.NAME: _send_log_items,
    botmaker.NAME: _botmaker_items,
}
_JSON_FORMATS = frozenset((cloud_api.NAME, send_log.NAME))

__all__ = ["FORMATS", "OpenedSource", "Options", "UnknownFormat", "open_source"]
