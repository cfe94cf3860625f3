"""The content of compressed files: gzip, bzip2 and xz, recognised by their first bytes. Knows no format of records."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

HEAD_BYTES = 512  # enough to tell every kind of archive

_CHUNK_BYTES = 65_536
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # makes zlib expect a gzip header
# `xz -9` needs 65 MB; a header that asks for more would let a small file take any amount of memory.
_XZ_MEMORY = 256 << 20

# Other archives of logs, by their first bytes. They are named, since "binary file" would not say what to do.
_OTHERS = {
    b"\x28\xb5\x2f\xfd": "zstd-compressed file; decompress it first",
    b"\x04\x22\x4d\x18": "LZ4-compressed file; decompress it first",
    b"\x1f\x9d": "compress (.Z) file; decompress it first",
    b"\x37\x7a\xbc\xaf\x27\x1c": "7z archive; extract it first",
    b"PK\x03\x04": "zip archive; extract it first, or import it by its own path",
    b"Rar!": "RAR archive; extract it first",
}
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257


class _Decompressor(Protocol):
    """One stream of compressed data, as `bz2` and `lzma` have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


_Start = Callable[[], tuple[_Decompressor, tuple[type[Exception], ...]]]


@dataclass(frozen=True, slots=True)
class Compression:
    """One way to compress a file.

    Attributes:
        name: What a message calls it.
        magic: The bytes that each of its streams starts with.
        start: Makes the decompressor of one stream, and says what it raises for corrupt data.
    """

    name: str
    magic: bytes
    start: _Start


def compression_of(head: bytes) -> Compression | None:
    """How a file that starts with these bytes is compressed; None for any other file."""
    return next((known for known in _COMPRESSIONS if head.startswith(known.magic)), None)


def other_archive(head: bytes) -> str | None:
    """What a file with these first bytes is and what to do, where it is an archive that cannot be read."""
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return "tar archive; extract it first"
    return next((words for magic, words in _OTHERS.items() if head.startswith(magic)), None)


class Decompressed(io.RawIOBase):
    """The content of a compressed file, which may be several streams one after another.

    A file may be read while it is written: truncated or corrupt data ends the content there, and `broken` says why.
    """

    def __init__(self, compressed: io.BufferedReader[Any], compression: Compression) -> None:
        self._compressed, self._compression = compressed, compression
        self._decompressor, self._errors = compression.start()
        self._given = b""  # compressed bytes that were read and not used
        self.broken: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self.broken is None and self._is_in_stream():
            if self._decompressor.needs_input and not self._given and not self._refill():
                self.broken = f"truncated {self._compression.name} data"
                break
            given, self._given = self._given, b""
            try:
                data = self._decompressor.decompress(given, len(buffer))
            except self._errors as error:
                self.broken = f"corrupt {self._compression.name} data ({error})"
                break
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def _refill(self) -> bool:
        self._given = self._compressed.read1(_CHUNK_BYTES)
        return bool(self._given)

    def _is_in_stream(self) -> bool:
        """Whether a stream goes on or another one starts here; what is no stream, such as padding, is the end."""
        if not self._decompressor.eof:
            return True
        rest = self._decompressor.unused_data.lstrip(b"\0")  # xz pads its streams with NULs
        while not rest and self._refill():
            rest = self._given.lstrip(b"\0")
        self._given = b""
        if not rest.startswith(self._compression.magic[:1]):
            return False
        self._given = rest
        self._decompressor, self._errors = self._compression.start()
        return True


class _Gunzip:
    """One gzip stream, in the form of `bz2` and `lzma`."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_WINDOW)

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


def _start_gzip() -> tuple[_Decompressor, tuple[type[Exception], ...]]:
    return _Gunzip(), (zlib.error,)


def _start_bzip2() -> tuple[_Decompressor, tuple[type[Exception], ...]]:
    import bz2

    return bz2.BZ2Decompressor(), (OSError, ValueError)


def _start_xz() -> tuple[_Decompressor, tuple[type[Exception], ...]]:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), (lzma.LZMAError,)


_COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", _start_gzip),
    Compression("bzip2", b"BZh", _start_bzip2),
    Compression("xz", b"\xfd7zXZ\0", _start_xz),
)
