"""Keeps the batch writer of one file for the next one of a command: it remembers which keys, ids and people an import
that began with an empty database has written, and need not look for others. Of 20 files, all but the first would look
for each of theirs.

What it remembers is true as long as nothing else is written. Only one process writes at a time, and a connection counts
the rows that it changes: after any other change, and after an error, the next file gets a new batch writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.database.connection import Writer
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.cube_sharing import CubeSharing


class KeptBatchWriter:
    """The batch writer of the file before, while it may be used."""

    def __init__(self) -> None:
        self._kept: BatchWriter | None = None
        self._changes = 0  # rows that the connection had changed when it was kept

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
