"""Reads a stream of JSON objects with all JSON formats: people keep webhooks and sends in one log.

Knows no format in particular. This is the hottest path of an import: nearly every line takes `JsonReaders.one`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from storage.domain.events import Event, Item
from storage.sources import formats
from storage.sources.format import Context, Format, Shortcut
from storage.sources.json_scanner import Record
from storage.sources.object_finder import ObjectFinder
from storage.sources.opened import OpenedSource
from storage.sources.stream import PIECE_BYTES, Stream
from storage.sources.stretches import TEXT_LINE, UNKNOWN, Stretches
from storage.sources.unwrapping import Unwrapper

_BRACE, _LINE_FEED = b"{\n"
_FEW_ITEMS = 100  # of a line; more are not kept to look for equal lines


def json_items(source: OpenedSource, stream: Stream, context: Context) -> Iterator[Item]:
    """The items of a stream of JSON objects, from `source.start` on."""
    readers = JsonReaders(context)
    finder = ObjectFinder(readers.words, readers.useless)
    stretches = Stretches(source, stream, finder, readers.useless)
    one, several = readers.one, readers.several
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
    for line in stream.lines(PIECE_BYTES, skip_empty=True):
        if not finder.inside and (item := one(line)) is not None:
            source.records += 1
            source.reached = stream.offset
            yield item
            continue
        number = stream.offset[1] + (line[-1] != _LINE_FEED)
        if not finder.inside and (items := several(line, number)) is not None:
            source.records += 1
            yield from items[:-1]
            # With its last item the whole line is given out, and reading can resume after it.
            source.reached = stream.offset
            yield from items[-1:]
            continue
        stretches.begin(line)
        items = []
        for found in _found_items(source, readers, finder, line, number):
            if len(items) < _FEW_ITEMS:
                items.append(found)
            yield found
        behind = stretches.behind(items, number) if len(items) < _FEW_ITEMS else ()
        yield from behind[:-1]
        if not finder.inside:
            source.reached = stream.offset
        yield from behind[-1:]
    for record in finder.end():
        yield from _record_items(source, readers, record)


def _found_items(
    source: OpenedSource, readers: JsonReaders, finder: ObjectFinder, line: bytes, number: int
) -> Iterator[Item]:
    """The items of the objects that end on a line, or a piece of one."""
    passed = finder.passed
    for record in finder.feed(line, number):
        yield from _record_items(source, readers, record)
    if finder.passed > passed:
        source.records += finder.passed - passed
        yield replace(UNKNOWN, count=finder.passed - passed)


def _record_items(source: OpenedSource, readers: JsonReaders, record: Record | None) -> list[Item]:
    if record is None:
        return [TEXT_LINE]
    source.records += 1
    return readers.items(record)


class JsonReaders:
    """The readers of all JSON formats, in the order of `formats.FORMATS`.

    `items` is the rule. `one` and `several` are shortcuts for whole lines and give the same.

    Attributes:
        words: A line with one of them that cannot be read is a reject.
        useless: Knows the texts that hold no record.
    """

    def __init__(self, context: Context) -> None:
        self._formats = {format.json(context): format for format in formats.FORMATS if format.json is not None}
        self._unwrapper = Unwrapper([*self._formats])
        self.words, self.useless = self._unwrapper.words, self._unwrapper.useless
        self._event_of: Callable[[bytes], Event | None] = _no_event
        for reader in reversed(self._formats):
            if (shortcut := reader.shortcut()) is not None:
                self._event_of = _first_match(shortcut, self._event_of)

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text; a reject where it is meant as a record and no format reads it."""
        return self._unwrapper.items(record)

    def format_of(self, record: Record) -> Format | None:
        """The format of the records in a JSON text; None where it holds none that can be read."""
        self._unwrapper.items(record)
        return None if self._unwrapper.reader is None else self._formats[self._unwrapper.reader]

    @property
    def one(self) -> Callable[[bytes], Event | None]:
        """Gives the only event of a line in the most common shape of a format; None for any other line."""
        return self._event_of

    def several(self, line: bytes, number: int) -> list[Item] | None:
        """The items of a line that is one object of a format's types; None for any other line."""
        return self._unwrapper.direct_items(line, f"line {number}") if line[0] == _BRACE else None


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
