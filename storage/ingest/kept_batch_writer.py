"""Keeps what one file of a command needs for the next one: the batch writer and the helper processes.

The batch writer remembers which keys, ids and people an import that began with an empty database has written, and need
not look for others. Of 20 files, all but the first would look for each of theirs. What it remembers is true as long as
nothing else is written. Only one process writes at a time, and a connection counts the rows that it changes: after any
other change, and after an error, the next file gets a new batch writer.

To start the helpers takes a tenth of the CPU time of a file of 50 MB. After an error the next file gets new ones: an
answer to this one may still be on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from storage.cube import refresh
from storage.cube.counting_process import CountingProcess, running_counting_process
from storage.database.connection import Writer
from storage.database.wal_sync import running_wal_sync
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.import_store import Changes
from storage.messages.batch_merger import Batch

Helpers = tuple[CountingProcess, Callable[[], None]]  # the second is called after each transaction, to sync the WAL


def _no_sync() -> None:
    """Without a process that syncs the WAL, SQLite does it."""


@dataclass(frozen=True, slots=True)
class SqliteFileWriter:
    """Writes the batches of one file into a SQLite database.

    Attributes:
        kept: what the files of the command share.
        writer: the database.
        batch_writer: what writes batches.
        counting_process: what shares the counting; None if nothing does.
        sync: called after each transaction.
    """

    kept: KeptBatchWriter
    writer: Writer
    batch_writer: BatchWriter
    counting_process: CountingProcess | None = None
    sync: Callable[[], None] = _no_sync

    def write(self, batch: Batch) -> Changes:
        """Writes a batch inside a transaction."""
        return self.batch_writer.write(batch)

    def catch_up(self) -> bool:
        """Makes a coarse block of the cube while a part is read; whether there was one to make."""
        with self.writer.transaction():
            return self.batch_writer.catch_up()

    def finish(self, counted: refresh.Progress) -> None:
        """Counts what is left to count."""
        refresh.refresh_all(self.writer, counted, self.counting_process)

    def keep(self) -> None:
        """Keeps the batch writer for the next file."""
        self.kept.keep(self.writer, self.batch_writer)


class KeptBatchWriter:
    """The batch writer and the helpers of the file before, while they may be used; the helpers end with the context."""

    def __init__(self) -> None:
        self._processes = ExitStack()
        self._helpers: Helpers | None = None
        self._kept: BatchWriter | None = None
        self._changes = 0  # rows that the connection had changed when it was kept

    def __enter__(self) -> KeptBatchWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end_helpers()

    def helpers(self, path: Path) -> Helpers:
        """The helpers of the file before if they are still there, else new ones.

        Args:
            path: the database.
        """
        if self._helpers is None or not self._helpers[0].is_running:
            self.end_helpers()
            counting_process = self._processes.enter_context(running_counting_process(path))
            self._helpers = counting_process, self._processes.enter_context(running_wal_sync(path))
        return self._helpers

    def end_helpers(self) -> None:
        """Ends the helpers; a file that needs some starts others."""
        self._helpers = None
        self._processes.close()

    def after_file(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends the helpers after an error."""
        if kind is not None:
            self.end_helpers()

    def take(self, writer: Writer, sharing: CubeSharing | None) -> BatchWriter:
        """The kept batch writer, else a new one. It is kept again by `keep` only.

        Args:
            writer: the database.
            sharing: how counting is shared with another process; None if it is not.
        """
        kept, self._kept = self._kept, None
        if kept is None or writer.connection.total_changes != self._changes:
            return BatchWriter(writer, sharing)
        kept.share(sharing)
        return kept

    def file_writer(self, writer: Writer, *, helped: bool) -> SqliteFileWriter:
        """What writes the batches of the next file; with helper processes if another process reads the file."""
        if not helped:
            return SqliteFileWriter(self, writer, self.take(writer, None))
        counting_process, sync = self.helpers(writer.path)
        batch_writer = self.take(writer, CubeSharing(writer.connection, counting_process))
        return SqliteFileWriter(self, writer, batch_writer, counting_process, sync)

    def count(self, writer: Writer, counted: refresh.Progress) -> None:
        """Counts what an interrupted import or another version left to count."""
        refresh.refresh_all(writer, counted)

    def keep(self, writer: Writer, batch_writer: BatchWriter) -> None:
        """Keeps a batch writer, after everything of its file is written."""
        self._kept, self._changes = batch_writer, writer.connection.total_changes

    @contextmanager
    def unaffected(self, writer: Writer) -> Iterator[None]:
        """For writes that change nothing of what a batch writer remembers: no message, contact, line or setting."""
        before = writer.connection.total_changes
        yield
        self._changes += writer.connection.total_changes - before
