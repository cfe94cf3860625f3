"""Tells that a stretch of a log holds nothing of use, without looking at each of its lines or objects.

A log may be mostly of other things: heartbeats, access lines, records of other programs. A stretch without any of the
signs that records have is counted and passed over. What this module does not know for sure is left to the plain rule
(`json_reader`, `json_scanner`), so that its answer never changes what an import finds.
Knows no format: it is given the signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from storage.sources.escapes import escape_of

_WINDOW = 1 << 16  # bytes of one line that are looked at together
_TRIES = 8  # ends of objects in a window that are tried

_BLANK_LINES = re.compile(rb"^[ \t\r\x0b\x0c]*+[\[\], ]*+[ \t\r\x0b\x0c]*+\n", re.MULTILINE)
_BLANKS = b"[], \t\r\x0b\x0c"
# Lines in which no object starts: `json_scanner` has the same condition.
_TEXT_LINES = re.compile(rb"""^(?:[^{\n]++|\{(?![ \t\r\x0b\x0c]*+["'}\n]))*+\n""", re.MULTILINE)
# The first lines in which neither a plain object nor an escaped one starts behind a brace.
_FIRST_TEXT_LINES = re.compile(rb"""(?:(?:[^{\n]++|\{(?![ \t\r\x0b\x0c]*+["'}\n&\\#]))*+\n)*+""")
_ESCAPED_ASCII = b"\\u00"
_BETWEEN = re.compile(rb"\}\s*+(?:,\s*+)?(?=\{)")
# Base64 letters as one letter: 40 of them in a row may hide a record, and so may a list of bytes.
_LETTERS = bytes(ord("a") if chr(one).isalnum() or one in b"+/" else ord(" ") for one in range(128)) + b" " * 128
_BASE64 = b"a" * 40
_BYTES_OF_OBJECT = (b"123,34", b"123, 34")


class _Any(msgspec.Struct, gc=False):
    """Any JSON object."""


_objects = msgspec.json.Decoder(list[_Any]).decode


class Useless:
    """Knows what has no record.

    Args:
        signs: Bytes of which every text with a record has at least one, whatever holds it.
    """

    def __init__(self, signs: Iterable[bytes]) -> None:
        self._signs = (*dict.fromkeys((*signs, _ESCAPED_ASCII, *_BYTES_OF_OBJECT)),)

    def lines(self, block: bytes) -> tuple[int, int] | None:
        """How many (lines without an object, whole objects one a line) whole lines have; None where that is not known.

        Args:
            block: Whole lines, each with its end.
        """
        if self._may_hold(block) or escape_of(block, skip_plain=True) is not None:
            return None
        rest = _without_blank_lines(block)
        if b"{" not in rest:
            return rest.count(b"\n"), 0
        rest, texts = _TEXT_LINES.subn(b"", rest)
        if not rest:
            return texts, 0
        objects = _count(b",".join(rest.split(b"\n")[:-1]))
        return None if objects is None or objects != rest.count(b"\n") else (texts, objects)

    def objects(self, text: bytes, start: int) -> tuple[int, int]:
        """Where whole objects end that follow each other from a place on, and how many there are; 0 where none is sure.

        Args:
            text: A long line, or a piece of one.
            start: The place, before an object.
        """
        window = text[start : start + _WINDOW]
        if self._may_hold(window):
            return start, 0
        plain = b"[" not in window  # in a list, a missing comma is an error
        end = len(window)
        for _ in range(_TRIES):
            end = window.rfind(b"}", 0, end)
            if end < 0:
                break
            whole = window[: end + 1].lstrip(b", \t\r\n")
            if (count := _count(_BETWEEN.sub(b"},", whole) if plain else whole)) is not None:
                return start + end + 1, count
        return start, 0

    def _may_hold(self, text: bytes) -> bool:
        return any(map(text.__contains__, self._signs)) or (b"{" in text and _BASE64 in text.translate(_LETTERS))


def _without_blank_lines(lines: bytes) -> bytes:
    bare = lines.translate(None, _BLANKS)  # where it has no empty line, the lines have no blank one
    return _BLANK_LINES.sub(b"", lines) if bare[:1] == b"\n" or b"\n\n" in bare else lines


def first_texts(lines: bytes, end: int) -> bytes:
    """The first ones of whole lines, up to a place, as far as no plain object starts in them."""
    found = _FIRST_TEXT_LINES.match(lines, 0, end)
    return b"" if found is None else found[0]


def _count(text: bytes) -> int | None:
    """How many objects with commas between them the text has; None where it has anything else."""
    try:
        return len(_objects(b"[" + text + b"]"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
