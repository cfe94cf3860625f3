"""Has SQLite's log of writes written to the disk while the import goes on: a checkpoint waits for all of it otherwise.
Knows the log as a file only; nothing depends on this but time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

# Where there is both, the one that leaves out when the file was last written.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


@contextmanager
def flushing(database: Path) -> Iterator[Callable[[], None]]:
    """What is to be called after a transaction; the log is written to the disk beside what follows, until the end."""
    written: SimpleQueue[bool] = SimpleQueue()
    thread = Thread(target=_flush, args=(database.with_name(f"{database.name}-wal"), written), daemon=True)
    thread.start()
    try:
        yield lambda: written.put(True)
    finally:
        written.put(False)
        thread.join()


def _flush(log: Path, written: SimpleQueue[bool]) -> None:
    """Writes the log to the disk whenever there is more of it, until nothing more comes."""
    # What cannot be written is for SQLite to tell, which writes the same in the end.
    with suppress(OSError):
        while written.get():
            with log.open("rb") as file:
                _sync(file.fileno())
