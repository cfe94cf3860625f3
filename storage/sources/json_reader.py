"""Reads a stream of JSON objects with all JSON formats: people keep webhooks and sends in one log.

Knows no format in particular. This is the hottest path of an import: nearly every line takes `JsonReaders.one`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storage.domain.events import Event, Ignored, Item
from storage.sources import formats
from storage.sources.fields import reject
from storage.sources.format import Context, Shortcut
from storage.sources.json_scanner import Record, Scanner, decode
from storage.sources.opened import OpenedSource
from storage.sources.stream import PIECE_BYTES, Stream

_BRACE, _LINE_FEED = b"{\n"


def json_items(source: OpenedSource, stream: Stream, context: Context) -> Iterator[Item]:
    """The items of a stream of JSON objects, from `source.start` on."""
    readers, scanner = JsonReaders(context), Scanner()
    one, several = readers.one, readers.several
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
    for line in stream.lines(PIECE_BYTES):
        if not scanner.inside and (item := one(line)) is not None:
            source.records += 1
            source.reached = stream.offset
            yield item
            continue
        number = stream.offset[1] + (line[-1] != _LINE_FEED)
        if not scanner.inside and (items := several(line, number)) is not None:
            source.records += 1
            yield from items[:-1]
            # With its last item the whole line is given out, and reading can resume after it.
            source.reached = stream.offset
            yield from items[-1:]
            continue
        for record in scanner.feed(line, number):
            yield from _record_items(source, readers, record)
        if not scanner.inside:
            source.reached = stream.offset
    for record in scanner.end():
        yield from _record_items(source, readers, record)


def _record_items(source: OpenedSource, readers: JsonReaders, record: Record | None) -> list[Item]:
    if record is None:
        return [Ignored("line without JSON")]
    source.records += 1
    return readers.items(record)


class JsonReaders:
    """The readers of all JSON formats, in the order of `formats.FORMATS`.

    `items` is the rule. `one` and `several` are shortcuts for whole lines and give the same.
    """

    def __init__(self, context: Context) -> None:
        self._readers = [format.json(context) for format in formats.FORMATS if format.json is not None]
        self._event_of: Callable[[bytes], Event | None] = _no_event
        for reader in reversed(self._readers):
            if (shortcut := reader.shortcut()) is not None:
                self._event_of = _first_match(shortcut, self._event_of)

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text; a reject where no format reads it."""
        text, where = record.text, record.where
        if record.broken is not None:
            return [reject(where, record.broken, text)]
        try:
            items = self._direct_items(text, where)
            if items is None:
                items = self._value_items(text, where)
        except (ValueError, RecursionError) as error:
            return [reject(where, f"invalid JSON: {error}", text)]
        return [reject(where, "unrecognised record", text)] if items is None else items

    @property
    def one(self) -> Callable[[bytes], Event | None]:
        """Gives the only event of a line in the most common shape of a format; None for any other line."""
        return self._event_of

    def several(self, line: bytes, number: int) -> list[Item] | None:
        """The items of a line that is one object of a format's types; None for any other line."""
        return self._direct_items(line, f"line {number}") if line[0] == _BRACE else None

    def _direct_items(self, text: bytes, where: str) -> list[Item] | None:
        for reader in self._readers:
            if (items := reader.direct_items(text, where)) is not None:
                return items
        return None

    def _value_items(self, text: bytes, where: str) -> list[Item] | None:
        value = decode(text)
        for reader in self._readers:
            if (items := reader.items(value, text, where)) is not None:
                return items
        return None


def _no_event(line: bytes) -> None:
    return None


def _first_match(shortcut: Shortcut, otherwise: Callable[[bytes], Event | None]) -> Callable[[bytes], Event | None]:
    """A shortcut for the lines that start as it says, and another function for the rest.

    Nested functions instead of a loop over all shortcuts, which takes 3% longer to read a log.
    """
    start, read = shortcut.line_start, shortcut.read

    def event_of(line: bytes) -> Event | None:
        return read(line) if line.startswith(start) else otherwise(line)

    return event_of
