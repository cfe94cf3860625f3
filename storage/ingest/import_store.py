"""What an import needs of the database that it writes to, so that files are read in one way whichever engine it has.

SQLite's is `storage.database.connection.Writer` with `KeptBatchWriter`; ClickHouse's is in `storage.clickhouse`. The
journal is the same for both: it runs on a connection of SQLite, which for ClickHouse mirrors its tables in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeVar

from storage.messages.batch_merger import Batch


@dataclass(frozen=True, slots=True)
class Changes:
    """How many messages a batch made and changed."""

    new: int
    changed: int


class ImportTarget(Protocol):
    """A database that an import writes to."""

    @property
    def connection(self) -> sqlite3.Connection:
        """A connection with the tables of the journal."""

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction of the journal: stored at the end, given up on any exception."""

    def checkpoint(self) -> None:
        """Tidies up after a file."""


class FileWriter(Protocol):
    """What writes the batches of one file."""

    def write(self, batch: Batch) -> Changes:
        """Writes a batch inside a transaction."""

    def sync(self) -> None:
        """Called after each transaction."""

    def catch_up(self) -> bool:
        """Does a part of what is left to do while the file is read; returns whether there was any."""

    def finish(self, counted: Callable[[int, int], None]) -> None:
        """Completes what the batches left to do; tells (parts done, of how many)."""

    def keep(self) -> None:
        """Keeps what it remembers for the next file, after everything of this one is written."""


Target = TypeVar("Target", bound=ImportTarget, contravariant=True)


class Keeper(Protocol[Target]):
    """What the files of one command share: what writes their batches, and helper processes."""

    def file_writer(self, target: Target, /, *, helped: bool) -> FileWriter:
        """What writes the batches of the next file.

        Args:
            target: the database.
            helped: whether another process reads the file.
        """

    def after_file(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Ends helper processes after an error."""

    def unaffected(self, target: Target, /) -> AbstractContextManager[None]:
        """For writes that change nothing of what is remembered."""

    def count(self, target: Target, counted: Callable[[int, int], None], /) -> None:
        """Completes what an earlier import left to do; tells (parts done, of how many)."""
