"""Finds JSON objects in lines as `json_scanner` does, and also where the line, or a part of it, is escaped.

Knows no format. A line with one of the given words whose objects cannot be found is a broken record and never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage.sources.escapes import Unescaping, escape_of
from storage.sources.json_scanner import Record, Scanner, decodes
from storage.sources.literals import literal_in
from storage.sources.stream import PIECE_BYTES

_NO_OBJECT = "no JSON object in it can be read"
_LINE_FEED = b"\n"


def objects_in(text: bytes, words: Sequence[bytes]) -> Iterator[Record | None]:
    """The objects in a text; None for a line that holds no part of one.

    Args:
        text: The text, of one or more lines.
        words: A line with one of them that has no object is a broken record.
    """
    finder = ObjectFinder(words)
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        # Without a line end, a long line seems to go on in another piece.
        yield from finder.feed(line if line[-1:] == _LINE_FEED else line + _LINE_FEED, number)
    yield from finder.end()


class ObjectFinder:
    """Cuts objects out of lines, in the form of `Scanner`.

    Attributes:
        inside: Whether an object or an escaped line has started and not ended.
    """

    def __init__(self, words: Sequence[bytes]) -> None:
        self.inside = False
        self._words = words
        self._scanner = Scanner()
        self._escaped: _EscapedLine | None = None
        self._number = 0  # of the line that came last
        self._cut = False  # whether the last piece was not the end of its line

    def feed(self, line: bytes, number: int) -> Sequence[Record | None]:
        """The objects that end on a line, which may come in pieces; arguments as of `Scanner.feed`."""
        if self.inside or len(line) >= PIECE_BYTES or (_may_be_escaped(line) and escape_of(line) is not None):
            return self._feed_other(line, number)
        if b"''" in line and b"'{" in line:
            line = line.replace(b"''", b"'")  # a string of SQL
        found = self._scanner.feed(line, number)
        self.inside = self._scanner.inside
        return self._nothing_lost(line, number, found) if not self.inside and self._has_word(line) else found

    def _feed_other(self, line: bytes, number: int) -> Sequence[Record | None]:
        """The same for what is more than a plain line of its own: a part of an object or of a line, or escaped."""
        self._number = number
        starts, self._cut = not self._cut, len(line) >= PIECE_BYTES and line[-1:] != _LINE_FEED
        found: Sequence[Record | None] = ()
        if self._escaped is None and starts and self._scanner.inside and self._interrupts(line):
            found = self._scanner.end()
            self._scanner = Scanner()
        if self._escaped is None and not self._scanner.inside and escape_of(line) is not None:
            self._escaped = _EscapedLine(line)
        if self._escaped is None:
            found = [*found, *self._scanner.feed(line, number)]
        else:
            found = [*found, *self._of_escaped(self._escaped, line, number, starts)]
        self.inside = self._scanner.inside or self._escaped is not None
        return found

    def end(self) -> list[Record]:
        """What is left at the end of the file."""
        if self._escaped is None:
            return self._scanner.end()
        found, self._escaped = self._escaped.feed(b"", self._number, last=True), None
        return found

    def _has_word(self, text: bytes) -> bool:
        return any(map(text.__contains__, self._words))

    def _interrupts(self, line: bytes) -> bool:
        """Whether a line is an escaped record and no part of the object that has not ended."""
        return line[:1] not in b' \t"}],' and self._has_word(line) and escape_of(line) is not None

    def _of_escaped(self, escaped: _EscapedLine, line: bytes, number: int, starts: bool) -> Sequence[Record | None]:
        found = escaped.feed(line, number, last=not self._cut)
        if self._cut:
            return found
        self._escaped = None
        if starts and self._has_word(line) and not self._whole_with_word(found):
            # What looked like an escape may be a part of a name.
            plain = [*Scanner().feed(line, number)]
            if self._whole_with_word(plain):
                return plain
            if not any(self._has_word(record.text) for record in found):
                return [*_whole(found), Record(line, number, _NO_OBJECT)]
        return found if escaped.found else (None,)

    def _whole_with_word(self, found: Sequence[Record | None]) -> bool:
        return any(self._has_word(record.text) and decodes(record.text) for record in _whole(found))

    def _nothing_lost(self, line: bytes, number: int, found: Sequence[Record | None]) -> Sequence[Record | None]:
        """The objects of a whole plain line that has a word, and those that only the word tells of."""
        if b"{'" in line and (printed := _printed(line)) is not None:
            return (Record(printed, number),)
        records = [record for record in found if record is not None]
        if any(self._has_word(record.text) for record in records):
            return records
        if escape_of(line, skip_plain=True) is not None:
            more = _EscapedLine(line, skip_plain=True).feed(line, number, last=True)
            if any(self._has_word(record.text) for record in more):
                return [*records, *more]
        return [*records, Record(line, number, _NO_OBJECT)]


def _may_be_escaped(line: bytes) -> bool:
    return b"\\" in line or b'""' in line or b"%" in line or b"&" in line or b"#01" in line


def _whole(found: Sequence[Record | None]) -> list[Record]:
    return [record for record in found if record is not None and record.broken is None]


class _EscapedLine:
    """Finds the objects in one line without its escapes.

    Attributes:
        found: Whether it had any.
    """

    def __init__(self, piece: bytes, *, skip_plain: bool = False) -> None:
        self.found = False
        self._unescaping = Unescaping(piece, skip_plain=skip_plain)
        self._scanner = Scanner()
        self._pending = b""

    def feed(self, piece: bytes, number: int, *, last: bool) -> list[Record]:
        """The objects that end in a piece; the number is that of the line."""
        *lines, self._pending = (self._pending + self._unescaping.feed(piece, last=last)).split(_LINE_FEED)
        records = [record for line in lines for record in self._scanner.feed(line + _LINE_FEED, number)]
        size = PIECE_BYTES
        while len(self._pending) >= size:
            records += self._scanner.feed(self._pending[:size], number)
            self._pending = self._pending[size:]
        if last:
            records += self._scanner.feed(self._pending + _LINE_FEED, number)
            records += self._scanner.end()
        found = [Record(record.text, number, record.broken) for record in records if record is not None]
        self.found = self.found or bool(found)
        return found


def _printed(line: bytes) -> bytes | None:
    """The object of a line in Python's form; its strings may hold braces, so that counting those finds another end."""
    start, end = line.find(b"{'"), line.rfind(b"}") + 1
    if not 0 <= start < end or b'{"' in line[:start]:
        return None
    try:
        literal_in(line[start:end])
    except ValueError:
        return None
    return line[start:end]
