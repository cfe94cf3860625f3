"""What was imported when and how far: the `imports` table. Knows files only as bytes, and no format.

A file is known by what is in it, never by its name or date: an import goes on where the SHA-256 of all bytes up to a
place equals that of what was read up to there before. That reads them (at a gigabyte a second or more) but needs no
trust in anything; one that differs in its first 4096 bytes is not read twice.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import BinaryIO

from storage.cube.counting_process import CountingProcess
from storage.database.connection import Writer
from storage.domain.calendar import now_ms
from storage.domain.events import Reject
from storage.ingest.batch_reader import Part
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.file_digest import Digest, Hashed
from storage.sources.opened import Offset, Options

# Raised when a source gives more of a file than before, or other things: then files are read again.
_READING = 2


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier import of the same bytes: up to where, the rejects it found, and whether that is the whole file."""

    id: int
    place: Offset
    rejects: int
    whole: bool
    format: str


def options_text(options: Options) -> str:
    """What decides, beside the bytes, what an import gives."""
    line = options.line
    return repr((_READING, options.format, options.time_zone.key, options.origin.value, line and repr(line)))


def find(connection: sqlite3.Connection, file: BinaryIO, size: int, options: Options) -> Known | None:
    """The earlier import that read most of what the file holds, None where none read its beginning."""
    hashed = Hashed(file)
    rows = connection.execute(
        """
        SELECT id, position, lines, prefix_sha256, size, sha256, rejects, format FROM imports
        WHERE options = ? AND (head_sha256 IS NULL OR head_sha256 = ?) AND (0 < position AND position <= ? OR size = ?)
        """,
        (options_text(options), hashed.head(), size, size),
    ).fetchall()
    wanted: defaultdict[int, dict[str, Known]] = defaultdict(dict)
    for id, position, lines, prefix, whole, sha256, rejects, format in rows:
        if 0 < position <= size:
            known = Known(id, Offset(position, lines), rejects, position == whole == size, format)
            wanted[position].setdefault(prefix, known)
        if whole == size and sha256 is not None:
            wanted[size][sha256] = Known(id, Offset(position, lines), rejects, True, format)
    found = None
    for position in sorted(wanted):
        found = wanted[position].get(hashed.to(position).prefix, found)
    return found


class Journal:
    """The row of `imports` that a file has, kept in the same transactions as its messages.

    `hashed` is the file where it can be gone on with another time; parts that were read elsewhere bring their digests.
    """

    def __init__(
        self,
        writer: Writer,
        name: str,
        options: Options,
        known: Known | None = None,
        hashed: Hashed | None = None,
        beside: CountingProcess | None = None,
    ) -> None:
        self._writer, self._hashed = writer, hashed
        self._name, self._options, self._known = name, options, known
        self._ingest = BatchWriter(writer, None if beside is None else CubeSharing(writer.connection, beside))
        self.events = self.ignored = self.new = self.changed = 0
        self.rejects = known.rejects if known else 0
        self._started_at = now_ms()
        self._id: int | None = None  # the row is made with the first batch

    def _begin(self, connection: sqlite3.Connection, format: str) -> int:
        known = self._known
        if known is None:
            cursor = connection.execute(
                "INSERT INTO imports (file, format, options, started_at) VALUES (?, ?, ?, ?)",
                (self._name, format, options_text(self._options), self._started_at),
            )
            return int(cursor.lastrowid or 0)
        # What stood unfinished at the end then is read again, now that there may be more of it.
        gone = connection.execute(
            "DELETE FROM rejects WHERE import = ? AND CAST(substr(place, 6) AS INTEGER) > ?",
            (known.id, known.place.lines),
        ).rowcount
        gone += connection.execute(
            "DELETE FROM rejects WHERE import = ? AND place NOT LIKE 'line %'", (known.id,)
        ).rowcount
        self.rejects = max(0, self.rejects - gone)
        connection.execute(
            "UPDATE imports SET finished_at = NULL, size = NULL, sha256 = NULL WHERE id = ?", (known.id,)
        )
        return known.id

    def write(self, part: Part) -> None:
        """Writes a batch, and the place that all before it is in the database with it."""
        batch, rejects, ignored, place = part.batch, part.rejects, part.ignored, part.place
        digest = part.digest or self._digest(place.position)
        with self._writer.transaction() as connection:
            if self._id is None:
                self._id = self._begin(connection, part.format)
            changes = self._ingest.write(batch)
            self.events += batch.events
            self.ignored += ignored
            self.rejects += len(rejects)
            self.new += changes.new
            self.changed += changes.changed
            connection.executemany(
                "INSERT INTO rejects (digest, import, place, reason, excerpt) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (digest) DO NOTHING",
                [(_digest_of(one), self._id, one.where, one.reason, one.excerpt) for one in rejects],
            )
            connection.execute(
                """
                UPDATE imports
                SET position = ?, lines = ?, prefix_sha256 = ?, head_sha256 = ?, rejects = ?,
                    events = events + ?, ignored = ignored + ?, new = new + ?, changed = changed + ?
                WHERE id = ?
                """,
                (
                    *((place.position, place.lines, *digest) if digest else (0, 0, None, None)),
                    self.rejects,
                    batch.events,
                    ignored,
                    changes.new,
                    changes.changed,
                    self._id,
                ),
            )

    def catch_up(self) -> bool:
        """Does what is left to a later part, while there is none to write; whether there was anything."""
        with self._writer.transaction():
            return self._ingest.catch_up()

    def finish(self, part: Part) -> None:
        """Marks the import as whole; `part` is the last one."""
        digest = part.whole or self._digest(part.position)
        with self._writer.transaction() as connection:
            connection.execute(
                "UPDATE imports SET finished_at = ?, size = ?, sha256 = ? WHERE id = ?",
                (now_ms(), part.position if digest else None, digest and digest.prefix, self._id),
            )

    def _digest(self, position: int) -> Digest | None:
        """What the file hashes to up to a place, None where that can't be told."""
        return None if self._hashed is None else self._hashed.to(position)


def _digest_of(reject: Reject) -> str:
    return reject.digest or hashlib.sha256(f"{reject.reason}\n{reject.excerpt}".encode()).hexdigest()[:32]
