"""Inputs that cost much for each byte, or hold everything in one line: made of their size, the same every time.

Every file holds one record in front and one behind, so that reading has to come to its end. Measures nothing.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_BLOCK = 1 << 16
_HEADER = b"message_id,to,template,status,sent_at"
_OPENED: dict[str, Any] = {"plain": open, "gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
_ZIPPED = {"zip": zipfile.ZIP_DEFLATED, "zip bzip2": zipfile.ZIP_BZIP2, "zip lzma": zipfile.ZIP_LZMA}

Content = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input.

    Attributes:
        name: its words in the table.
        content: makes blocks of so many bytes in all.
        separator: between the cells, where it is in a table; empty in a log.
        packed: how the file is packed.
        line_end: whether the content ends with a line end, and a record follows it.
    """

    name: str
    content: Content
    separator: bytes = b""
    packed: str = "plain"
    line_end: bool = True

    @property
    def events(self) -> int:
        """How many events the file has besides those of the content."""
        return 1 + self.line_end

    def write(self, path: Path, size: int) -> None:
        """Writes a file with so many bytes of content."""
        if self.packed in _ZIPPED:
            with (
                zipfile.ZipFile(path, "w", _ZIPPED[self.packed]) as archive,
                archive.open("a.log", "w", force_zip64=True) as member,
            ):
                self._write(member, size)
            return
        opened: Callable[[Path, str], AbstractContextManager[Any]] = _OPENED[self.packed]
        with opened(path, "wb") as file:
            self._write(file, size)

    def _write(self, file: IO[bytes], size: int) -> None:
        if self.separator:
            file.write(_HEADER.replace(b",", self.separator) + b"\n")
        file.write(record(1, self.separator) + b"\n")
        for block in self.content(size):
            file.write(block)
        if self.line_end:
            file.write(b"\n" + record(2, self.separator) + b"\n")


def record(number: int, separator: bytes) -> bytes:
    """A row of a table, or a webhook."""
    if separator:
        cells = (b"wamid.%024d" % number, b"5491155550001", b"promo", b"sent", b"2026-11-18 15:00:00")
        return separator.join(cells)
    return webhook(
        b'{"id":"wamid.%d","status":"sent","timestamp":"1795014000","recipient_id":"5491155550001"}' % number
    )


def webhook(item: bytes, more: bytes = b"") -> bytes:
    """A webhook with one status, and more members of its value."""
    return (
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"whatsapp",'
        b'"metadata":{"display_phone_number":"5491100000001","phone_number_id":"1001"},"statuses":[' + item + b"]"
        b"" + more + b'},"field":"messages"}]}]}'
    )


def repeated(part: bytes, size: int) -> Iterator[bytes]:
    """The part again and again."""
    block = part * max(1, _BLOCK // len(part))
    for _ in range(size // len(block)):
        yield block
    yield part * (size % len(block) // len(part))


def around(before: bytes, part: bytes, after: bytes, size: int) -> Iterator[bytes]:
    """The part again and again, with something in front and something behind."""
    yield before
    yield from repeated(part, size)
    yield after


def nested(opening: bytes, middle: bytes, closing: bytes, size: int) -> Iterator[bytes]:
    """As many openings as fit, and as many closings."""
    times = size // (len(opening) + len(closing))
    yield from repeated(opening, times * len(opening))
    yield middle
    yield from repeated(closing, times * len(closing))


def random_lines(alphabet: bytes, longest: int, size: int) -> Iterator[bytes]:
    """Lines of random letters of an alphabet."""
    chance, made = random.Random(5), 0
    letters = bytes(alphabet)
    while made < size:
        text = bytes(chance.choices(letters, k=_BLOCK))
        lines, at = [], 0
        while at < len(text):
            end = at + chance.randrange(1, longest)
            lines.append(text[at:end])
            at = end
        block = b"\n".join(lines) + b"\n"
        made += len(block)
        yield block


def lines_of(part: bytes, length: int, size: int) -> Iterator[bytes]:
    """Lines of this length, of one part again and again."""
    return repeated(part * (length // len(part)) + b"\n", size)
