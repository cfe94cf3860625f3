"""The rejects of the database: adds those of an import, lists them, and removes those that a newer reading replaces.

Owns the table `rejects`: one row for each place of each record that could not be read. A row belongs to the import that
found it; `storage/ingest/journal.py` says which imports a reading replaces.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from storage.database.queries import Queries
from storage.domain.events import Reject

_TOGETHER = 150  # rows of one statement; every SQLite has at least 999 parameters
_ROW = "(?, ?, ?, ?, ?)"
_MANY = 1_000  # rejects of one batch
# In the order of the file, which that of the rows is only where a batch has few. What has no line is at the end.
_IN_ORDER = "place NOT LIKE 'line %', CAST(substr(place, 6) AS INTEGER), r.id"
_COLUMNS = "file, format, place, reason, excerpt, started_at"


class KeptReject(NamedTuple):
    """A record that could not be read, as it is listed.

    Attributes:
        file: the name of the file, as it was last given.
        format: the name of the file's format.
        place: where in the file, such as "line 7".
        reason: why it could not be read.
        excerpt: its first characters, digits masked.
        imported_at: when the import began, in ms.
    """

    file: str
    format: str
    place: str
    reason: str
    excerpt: str
    imported_at: int


def add(connection: sqlite3.Connection, import_id: int, rejects: Iterable[Reject]) -> None:
    """Adds rejects that an import found, inside a transaction."""
    rows = [(import_id, _digest_of(one), one.where, one.reason, one.excerpt) for one in rejects]
    if len(rows) >= _MANY:
        # In the order of the indexes, a million take a quarter of the time: each page is looked at once a batch.
        rows.sort(key=itemgetter(1))
    # A statement for many rows: with a trigger, SQLite begins and ends something for each statement.
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        connection.execute(
            f"INSERT INTO rejects (import, digest, place, reason, excerpt) VALUES {', '.join(_ROW for _ in some)}",
            [*chain.from_iterable(some)],
        )


def _digest_of(reject: Reject) -> str:
    return reject.digest or hashlib.sha256(f"{reject.reason}\n{reject.excerpt}".encode()).hexdigest()[:32]


def remove_behind(connection: sqlite3.Connection, import_id: int, lines: int) -> int:
    """Removes the rejects of an import behind its first lines, which are read again; returns how many."""
    return connection.execute(
        "DELETE FROM rejects WHERE import = ? AND (place NOT LIKE 'line %' OR CAST(substr(place, 6) AS INTEGER) > ?)",
        (import_id, lines),
    ).rowcount


def remove_of(connection: sqlite3.Connection, imports: Iterable[int]) -> None:
    """Removes all rejects of some imports."""
    connection.execute(
        "DELETE FROM rejects WHERE import IN (SELECT value FROM json_each(?))", (json.dumps([*imports]),)
    )


def remove_repeated(connection: sqlite3.Connection, import_id: int, name: str) -> None:
    """Removes what an import of a stream found and earlier ones of the same name had found before."""
    connection.execute(
        """
        DELETE FROM rejects
        WHERE digest IN (SELECT digest FROM rejects WHERE import = ?1)
              AND import IN (SELECT id FROM imports WHERE path = '' AND file = ?2 AND id <> ?1)
        """,
        (import_id, name),
    )


def count_records(connection: sqlite3.Connection) -> int:
    """How many records could not be read; the same record in several places counts once."""
    return int(connection.execute("SELECT count(*) FROM rejected_records").fetchone()[0])


def first_of(connection: sqlite3.Connection, import_id: int, limit: int) -> list[KeptReject]:
    """The first rejects of an import, in the order of the file."""
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM rejects AS r JOIN imports AS i ON i.id = r.import
        WHERE import = ? ORDER BY {_IN_ORDER} LIMIT ?
        """,
        (import_id, limit),
    )
    return [KeptReject(*row) for row in rows]


def every(connection: Queries, imports: Iterable[int] | None = None) -> Iterator[KeptReject]:
    """All rejects of some imports, or of all; by import, in the order of each file."""
    chosen = "" if imports is None else "WHERE import IN (SELECT value FROM json_each(?))"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM rejects AS r JOIN imports AS i ON i.id = r.import {chosen} ORDER BY i.id, {_IN_ORDER}",
        () if imports is None else (json.dumps([*imports]),),
    )
    return (KeptReject(*row) for row in rows)
