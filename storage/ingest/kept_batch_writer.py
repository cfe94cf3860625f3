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
from pathlib import Path
from types import TracebackType

from storage.cube.counting_process import CountingProcess, running_counting_process
from storage.database.connection import Writer
from storage.database.wal_sync import running_wal_sync
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.cube_sharing import CubeSharing

Helpers = tuple[CountingProcess, Callable[[], None]]  # the second is called after each transaction, to sync the WAL


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

    def keep(self, writer: Writer, batch_writer: BatchWriter) -> None:
        """Keeps a batch writer, after everything of its file is written."""
        self._kept, self._changes = batch_writer, writer.connection.total_changes

    @contextmanager
    def unaffected(self, writer: Writer) -> Iterator[None]:
        """For writes that change nothing of what a batch writer remembers: no message, contact, line or setting."""
        before = writer.connection.total_changes
        yield
        self._changes += writer.connection.total_changes - before
