"""The journal of imports: which file was imported when and how far, and what of it could not be read.

Owns the table `imports`. Knows files as bytes only, and no format. A file is known by its content, never by its name or
date: an import continues where the SHA-256 of all bytes up to a place equals that of an earlier import. Hashing costs
little (a gigabyte a second or more) and trusts nothing. A file that differs in its first 4096 bytes is not hashed
further.

The path decides one thing only: when a file was read to its end, the rejects that it gave replace those of earlier
imports of its path, and those of the same bytes read with other options or by another version. An import counts as
known only while all its rejects are listed: bytes whose rejects were replaced are read again.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import msgspec

from storage.database.queries import Queries
from storage.domain.calendar import now_ms
from storage.ingest import kept_rejects
from storage.ingest.file_digest import Digest, IncrementalDigest
from storage.ingest.file_part import FilePart
from storage.ingest.kept_rejects import KeptReject
from storage.sources.opened import Offset, Options

# To be raised when a source reads more of a file than before, or reads it differently: files are then read again.
_READING = 6


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


class Entry(NamedTuple):
    """An import, as it is listed.

    Attributes:
        file: the name of the file, as it was last given.
        format: the name of its format.
        started_at: when its first part was read, in ms.
        finished_at: when all of it was read; None if that has not happened.
        records: records read.
        events: events in them.
        ignored: records that hold nothing for the report.
        rejects: records that could not be read.
        open_rejects: those of them that no later reading has replaced.
        new: messages made.
        changed: messages changed.
        options: how it was read, by the names of `Options`; without those that were not given.
        notes: what is doubtful about how it was read, one sentence each.
    """

    file: str
    format: str
    started_at: int
    finished_at: int | None
    records: int
    events: int
    ignored: int
    rejects: int
    open_rejects: int
    new: int
    changed: int
    options: dict[str, Any]
    notes: list[str]


_CONTENT = "id, position, lines, prefix_sha256, size, sha256, rejects, format"


def options_text(options: Options) -> str:
    """What decides the result of an import besides the content of the file, as JSON."""
    content = {"reading": _READING, "options": options}
    return msgspec.json.encode(content, enc_hook=str, order="deterministic").decode()


def entries(connection: Queries) -> list[Entry]:
    """All imports, in the order in which they began."""
    rows = connection.execute(
        """
        SELECT file, format, started_at, finished_at, records, events, ignored, rejects,
               ifnull(r.open, 0), new, changed, options, notes
        FROM imports AS i LEFT JOIN (SELECT import, count(*) AS open FROM rejects GROUP BY import) AS r
             ON r.import = i.id
        ORDER BY started_at, id
        """
    )
    return [Entry._make((*row[:-2], _options_of(row[-2]), json.loads(row[-1]))) for row in rows]


def _options_of(text: str) -> dict[str, Any]:
    """The options that `options_text` wrote; none of a version that wrote them otherwise."""
    try:
        options = msgspec.json.decode(text)["options"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return {}
    return {name: value for name, value in options.items() if value not in (None, "", [], {}, False)}


def imports_of(connection: Queries, name: str) -> list[int]:
    """The imports of a file: of this path, or of this name as it was given or without its directory."""
    path = os.path.realpath(name)
    return [
        id
        for id, file, known in connection.execute("SELECT id, file, path FROM imports")
        if name == file or path == known or name == os.path.basename(file)
    ]


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether no part of any file was ever imported into a database, whose tables may not be made yet."""
    tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'imports'").fetchone()[0]
    return not tables or connection.execute("SELECT count(*) FROM imports").fetchone()[0] == 0


def find(connection: sqlite3.Connection, file: BinaryIO, size: int, options: Options) -> ImportedFile | None:
    """The earlier import that came farthest in a file with this content; None if none read its beginning."""
    hashed = IncrementalDigest(file)
    rows = connection.execute(
        f"""
        SELECT {_CONTENT} FROM imports AS i
        WHERE options = ? AND (head_sha256 IS NULL OR head_sha256 = ?) AND (0 < position AND position <= ? OR size = ?)
              AND (rejects = 0 OR rejects = (SELECT count(*) FROM rejects WHERE import = i.id))
        """,
        (options_text(options), hashed.head(), size, size),
    ).fetchall()
    found = [*_of_same_content(hashed, size, rows)]
    return found[-1] if found else None


def _of_same_content(hashed: IncrementalDigest, size: int, rows: Iterable[tuple[Any, ...]]) -> Iterator[ImportedFile]:
    """The imports among `rows` that read the first bytes of a file, or all of it; the farthest come last."""
    wanted: defaultdict[int, defaultdict[str, list[ImportedFile]]] = defaultdict(lambda: defaultdict(list))
    for id, position, lines, prefix, whole, sha256, rejects, format in rows:
        place = Offset(position, lines)
        if 0 < position <= size:
            wanted[position][prefix].append(ImportedFile(id, place, rejects, position == whole == size, format))
        if whole == size and sha256 is not None:
            wanted[size][sha256].append(ImportedFile(id, place, rejects, True, format))
    for position in sorted(wanted):
        yield from sorted(wanted[position].get(hashed.to(position).prefix, ()), key=lambda known: known.whole)


class Journal:
    """The row of one file in `imports`, written in the same transactions as the file's messages.

    Attributes:
        name: the file's name, as it is shown.
        known: the earlier import that this one continues.
        events: events imported so far.
        ignored: records that hold nothing for the report.
        rejects: records that could not be read, those of an earlier import of the same content included.
        new: messages made.
        changed: messages changed.
        settled: records that could not be read before, and that this reading did not find among its rejects.
        notes: what is doubtful about how the file was read, also by the import that this one continues.
    """

    def __init__(
        self,
        name: str,
        options: Options,
        *,
        path: str = "",
        file: BinaryIO | None = None,
        known: ImportedFile | None = None,
    ) -> None:
        """Prepares the row; it is written with the first part.

        Args:
            name: the file's name, as it is shown.
            options: how the file is read.
            path: the absolute path, without links; empty for a stream.
            file: the content; None if it cannot be read again. A part may bring its own digests.
            known: the earlier import that this one continues.
        """
        self.name, self.known = name, known
        self._path, self._options, self._file = path, options_text(options), file
        self._digest = None if file is None else IncrementalDigest(file)
        self.events = self.ignored = self.new = self.changed = self.settled = 0
        self.rejects = known.rejects if known else 0
        self.notes: tuple[str, ...] = ()
        self._records = 0
        self._started_at = now_ms()
        self._id: int | None = None

    @property
    def rereadable(self) -> bool:
        """Whether the content can be read again: a stream's cannot."""
        return self._file is not None

    def _begin(self, connection: sqlite3.Connection, format: str) -> int:
        known = self.known
        if known is None:
            cursor = connection.execute(
                "INSERT INTO imports (file, path, format, options, started_at) VALUES (?, ?, ?, ?, ?)",
                (self.name, self._path, format, self._options, self._started_at),
            )
            return int(cursor.lastrowid or 0)
        # The end of the file is read again: it may have been cut off in a record.
        gone = kept_rejects.remove_behind(connection, known.id, known.place.lines)
        self.rejects -= gone
        connection.execute(
            """
            UPDATE imports
            SET file = ?, path = ?, finished_at = NULL, size = NULL, sha256 = NULL, records = max(0, records - ?)
            WHERE id = ?
            """,
            (self.name, self._path, gone, known.id),
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
        records, self._records = part.records - self._records, part.records
        self.events += part.batch.events
        self.ignored += part.ignored
        self.rejects += len(part.rejects)
        self.new += new
        self.changed += changed
        kept_rejects.add(connection, self._id, part.rejects)
        connection.execute(
            """
            UPDATE imports
            SET position = ?, lines = ?, prefix_sha256 = ?, head_sha256 = ?, rejects = ?, records = records + ?,
                events = events + ?, ignored = ignored + ?, new = new + ?, changed = changed + ?
            WHERE id = ?
            """,
            (
                *((part.place.position, part.place.lines, *digest) if digest else (0, 0, None, None)),
                self.rejects,
                records,
                part.batch.events,
                part.ignored,
                new,
                changed,
                self._id,
            ),
        )

    def finish(self, connection: sqlite3.Connection, last: FilePart) -> None:
        """Marks the file as whole and settles what earlier readings of it could not read, inside a transaction."""
        digest = last.whole or self._digest_to(last.position)
        # What was doubtful of the earlier part still is: that part was not read again.
        self.notes = tuple(dict.fromkeys((*self._stored_notes(connection), *last.notes)))
        connection.execute(
            "UPDATE imports SET finished_at = ?, size = ?, sha256 = ?, notes = ? WHERE id = ?",
            (now_ms(), last.position if digest else None, digest and digest.prefix, json.dumps(self.notes), self._id),
        )
        self._settle(connection, last.position)

    def pass_over(self, connection: sqlite3.Connection, size: int) -> None:
        """Notes that the file holds what the known import has read to its end, inside a transaction."""
        assert self.known is not None
        self._id = self.known.id
        self.notes = self._stored_notes(connection)
        connection.execute("UPDATE imports SET file = ?, path = ? WHERE id = ?", (self.name, self._path, self._id))
        self._settle(connection, size)

    def first_rejects(self, connection: sqlite3.Connection, limit: int) -> tuple[KeptReject, ...]:
        """The first records of the file that could not be read."""
        return () if self._id is None else tuple(kept_rejects.first_of(connection, self._id, limit))

    def _stored_notes(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        (notes,) = connection.execute("SELECT notes FROM imports WHERE id = ?", (self._id,)).fetchone()
        return tuple(json.loads(notes))

    def _settle(self, connection: sqlite3.Connection, size: int) -> None:
        """Removes the rejects that this reading replaces."""
        assert self._id is not None
        before = kept_rejects.count_records(connection)
        if self._file is None:
            kept_rejects.remove_repeated(connection, self._id, self.name)
        else:
            kept_rejects.remove_of(connection, self._replaced(connection, self._file, size))
        self.settled = before - kept_rejects.count_records(connection)

    def _replaced(self, connection: sqlite3.Connection, file: BinaryIO, size: int) -> list[int]:
        """Other imports with rejects, of the same path or of bytes that the file begins with."""
        with_rejects = "id <> ? AND EXISTS (SELECT 1 FROM rejects WHERE import = i.id)"
        # A database of an earlier version has paths as they were given.
        of_path = connection.execute(
            f"SELECT id FROM imports AS i WHERE path IN (?, ?) AND {with_rejects}", (self._path, self.name, self._id)
        ).fetchall()
        hashed = IncrementalDigest(file)
        # With the same options, bytes are read by one import, which this one continues. Two comparisons use the index.
        of_content = connection.execute(
            f"""
            SELECT {_CONTENT} FROM imports AS i
            WHERE (options < ? OR options > ?) AND {with_rejects} AND (head_sha256 IS NULL OR head_sha256 = ?)
                  AND (0 < position AND position <= ? OR size = ?)
            """,
            (self._options, self._options, self._id, hashed.head(), size, size),
        ).fetchall()
        return [id for (id,) in of_path] + [known.id for known in _of_same_content(hashed, size, of_content)]

    def _digest_to(self, position: int) -> Digest | None:
        """The digest of the file's first bytes; None if they cannot be read again."""
        return None if self._digest is None else self._digest.to(position)
