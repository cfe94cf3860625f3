"""JSON objects out of any text that holds them: one a line, pretty-printed, in arrays, behind log prefixes.

Only objects at the top (or in arrays at the top) are found; what stands between them is passed over. Knows no format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from storage.sources.stream import MAX_RECORD_BYTES, PIECE_BYTES, without_bom

# A whole string, one that the line's end cuts off, or a brace.
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*("|\\?$)|[{}]', re.MULTILINE)
# An object's beginning: other braces belong to a log's prefix. With 'single quotes' it is a broken one.
_BEGIN = re.compile(rb"""\{(?=\s*(?:["'}]|$))""")
_OPENING = re.compile(rb'\{\s*"[^"\n]*"')
# What is looked at for the beginning of a whole object inside a broken one.
_SEARCHED = 1 << 20  # bytes
_TRIED = 200


@dataclass(frozen=True, slots=True)
class Record:
    """The text of one object, the line it begins on, and why it cannot be whole (None where it is)."""

    text: bytes
    line: int
    broken: str | None = None

    @property
    def where(self) -> str:
        """Its place for a person."""
        return f"line {self.line}"


def records(lines: Iterable[bytes]) -> Iterator[Record | None]:
    """The objects in the order they stand in; None for a line that holds nothing of any."""
    scanner = Scanner()
    for number, line in enumerate(lines, 1):
        yield from scanner.feed(line, number)
    yield from scanner.end()


class Scanner:
    """Cuts objects out of lines: counts braces outside strings, and tells a broken object by what follows it.

    `inside` tells that an object has begun and not ended.
    """

    def __init__(self) -> None:
        self.inside = False
        self._parts: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._line = 0
        self._indent = 0
        self._flat = False  # pretty-printed without indentation: its inner braces look like new objects
        self._piece = False  # what was fed last was the beginning of a line that is longer than PIECE_BYTES
        self._cut = b""  # a string of which only the beginning stood in that piece

    def feed(self, line: bytes, number: int) -> Iterator[Record | None]:
        """The objects that end on this line, None where it holds nothing of any. Lines are numbered from 1; a line
        longer than PIECE_BYTES comes in pieces of that length."""
        text = self._cut + (without_bom(line) if number == 1 else line)
        goes_on, self._piece, self._cut = self._piece, len(line) >= PIECE_BYTES and line[-1:] != b"\n", b""
        stripped = text.strip()
        if goes_on or self._piece:
            yield from self._scan(text, number)
        elif stripped:
            yield from self._feed(text, stripped, number)
        self.inside = self._depth > 0 or self._piece

    def _feed(self, text: bytes, stripped: bytes, number: int) -> Iterator[Record | None]:
        if self._depth == 0 and stripped[:1] == b"{" and stripped[-1:] == b"}" and b"}{" not in stripped:
            if decodes(stripped):
                yield Record(stripped, number)
                return
        elif self._depth == 0 and _BEGIN.search(stripped) is None:
            if stripped.strip(b"[], "):
                yield None
            return
        while self._depth and self._begins_anew(text, stripped):
            yield from self._rest("breaks off before the next record")
        yield from self._scan(text, number)

    def _begins_anew(self, text: bytes, stripped: bytes) -> bool:
        if stripped[:1] == b"{":
            indent = len(text) - len(text.lstrip())
            return decodes(stripped) if self._flat else indent <= self._indent
        if text[:1] in b' \t"}],':
            return False
        begin = _BEGIN.search(stripped)
        return begin is not None and _begins_whole(stripped[begin.start() :])

    def _scan(self, text: bytes, number: int) -> Iterator[Record]:
        begin = position = seen = 0
        while True:
            if self._depth == 0:
                found = _BEGIN.search(text, position)
                if found is None:
                    return
                position = begin = found.start()
                self._indent = begin if seen == 0 and not text[:begin].strip() else 0
                number += text.count(b"\n", seen, begin)
                seen = begin + 1
                self._line, self._flat = number, False
            token = _TOKEN.search(text, position)
            if token is None:
                break
            sign, position = token[0], token.end()
            if sign == b"{":
                self._depth += 1
            elif sign == b"}":
                self._depth -= 1
                if self._depth == 0:
                    self._parts.append(text[begin:position])
                    record = Record(b"".join(self._parts), self._line)
                    if _hides_another(record.text):
                        record, rest, number = self._give_up("is no JSON")
                        text, begin, position, seen = rest + text[position:], 0, 0, 0
                    self._clear()
                    yield record
            elif token[1] == b'"':
                continue
            elif self._piece and position == len(text):
                self._cut, text = sign, text[: token.start()]
                break
            else:
                self._parts.append(text[begin:])
                lost, text, number = self._give_up("has a text that does not end on its line")
                begin = position = seen = 0
                yield lost
        if len(self._parts) == 1 and self._indent == 0 and text[:1] == b'"':
            self._flat = True
        self._parts.append(text[begin:])
        self._size += len(text) - begin
        if self._size + len(self._cut) > MAX_RECORD_BYTES:
            self._cut = b""
            yield from self._rest("is longer than 64 MB")

    def end(self) -> Iterator[Record]:
        """What is left at the end of the file."""
        while self._depth:
            yield from self._rest("breaks off at the end of the file")

    def _rest(self, why: str) -> Iterator[Record]:
        lost, text, number = self._give_up(why)
        yield lost
        yield from self._scan(text, number)

    def _give_up(self, why: str) -> tuple[Record, bytes, int]:
        """The broken object; and where its writer was stopped in the middle of it and went on behind it with a whole
        one, the text from there on and its line."""
        text, line = b"".join(self._parts), self._line
        self._clear()
        place = _next_whole(text)
        return Record(text[:place], line, why), text[place:], line + text.count(b"\n", 0, place)

    def _clear(self) -> None:
        self._parts, self._size, self._depth = [], 0, 0


def _hides_another(text: bytes) -> bool:
    """Whether two quotes that are missing in two objects made one of them."""
    opening = _OPENING.match(text)
    if opening is None or text.find(opening[0], 1) < 0:
        return False
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return _next_whole(text) < len(text)
    except RecursionError:  # nested too deeply, which says nothing of its quotes
        pass
    return False


def _next_whole(text: bytes) -> int:
    """Where inside a broken object another begins that is whole, the text's end where none does.

    It begins as the broken one did, or behind a sign that no value can follow.
    """
    opening = _OPENING.match(text)
    tried = 0
    for found in _BEGIN.finditer(text[:_SEARCHED], 1):
        place = found.start()
        alike = opening is not None and text.startswith(opening[0], place)
        if not alike and text[max(0, place - 80) : place].rstrip()[-1:] in b":[,":
            continue
        if _begins_whole(text[place:]):
            return place
        tried += 1
        if tried == _TRIED:
            break
    return len(text)


def _begins_whole(text: bytes) -> bool:
    """Whether the text begins with a whole JSON object, whatever follows it."""
    try:
        json.JSONDecoder(strict=False).raw_decode(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


def decodes(text: bytes) -> bool:
    """Whether the text is one whole JSON value."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def decode(text: bytes | str) -> Any:
    """The value of a JSON text; raises ValueError. Tolerates what is not UTF-8, and control characters in strings."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        try:
            return json.loads(shown, strict=False)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
