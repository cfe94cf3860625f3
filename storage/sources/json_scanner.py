"""Finds JSON objects in any text that holds them: one a line, pretty-printed, in arrays, behind log prefixes.

Only objects at the top (or in arrays at the top) are found; text between them is skipped. Knows no format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import msgspec

from storage.sources.broken_objects import OBJECT_START, hides_another, next_whole, starts_whole
from storage.sources.nesting import NO_BRACES, depth_after, passed_over
from storage.sources.stream import MAX_RECORD_BYTES, PIECE_BYTES, without_bom
from storage.sources.useless import Useless

# A whole string, a string that the end of the line cuts off, or a brace.
# Possessive, without a choice for each character: else the engine keeps 120 bytes for each, gigabytes for one string.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+("|\\?$)|[{}]', re.MULTILINE)
# Whole strings and no brace, as most lines of a pretty-printed object: matching it is faster than finding the tokens.
_NO_BRACE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\\n]++|\\.)*+")*+\Z')
_BLANK_LINES = re.compile(rb"\n(?:[ \t\r\x0b\x0c]*+\n)++")
# Objects without a member say nothing. A long run of them is skipped at once: millions fit into a small archive.
_EMPTY_OBJECTS = re.compile(rb"(?:\{\s*+\}[\s,]*+){32,}+")
# In a long text, objects without a member are skipped even if other things are between them.
_MEMBER_START = re.compile(rb"""\{(?=\s*+(?:["']|\Z))""")
_QUOTE = re.compile(rb"""["']""")
_LONG_TEXT = 1 << 14  # bytes
_SMALL_PARTS = 1 << 12
_JOINED = b"}{"  # between two objects
_LONGEST_JOINED = 1 << 14  # bytes of an object that is cut there
_LOOKED_AT = 64  # braces, after which `nesting` goes on, and objects, after which `Useless` does
TOO_LONG = f"longer than {MAX_RECORD_BYTES >> 20} MB"


@dataclass(frozen=True, slots=True)
class Record:
    """The text of one object, the line it starts on, and why it is incomplete (None where it is complete)."""

    text: bytes
    line: int
    broken: str | None = None

    @property
    def where(self) -> str:
        """Its place in the file, for a person."""
        return f"line {self.line}"


def records(lines: Iterable[bytes]) -> Iterator[Record | None]:
    """The objects in the order of the text; None for a line that holds no part of one."""
    scanner = Scanner()
    for number, line in enumerate(lines, 1):
        yield from scanner.feed(line, number)
    yield from scanner.end()


class _State(Enum):
    """Where the search for the end of an object stopped."""

    CLOSED = auto()  # behind its last brace
    OPEN_STRING = auto()  # at a string that its line does not close
    CUT_STRING = auto()  # at a string that may go on in the next piece of the line
    OPEN = auto()  # at the end of the text


# Looking a member up in its enum for every line would slow the scan.
_CLOSED, _OPEN_STRING, _CUT_STRING, _OPEN = _State


class Scanner:
    """Cuts objects out of lines. Counts braces outside strings, and knows a broken object by what follows it.

    Of an object that is too long only its end is looked for, once it is told.

    Args:
        useless: Knows what can be passed over, uncounted by `feed`; None looks at every object.

    Attributes:
        inside: Whether an object has started and not ended.
        passed: How many objects without use were passed over.
        text_size: Bytes so far of the text of a member that the last piece cuts.
    """

    def __init__(self, useless: Useless | None = None) -> None:
        self.inside = False
        self.passed = 0
        self.text_size = 0
        self._useless = useless
        self._found = 0  # objects in this line since some were passed over
        # The text that is scanned.
        self._text = b""
        self._number = 0  # the number of the line that `_counted` is on
        self._counted = 0  # how much of the text has been searched for line ends
        self._start = 0  # where the part of the current object that is in the text starts
        self._position = 0  # where to search on
        self._joined = True  # whether the objects so far end where the next one begins
        # The current object.
        self._parts: list[bytes] = []
        self._size = 0  # bytes in the parts
        self._small = 0  # parts since some were joined
        self._depth = 0  # open braces; 0 between objects
        self._line = 0  # the number of the line that it starts on
        self._indent = 0  # of that line
        self._flat = False  # pretty-printed without indentation, so that inner objects look like new ones
        # The piece of a line that was fed last.
        self._line_goes_on = False  # the piece was not the end of its line
        self._cut = b""  # what makes the next piece go on in a string: a quote, and a backslash at the end
        self._keeps = True  # the parts; not those of an object that is too long

    def feed(self, line: bytes, number: int) -> Sequence[Record | None]:
        """The objects that end on a line; None for a line that holds no part of one.

        Args:
            line: A line with its end. A line longer than PIECE_BYTES comes in pieces of that length.
            number: Its number, from 1.
        """
        text = self._cut + (without_bom(line) if number == 1 else line)
        is_later_piece, cut, self._cut = self._line_goes_on, len(self._cut), b""
        self._line_goes_on = len(line) >= PIECE_BYTES and line[-1:] != b"\n"
        found: Sequence[Record | None] = ()
        if not self._keeps and not is_later_piece and 0 <= text.find(b"{") <= self._indent:
            self._clear()
        if is_later_piece or self._line_goes_on:
            found = self._scan(text, number, cut)
        elif stripped := text.strip():
            found = self._feed_whole(text, stripped, number)
        self.inside = self._depth > 0 or self._line_goes_on
        return found

    def end(self) -> list[Record]:
        """What is left at the end of the file."""
        found: list[Record] = []
        while self._depth:
            found += self._drop("cut off at the end of the file")
        return found

    def state(self) -> tuple[object, ...]:
        """What decides how the next line is read, but for numbers of lines."""
        return self._depth, self._indent, self._flat, self._cut, self._keeps, self._size, *self._parts[:2]

    def keep(self, lines: bytes) -> bool:
        """Takes whole lines into the current object; False, and nothing, where each of them has to be looked at.

        Args:
            lines: Lines that start no other object, whose strings are whole and without braces.
        """
        if len(self._parts) < 2 and self._keeps:
            return False
        depth = depth_after(lines.translate(None, NO_BRACES), self._depth)
        if depth is None or self._line_goes_on or self._size + len(lines) > MAX_RECORD_BYTES:
            return False
        self._depth = depth
        if self._keeps and (kept := _BLANK_LINES.sub(b"\n", b"\n" + lines)[1:]):  # as `feed` keeps no blank line
            self._add(kept)
        return True

    def _add(self, part: bytes) -> None:
        """Adds a part; many small ones become one, as each takes 40 bytes more."""
        self._parts.append(part)
        self._size += len(part)
        self._small += 1
        if self._small == _SMALL_PARTS:
            self._parts[-_SMALL_PARTS:] = [b"".join(self._parts[-_SMALL_PARTS:])]
            self._small = 0

    def _feed_whole(self, text: bytes, stripped: bytes, number: int) -> Sequence[Record | None]:
        """The objects that end on a line that is not in pieces."""
        if self._depth == 0:
            alone = stripped[:1] == b"{" and stripped[-1:] == b"}" and _JOINED not in stripped
            if alone and decodes(stripped):
                return (Record(stripped, number),)
            if (start := OBJECT_START.search(stripped)) is None:
                return (None,) if stripped.strip(b"[], ") else ()
            if not alone and decodes(whole := stripped[start.start() : stripped.rfind(b"}") + 1]):
                # One object behind a prefix: decoding it takes a tenth of counting its braces.
                return (Record(whole, number),)
            return self._scan(text, number)
        dropped: list[Record] = []
        while self._depth and self._starts_another(text, stripped):
            dropped += self._drop("cut off before the next record")
        found = self._scan(text, number)
        return dropped + found if dropped else found

    def _starts_another(self, text: bytes, stripped: bytes) -> bool:
        """Whether a line starts a new object although the current one has not ended."""
        if stripped[:1] == b"{":
            indent = len(text) - len(text.lstrip())
            return decodes(stripped) if self._flat else indent <= self._indent
        if text[:1] in b' \t"}],':
            return False
        start = OBJECT_START.search(stripped)
        return start is not None and starts_whole(stripped[start.start() :])

    def _scan(self, text: bytes, number: int, cut: int = 0) -> list[Record]:
        """The objects that end in a text, which may start inside one. Keeps the start of one that does not end.

        Args:
            text: One line, or what was kept of a broken object.
            number: The number of its first line.
            cut: How many of its first bytes were kept already.
        """
        found: list[Record] = []
        self._restart(text, number)
        self._start = cut
        while self._depth or self._find_start():
            state = self._find_end()
            if state is _OPEN or state is _CUT_STRING:
                found += self._keep(self._text[self._start :])
                break
            if not self._keeps:  # it was told when it became too long
                if state is _OPEN_STRING:
                    self._restart(b"", self._number)
                self._clear()
            elif state is _CLOSED:
                found.append(self._close())
                self._found += 1
            else:
                found.append(self._close_broken())
        return found

    def _keep(self, part: bytes) -> list[Record]:
        """Keeps a part of an object that goes on; its record where it is too long."""
        if not self._keeps:
            return []
        if self._indent == 0 and len(self._parts) == 1 and part[:1] == b'"':
            self._flat = True
        self._add(part)
        if self._size <= MAX_RECORD_BYTES:
            return []
        text = b"".join(self._parts)
        if next_whole(text) < len(text):
            self._parts, self._cut = [text], b""
            return self._drop(TOO_LONG)
        self._parts, self._size, self._small, self._keeps = [], 0, 0, False
        return [Record(text, self._line, TOO_LONG)]

    def _restart(self, text: bytes, number: int) -> None:
        """Scans another text instead of the current one."""
        self._text, self._number, self._counted, self._start, self._position = text, number, 0, 0, 0
        self._joined = True

    def _find_start(self) -> bool:
        """Moves to the start of the next object; False where there is none."""
        text = self._text
        if len(text) - self._position > _LONG_TEXT:
            if self._useless is not None and self._found >= _LOOKED_AT:
                self._pass_over(self._useless)
            found = _member_start(text, self._position)
        else:
            found = OBJECT_START.search(text, self._position)
            while found is not None and (run := _EMPTY_OBJECTS.match(text, found.start())) is not None:
                found = OBJECT_START.search(text, run.end())
        if found is None:
            return False
        start = found.start()
        self._indent = start if self._counted == 0 and not text[:start].strip() else 0
        self._number += text.count(b"\n", self._counted, start)
        self._counted, self._start, self._position = start + 1, start, start
        self._line, self._flat = self._number, False
        return True

    def _pass_over(self, useless: Useless) -> None:
        """Moves behind objects without use."""
        while True:
            self._position, count = useless.objects(self._text, self._position)
            if not count:
                break
            self.passed += count
        self._found = 0

    def _find_end(self) -> _State:
        """Moves to the end of the current object, or as far as it goes."""
        if self._joined and self._depth == 0 and self._ends_joined():
            return _CLOSED
        if _NO_BRACE.match(self._text, self._position) is not None:
            return _OPEN
        position: int | None = self._position
        while position is not None:
            left = _LOOKED_AT
            for token in _TOKEN.finditer(self._text, position):
                if token[1] == b'"':
                    continue
                sign = token[0]
                if sign == b"{":
                    self._depth += 1
                elif sign == b"}":
                    self._depth -= 1
                    if self._depth == 0:
                        self._position = token.end()
                        return _CLOSED
                else:
                    return self._cut_string(token) if self._line_goes_on else _OPEN_STRING
                left -= 1
                if not left:
                    position, self._depth = passed_over(self._text, token.end(), self._depth)
                    break
            else:
                position = None
        return _OPEN

    def _ends_joined(self) -> bool:
        """Moves to the end of a whole object that another one follows at once: faster than to count its braces."""
        start = self._position
        end = self._text.find(_JOINED, start, start + _LONGEST_JOINED) + 1
        self._joined = end > 0 and decodes(self._text[start:end])
        if self._joined:
            self._position = end
        return self._joined

    def _cut_string(self, token: re.Match[bytes]) -> _State:
        """A string that does not end before its line or piece does."""
        if token.end() < len(self._text):
            return _OPEN_STRING
        goes_on = token.start() == 0 and self._start > 0
        self.text_size = len(token[0]) + (self.text_size if goes_on else 0)
        self._cut = b'"\\' if token[1] == b"\\" else b'"'
        return _CUT_STRING

    def _close(self) -> Record:
        """The object that ends at the position."""
        self._parts.append(self._text[self._start : self._position])
        record = Record(b"".join(self._parts), self._line)
        if hides_another(record.text):
            record, rest, number = self._split("invalid JSON")
            self._restart(rest + self._text[self._position :], number)
        self._clear()
        return record

    def _close_broken(self) -> Record:
        """The object with a string that its line does not close. What starts inside it is scanned next."""
        self._parts.append(self._text[self._start :])
        record, rest, number = self._split("unterminated string")
        self._restart(rest, number)
        return record

    def _drop(self, why: str) -> list[Record]:
        """Gives up the current object, and scans what was kept of it for another."""
        if not self._keeps:
            self._clear()
            return []
        record, rest, number = self._split(why)
        return [record, *self._scan(rest, number)]

    def _split(self, why: str) -> tuple[Record, bytes, int]:
        """Splits a broken object where a whole one starts inside it, because its writer was stopped and started again.

        Returns:
            The broken object, the text from the whole one on (empty where there is none), and the line of that text.
        """
        text, line = b"".join(self._parts), self._line
        self._clear()
        place = next_whole(text)
        return Record(text[:place], line, why), text[place:], line + text.count(b"\n", 0, place)

    def _clear(self) -> None:
        self._parts, self._size, self._small, self._depth, self._keeps = [], 0, 0, 0, True


def _member_start(text: bytes, position: int) -> re.Match[bytes] | None:
    """The next brace with a quote behind it, or nothing: no brace before the last one in front of a quote has one."""
    quote = _QUOTE.search(text, position)
    end = len(text) if quote is None else quote.start()
    return _MEMBER_START.search(text, max(position, text.rfind(b"{", position, end)))


def decodes(text: bytes) -> bool:
    """Whether the text is one whole JSON value."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def decode(text: bytes | str) -> Any:
    """The value of a JSON text. Accepts invalid UTF-8, and control characters in strings.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        try:
            return json.loads(shown, strict=False)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
