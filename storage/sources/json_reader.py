"""Reads a stream of JSON objects with all JSON formats: people keep webhooks and sends in one log.

Knows no format in particular. This is the hottest path of an import: nearly every line takes `JsonReaders.into`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from storage.domain.events import Ignored, Item, Reject
from storage.domain.log_lines import LINES_READ, LinesRead, Sink
from storage.sources import formats
from storage.sources.format import Context, Format
from storage.sources.json_scanner import Record
from storage.sources.object_finder import ObjectFinder
from storage.sources.opened import OpenedSource
from storage.sources.stream import PIECE_BYTES, Stream
from storage.sources.stretches import TEXT_LINE, UNKNOWN, Stretches
from storage.sources.unwrapping import Unwrapper

_BRACE, _LINE_FEED = b"{\n"
_MOST_LINES = 200  # read before something is given out
_FEW_ITEMS = 100  # of a line; more are not kept to look for equal lines


def json_parts(
    source: OpenedSource, stream: Stream, context: Context, most: int, sink: Sink
) -> Iterator[Item | LinesRead]:
    """Reads a stream of JSON objects, from `source.start` on.

    Args:
        source: Counts the records and holds the place that was reached.
        stream: The content.
        context: How to read it.
        most: How many lines may be read before something is given out.
        sink: Takes what whole lines say, before a `LinesRead` is given out.

    Returns:
        The other items.
    """
    readers = JsonReaders(context)
    finder = ObjectFinder(readers.words, readers.useless)
    stretches = Stretches(source, stream, finder, readers.useless)
    one, several = readers.into(sink), readers.several
    lines, reached, most = 0, source.reached, min(most, _MOST_LINES)  # lines read since something was given out
    if source.start.position:
        stream.seek(source.start.position, source.start.lines)
    for line in stream.lines(PIECE_BYTES, skip_empty=True):
        if not finder.inside and (one(line) or several(line, _number_of(line, stream), sink)):
            lines += 1
            if lines < most:
                lines += _taken_behind(stream, most - lines, one, several, sink)
            reached = stream.offset
            if lines >= most:
                source.records, source.reached, lines = source.records + lines, reached, 0
                yield LINES_READ
            continue
        if lines:
            source.records, source.reached, lines = source.records + lines, reached, 0
            yield LINES_READ
        number = _number_of(line, stream)
        stretches.begin(line)
        items: list[Item] = []
        for found in _found_items(source, readers, finder, line, number):
            if len(items) < _FEW_ITEMS:
                items.append(found)
            yield found
        behind = stretches.behind(items, number) if len(items) < _FEW_ITEMS else ()
        yield from behind[:-1]
        if not finder.inside:
            source.reached = stream.offset
        yield from behind[-1:]
    if lines:
        source.records, source.reached = source.records + lines, reached
        yield LINES_READ
    for record in finder.end():
        yield from _record_items(source, readers, record)


def _number_of(line: bytes, stream: Stream) -> int:
    """The number of the line that a stream gave last; a last line without an end is not counted yet."""
    return stream.offset[1] + (line[-1] != _LINE_FEED)


def _taken_behind(
    stream: Stream,
    most: int,
    one: Callable[[bytes], bool],
    several: Callable[[bytes, int, Sink], bool],
    sink: Sink,
) -> int:
    """Reads lines that are in memory, behind one that was read, as long as they have a shape that can be read so.

    To get them from `Stream.lines` one by one takes a tenth of the time of a log.

    Returns:
        How many were read and passed over.
    """
    number, size, taken = stream.offset[1], 0, 0
    for line in stream.ahead(most):
        if line[-1] != _LINE_FEED or not (one(line) or several(line, number + taken + 1, sink)):
            break
        size += len(line)
        taken += 1
    stream.pass_over(size, taken)
    return taken


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

    `items` is the rule. `into` and `several` are shortcuts for whole lines and give the same.

    Attributes:
        words: A line with one of them that cannot be read is a reject.
        useless: Knows the texts that hold no record.
    """

    def __init__(self, context: Context) -> None:
        self._formats = {format.json(context): format for format in formats.FORMATS if format.json is not None}
        self._unwrapper = Unwrapper([*self._formats])
        self.words, self.useless = self._unwrapper.words, self._unwrapper.useless
        self._shortcuts = [one for reader in self._formats if (one := reader.shortcut()) is not None]

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text; a reject where it is meant as a record and no format reads it."""
        return self._unwrapper.items(record)

    def format_of(self, record: Record) -> Format | None:
        """The format of the records in a JSON text; None where it holds none that can be read."""
        self._unwrapper.items(record)
        return None if self._unwrapper.reader is None else self._formats[self._unwrapper.reader]

    def into(self, sink: Sink) -> Callable[[bytes], bool]:
        """Gives a function that puts what a line says into a sink where it has a common shape, and returns whether."""
        take: Callable[[bytes], bool] = _no_common_shape
        for shortcut in reversed(self._shortcuts):
            take = _first_match(shortcut.line_start, shortcut.into(sink), take)
        return take

    def several(self, line: bytes, number: int, sink: Sink) -> bool:
        """Puts the items of a line that is one object of a format's types into a sink; returns whether it is one.

        Args:
            line: The line.
            number: Its number.
            sink: Where they are put.
        """
        if line[0] != _BRACE:
            return False
        items = self._unwrapper.direct_items(line, f"line {number}")
        for item in items or ():
            if type(item) is Reject or type(item) is Ignored:
                sink.tell(item)
            else:
                sink.add(item)
        return items is not None


def _no_common_shape(line: bytes) -> bool:
    return False


def _first_match(
    start: bytes, read: Callable[[bytes], bool], otherwise: Callable[[bytes], bool]
) -> Callable[[bytes], bool]:
    """A shortcut for the lines that start as it says, and another function for the rest.

    Nested functions instead of a loop over all shortcuts, which takes 3% longer to read a log.
    """

    def take(line: bytes) -> bool:
        return read(line) if line.startswith(start) else otherwise(line)

    return take
