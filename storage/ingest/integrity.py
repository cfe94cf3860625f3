"""Checks a database: SQLite's own integrity check, and every derived column and every cell against the messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from storage.cube import refresh
from storage.cube.comparison import differences
from storage.database.connection import Writer
from storage.ingest.batch_writer import derive_again, derive_messages_again

_DERIVED = (
    "line, contact, start_template, start_at, day, origin, user_type, status, answered_at, failure_code,"
    " failure_reason, marks, joined"
)


def check(writer: Writer, progress: Callable[[int, int], None]) -> list[str]:
    """Checks everything and changes nothing, except that a cube that a crash left behind is brought up to date.

    Returns:
        What is wrong, one line each.
    """
    connection = writer.connection
    broken = [text for (text,) in connection.execute("PRAGMA integrity_check(20)") if text != "ok"]
    if broken:
        return [f"integrity: {text}" for text in broken]
    refresh.refresh_all(writer)
    cells = differences(connection, progress)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"CREATE TEMP TABLE before_check AS SELECT id, {_DERIVED} FROM messages")
        derive_messages_again(writer, progress)
        return cells + _differences(connection)
    finally:
        connection.execute("ROLLBACK")


def _differences(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        f"""
        SELECT m.key FROM messages AS m JOIN before_check AS b ON b.id = m.id
        WHERE ({", ".join(f"m.{name.strip()}" for name in _DERIVED.split(","))})
              IS NOT ({", ".join(f"b.{name.strip()}" for name in _DERIVED.split(","))})
        ORDER BY m.id
        """
    )
    return [f"message {key!r}: derived columns differ from its timeline" for (key,) in rows]


def rebuild(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Derives everything again in one transaction: readers see the old report until it is done."""
    with writer.transaction():
        derive_again(writer, progress)
