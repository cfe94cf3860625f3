"""A process that has SQLite's log of writes written to the disk while an import goes on: a checkpoint waits for all of
it otherwise. Knows the log as a file only; nothing depends on this but time.

Not a thread: in a process with two of them SQLite's locks, which are many, take three times as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.database import child_process

# Where there are both, the one that leaves out when the file was last written.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
_PENDING = 4096  # transactions that are written to the disk in one go


@contextmanager
def flushing(database: Path) -> Iterator[Callable[[], None]]:
    """What is to be called after a transaction, for its log to be written beside what follows; where no process can be
    started, nobody writes it before SQLite does."""
    with child_process.started("storage.database.wal_sync", f"{database}-wal") as process:

        def wrote() -> None:
            if process is not None and process.stdin is not None:
                with suppress(OSError):
                    os.write(process.stdin.fileno(), b"\n")

        yield wrote


def flush(log: Path, told: int) -> None:
    """Writes the log to the disk whenever a file tells of transactions, until it ends."""
    # What cannot be written is for SQLite to tell, which writes the same in the end.
    with suppress(OSError):
        while os.read(told, _PENDING):
            with log.open("rb") as file:
                _sync(file.fileno())


if __name__ == "__main__":
    flush(Path(sys.argv[1]), sys.stdin.fileno())
