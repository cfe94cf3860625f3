"""The content of compressed files: gzip, bzip2 and xz, recognised by their first bytes. Knows no format of records.

All that a damaged file holds is given out. A decompressor that finds a wrong checksum loses what it unpacked in one
call, often the last lines of a log, so that part is unpacked once more, byte by byte.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from storage.language.texts import _

HEAD_BYTES = 512  # enough to tell every kind of archive

_CHUNK_BYTES = 65_536
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # makes zlib expect a gzip header
_REPLAYED_BYTES = 512  # compressed, given to a decompressor at once where it may give a single byte
# `xz -9` needs 65 MB; a header that asks for more would let a small file take any amount of memory.
MOST_MEMORY = 96 << 20

# Other archives of logs, by their first bytes. They are named, since "binary file" would not say what to do.
_OTHERS = {
    b"\x28\xb5\x2f\xfd": _("zstd-compressed file; decompress it first"),
    b"\x04\x22\x4d\x18": _("LZ4-compressed file; decompress it first"),
    b"\x1f\x9d": _("compress (.Z) file; decompress it first"),
    b"\x37\x7a\xbc\xaf\x27\x1c": _("7z archive; extract it first"),
    b"PK\x03\x04": _("zip archive; extract it first, or import it by its own path"),
    b"Rar!": _("RAR archive; extract it first"),
}
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257


class Decompressor(Protocol):
    """One stream of compressed data, as `bz2` and `lzma` have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


Start = Callable[[], tuple[Decompressor, tuple[type[Exception], ...]]]


@dataclass(frozen=True, slots=True)
class Compression:
    """One way to compress a file.

    Attributes:
        name: What a message calls it.
        magic: The bytes that each of its streams starts with.
        start: Makes the decompressor of one stream, and says what it raises for corrupt data.
        repeats: Whether several streams may follow each other.
    """

    name: str
    magic: bytes
    start: Start
    repeats: bool = True


def compression_of(head: bytes) -> Compression | None:
    """How a file that starts with these bytes is compressed; None for any other file."""
    return next((known for known in _COMPRESSIONS if head.startswith(known.magic)), None)


def other_archive(head: bytes) -> str | None:
    """What a file with these first bytes is and what to do, where it is an archive that cannot be read."""
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return _("tar archive; extract it first")
    return next((words for magic, words in _OTHERS.items() if head.startswith(magic)), None)


class Decompressed(io.RawIOBase):
    """The content of a compressed file, which may be several streams one after another.

    A file may be read while it is written: truncated or corrupt data ends the content there, and `broken` says why.

    Args:
        compressed: The file.
        compression: How it is compressed.
        file: The file once more, whose beginning is that of `compressed`; what damage hides in it is unpacked byte by
            byte. It may be a pipe.
    """

    def __init__(self, compressed: io.BufferedReader[Any], compression: Compression, file: BinaryIO) -> None:
        self._compressed, self._compression, self._file = compressed, compression, file
        self._decompressor, self._errors = compression.start()
        self._given = b""  # compressed bytes that were read and not used
        self._read_bytes = 0  # compressed, in all
        self._start, self._unpacked = 0, 0  # of the current stream: its place, and the bytes that it gave
        self._last = b""  # bytes before the damage that are not given out yet
        self.broken: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._last or self._next(len(buffer))
        data, self._last = data[: len(buffer)], data[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        """The next bytes; none at the end, or at damage."""
        while self.broken is None and self._is_in_stream():
            if self._decompressor.needs_input and not self._given and not self._refill():
                self.broken = f"truncated {self._compression.name} data"
                break
            given, self._given = self._given, b""
            try:
                data = self._decompressor.decompress(given, size)
            except self._errors as error:
                self.broken = f"corrupt {self._compression.name} data ({error})"
                return self._before_damage()
            self._unpacked += len(data)
            if data:
                return data
        return b""

    def _refill(self) -> bool:
        self._given = self._compressed.read1(_CHUNK_BYTES)
        self._read_bytes += len(self._given)
        return bool(self._given)

    def _before_damage(self) -> bytes:
        """What the current stream has between what it gave and its damage; nothing in a pipe."""
        if not self._file.seekable():
            return b""
        place = self._file.tell()
        self._file.seek(self._start)
        try:
            return b"".join(_bytes_behind(self._unpacked, self._file, self._compression.start))
        finally:
            self._file.seek(place)

    def _is_in_stream(self) -> bool:
        """Whether a stream goes on or another one starts here; what is no stream, such as padding, is the end."""
        if not self._decompressor.eof:
            return True
        if not self._compression.repeats:
            return False
        rest = self._decompressor.unused_data.lstrip(b"\0")  # xz pads its streams with NULs
        while not rest and self._refill():
            rest = self._given.lstrip(b"\0")
        self._given = b""
        if not rest.startswith(self._compression.magic[:1]):
            return False
        self._given = rest
        self._start, self._unpacked = self._read_bytes - len(rest), 0
        self._decompressor, self._errors = self._compression.start()
        return True


def _bytes_behind(position: int, file: BinaryIO, start: Start) -> Iterator[bytes]:
    """The bytes behind a position in the content of a stream, one by one, up to its damage."""
    decompressor, errors = start()
    left = position
    with suppress(EOFError, *errors):
        while not decompressor.eof and (given := file.read(_REPLAYED_BYTES)):
            data = decompressor.decompress(given, max(1, left))
            while data or not decompressor.needs_input:
                if left:
                    left -= len(data)
                else:
                    yield data
                data = decompressor.decompress(b"", max(1, left))


class Inflate:
    """One deflated stream, in the form of `bz2` and `lzma`.

    Args:
        window: zlib's number for its header: which one, or none.
    """

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)


def _start_gzip() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    return Inflate(_GZIP_WINDOW), (zlib.error,)


def _start_bzip2() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    import bz2

    return bz2.BZ2Decompressor(), (OSError, ValueError)


def _start_xz() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, MOST_MEMORY), (lzma.LZMAError,)


_COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", _start_gzip),
    Compression("bzip2", b"BZh", _start_bzip2),
    Compression("xz", b"\xfd7zXZ\0", _start_xz),
)
