"""The bytes of a file: decompressed, counted, and cut into lines of bounded length. Knows no format."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from storage.domain.events import Reject
from storage.sources.fields import reject

SAMPLE_BYTES = 262_144  # read to recognise a format
MAX_RECORD_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 4 * 1024 * 1024  # of a line that are looked at together, where records need no line ends
_CHUNK_BYTES = 65_536
_LINE_END = ord("\n")
_GZIP_MAGIC = b"\x1f\x8b"
_UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # makes zlib expect a gzip header


class _CountingFile(io.RawIOBase):
    """A raw stream that counts the bytes read from it."""

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
    """The content of a gzip file.

    A file may be read while it is written: truncated or corrupt data ends the content there, and `broken` says why.
    """

    def __init__(self, compressed: io.BufferedReader[Any]) -> None:
        self._compressed = compressed
        self._decompressor = zlib.decompressobj(_GZIP_WINDOW)
        self._rest = b""
        self.broken: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self.broken is None:
            chunk = self._rest or self._compressed.read1(_CHUNK_BYTES)
            if self._decompressor.eof:
                # Another member may follow; what is no gzip, such as padding, is the end.
                if not chunk.startswith(_GZIP_MAGIC[:1]):
                    return 0
                self._decompressor = zlib.decompressobj(_GZIP_WINDOW)
            if not chunk:
                self.broken = "truncated gzip data"
                return 0
            try:
                data = self._decompressor.decompress(chunk, len(buffer))
            except zlib.error as error:
                self.broken = f"corrupt gzip data ({error})"
                return 0
            self._rest = self._decompressor.unconsumed_tail or self._decompressor.unused_data
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0


class _FromUtf16(io.RawIOBase):
    """UTF-16 text with its byte order mark, as spreadsheets save it, in UTF-8 without the mark."""

    def __init__(self, content: io.RawIOBase) -> None:
        self._content = content
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            chunk = self._content.read(_CHUNK_BYTES) or b""
            self._ready = self._decoder.decode(chunk, final=not chunk).encode("utf-8", "replace")
            if not chunk:
                break
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class _Peekable(io.RawIOBase):
    """A raw stream whose first bytes can be read without taking them."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._head = b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer than `size` only at the end.

        A pipe gives what its writer has written so far, even one byte, so this reads until it has enough.
        """
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
    """A file in lines.

    Attributes:
        offset: Bytes of the uncompressed content, and lines, up to the end of the last complete line that `lines` gave.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0, 0
        self._counted = _CountingFile(file)
        self._content = _Peekable(self._counted)
        self._gunzip: _Gunzip | None = None
        if self._content.peek(2) == _GZIP_MAGIC:
            self._gunzip = _Gunzip(io.BufferedReader(self._content, SAMPLE_BYTES))
            self._content = _Peekable(self._gunzip)
        self._transcoded = self._content.peek(2) in _UTF_16_BOMS
        if self._transcoded:
            self._content = _Peekable(_FromUtf16(self._content))
        self._buffered: io.BufferedReader[Any] = io.BufferedReader(self._content, SAMPLE_BYTES)

    @property
    def position(self) -> int:
        """Bytes read from the file so far, compressed if it is."""
        return self._counted.position

    @property
    def compressed(self) -> bool:
        """Whether the file is compressed or UTF-16, so that a place in the content is no place in the file."""
        return self._gunzip is not None or self._transcoded

    @property
    def broken(self) -> str | None:
        """Why the content ends too early; None where it does not."""
        return None if self._gunzip is None else self._gunzip.broken

    @contextmanager
    def again(self) -> Iterator[Stream | None]:
        """The same file from its beginning, as often as wanted; None for a pipe. Until it ends, this stream rests."""
        if not self._file.seekable():
            yield None
            return
        place = self._file.tell()
        self._file.seek(0)
        try:
            yield Stream(self._file)
        finally:
            self._file.seek(place)

    def sample(self) -> bytes:
        """The first bytes of the content, without taking them."""
        return self._content.peek(SAMPLE_BYTES)

    def lines(self, max_bytes: int = MAX_RECORD_BYTES) -> Iterator[bytes]:
        """Every line with its end; a line longer than `max_bytes` comes in pieces.

        A last line without an end does not change `offset`: a log may be read while it is written.
        """
        position, count = self.offset
        while block := self._buffered.read1(min(_CHUNK_BYTES, max_bytes)):
            # Cutting a block in memory is faster than reading line by line.
            for line in io.BytesIO(block):
                if line[-1] != _LINE_END:  # the line may go on in the next block
                    line += self._buffered.readline(max_bytes - len(line))
                position += len(line)
                if line[-1] == _LINE_END:
                    count += 1
                    self.offset = position, count
                yield line

    def seek(self, position: int, lines: int) -> None:
        """Continues at a byte of the content that has `lines` lines before it.

        The file must be seekable and not compressed.
        """
        self._file.seek(position)
        self._counted.position = position
        self.offset = position, lines
        self._content = _Peekable(self._counted)
        self._buffered = io.BufferedReader(self._content, SAMPLE_BYTES)

    def end_rejects(self) -> Iterator[Reject]:
        """A reject where the content ends too early. Only to be asked at the end."""
        if self.broken is not None:
            yield reject("end of file", self.broken, self.broken.encode())


def without_bom(text: bytes) -> bytes:
    """The text without the byte order mark of UTF-8."""
    return text.removeprefix(b"\xef\xbb\xbf")
