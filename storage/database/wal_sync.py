"""Helper process that fsyncs the WAL during an import. Knows the WAL as a file only.

A checkpoint waits until the whole WAL is on the disk. Syncing it after each transaction, while the import goes on,
leaves little to wait for. If the helper fails, nothing is lost: SQLite syncs the WAL itself.

A process and not a thread: in a process with two threads, SQLite's many locks take three times as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.database import child_process

# fdatasync, where the system has it, does not write the file's modification time.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
_MOST_SIGNALS = 4096  # bytes read at once: one sync serves all transactions committed so far


@contextmanager
def running_wal_sync(database: Path) -> Iterator[Callable[[], None]]:
    """Runs the helper for a database; yields a function to call after each transaction.

    If the helper cannot be started or has ended, the function does nothing.
    """
    with child_process.running("storage.database.wal_sync", f"{database}-wal") as process:

        def request_sync() -> None:
            if process is not None and process.stdin is not None:
                with suppress(OSError):
                    os.write(process.stdin.fileno(), b"\n")

        yield request_sync


def sync_wal(wal: Path, requests: int) -> None:
    """Syncs the WAL each time requests arrive, until their pipe is closed.

    Args:
        wal: The WAL file.
        requests: File descriptor to read from; one byte a committed transaction.
    """
    # An error is left to SQLite, which writes the same bytes at the next checkpoint and reports what fails.
    with suppress(OSError):
        while os.read(requests, _MOST_SIGNALS):
            with wal.open("rb") as file:
                _sync(file.fileno())


if __name__ == "__main__":
    child_process.run_helper(lambda: sync_wal(Path(sys.argv[1]), sys.stdin.fileno()))
