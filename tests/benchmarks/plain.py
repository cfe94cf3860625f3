"""The same starts in plain SQLite: a flat table with covering indexes by day, by line, by template, and for failures.

This is what an expert in SQLite would build without a cube.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.benchmarks.flat import COLUMNS, EVERY_START, Peer, Rows

_REST = "origin, user_type, status, contact, marks"
_INDEXES = (
    f"CREATE INDEX starts_by_day ON starts (day, line, start_template, {_REST})",
    f"CREATE INDEX starts_by_line ON starts (line, day, start_template, {_REST})",
    f"CREATE INDEX starts_by_template ON starts (start_template, day, line, {_REST})",
    "CREATE INDEX starts_failed ON starts (day, line, start_template, origin, user_type, failure_code, failure_reason,"
    " contact) WHERE status = 0",
)


class Plain(Peer):
    """SQLite with saludo's connection settings. Its file is created from the starts of a database if needed."""

    name = "SQLite"
    rounds = 1

    def __init__(self, path: Path, database: Path) -> None:
        if not path.exists():
            _fill(path, database)
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._connection.execute("PRAGMA cache_size = -65536")
        self._connection.execute("PRAGMA temp_store = MEMORY")

    def ask(self, statement: str) -> Rows:
        """Executes a statement and returns all rows."""
        return self._connection.execute(statement).fetchall()


def _fill(path: Path, database: Path) -> None:
    """Writes a file under another name and renames it, so that an interrupted copy is never used."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(f"{part.absolute().as_uri()}", uri=True, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("ATTACH ? AS source", (f"{database.absolute().as_uri()}?mode=ro",))
    connection.execute(f"CREATE TABLE starts ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    connection.execute(f"INSERT INTO starts {EVERY_START.replace('FROM messages', 'FROM source.messages')}")
    for index in _INDEXES:
        connection.execute(index)
    connection.execute("ANALYZE main")
    connection.close()
    part.rename(path)
