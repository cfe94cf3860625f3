"""What the bytes of a file hash to up to a place: by that, and by nothing else, an import knows a file again. Knows
files only as bytes.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO, NamedTuple

HEAD = 4096  # bytes; of two files that differ in as many the rest need not be read
_BLOCK = 1 << 20


class Digest(NamedTuple):
    """SHA-256 of all bytes up to a place, and of the first HEAD of them (None: they are fewer)."""

    prefix: str
    head: str | None


class Hashed:
    """A file's bytes, hashed up to places that lie ever further on.

    Whoever else reads the file is not disturbed: nothing is read by way of the descriptor's own place, which a process
    that inherits it goes on from.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file.fileno()
        self._position, self._running = 0, hashlib.sha256()
        self._head: str | None = None

    def to(self, position: int) -> Digest:
        """The digest of the bytes up to there, or up to where it was asked for before."""
        while self._position < position and (block := self._read(min(_BLOCK, position - self._position))):
            self._running.update(block)
            self._position += len(block)
        return Digest(self._running.hexdigest(), self.head() if self._position >= HEAD else None)

    def head(self) -> str | None:
        """What the first HEAD bytes hash to, None of fewer."""
        if self._head is None:
            head = os.pread(self._file, HEAD, 0)
            self._head = hashlib.sha256(head).hexdigest() if len(head) == HEAD else None
        return self._head

    def _read(self, count: int) -> bytes:
        return os.pread(self._file, count, self._position)
