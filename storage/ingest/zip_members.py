"""The members of a zip archive and their content, unpacked as it is read. Knows no format of records and no database.

Python's `zipfile` lists the members, but does not read them: of bzip2 and LZMA it unpacks what 4 KB hold at once, which
may be gigabytes, and at a wrong checksum it loses the last bytes. An archive that was cut off lacks its list, so there
the members are found by the headers in front of them.
"""

from __future__ import annotations

import io
import mmap
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from storage.sources.decompression import MOST_MEMORY, Compression, Decompressed, Decompressor, Inflate

_HEADER, _LIST, _DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
_FIELDS = struct.Struct("<4s2xHHxxxxLLLHH")  # of a header: magic, flags, method, checksum, both sizes, two lengths
_SIZES = struct.Struct("<4sLLL")  # of what follows a member whose header was written before its size was known
_ENCRYPTED, _SIZES_FOLLOW, _UTF_8 = 0x1, 0x8, 0x800  # flags
_UNKNOWN = 0xFFFFFFFF  # stands for a size that a longer field has
_CHUNK_BYTES = 1 << 16
_LZMA_HEADER = struct.Struct("<2xHBL")  # of the content: length of what follows, its parameters, size of the window
_MISSING_LIST = "truncated zip archive: its list of members is missing"


class Unreadable(ValueError):
    """A member cannot be read. The message says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its name.
        method: how it is compressed.
        encrypted: whether it is.
        place: where its header is, or None: where its content is.
        content: where its content is; None where its header says it.
        packed: bytes of its compressed content.
        size: bytes of its content; None where that is not known.
        checksum: CRC-32 of its content; None where that is not known.
        damage: what is known to be wrong with it.
    """

    name: str
    method: int
    encrypted: bool
    place: int
    content: int | None
    packed: int
    size: int | None
    checksum: int | None
    damage: str | None = None


def members_of(path: Path) -> list[Member]:
    """The members of an archive, without directories.

    Raises:
        zipfile.BadZipFile: it is no archive, or so damaged that no member is found.
        OSError: it cannot be read.
        NotImplementedError: it is of a kind that cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [_listed(info) for info in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, struct.error) as error:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = [*_found_in(content)]
        if not found:
            raise zipfile.BadZipFile(str(error)) from None
        found[-1] = replace(found[-1], damage=_MISSING_LIST)
    return [member for member in found if not member.name.endswith("/")]


def _listed(info: zipfile.ZipInfo) -> Member:
    encrypted = bool(info.flag_bits & _ENCRYPTED)
    sizes = info.compress_size, info.file_size, info.CRC
    return Member(info.filename, info.compress_type, encrypted, info.header_offset, None, *sizes)


def _found_in(archive: mmap.mmap) -> Iterator[Member]:
    """The members of an archive without a list, by their headers."""
    place = 0
    while archive[place : place + 4] == _HEADER and len(archive) - place > _FIELDS.size:
        _, flags, method, checksum, packed, size, *lengths = _FIELDS.unpack(archive[place : place + _FIELDS.size])
        named = place + _FIELDS.size
        start = named + sum(lengths)
        if start > len(archive):
            return
        name = archive[named : named + lengths[0]].decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
        known: tuple[int | None, int | None] = size, checksum
        if flags & _SIZES_FOLLOW or _UNKNOWN in (packed, size):
            ends = [end for magic in (_HEADER, _LIST) if (end := archive.find(magic, start)) >= 0]
            place = min(ends, default=len(archive))
            packed, known = _sizes_before(archive, start, place)
        else:
            place = start + packed
        packed = min(packed, len(archive) - start)
        yield Member(name, method, bool(flags & _ENCRYPTED), start, start, packed, *known)


def _sizes_before(archive: mmap.mmap, start: int, end: int) -> tuple[int, tuple[int | None, int | None]]:
    """The compressed size, and (size, checksum) of a member that ends before a place, by what was written behind it."""
    magic, checksum, packed, size = _SIZES.unpack(archive[max(0, end - _SIZES.size) : end].rjust(_SIZES.size, b"\0"))
    if magic == _DESCRIPTOR and packed == end - start - _SIZES.size:
        return packed, (size, checksum)
    return end - start, (None, None)


class MemberFile(io.RawIOBase):
    """The content of a member. It has no descriptor, so `pread` stands in for that of the system.

    Raises:
        Unreadable: it cannot be read at all.

    Attributes:
        broken: Why the content ends too early, or is wrong; None where it is sound.
    """

    def __init__(self, archive: BinaryIO, member: Member) -> None:
        self.broken: str | None = None
        self._archive, self._member = archive, member
        self._second: MemberFile | None = None
        self._start = _start_of(member, archive.fileno())
        self._compression = _compression_of(member.method)
        self._restart()

    def _restart(self) -> None:
        self._position, self._sum = 0, 0
        self._content: io.RawIOBase = self._packed()
        if self._compression is not None:
            buffered = io.BufferedReader(self._content, _CHUNK_BYTES)
            self._content = Decompressed(buffered, self._compression, cast("BinaryIO", self._packed()))

    def _packed(self) -> _Packed:
        return _Packed(self._archive.fileno(), self._start, self._member.packed)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._member.size
        room = len(buffer) if size is None else min(len(buffer), size - self._position)
        data = (self._content.read(room) or b"") if room else b""
        self._position += len(data)
        self._sum = zlib.crc32(data, self._sum)
        if room and not data:
            self.broken = getattr(self._content, "broken", None) or self._fault()
        elif self._position == size:
            self.broken = self._fault()
        buffer[: len(data)] = data
        return len(data)

    def _fault(self) -> str | None:
        """What is wrong at the end of the content."""
        member = self._member
        if member.size is not None and self._position < member.size:
            return "truncated zip data"
        if member.checksum is not None and self._sum != member.checksum:
            return "corrupt zip data (wrong checksum)"
        return member.damage

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence != os.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        if offset < self._position:
            self._restart()
        while self._position < offset and self.read(min(_CHUNK_BYTES, offset - self._position)):
            pass
        return self._position

    def tell(self) -> int:
        return self._position

    def pread(self, count: int, position: int) -> bytes:
        """Bytes from a position on, not those read next; fewer only at the end or at damage."""
        if self._second is None:
            self._second = MemberFile(self._archive, self._member)
        if self._second.seek(position) != position:
            return b""
        parts, left = [], count
        while left and (data := self._second.read(left)):
            parts.append(data)
            left -= len(data)
        return b"".join(parts)


class _Packed(io.RawIOBase):
    """A part of a file, with a place of its own."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor, self._start, self._size = descriptor, start, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = max(0, self._size - self._position)
        data = os.pread(self._descriptor, min(len(buffer), left), self._start + self._position)
        self._position += len(data)
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position


def _start_of(member: Member, descriptor: int) -> int:
    """Where the compressed content starts."""
    if member.content is not None:
        return member.content
    header = os.pread(descriptor, _FIELDS.size, member.place)
    if len(header) < _FIELDS.size or not header.startswith(_HEADER):
        raise Unreadable("bad header")
    *_, name_length, extra_length = _FIELDS.unpack(header)
    return member.place + _FIELDS.size + int(name_length) + int(extra_length)


def _compression_of(method: int) -> Compression | None:
    if method == zipfile.ZIP_STORED:
        return None
    if method in _METHODS:
        return _METHODS[method]
    raise Unreadable(f"compression method {method} is not supported")


class _Lzma:
    """LZMA data with the header that zip gives it, in the form of `bz2` and `lzma`."""

    def __init__(self) -> None:
        self._head = b""
        self._stream: Decompressor | None = None

    @property
    def eof(self) -> bool:
        return self._stream is not None and self._stream.eof

    @property
    def needs_input(self) -> bool:
        return self._stream is None or self._stream.needs_input

    @property
    def unused_data(self) -> bytes:
        return b"" if self._stream is None else self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._stream is None:
            self._head += data
            if len(self._head) < _LZMA_HEADER.size:
                return b""
            self._stream, data = _lzma_stream(self._head), self._head[_LZMA_HEADER.size :]
        return self._stream.decompress(data, max_length)


def _lzma_stream(head: bytes) -> Decompressor:
    import lzma

    length, parameters, window = _LZMA_HEADER.unpack_from(head)
    if length != 5 or window > MOST_MEMORY or parameters >= 9 * 5 * 5:
        raise lzma.LZMAError("Memory usage limit was exceeded" if window > MOST_MEMORY else "bad header")
    rest, lc = divmod(parameters, 9)
    pb, lp = divmod(rest, 5)
    # 4 KB is the smallest window that the decoder takes.
    parts = {"id": lzma.FILTER_LZMA1, "dict_size": max(window, 1 << 12), "lc": lc, "lp": lp, "pb": pb}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[parts])


def _start_inflate() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    return Inflate(-zlib.MAX_WBITS), (zlib.error,)  # without a header


def _start_bzip2() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    import bz2

    return bz2.BZ2Decompressor(), (OSError, ValueError)


def _start_lzma() -> tuple[Decompressor, tuple[type[Exception], ...]]:
    import lzma

    return _Lzma(), (lzma.LZMAError,)


_METHODS = {
    zipfile.ZIP_DEFLATED: Compression("zip", b"", _start_inflate, repeats=False),
    zipfile.ZIP_BZIP2: Compression("zip", b"", _start_bzip2, repeats=False),
    zipfile.ZIP_LZMA: Compression("zip", b"", _start_lzma, repeats=False),
}
