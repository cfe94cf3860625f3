"""Recognises a file's format from its first bytes and opens it. Knows no format in particular and no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage.domain.events import Item
from storage.sources import formats
from storage.sources.format import Context, Format
from storage.sources.json_reader import json_items
from storage.sources.json_scanner import decode, records
from storage.sources.opened import START, Offset, OpenedSource, Options, UnknownFormat
from storage.sources.stream import Stream, without_bom
from storage.sources.table_reader import Table, table_items
from storage.sources.table_recognition import NoTable, recognise_table


@dataclass(frozen=True, slots=True)
class _Recognised:
    """A file's format; table: the table that it is, None for JSON."""

    format: Format
    table: Table | None


def open_source(file: BinaryIO, options: Options, start: Offset = START) -> OpenedSource:
    """Recognises a file by its content and opens it.

    Args:
        file: The file, plain or compressed, at its beginning.
        options: How to read it.
        start: Where to start, as `OpenedSource.resume_at` of an earlier reading gave it.

    Raises:
        UnknownFormat: No format fits, or `options.format` does not.
    """
    stream, context = Stream(file), formats.context_of(options)
    sample = without_bom(stream.sample())
    _refuse_unreadable(stream, sample)
    table = recognise_table(stream.sample(), context)
    recognised = _Recognised(table.format, table) if isinstance(table, Table) else _recognise_json(sample, context)
    refusal = table.refusal if isinstance(table, NoTable) else None
    if options.format is not None:
        recognised = _named(options.format, recognised, refusal)
    elif recognised is None:
        raise UnknownFormat(f"unrecognised file format; {refusal or f'expected {formats.expected()}'}")

    def read(source: OpenedSource) -> Iterator[Item]:
        if recognised.table is None:
            return json_items(source, stream, context)
        return table_items(source, stream, recognised.table)

    return OpenedSource(recognised.format.name, stream, read, start)


def _named(name: str, recognised: _Recognised | None, refusal: str | None) -> _Recognised:
    """The format that the caller named, if the file can be in it.

    All JSON formats are read in any JSON file, so there the name only decides what the journal says.
    """
    format = next((format for format in formats.FORMATS if format.name == name), None)
    if format is None:
        raise UnknownFormat(f"unknown format '{name}'; expected {formats.expected()}")
    if recognised is not None and recognised.format is format:
        return recognised
    if format.json is not None and refusal is None and (recognised is None or recognised.table is None):
        return _Recognised(format, None)
    raise UnknownFormat(f"does not look like {name}{f'; {refusal}' if refusal and recognised is None else ''}")


def _refuse_unreadable(stream: Stream, sample: bytes) -> None:
    if not sample.strip():
        raise UnknownFormat(stream.broken or "empty file")
    if (archive := stream.other_archive) is not None:
        raise UnknownFormat(archive)
    if b"\0" in sample:
        raise UnknownFormat("binary file; expected text, plain or compressed (gzip, bzip2, xz, zip)")


def _recognise_json(sample: bytes, context: Context) -> _Recognised | None:
    readers = [(format, format.json(context)) for format in formats.FORMATS if format.json is not None]
    for record in records(sample.splitlines(keepends=True)):
        if record is None:
            continue
        try:
            value = decode(record.text)
        except ValueError:
            continue
        for format, reader in readers:
            if reader.items(value, record.text, record.where) is not None:
                return _Recognised(format, None)
    # The first object may be longer than the sample, and the first ones may be broken.
    return next((_Recognised(format, None) for format, reader in readers if reader.looks_like(sample)), None)
