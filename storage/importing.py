"""A file into the database: opens it, has a source read it, writes batches, keeps the journal. Knows no terminal.

Every batch is one transaction: what an interrupted import has written stays, and running it again finishes the job.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.calendar import now_ms
from storage.database import Writer
from storage.events import Ignored, Reject
from storage.ingest import Batch, Ingest
from storage.settings import store_default_zone
from storage.sources import OpenedSource, Options, UnknownFormat, open_source

_BATCH = 20_000  # events


class FileError(Exception):
    """The file cannot be imported; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What one file gave: records and events read, parts ignored, records rejected, messages made and changed."""

    file: str
    format: str
    records: int
    events: int
    ignored: int
    rejects: int
    new: int
    changed: int


Progress = Callable[[int, int], None]  # bytes read, events so far


def prepare(writer: Writer) -> None:
    """Writes down what a new database needs before its first import."""
    with writer.transaction() as connection:
        store_default_zone(connection)


def import_path(writer: Writer, path: Path, options: Options, progress: Progress) -> Summary:
    """Imports one file; raises FileError where it cannot be read or is no known format."""
    # A name need not be UTF-8, but all that is written down is.
    name = os.fsencode(path).decode("utf-8", "replace")
    try:
        if path.is_dir():
            raise FileError(f"{name}: is a directory; name the files in it")
        with path.open("rb") as stream:
            return import_stream(writer, stream, name, options, progress)
    except FileNotFoundError:
        raise FileError(f"{name}: there is no such file") from None
    except PermissionError:
        raise FileError(f"{name}: may not be read; check its permissions") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read ({error.strerror or error})") from None


def import_stream(writer: Writer, stream: BinaryIO, name: str, options: Options, progress: Progress) -> Summary:
    """Imports what a stream holds under a name; raises FileError."""
    try:
        source = open_source(stream, options)
        return _import(writer, source, name, progress)
    except UnknownFormat as error:
        raise FileError(f"{name}: {error}") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read to its end ({error.strerror or error})") from None


def _import(writer: Writer, source: OpenedSource, name: str, progress: Progress) -> Summary:
    journal = _Journal(writer, name, source.format)
    batch, rejects = Batch(), []
    for item in source.items():
        if isinstance(item, Reject):
            rejects.append(item)
        elif isinstance(item, Ignored):
            journal.ignored += 1
        else:
            batch.add(item)
        if batch.events + len(rejects) >= _BATCH:
            journal.write(batch, rejects, source.position)
            progress(source.position, journal.events)
            batch, rejects = Batch(), []
    journal.write(batch, rejects, source.position)
    progress(source.position, journal.events)
    return journal.finish(source.records)


class _Journal:
    """The row of `imports` that a file has, kept in the same transactions as its messages."""

    def __init__(self, writer: Writer, name: str, format: str) -> None:
        self._writer, self._name, self._format = writer, name, format
        self._ingest = Ingest(writer)
        self.events = self.ignored = self._rejects = self._new = self._changed = 0
        with writer.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO imports (file, format, started_at) VALUES (?, ?, ?)", (name, format, now_ms())
            )
            self._id = cursor.lastrowid

    def write(self, batch: Batch, rejects: list[Reject], position: int) -> None:
        """Writes a batch and where it ends."""
        with self._writer.transaction() as connection:
            changes = self._ingest.write(batch)
            self.events += batch.events
            self._rejects += len(rejects)
            self._new += changes.new
            self._changed += changes.changed
            connection.executemany(
                "INSERT INTO rejects (digest, import, place, reason, excerpt) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (digest) DO NOTHING",
                [(_digest(one), self._id, one.where, one.reason, one.excerpt) for one in rejects],
            )
            self._update(position)

    def finish(self, records: int) -> Summary:
        """Marks the import as whole."""
        with self._writer.transaction() as connection:
            connection.execute("UPDATE imports SET finished_at = ? WHERE id = ?", (now_ms(), self._id))
        return Summary(
            self._name, self._format, records, self.events, self.ignored, self._rejects, self._new, self._changed
        )

    def _update(self, position: int) -> None:
        self._writer.connection.execute(
            """
            UPDATE imports
            SET position = ?, events = ?, ignored = ?, rejects = ?, new = ?, changed = ?
            WHERE id = ?
            """,
            (position, self.events, self.ignored, self._rejects, self._new, self._changed, self._id),
        )


def _digest(reject: Reject) -> str:
    return reject.digest or hashlib.sha256(f"{reject.reason}\n{reject.excerpt}".encode()).hexdigest()[:32]
