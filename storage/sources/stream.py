"""The bytes of a file: decompressed, counted, and cut into lines of bounded length. Knows no format."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import IO, Any, BinaryIO

from storage.domain.events import Reject
from storage.sources.decompression import HEAD_BYTES, Decompressed, compression_of, other_archive
from storage.sources.fields import reject

SAMPLE_BYTES = 262_144  # read to recognise a format
MAX_RECORD_BYTES = 16 << 20  # kept of an object; a longer one is read object by object, or told
MAX_ROW_BYTES = 4 << 20  # of a row of a table; a longer one is told
PIECE_BYTES = 1 << 20  # of a line that are looked at together, where records need no line ends
_CHUNK_BYTES = 65_536
_SEARCHED_BYTES = 1 << 20  # at once
_LINE_END = ord("\n")
_NOTHING = 0, 0
_EMPTY_LINES = b"\n\n\n\n"
_RUN_OF_EMPTY_LINES = re.compile(rb"(?<=\n)\n{16,}")
_UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


class _Chained(io.RawIOBase):
    """One stream and behind it another one."""

    def __init__(self, first: IO[bytes], second: io.RawIOBase) -> None:
        self._first, self._second = first, second

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if data := self._first.read(len(buffer)):
            buffer[: len(data)] = data
            return len(data)
        return self._second.readinto(buffer) or 0


class Stream:
    """A file in lines.

    Attributes:
        offset: Bytes of the uncompressed content, and lines, up to the end of the last complete line that `lines` gave.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0, 0
        self._lines = io.BytesIO()
        self._ahead = 0  # where `ahead` began in them
        self._skipped = _NOTHING  # bytes and lines of the current block
        self._counted = _CountingFile(file)
        self._content = _Peekable(self._counted)
        self._decompressed: Decompressed | None = None
        if (compression := compression_of(self._content.peek(HEAD_BYTES))) is not None:
            self._decompressed = Decompressed(io.BufferedReader(self._content, _CHUNK_BYTES), compression, file)
            self._content = _Peekable(self._decompressed)
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
        return self._decompressed is not None or self._transcoded

    @property
    def broken(self) -> str | None:
        """Why the content ends too early; None where it does not."""
        broken: str | None = getattr(self._file, "broken", None)  # a member of an archive knows
        return self._decompressed.broken if broken is None and self._decompressed is not None else broken

    @property
    def other_archive(self) -> str | None:
        """What the content is and what to do, where it is an archive that cannot be read."""
        return other_archive(self._content.peek(HEAD_BYTES))

    @property
    def can_repeat(self) -> bool:
        """Whether the file can be read again from its beginning."""
        return self._file.seekable()

    @contextmanager
    def again(self) -> Iterator[Stream | None]:
        """The same file from its beginning, as often as wanted; None for a pipe. Until it ends, this stream rests."""
        if not self.can_repeat:
            yield None
            return
        place = self._file.tell()
        self._file.seek(0)
        try:
            yield Stream(self._file)
        finally:
            self._file.seek(place)

    def first_of(self, words: Sequence[bytes]) -> bytes | None:
        """The first word that is found in the content, up to its end; None where there is none.

        Reading goes on at the beginning: a file is read again, and what a pipe gave is kept on disk.
        """
        with self.again() as other:
            if other is not None:
                return _first_of(words, iter(partial(other._content.read, _SEARCHED_BYTES), b""))
        import tempfile  # it loads a dozen modules, and few inputs are searched so

        kept = tempfile.TemporaryFile()  # noqa: SIM115 - it is read later, and goes with the stream
        found = _first_of(words, _kept(self._content, kept))
        kept.seek(0)
        self._content = _Peekable(_Chained(kept, self._content))
        self._buffered = io.BufferedReader(self._content, SAMPLE_BYTES)
        return found

    def sample(self) -> bytes:
        """The first bytes of the content, without taking them."""
        return self._content.peek(SAMPLE_BYTES)

    def lines(self, max_bytes: int = MAX_RECORD_BYTES, skip_empty: bool = False) -> Iterator[bytes]:
        """Every line with its end; a line longer than `max_bytes` comes in pieces.

        A last line without an end does not change `offset`: a log may be read while it is written.

        Args:
            max_bytes: Of a piece.
            skip_empty: Whether long runs of empty lines are counted and not given: millions of them fit into a small
                compressed file.
        """
        position, count = self.offset
        self._skipped = _NOTHING
        while block := self._buffered.read1(min(_CHUNK_BYTES, max_bytes)):
            # A long run fills whole blocks, so their ends tell; searching all blocks would slow a log by a tenth.
            has_run = skip_empty and (block.startswith(_EMPTY_LINES) or block.endswith(_EMPTY_LINES))
            parts = _without_empty_lines(block) if has_run else ((block, 0, 0),)
            for part, empty_bytes, empty_lines in parts:
                # Cutting a block in memory is faster than reading line by line.
                self._lines = io.BytesIO(part)
                for line in self._lines:
                    if line[-1] != _LINE_END:  # the line may go on in the next block
                        line += self._buffered.readline(max_bytes - len(line))
                    position += len(line)
                    if line[-1] == _LINE_END:
                        count += 1
                        self.offset = position, count
                    yield line
                    if self._skipped is not _NOTHING:
                        position, count = position + self._skipped[0], count + self._skipped[1]
                        self._skipped = _NOTHING
                if empty_lines:
                    position, count = position + empty_bytes, count + empty_lines
                    self.offset = position, count

    def blocks(self) -> Iterator[bytes]:
        """Runs of whole lines, from `offset` on and without changing it; what `lines` gives, many lines at once.

        A last line without an end comes alone, and so does a piece of a line that is longer than `MAX_ROW_BYTES`.
        """
        while block := self._buffered.read1(_CHUNK_BYTES):
            whole = block.rfind(b"\n") + 1
            if whole == len(block):
                yield block
                continue
            last = block[whole:]
            last += self._buffered.readline(MAX_ROW_BYTES - len(last))
            if last[-1] == _LINE_END:
                yield block[:whole] + last
            else:
                yield from filter(None, (block[:whole], last))

    def whole_lines(self) -> bytes:
        """Whole lines that `lines` gives next, as far as they are in memory; for the reader of a complete line."""
        lines = self._lines.getvalue()
        return lines[self._lines.tell() : lines.rfind(b"\n") + 1]

    def ahead(self, most: int) -> Iterator[bytes]:
        """The lines that `lines` gives next, as far as they are in memory and at most so many; `pass_over` must follow.

        The last one may be a piece of a line.
        """
        self._ahead = self._lines.tell()
        return islice(self._lines, most)

    def pass_over(self, size: int, count: int) -> None:
        """Passes over the first whole lines of `ahead`, so many bytes and lines: `lines` does not give them."""
        self._lines.seek(self._ahead + size)
        self._count_skipped(size, count)

    def skip(self, lines: bytes) -> int:
        """Passes over the first ones of `whole_lines`, which `lines` then does not give; returns how many they are."""
        count = lines.count(b"\n")
        self._lines.seek(len(lines), io.SEEK_CUR)
        self._count_skipped(len(lines), count)
        return count

    def _count_skipped(self, size: int, count: int) -> None:
        self._skipped = self._skipped[0] + size, self._skipped[1] + count
        self.offset = self.offset[0] + size, self.offset[1] + count

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


def _first_of(words: Sequence[bytes], blocks: Iterable[bytes]) -> bytes | None:
    overlap, end = max(map(len, words)) - 1, b""
    for block in blocks:
        text = end + block
        if (found := next((word for word in words if word in text), None)) is not None:
            return found
        end = text[-overlap:]
    return None


def _kept(content: io.RawIOBase, file: IO[bytes]) -> Iterator[bytes]:
    while block := content.read(_SEARCHED_BYTES):
        file.write(block)
        yield block


def _without_empty_lines(block: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Parts of a block, each with the bytes and lines of the empty lines after it; all but the last end a line."""
    start = 0
    for run in _RUN_OF_EMPTY_LINES.finditer(block):
        yield block[start : run.start()], run.end() - run.start(), block.count(b"\n", run.start(), run.end())
        start = run.end()
    if start < len(block):
        yield block[start:], 0, 0


def without_bom(text: bytes) -> bytes:
    """The text without the byte order mark of UTF-8."""
    return text.removeprefix(b"\xef\xbb\xbf")
