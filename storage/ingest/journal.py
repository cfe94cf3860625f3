"""The journal of imports: which file was imported when and how far, and what of it could not be read.

Owns the tables `imports` and `rejects`. Knows files as bytes only, and no format. A file is known by its content, never
by its name or date: an import continues where the SHA-256 of all bytes up to a place equals that of an earlier import.
Hashing costs little (a gigabyte a second or more) and trusts nothing. A file that differs in its first 4096 bytes
is not hashed further.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import BinaryIO

from storage.domain.calendar import now_ms
from storage.domain.events import Reject
from storage.ingest.file_digest import Digest, IncrementalDigest
from storage.ingest.file_part import FilePart
from storage.sources.opened import Offset, Options

# To be raised when a source reads more of a file than before, or reads it differently: files are then read again.
_READING = 2


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """An earlier import of the same content.

    Attributes:
        id: its row.
        place: how far it came.
        rejects: how many it found.
        whole: whether that is the whole file.
        format: the name of the format.
    """

    id: int
    place: Offset
    rejects: int
    whole: bool
    format: str


def options_text(options: Options) -> str:
    """What decides the result of an import besides the content of the file."""
    line = options.line
    return repr((_READING, options.format, options.time_zone.key, options.origin.value, line and repr(line)))


def find(connection: sqlite3.Connection, file: BinaryIO, size: int, options: Options) -> ImportedFile | None:
    """The earlier import that came farthest in a file with this content; None if none read its beginning."""
    hashed = IncrementalDigest(file)
    rows = connection.execute(
        """
        SELECT id, position, lines, prefix_sha256, size, sha256, rejects, format FROM imports
        WHERE options = ? AND (head_sha256 IS NULL OR head_sha256 = ?) AND (0 < position AND position <= ? OR size = ?)
        """,
        (options_text(options), hashed.head(), size, size),
    ).fetchall()
    wanted: defaultdict[int, dict[str, ImportedFile]] = defaultdict(dict)
    for id, position, lines, prefix, whole, sha256, rejects, format in rows:
        if 0 < position <= size:
            known = ImportedFile(id, Offset(position, lines), rejects, position == whole == size, format)
            wanted[position].setdefault(prefix, known)
        if whole == size and sha256 is not None:
            wanted[size][sha256] = ImportedFile(id, Offset(position, lines), rejects, True, format)
    found = None
    for position in sorted(wanted):
        found = wanted[position].get(hashed.to(position).prefix, found)
    return found


class Journal:
    """The row of one file in `imports`, written in the same transactions as the file's messages.

    Attributes:
        events: events imported so far.
        ignored: records that hold nothing for the report.
        rejects: records that could not be read, those of an earlier import of the same content included.
        new: messages made.
        changed: messages changed.
    """

    def __init__(
        self,
        name: str,
        options: Options,
        known: ImportedFile | None = None,
        digest: IncrementalDigest | None = None,
    ) -> None:
        """Prepares the row; it is written with the first part.

        Args:
            name: the file's name, as it is shown.
            options: how the file is read.
            known: the earlier import that this one continues.
            digest: of the file; None if the content cannot be read again. A part may bring its own.
        """
        self._digest, self._name, self._options, self._known = digest, name, options, known
        self.events = self.ignored = self.new = self.changed = 0
        self.rejects = known.rejects if known else 0
        self._started_at = now_ms()
        self._id: int | None = None

    def _begin(self, connection: sqlite3.Connection, format: str) -> int:
        known = self._known
        if known is None:
            cursor = connection.execute(
                "INSERT INTO imports (file, format, options, started_at) VALUES (?, ?, ?, ?)",
                (self._name, format, options_text(self._options), self._started_at),
            )
            return int(cursor.lastrowid or 0)
        # The end of the file is read again: it may have been cut off in a record.
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

    def record(self, connection: sqlite3.Connection, part: FilePart, new: int, changed: int) -> None:
        """Notes a part whose messages are written in the same transaction.

        Args:
            connection: inside a transaction.
            part: what was read.
            new: messages that the part made.
            changed: messages that it changed.
        """
        if self._id is None:
            self._id = self._begin(connection, part.format)
        digest = part.digest or self._digest_to(part.place.position)
        self.events += part.batch.events
        self.ignored += part.ignored
        self.rejects += len(part.rejects)
        self.new += new
        self.changed += changed
        connection.executemany(
            "INSERT INTO rejects (digest, import, place, reason, excerpt) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (digest) DO NOTHING",
            [(_digest_of(one), self._id, one.where, one.reason, one.excerpt) for one in part.rejects],
        )
        connection.execute(
            """
            UPDATE imports
            SET position = ?, lines = ?, prefix_sha256 = ?, head_sha256 = ?, rejects = ?,
                events = events + ?, ignored = ignored + ?, new = new + ?, changed = changed + ?
            WHERE id = ?
            """,
            (
                *((part.place.position, part.place.lines, *digest) if digest else (0, 0, None, None)),
                self.rejects,
                part.batch.events,
                part.ignored,
                new,
                changed,
                self._id,
            ),
        )

    def finish(self, connection: sqlite3.Connection, last: FilePart) -> None:
        """Marks the file as whole, inside a transaction."""
        digest = last.whole or self._digest_to(last.position)
        connection.execute(
            "UPDATE imports SET finished_at = ?, size = ?, sha256 = ? WHERE id = ?",
            (now_ms(), last.position if digest else None, digest and digest.prefix, self._id),
        )

    def _digest_to(self, position: int) -> Digest | None:
        """The digest of the file's first bytes; None if they cannot be read again."""
        return None if self._digest is None else self._digest.to(position)


def _digest_of(reject: Reject) -> str:
    return reject.digest or hashlib.sha256(f"{reject.reason}\n{reject.excerpt}".encode()).hexdigest()[:32]
