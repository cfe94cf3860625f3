"""Publishes a SQLite database as a version of a ClickHouse database. Reads one moment of the file.

The columns that a start has in `storage.published.version_tables` are read from `messages` as they are, but for two
kinds of starts: those that a platform's row is joined to, and those that only our own TSV knows. These are loaded as
the detail of a start loads them, so that the rule of merging stands once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from storage.clickhouse.engine import Engine
from storage.database.queries import Rows
from storage.domain.vocabulary import DataFlag
from storage.published import cells, contact_starts
from storage.published.version_tables import (
    COPIED,
    IS_OF_OUR_TSV,
    IS_WISH,
    TABLES,
    merged_values,
    name_in,
    values_of_messages,
)
from storage.table.start_record import load

_CHUNK = 50_000  # rows of one insert
_JOINED = DataFlag.JOINED.value

_READ = values_of_messages("contacts")
_LOADED = f"m.marks & {_JOINED} OR {IS_OF_OUR_TSV}"
_STARTS = f"""
SELECT {", ".join(_READ.values())}, CASE WHEN {_LOADED} THEN m.id END
FROM messages AS m LEFT JOIN contacts ON contacts.id = m.contact
WHERE m.origin IS NOT NULL ORDER BY m.start_at
"""
_WISHES = f"SELECT contact, at, kind, line FROM messages WHERE {IS_WISH}"


def copy(connection: sqlite3.Connection, engine: Engine, version: int, progress: Callable[[int], None]) -> int:
    """Fills the tables of a version with what a SQLite database holds.

    Args:
        connection: in a read transaction.
        version: whose tables, which are empty.
        progress: called after each insert with the number of starts written so far.

    Returns:
        The number of starts.
    """
    written = 0
    for rows in _starts(connection):
        _insert(engine, version, "messages", rows)
        written += len(rows)
        progress(written)
    for name, table in COPIED.items():
        columns = ", ".join(f'"{column}"' for column in table.columns)
        statement = _WISHES if name == "wishes" else f"SELECT {columns} FROM {name}"
        for rows in _chunks(connection.execute(statement)):
            _insert(engine, version, name, rows)
    contact_starts.fill(engine, version)
    cells.count(engine, version)
    return written


def _chunks(cursor: Rows) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_CHUNK):
        yield rows


def _insert(engine: Engine, version: int, name: str, rows: Sequence[Sequence[Any]]) -> None:
    columns = dict(zip(TABLES[name].columns, zip(*rows, strict=True), strict=True))
    engine.insert(name_in(version, name), columns)


def _starts(connection: sqlite3.Connection) -> Iterator[list[tuple[Any, ...]]]:
    for rows in _chunks(connection.execute(_STARTS)):
        loaded = load(connection, [row[-1] for row in rows if row[-1]])
        merged = {start.id: merged_values(start.message, start.joined) for start in loaded}
        yield [row[:-1] if row[-1] is None else _merged(row, merged[row[-1]]) for row in rows]


def _merged(row: Sequence[Any], values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((dict(zip(_READ, row, strict=False)) | values).values())
