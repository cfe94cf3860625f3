"""Passes over stretches of a log that say nothing new: lines without use, equal lines, and lines within one object.

A small archive may hold hundreds of millions of short lines, which take minutes one by one. What is passed over is
counted, and a run of equal lines that cannot be read is one reject. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as replaced

from storage.domain.events import Ignored, Item, Reject
from storage.sources.object_finder import ObjectFinder
from storage.sources.opened import OpenedSource
from storage.sources.stream import Stream
from storage.sources.useless import Useless, first_texts

TEXT_LINE, UNKNOWN = Ignored("line without JSON"), Ignored("record of another kind")

_WORTH_A_LOOK = 64  # lines in a row, before the next ones are looked at together
_FEWEST_BYTES, _MOST_BYTES, _FEWER = 256, 1 << 17, 4  # looked at together, and how many times fewer next
_LONGEST_LINE = 1 << 12  # of equal ones
# Lines that start no object behind a broken one: they do not begin with one, have none that ends, and no escape.
_INNER = rb'[^{}"\\%&\n]++|"[^{}"\\%&\n]*+"'
_INNER_LINES = re.compile(rb"(?:(?![ \t\r\x0b\x0c]*+\{)(?:(?:" + _INNER + rb"|\{)*+|(?:" + _INNER + rb"|\})*+)\n)*+")
_BLANKS, _NOT_OPEN = b" \t\r\x0b\x0c", (b"}", b'"', b"\\", b"%", b"&")


class Stretches:
    """Looks at what comes behind the lines that were read one by one.

    Args:
        source: What counts the records.
        stream: What gives the lines.
        finder: What finds the objects in them.
        useless: Knows what has no record.
    """

    def __init__(self, source: OpenedSource, stream: Stream, finder: ObjectFinder, useless: Useless) -> None:
        self._source, self._stream, self._finder, self._useless = source, stream, finder, useless
        self._last = b""
        self._before: tuple[object, ...] | None = None
        self._records = 0
        self._equal = 0  # equal lines in a row
        self._quiet = 0  # lines in a row that gave nothing
        self._worth = _WORTH_A_LOOK  # so many, before the next ones are looked at; fewer where that helps
        self._size = _MOST_BYTES  # looked at together

    def begin(self, line: bytes) -> None:
        """To be called before a line is read."""
        is_equal = line == self._last and line[-1:] == b"\n" and len(line) <= _LONGEST_LINE
        self._before = self._finder.state() if is_equal else None
        self._last, self._records = line, self._source.records

    def behind(self, items: Sequence[Item], number: int) -> list[Item]:
        """The items of what can be passed over behind a line.

        Args:
            items: Those of the line.
            number: Its number.
        """
        if self._before is not None and self._before == self._finder.state():
            self._equal += 1
            return self._equal_lines(items, number) if self._equal >= _WORTH_A_LOOK else []
        self._equal = 0
        self._quiet = self._quiet + 1 if all(type(item) is Ignored for item in items) else 0
        if self._quiet < self._worth:
            return []
        return self._inner_lines() if self._finder.inside else self._useless_lines()

    def _equal_lines(self, items: Sequence[Item], number: int) -> list[Item]:
        """The items of the lines that are equal to this one: nothing changed by it, so nothing changes by them."""
        if not all(type(item) is Ignored or type(item) is Reject for item in items):
            return []
        lines = self._stream.whole_lines()
        count = len(lines) // len(self._last)
        while count and not lines.startswith(self._last * count):
            count //= 2
        if len(self._last) * count < _FEWEST_BYTES:
            return []
        self._stream.skip(self._last * count)
        self._source.records += count * (self._source.records - self._records)
        place = f"line {number + 1} to {number + count}"
        return [
            replace(item, count=count * item.count) if type(item) is Ignored else _moved(item, place) for item in items
        ]

    def _useless_lines(self) -> list[Item]:
        lines = self._stream.whole_lines()
        if len(lines) < _FEWEST_BYTES:  # behind the last whole one in memory, which says nothing about the next ones
            return []
        size = self._size
        if size < _MOST_BYTES:  # something is between them: as far as no object starts
            texts = first_texts(lines, _MOST_BYTES)
            if len(texts) >= _FEWEST_BYTES and (counts := self._useless.lines(texts)) is not None:
                self._worth = max(1, self._worth // 2)
                return self._passed(texts, *counts)
        while size >= _FEWEST_BYTES:
            some = lines[: lines.rfind(b"\n", 0, size) + 1]
            if len(some) >= _FEWEST_BYTES and (counts := self._useless.lines(some)) is not None:
                self._size = min(size * _FEWER, _MOST_BYTES)
                return self._passed(some, *counts)
            size //= _FEWER
        self._size = _FEWEST_BYTES * _FEWER
        self._quiet, self._worth = 0, min(2 * self._worth, _WORTH_A_LOOK)
        return []

    def _passed(self, lines: bytes, texts: int, objects: int) -> list[Item]:
        self._stream.skip(lines)
        self._source.records += objects
        return [replace(kind, count=count) for kind, count in ((TEXT_LINE, texts), (UNKNOWN, objects)) if count]

    def _inner_lines(self) -> list[Item]:
        lines = self._stream.whole_lines()
        if not (_only_open(lines[:_FEWEST_BYTES]) and _only_open(lines)):
            found = _INNER_LINES.match(lines)
            lines = found[0] if found is not None else b""
        if len(lines) < _FEWEST_BYTES or not self._finder.keep(lines):
            self._quiet = 0
        else:
            self._stream.skip(lines)
        return []


def _only_open(lines: bytes) -> bool:
    """Whether lines are surely inner ones, as they only open objects, behind something else, and hold no text."""
    bare = lines.translate(None, _BLANKS)
    return bare[:1] != b"{" and b"\n{" not in bare and not any(map(bare.__contains__, _NOT_OPEN))


def _moved(item: Item, place: str) -> Item:
    assert isinstance(item, Reject)
    return replaced(item, where=place)
