"""Finds JSON objects in lines as `json_scanner` does, and also where the line, or a part of it, is escaped.

Knows no format. A line with one of the given words whose objects cannot be found is a broken record and never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage.sources.escapes import Unescaping, escape_of
from storage.sources.json_scanner import TOO_LONG, Record, Scanner, decodes
from storage.sources.literals import literal_in
from storage.sources.stream import MAX_RECORD_BYTES, PIECE_BYTES
from storage.sources.useless import Useless

_NO_OBJECT = "no JSON object in it can be read"
_LINE_FEED = b"\n"
_MOST_WRAPPERS = 4  # objects around records that are too long to be kept
_SEARCHED_BYTES = 1 << 20


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


def objects_in_large(
    text: bytes, start: int, end: int, words: Sequence[bytes], useless: Useless
) -> Iterator[Record | None]:
    """The same for a part of a large text, of which no copy is made, without objects that nothing reads."""
    finder, number = ObjectFinder(words, useless), 1
    for piece in pieces_of(text, start, end):
        yield from finder.feed(piece, number)
        number += piece[-1:] == _LINE_FEED
    yield from finder.feed(_LINE_FEED, number)
    yield from finder.end()


def pieces_of(text: bytes, start: int, end: int) -> Iterator[bytes]:
    """The lines of a part of a text, long ones in pieces that are at least as long as PIECE_BYTES."""
    while start < end:
        found = text.find(_LINE_FEED, start, min(end, start + PIECE_BYTES))
        if found >= 0:
            stop = found + 1
        else:
            stop = start + PIECE_BYTES if end - start >= 2 * PIECE_BYTES else end
            found = text.find(_LINE_FEED, start, stop)
            stop = found + 1 if found >= 0 else stop
        yield text[start:stop]
        start = stop


class ObjectFinder:
    """Cuts objects out of lines, in the form of `Scanner`.

    Attributes:
        inside: Whether an object or an escaped line has started and not ended.
    """

    def __init__(self, words: Sequence[bytes], useless: Useless | None = None) -> None:
        self.inside = False
        self._words, self._useless = words, useless
        self._scanner = Scanner(useless)
        self._passed = 0  # objects without use, by scanners before this one
        self._wrappers = 0  # around the current object, each too long to be kept
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

    @property
    def passed(self) -> int:
        """How many objects without use were passed over."""
        return self._passed + self._scanner.passed

    def state(self) -> tuple[object, ...] | None:
        """What decides how the next line is read, but for numbers of lines; None within an escaped line."""
        return None if self._escaped is not None else (*self._scanner.state(), self._cut)

    def keep(self, lines: bytes) -> bool:
        """Takes whole lines that neither start nor end an object nor have an escape; see `Scanner.keep`."""
        return self._escaped is None and not self._has_word(lines) and self._scanner.keep(lines)

    def _feed_other(self, line: bytes, number: int) -> Sequence[Record | None]:
        """The same for what is more than a plain line of its own: a part of an object or of a line, or escaped."""
        self._number = number
        starts, self._cut = not self._cut, len(line) >= PIECE_BYTES and line[-1:] != _LINE_FEED
        found: Sequence[Record | None] = ()
        if self._escaped is None and starts and self._scanner.inside and self._interrupts(line):
            found = self._scanner.end()
            self._start_scanner()
        if self._escaped is None and not self._scanner.inside and escape_of(line) is not None:
            self._escaped = _EscapedLine(line)
        if self._escaped is None:
            found = [*found, *self._scanner.feed(line, number)]
            if found and (record := found[-1]) is not None and record.broken is TOO_LONG:
                found = [*found[:-1], *self._objects_of(record)]
        else:
            found = [*found, *self._of_escaped(self._escaped, line, number, starts)]
        self.inside = self._scanner.inside or self._escaped is not None
        self._wrappers = self._wrappers if self.inside else 0
        return found

    def _objects_of(self, record: Record) -> list[Record | None]:
        """The objects in what was read of one that is too long; the object itself where it holds none.

        The next ones are found in what follows: its end is not looked for.
        """
        text = record.text
        is_text = self._scanner.text_size > MAX_RECORD_BYTES // 2
        holds = escape_of(text[1:]) is not None if is_text else _holds_objects(text)
        if not holds or self._wrappers == _MOST_WRAPPERS:
            return [record]
        self._wrappers += 1
        self._start_scanner()
        self._cut = False
        found: list[Record | None] = []
        number = record.line
        for piece in pieces_of(text, 1, len(text)):
            found += self.feed(piece, number)
            number += piece[-1:] == _LINE_FEED
        return found

    def _start_scanner(self) -> None:
        self._passed = self.passed
        self._scanner = Scanner(self._useless)

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


def _holds_objects(text: bytes) -> bool:
    """Whether the beginning of an object holds whole ones, or some in texts, within a few others at most."""
    start = 0
    for _ in range(_MOST_WRAPPERS):
        start = text.find(b"{", start) + 1
        scanner, end = Scanner(), min(len(text), start + _SEARCHED_BYTES)
        if escape_of(text[start:end]) is not None:
            return True
        for piece in pieces_of(text, start, end):
            if any(record is not None and record.broken is None for record in scanner.feed(piece, 1)):
                return True
        if not start or text.find(b"{", start) < 0:
            break
    return False


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
