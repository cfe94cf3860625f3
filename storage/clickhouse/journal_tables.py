"""The tables `imports` and `rejects` of a ClickHouse database, kept by the journal of SQLite's imports.

Which file is known, where its import goes on and which rejects a new reading replaces are rules over small tables in
one transaction. They stand once, in `storage.ingest.journal` and `kept_rejects`. So the rows are loaded into a database
in memory, on which these rules run, and at the end of each of its transactions the rows that changed are inserted.
Readers use the same mirror. Two importers that read different files change different rows.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from storage.clickhouse.engine import Engine
from storage.clickhouse.identity_links import columns_of
from storage.clickhouse.pending import clock
from storage.clickhouse.tables import SETTINGS, Table
from storage.database.schema import migrate

_TEXT, _NUMBER = "Nullable(String)", "Nullable(Int64)"
IMPORTS = Table(
    "imports",
    (
        ("id", "Int64"),
        *((name, "String") for name in ("file", "path", "format", "options", "notes")),
        ("started_at", "Int64"),
        ("finished_at", _NUMBER),
        ("size", _NUMBER),
        *((name, _TEXT) for name in ("sha256", "prefix_sha256", "head_sha256")),
        *(
            (name, "Int64")
            for name in ("position", "lines", "records", "events", "ignored", "rejects", "new", "changed")
        ),
        ("version", "UInt64"),
        ("gone", "UInt8"),
    ),
    ("id",),
    shard="0",
)
REJECTS = Table(
    "rejects",
    (
        ("id", "Int64"),
        ("import", "Int64"),
        *((name, "String") for name in ("digest", "place", "reason", "excerpt")),
        ("version", "UInt64"),
        ("gone", "UInt8"),
    ),
    ("id",),
    shard="0",
)
TABLES = (IMPORTS, REJECTS)
_OWNER_BITS = 12  # of a new id: a random number of who gave it, behind a count that begins at the server's clock, µs


class JournalTables:
    """The tables in memory; `connection` is what the journal runs on."""

    def __init__(self, engine: Engine) -> None:
        """Loads the rows that there are.

        Args:
            engine: the database.
        """
        self._engine = engine
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        for table in TABLES:
            names = _names(table)
            rows = engine.rows(f"SELECT {_quoted(names)} FROM {table.name} FINAL ORDER BY id")
            self.connection.executemany(_insert(table, names), rows)
        rows = engine.rows(f"SELECT key, value FROM {SETTINGS.name} FINAL")
        self.connection.executemany("INSERT INTO settings (key, value) VALUES (?, ?)", rows)
        # Another importer gives the same ids to rows of its own, so each new row gets another one when it is sent.
        self._new_ids: dict[tuple[str, int], int] = {}
        self._loaded = {table.name: self._last_id(table) for table in TABLES}
        self._owner = secrets.randbits(_OWNER_BITS)
        self._next = max(clock(engine), *((last >> _OWNER_BITS) + 1 for last in self._loaded.values()))
        _note_changes(self.connection)

    def _last_id(self, table: Table) -> int:
        return int(self.connection.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction: sends what changed at the end, gives it up on any exception."""
        connection = self.connection
        connection.execute("BEGIN")
        try:
            yield connection
            self._send()
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _send(self) -> None:
        """Sends the changed rows; those of `rejects` first, which nobody counts before their import says so."""
        changed = self.connection.execute("SELECT DISTINCT name, id FROM changed_rows ORDER BY id").fetchall()
        if not changed:
            return
        now = clock(self._engine)
        for table in reversed(TABLES):
            ids = [id for name, id in changed if name == table.name]
            rows = [self._row(table, id, now) for id in ids]
            self._engine.insert(table.name, columns_of(table.names, rows))
        self.connection.execute("DELETE FROM changed_rows")

    def _row(self, table: Table, id: int, version: int) -> Sequence[Any]:
        """A row as it is sent; where it was removed, one that says so."""
        names = _names(table)
        row = self.connection.execute(f"SELECT {_quoted(names)} FROM {table.name} WHERE id = ?", (id,)).fetchone()
        if row is None:
            values: dict[str, Any] = {name: None if "Nullable" in type else "" for name, type in table.columns}
            values |= {name: 0 for name, type in table.columns if type == "Int64"}
        else:
            values = dict(zip(names, row, strict=True))
        values["id"] = self._stored_id(table.name, id)
        if table is REJECTS and row is not None:
            values["import"] = self._stored_id(IMPORTS.name, values["import"])
        values |= {"version": version, "gone": int(row is None)}
        return [values[name] for name in table.names]

    def _stored_id(self, name: str, id: int) -> int:
        """The id that a row has in the database; new rows are in the order of their ids here, behind all others."""
        if id <= self._loaded[name]:
            return id
        known = self._new_ids.get((name, id))
        if known is None:
            known = self._new_ids[name, id] = (self._next << _OWNER_BITS) | self._owner
            self._next += 1
        return known

    def checkpoint(self) -> None:
        """Nothing is left to tidy up after a file."""

    def close(self) -> None:
        """Forgets the rows in memory."""
        self.connection.close()


@contextmanager
def journal_of(engine: Engine) -> Iterator[JournalTables]:
    """The journal of a database, closed with the context."""
    tables = JournalTables(engine)
    try:
        yield tables
    finally:
        tables.close()


def _names(table: Table) -> list[str]:
    """The columns that SQLite's table has too."""
    return [name for name in table.names if name not in ("version", "gone")]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _insert(table: Table, names: Sequence[str]) -> str:
    return f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({', '.join('?' * len(names))})"


def _note_changes(connection: sqlite3.Connection) -> None:
    """Notes every row that changes from now on."""
    connection.execute("CREATE TEMP TABLE changed_rows (name TEXT, id INTEGER)")
    for table in TABLES:
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
            connection.execute(
                f"CREATE TEMP TRIGGER {table.name}_{event} AFTER {event} ON main.{table.name}"
                f" BEGIN INSERT INTO changed_rows VALUES ('{table.name}', {row}.id); END"
            )
