"""Files into events: which format a file is, and its records as events, rejects and ignored parts.

To add a format: one module here that turns its records into events, and one entry in FORMATS. Nothing here touches a
database.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from storage.domain.events import Ignored, Item
from storage.sources import botmaker, cloud_api, send_log
from storage.sources.fields import reject
from storage.sources.json_reader import json_items
from storage.sources.json_scanner import decode, records
from storage.sources.opened import START, Offset, OpenedSource, Options, UnknownFormat
from storage.sources.stream import LONGEST, Stream, without_mark
from storage.sources.table_reader import LINE_END, header_and_rows, table_items


def open_source(file: BinaryIO, options: Options, begin: Offset = START) -> OpenedSource:
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
            options.format or found.name, stream, lambda source: json_items(source, stream, options), begin
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
    first = next((line for line in LINE_END.split(sample.decode("utf-8", "replace")) if line.strip()), "")
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


def _botmaker_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    first, rows = header_and_rows(source, stream, separator)
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
    yield from table_items(source, first.cells, rows, table.send)


def _send_log_items(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    first, rows = header_and_rows(source, stream, separator)
    header = first.cells
    columns = send_log.columns_of(header)
    if columns is None:
        yield reject(first.where, "the header cannot be read", first.text)
        return
    log = send_log.SendLog(options.time_zone, options.line)

    def read(cells: list[str]) -> Item:
        return log.row(dict(zip(header, cells, strict=True)), columns)

    yield from table_items(source, header, rows, read)


def _no_table(source: OpenedSource, stream: Stream, options: Options, separator: str) -> Iterator[Item]:
    raise UnknownFormat("is JSON, not a table")


FORMATS: dict[str, Callable[[OpenedSource, Stream, Options, str], Iterator[Item]]] = {
    cloud_api.NAME: _no_table,
    send_log.NAME: _send_log_items,
    botmaker.NAME: _botmaker_items,
}
_JSON_FORMATS = frozenset((cloud_api.NAME, send_log.NAME))
