"""The lines of a table as text, in the encodings that spreadsheets save: UTF-8 and Windows-1252.

UTF-16 is UTF-8 already when it comes here (`stream`). Knows no cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from storage.sources.stream import without_bom

LINE_END = re.compile(r"\r\n|\r|\n")

# A line: its number from 1, its text without the end, and where the next line starts (position, lines); None where
# reading cannot resume there.
Line = tuple[int, str, tuple[int, int] | None]
Decode = Callable[[bytes], str]


class RawLines(Protocol):
    """Lines of bytes: a stream, or what else has them.

    Attributes:
        offset: Bytes, and lines, up to the end of the last complete line that `lines` gave.
    """

    @property
    def offset(self) -> tuple[int, int]: ...
    def lines(self) -> Iterator[bytes]: ...


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


def text_lines(stream: RawLines, decode: Decode) -> Iterator[Line]:
    """The lines of a stream from its offset on."""
    number = stream.offset[1]
    for raw in stream.lines():
        text = decode(without_bom(raw) if number == 0 else raw)
        if text[-1:] == "\n":
            text = text[:-2] if text[-2:-1] == "\r" else text[:-1]
            end: tuple[int, int] | None = stream.offset
        else:
            text, end = text.removesuffix("\r"), None
        if "\0" in text:
            text = text.replace("\0", "\ufffd")
        if "\r" in text or "\n" in text:
            *parts, text = LINE_END.split(text)
            for part in parts:
                number += 1
                yield number, part, None
        number += 1
        yield number, text, end if end is None else (end[0], number)


def sample_lines(sample: bytes, decode: Decode) -> Iterable[Line]:
    """The lines of a file's first bytes; the last one may be cut off."""
    text = decode(without_bom(sample)).replace("\0", "\ufffd")
    return ((number, line, None) for number, line in enumerate(LINE_END.split(text), 1))
