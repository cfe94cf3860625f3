"""Incremental SHA-256 of a file at increasing offsets: an import recognises a file by it. Knows bytes only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, NamedTuple

HEAD = 4096  # bytes; files that differ here are not hashed further
_BLOCK = 1 << 20


class Digest(NamedTuple):
    """SHA-256 of all bytes up to an offset, and of the first HEAD bytes; `head` is None if there are fewer."""

    prefix: str
    head: str | None


class IncrementalDigest:
    """Hashes a file up to increasing offsets.

    Reads with `pread`, which leaves the descriptor's own offset to other readers: a process that inherits the
    descriptor shares that offset. A file without a descriptor, such as a member of an archive, has its own `pread`.
    """

    def __init__(self, file: BinaryIO) -> None:
        own: Callable[[int, int], bytes] | None = getattr(file, "pread", None)
        self._pread = partial(os.pread, file.fileno()) if own is None else own
        self._position, self._running = 0, hashlib.sha256()
        self._head: str | None = None

    def to(self, position: int) -> Digest:
        """The digest of the bytes up to an offset, or up to a greater one that was asked for before."""
        while self._position < position and (block := self._read(min(_BLOCK, position - self._position))):
            self._running.update(block)
            self._position += len(block)
        return Digest(self._running.hexdigest(), self.head() if self._position >= HEAD else None)

    def head(self) -> str | None:
        """The SHA-256 of the first HEAD bytes; None if there are fewer."""
        if self._head is None:
            head = self._pread(HEAD, 0)
            self._head = hashlib.sha256(head).hexdigest() if len(head) == HEAD else None
        return self._head

    def _read(self, count: int) -> bytes:
        return self._pread(count, self._position)
