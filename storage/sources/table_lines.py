"""The lines of a table as text, in the encodings that spreadsheets save: UTF-8 and Windows-1252.

UTF-16 is UTF-8 already when it comes here (`stream`). Knows no cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from storage.sources.stream import MAX_ROW_BYTES, without_bom

_EXCERPT_BYTES = 400  # kept of a line that is too long
_WORTH_A_LOOK = 64  # blank lines in a row, or letters of one
_MANY_RETURNS = re.compile(r"\r{64,}+")
LINE_END = re.compile(r"\r\n|\r|\n")

# A line: its number from 1, its text without the end, and where the next line starts (position, lines); None where
# reading cannot resume there.
Line = tuple[int, str, tuple[int, int] | None]
Decode = Callable[[bytes], str]


class RawLines(Protocol):
    """Lines of bytes, long ones in pieces of MAX_ROW_BYTES.

    Attributes:
        offset: Bytes, and lines, up to the end of the last complete line that `lines` gave.
    """

    @property
    def offset(self) -> tuple[int, int]: ...
    def lines(self) -> Iterator[bytes]: ...
    def whole_lines(self) -> bytes: ...
    def skip(self, lines: bytes) -> int: ...


def decoder_of(sample: bytes) -> Decode:
    """How the lines of a file are decoded, by its first bytes.

    A line that is no UTF-8 is Windows-1252, unless other lines prove that the file is UTF-8: then its wrong bytes are
    replaced.
    """
    is_utf_8 = any(not line.isascii() and _is_utf_8(line) for line in without_bom(sample).splitlines())
    return _decode_utf_8 if is_utf_8 or sample != without_bom(sample) else _decode_windows


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_utf_8(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _decode_windows(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


class TooLong(str):
    """The beginning of a line that is longer than MAX_ROW_BYTES."""

    __slots__ = ()


def text_lines(stream: RawLines, decode: Decode, separator: str = "") -> Iterator[Line]:
    """The lines of a stream from its offset on; of long runs of blank ones only the first.

    Args:
        stream: The stream.
        decode: How its lines are decoded.
        separator: What separates cells, so that a line without anything else is blank.
    """
    number = stream.offset[1]
    blank = _BlankLines(stream, separator)
    for raw, is_whole in _raw_lines(stream):
        text = decode(without_bom(raw) if number == 0 else raw)
        if text[-1:] == "\n":
            text = text[:-2] if text[-2:-1] == "\r" else text[:-1]
            end: tuple[int, int] | None = stream.offset
        else:
            text, end = text.removesuffix("\r"), None
        if "\0" in text:
            text = text.replace("\0", "\ufffd")
        if "\r" in text or "\n" in text:
            for part, ends in _parts(text):
                number += 1
                yield number, part, None
                number += ends - 1
            text = text[max(text.rfind("\r"), text.rfind("\n")) + 1 :]
        number += 1
        yield number, text if is_whole else TooLong(text), end if end is None else (end[0], number)
        number += blank.behind(text)


def _raw_lines(stream: RawLines) -> Iterator[tuple[bytes, bool]]:
    """The lines as bytes, and whether they are whole; a long one is cut where a carriage return may end a line."""
    rest = too_long = b""
    for raw in stream.lines():
        goes_on = len(raw) >= MAX_ROW_BYTES and raw[-1:] != b"\n"
        if too_long:
            if not goes_on:
                yield too_long + raw[-1:], False
                too_long = b""
            continue
        line, rest = rest + raw, b""
        if goes_on:
            line, end, rest = line.rpartition(b"\r")
            if not end:
                too_long, rest = rest[:_EXCERPT_BYTES], b""
                continue
        yield line, True
    if too_long:
        yield too_long, False
    elif rest:
        yield rest, True


def _parts(text: str) -> Iterator[tuple[str, int]]:
    """The lines of a text but the last, each with how many line ends follow it: long runs of empty ones are one."""
    start = 0
    for run in _MANY_RETURNS.finditer(text):
        *parts, last = LINE_END.split(text[start : run.start()])
        yield from ((part, 1) for part in parts)
        yield last, len(run[0])
        start = run.end()
    yield from ((part, 1) for part in LINE_END.split(text[start:])[:-1])


class _BlankLines:
    """Passes over long runs of blank lines."""

    def __init__(self, stream: RawLines, separator: str) -> None:
        self._stream, self._blank, self._count = stream, f" {separator}", 0
        self._run = re.compile(rb"(?:[ %b]*+\r?+\n)*+" % re.escape(separator.encode()))

    def behind(self, text: str) -> int:
        """How many lines were passed over behind this one."""
        if len(text) > _WORTH_A_LOOK or text.strip(self._blank):
            self._count = 0
            return 0
        self._count += 1
        if self._count < _WORTH_A_LOOK:
            return 0
        found = self._run.match(self._stream.whole_lines())
        return self._stream.skip(found[0]) if found is not None and found[0] else 0


def sample_lines(sample: bytes, decode: Decode) -> Iterable[Line]:
    """The lines of a file's first bytes; the last one may be cut off."""
    text = decode(without_bom(sample)).replace("\0", "\ufffd")
    return ((number, line, None) for number, line in enumerate(LINE_END.split(text), 1))
