"""Whether the WAL beside a file belongs to it. SQLite adds whatever lies there to the file, also to one that was copied
over the one before while a killed writer had left its WAL. Knows the form of a WAL, and no table.

Only what is certain is told: a database of this program never shrinks, its pages are in the file or in the WAL, and the
writer that was killed has recorded what the file looked like.
https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

from storage.database.main_file_record import differs_from_record
from storage.database.new_file import lock_path

_HEADER = struct.Struct(">III4x8s8x")  # of the file: magic number, version, page size, salt
_MAGIC, _VERSION = (0x377F0682, 0x377F0683), 3_007_000
_FRAME = struct.Struct(">II8s8x")  # of a frame: page, pages of the database after a commit (0: none), salt


class _Wal(NamedTuple):
    """What a WAL holds. page_size: in bytes. pages: those that it has. size: pages of the database after it; 0: nothing
    is committed."""

    page_size: int
    pages: frozenset[int]
    size: int


def belongs_to_another(file: Path) -> bool:
    """Whether the WAL beside a file was surely written for another file.

    A writer may be at work: what changes meanwhile is not judged.
    """
    wal = file.with_name(f"{file.name}-wal")
    try:
        before = os.stat(wal)
        if before.st_size <= _HEADER.size:
            return False
        descriptor = os.open(wal, os.O_RDONLY)
        try:
            found = _read(descriptor)
        finally:
            os.close(descriptor)
        file_size = os.stat(file).st_size
        after = os.stat(wal)
    except OSError:
        return False
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or not found.size:
        return False
    in_file = file_size // found.page_size
    needed = range(1, found.size + 1) if in_file > found.size else range(in_file + 1, found.size + 1)
    return not found.pages.issuperset(needed) or differs_from_record(file, lock_path(file))


def _read(descriptor: int) -> _Wal:
    magic, version, page_size, salt = _HEADER.unpack(os.pread(descriptor, _HEADER.size, 0))
    if magic not in _MAGIC or version != _VERSION or not 512 <= page_size <= 65_536:
        return _Wal(1, frozenset(), 0)
    pages: set[int] = set()  # those after the last commit, too: with them less is certain, never more
    size, at = 0, _HEADER.size
    while len(header := os.pread(descriptor, _FRAME.size, at)) == _FRAME.size:
        page, committed, its_salt = _FRAME.unpack(header)
        if its_salt != salt:  # of an earlier use of the same file
            break
        pages.add(page)
        if committed:
            size = committed
        at += _FRAME.size + page_size
    return _Wal(page_size, frozenset(pages), size)
