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
    """A file's bytes, hashed up to places that lie ever further on. Whoever else reads the file is not disturbed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file.fileno()
        self._position, self._running = 0, hashlib.sha256()
        self._head: str | None = None

    def to(self, position: int) -> Digest:
        """The digest of the bytes up to there, or up to where it was asked for before."""
        if self._head is None and position >= HEAD:
            self._head = head_digest(os.pread(self._file, HEAD, 0))
        while self._position < position and (block := self._read(min(_BLOCK, position - self._position))):
            self._running.update(block)
            self._position += len(block)
        return Digest(self._running.hexdigest(), self._head)

    def _read(self, count: int) -> bytes:
        return os.pread(self._file, count, self._position)


def head_digest(head: bytes) -> str | None:
    """What a file's first HEAD bytes hash to, None of fewer."""
    return hashlib.sha256(head).hexdigest() if len(head) == HEAD else None
