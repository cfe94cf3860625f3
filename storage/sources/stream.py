"""The bytes of a file: gzip taken off, counted, in lines of bounded length. Knows no format."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from storage.domain.events import Reject
from storage.sources.fields import reject

SAMPLE = 262_144  # bytes looked at to recognise a format
LONGEST = 64 * 1024 * 1024  # bytes of one record
PIECE = 4 * 1024 * 1024  # bytes of a line that are looked at together, where records need no line ends
_CHUNK = 65_536
_LINE_END = ord("\n")
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # tells zlib to expect a gzip header


class _Counting(io.RawIOBase):
    """A raw stream that knows how many bytes were taken from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = getattr(self._file, "readinto1", None) or self._file.readinto  # type: ignore[attr-defined]
        count: int = read(buffer) or 0
        self.position += count
        return count


class _Gunzip(io.RawIOBase):
    """The content of a gzip file. One that breaks off ends where it does, and `broken` says so: a file may be read
    while it is written, and what is whole of it counts."""

    def __init__(self, packed: io.BufferedReader[Any]) -> None:
        self._packed = packed
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
        self._rest = b""
        self.broken: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self.broken is None:
            chunk = self._rest or self._packed.read1(_CHUNK)
            if self._unpacker.eof:
                if not chunk.startswith(_GZIP[:1]):
                    return 0
                self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
            if not chunk:
                self.broken = "the gzip stream breaks off"
                return 0
            try:
                data = self._unpacker.decompress(chunk, len(buffer))
            except zlib.error as error:
                self.broken = f"the gzip stream is broken ({error})"
                return 0
            self._rest = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0


class _Ahead(io.RawIOBase):
    """A raw stream whose beginning can be looked at. A pipe gives what its writer has written so far, be it one byte,
    so looking ahead reads until it has enough."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._head = b""

    def readable(self) -> bool:
        return True

    def ahead(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer only at the end."""
        while len(self._head) < size and (more := self._raw.read(size - len(self._head))):
            self._head += more
        return self._head[:size]

    def readinto(self, buffer: Any) -> int:
        if not self._head:
            return self._raw.readinto(buffer) or 0
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class Stream:
    """A file in lines. `position` is how many bytes of the file itself (packed, if it is) have been taken; `place` how
    many bytes of its content, and lines, up to the end of the last whole line that `lines` gave."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.place = 0, 0
        self._counting = _Counting(file)
        self._beginning = _Ahead(self._counting)
        self._gunzip: _Gunzip | None = None
        if self._beginning.ahead(2) == _GZIP:
            self._gunzip = _Gunzip(io.BufferedReader(self._beginning, SAMPLE))
            self._beginning = _Ahead(self._gunzip)
        self._lines: io.BufferedReader[Any] = io.BufferedReader(self._beginning, SAMPLE)

    @property
    def position(self) -> int:
        """Bytes of the file taken so far."""
        return self._counting.position

    @property
    def broken(self) -> str | None:
        """Why the file ends before its end, None where it does not."""
        return None if self._gunzip is None else self._gunzip.broken

    def sample(self) -> bytes:
        """The first bytes, without taking them."""
        return self._beginning.ahead(SAMPLE)

    def lines(self, longest: int = LONGEST) -> Iterator[bytes]:
        """Every line with its end; a longer one than that comes in pieces.

        A last line without an end does not count as taken: a log may be read while it is written.
        """
        position, count = self.place
        while block := self._lines.read1(min(_CHUNK, longest)):
            # A block in memory is cut faster than lines are asked for one by one.
            for line in io.BytesIO(block):
                if line[-1] != _LINE_END:  # the block ends, the line need not
                    line += self._lines.readline(longest - len(line))
                position += len(line)
                if line[-1] == _LINE_END:
                    count += 1
                    self.place = position, count
                yield line

    @property
    def packed(self) -> bool:
        """Whether positions in the content are no positions in the file."""
        return self._gunzip is not None

    def skip_to(self, position: int, count: int) -> None:
        """Goes on at a byte of the content with `count` lines before it; only of a file that can be sought in and is
        not packed."""
        self._file.seek(position)
        self._counting.position = position
        self.place = position, count
        self._beginning = _Ahead(self._counting)
        self._lines = io.BufferedReader(self._beginning, SAMPLE)

    def end(self) -> Iterator[Reject]:
        """What there is to say of the end of the file."""
        if self.broken is not None:
            yield reject("end of file", self.broken, self.broken.encode())


def without_mark(text: bytes) -> bytes:
    """Text without the byte order mark of UTF-8."""
    return text.removeprefix(b"\xef\xbb\xbf")
