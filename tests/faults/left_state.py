"""Tells whether two disturbed imports left the same behind, so that what follows from it is tried once, not for each.

Most calls that fail lead to few states: the transaction is gone, and it does not matter which error it was. Equal are
all bytes of all files, but for what SQLite draws at random in a WAL (its salt, and the checksums that depend on it),
the shared memory that it makes again from the WAL, the times at which migrations ran, and the numbers of process and
file in the lock file, of which only what a reader concludes from them counts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from storage.database.main_file_record import differs_from_record
from storage.database.new_file import lock_path

_NOT_LEFT = ("errors",)  # what the attack itself writes
_MOMENT = re.compile(rb"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
_WAL_HEADER = struct.Struct(">IIII8s8s")  # magic number, version, page size, checkpoints, salt, checksum
_FRAME = struct.Struct(">II8s8s")  # page, pages after a commit, salt, checksum


def left_by(database: Path) -> str:
    """What tells the files beside a database, and itself, from those that another import left."""
    digest = sha256()
    for file in sorted(database.parent.iterdir()):
        if file.name in _NOT_LEFT or file.name.endswith("-shm"):
            continue
        digest.update(f"\n{file.name}: ".encode())
        for part in _parts(file, database):
            digest.update(part)
    return digest.hexdigest()


def _parts(file: Path, database: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    if file == lock_path(database):
        differs = database.exists() and differs_from_record(database, file)
        yield repr(([*map(bool, content.split(b"\n"))], b"\n?" in content, differs)).encode()
    elif file.name.endswith("-wal"):
        yield from _parts_of_wal(content)
    else:
        yield _MOMENT.sub(b"", content)


def _parts_of_wal(content: bytes) -> Iterator[bytes]:
    if len(content) < _WAL_HEADER.size:
        yield content
        return
    *numbers, salt, _ = _WAL_HEADER.unpack_from(content)
    yield repr(numbers).encode()
    place, page_size = _WAL_HEADER.size, numbers[2]
    while place + _FRAME.size <= len(content):
        page, committed, its_salt, _ = _FRAME.unpack_from(content, place)
        yield f"{page} {committed} {its_salt == salt} ".encode()
        place += _FRAME.size
        yield _MOMENT.sub(b"", content[place : place + page_size])
        place += page_size
    yield content[place:]
