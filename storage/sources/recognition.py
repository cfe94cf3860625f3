"""Recognises a file's format from its first bytes and opens it. Knows no format in particular and no database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from storage.domain.events import Item
from storage.domain.log_lines import LinesRead, Sink
from storage.domain.sends import Sends
from storage.language.stored_texts import translated
from storage.language.texts import _
from storage.sources import formats
from storage.sources.format import Context, Format
from storage.sources.json_reader import JsonReaders, json_parts
from storage.sources.object_finder import objects_in
from storage.sources.opened import START, Offset, OpenedSource, Options, UnknownFormat
from storage.sources.stream import SAMPLE_BYTES, Stream, without_bom

if TYPE_CHECKING:  # what reads tables is loaded where a file may be one: most files are logs of JSON
    from storage.sources.table_reader import Table

# At the start of a line or long; single ones between other characters are UTF-16 or no text at all.
_RUN_OF_NULS = re.compile(rb"(?:\A|(?<=\n))\0+|\0{8,}")
_BINARY = re.compile(rb"[\0-\x06\x0e-\x1a]")


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
    sample = _text_of(without_bom(stream.sample()), stream)
    recognised, refusal = _recognise(sample, stream, context)
    if options.format is not None:
        recognised = _named(options.format, recognised, refusal)
    elif recognised is None:
        if refusal is not None:
            raise UnknownFormat(_("unrecognised file format; {why}").format(why=refusal))
        raise UnknownFormat(_("unrecognised file format; expected {formats}").format(formats=formats.expected()))

    def read(source: OpenedSource, most: int, sink: Sink) -> Iterator[Item | Sends | LinesRead]:
        if recognised.table is None:
            return json_parts(source, stream, context, most, sink)
        from storage.sources.table_reader import table_items, table_parts

        if most == 1:
            return table_items(source, stream, recognised.table)
        return table_parts(source, stream, recognised.table, most)

    return OpenedSource(recognised.format.name, stream, read, start)


def _named(name: str, recognised: _Recognised | None, refusal: str | None) -> _Recognised:
    """The format that the caller named, if the file can be in it.

    All JSON formats are read in any JSON file, so there the name only decides what the journal says.
    """
    format = next((format for format in formats.FORMATS if format.name == name), None)
    if format is None:
        message = _("unknown format '{given}'; expected {formats}")
        raise UnknownFormat(message.format(given=name, formats=formats.expected()))
    if recognised is not None and recognised.format is format:
        return recognised
    if format.json is not None and refusal is None and (recognised is None or recognised.table is None):
        return _Recognised(format, None)
    if refusal and recognised is None:
        raise UnknownFormat(_("does not look like {format}; {why}").format(format=name, why=refusal))
    raise UnknownFormat(_("does not look like {format}").format(format=name))


def _text_of(sample: bytes, stream: Stream) -> bytes:
    """The sample without the NULs that a log gets when it is cut off (`copytruncate`) or its computer dies."""
    if not sample.strip() and len(sample) < SAMPLE_BYTES:
        raise UnknownFormat(translated(stream.broken) if stream.broken else _("empty file"))
    if (archive := stream.other_archive) is not None:
        raise UnknownFormat(archive)
    text = _RUN_OF_NULS.sub(b"", sample) if b"\0" in sample else sample
    if _BINARY.search(text) is not None:
        raise UnknownFormat(_("binary file; expected text, plain or compressed (gzip, bzip2, xz, zip)"))
    return text


def _recognise(sample: bytes, stream: Stream, context: Context) -> tuple[_Recognised | None, str | None]:
    """The format; and why a table has none."""
    # A table may have webhooks in a column, but not if the caller says what its columns are.
    if not context.options.columns and any(word in sample for word, _ in _words(context)):
        recognised = _recognise_json(sample, context)
        if recognised is not None:
            return recognised, None
    from storage.sources.table_recognition import NoTable, recognise_table

    table = recognise_table(stream.sample(), context)
    if isinstance(table, NoTable):
        return _recognise_json(sample, context) or _search(stream, context), table.refusal
    return _Recognised(table.format, table), None


def _search(stream: Stream, context: Context) -> _Recognised | None:
    """The format of a log that starts with other things, such as heartbeats."""
    words = dict(reversed(_words(context, with_hints=True)))
    found = stream.first_of([*words]) if words else None
    return None if found is None else _Recognised(words[found], None)


def _words(context: Context, *, with_hints: bool = False) -> list[tuple[bytes, Format]]:
    """The words that tell of records of a format, in the order of the formats."""
    readers = [(format, format.json(context)) for format in formats.FORMATS if format.json is not None]
    words = [(reader.word, format) for format, reader in readers if reader.word is not None]
    return words + [(hint, format) for format, reader in readers for hint in reader.hints] if with_hints else words


def _recognise_json(sample: bytes, context: Context) -> _Recognised | None:
    readers = JsonReaders(context)
    for record in objects_in(sample, ()):
        if record is not None and (format := readers.format_of(record)) is not None:
            return _Recognised(format, None)
    # The first object may be longer than the sample, and the first ones may be broken.
    for format in formats.FORMATS:
        if format.json is not None and format.json(context).looks_like(sample):
            return _Recognised(format, None)
    return None
