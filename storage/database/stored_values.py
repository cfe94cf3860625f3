"""The form of every stored value: its type and, where the program reads it as a number of something, its range.

SQLite keeps any value in any column. Says which rows hold a value that this program never writes. Knows no meaning
beyond the form.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable

from storage.database.settings import SettingError, normalized

_TOLD = 20  # rows of a table
LAST_TIME = 253_402_300_799_999  # ms: the end of the year 9999, where Python's dates end
_TYPES = {"INTEGER": "'integer'", "TEXT": "'text'", "BLOB": "'blob'"}
_FORMS = {  # by table and column: a condition besides the type
    ("messages", "direction"): "{0} BETWEEN 0 AND 2",
    ("messages", "timed"): "{0} IN (0, 1)",
    ("messages", "error_rank"): "{0} BETWEEN 0 AND 2",
    ("messages", "flags"): "{0} BETWEEN 0 AND 31",
    ("messages", "sources"): "{0} BETWEEN 1 AND 15",
    ("messages", "given_origin"): "{0} IN ('template', 'notification', 'webchat', 'campaign')",
    ("messages", "exported"): "iif(json_valid({0}), json_array_length({0}) = 4, 0)",
    ("messages", "evidence"): "iif(json_valid({0}), json_type({0}) = 'object', 0)",
    ("line_ids", "kind"): "{0} BETWEEN 0 AND 2",
    ("line_ids", "line"): "{0} >= 1",
    ("lines", "id"): "{0} >= 1",
    ("templates", "id"): "{0} >= 1",
    ("contact_ids", "kind"): "{0} BETWEEN 0 AND 2",
    ("contact_ids", "contact"): "{0} BETWEEN 1 AND 268435455",
    ("contact_ids", "replaced"): "{0} IN (0, 1)",
    ("contacts", "id"): "{0} BETWEEN 1 AND 268435455",
    ("dirty", "level"): "{0} BETWEEN 0 AND 3",
    ("dirty", "block"): "{0} BETWEEN 0 AND 3000000",
    ("users", "kind"): "{0} BETWEEN 0 AND 2",
    ("users", "level"): "{0} BETWEEN 0 AND 3",
    ("imports", "position"): "{0} >= 0",
}
_TIMES = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")
_BETWEEN = {  # by table: what must hold between the columns of a row
    "messages": {
        "error": """
            iif(failed_at IS NULL,
                coalesce(error_code, error_text, error_detail, error_rank) IS NULL, error_rank IS NOT NULL)
        """,
        "at": f"iif(timed, at <= min({', '.join(f'ifnull({time}, at)' for time in _TIMES)}), at IS session_start)",
    },
    "contacts": {"name": "(name IS NULL) + (name_rank IS NULL) + (name_at IS NULL) IN (0, 3)"},
}


def wrong_values(connection: sqlite3.Connection, tables: Iterable[str] | None = None) -> list[str]:
    """The rows with a value that this program never writes, one line each, the first ones of each table.

    Args:
        connection: the database.
        tables: which are read; None: all.
    """
    found = [line for table in _read(connection, tables) for line in _of_table(connection, table)]
    return found + (_settings(connection) if tables is None or "settings" in tables else [])


def _read(connection: sqlite3.Connection, tables: Iterable[str] | None) -> Iterable[str]:
    return our_tables(connection) if tables is None else tables


def our_tables(connection: sqlite3.Connection) -> list[str]:
    """The tables of this program."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return [name for (name,) in tables if not name.startswith(("sqlite_", "_sqlite_"))]


def _of_table(connection: sqlite3.Connection, table: str) -> list[str]:
    info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    key = [f'"{name}"' for _, name, _, _, _, primary in info if primary]
    conditions = _conditions(connection, table)
    if not conditions or not key or not _may_be_wrong(connection, table):
        return []
    conditions |= {f"{name} beside the other columns": sql for name, sql in _BETWEEN.get(table, {}).items()}
    columns = ", ".join((*key, *conditions.values()))
    rows = connection.execute(f'SELECT {columns} FROM "{table}" WHERE NOT ({" AND ".join(conditions.values())})')
    problems = []
    for row in rows.fetchmany(_TOLD):
        names = [name for name, holds in zip(conditions, row[len(key) :], strict=True) if not holds]
        place = ", ".join(map(str, row[: len(key)]))
        problems.append(f"{table}, row {place}: {', '.join(names)} cannot be so")
    return problems


def texts_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table that hold texts."""
    return [name for _, name, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")') if kind == "TEXT"]


def mend_texts(connection: sqlite3.Connection) -> list[str]:
    """Makes texts again of bytes that stand in their place: one bit of a row tells texts and bytes apart.

    Returns:
        What was mended, one line a column.
    """
    mended = []
    for table in our_tables(connection):
        texts = texts_of(connection, table)
        any_bytes = " OR ".join(f"\"{name}\" >= x''" for name in texts) or "0"
        if connection.execute(f'SELECT 1 FROM "{table}" NOT INDEXED WHERE {any_bytes} LIMIT 1').fetchone() is None:
            continue
        for name in texts:
            rows = connection.execute(
                f'UPDATE OR IGNORE "{table}" SET "{name}" = CAST("{name}" AS TEXT) WHERE "{name}" >= x\'\''
            ).rowcount
            if rows:
                mended.append(f"{table}, row …: {name} cannot be so: mended {rows:,} rows")
    return mended


def unreadable_texts(connection: sqlite3.Connection, tables: Iterable[str] | None = None) -> None:
    """Reads every text of these tables (None: of all), and raises sqlite3.OperationalError at one that is not UTF-8."""
    for table in _read(connection, tables):
        if texts := texts_of(connection, table):
            # A line feed between two texts: the end of one and the beginning of the next could be a character.
            joined = " || char(10) || ".join(f"ifnull(\"{name}\", '')" for name in texts)
            deque(connection.execute(f'SELECT {joined} FROM "{table}"'), maxlen=0)


def _conditions(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """SQL by column: its value has its form."""
    return {
        name: _condition(table, name, _TYPES[kind], bool(not_null or primary))
        for _, name, kind, not_null, _, primary in connection.execute(f'PRAGMA table_info("{table}")')
        if kind in _TYPES
    }


def _may_be_wrong(connection: sqlite3.Connection, table: str) -> bool:
    form = form_of_rows(connection, table)
    return connection.execute(f'SELECT 1 FROM "{table}" WHERE NOT ifnull({form}, 0) LIMIT 1').fetchone() is not None


def form_of_rows(connection: sqlite3.Connection, table: str) -> str:
    """SQL: the values of a row of a table have their form; 1, 0 or NULL.

    A few comparisons of all columns of a type at once, where `_condition` has one of each. In SQLite's order NULL comes
    first, then numbers, texts and blobs.
    """
    info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    conditions = _conditions(connection, table)
    of_kind = {
        kind: [
            (f'"{name}"', bool(not_null or primary), _is_time(name))
            for _, name, declared, not_null, _, primary in info
            if declared == kind
        ]
        for kind in _TYPES
    }
    numbers = [_or(name, needed, "0") for name, needed, _ in of_kind["INTEGER"]]
    times = [_or(name, needed, "0") for name, needed, is_time in of_kind["INTEGER"] if is_time]
    texts = [_or(name, needed, "''") for name, needed, _ in of_kind["TEXT"]]
    parts = [f"{name} >= x''" for name, _, _ in of_kind["BLOB"]]
    if numbers:
        parts += [f"{_most('max', numbers)} < ''", f"typeof({' + '.join(numbers)}) = 'integer'"]
    if times:
        parts += [f"{_most('min', times)} >= 0", f"{_most('max', times)} <= {LAST_TIME}"]
    if texts:
        parts += [f"{_most('max', texts)} < x''", f"{_most('min', texts)} >= ''"]
    parts += [conditions[column] for of_table, column in _FORMS if of_table == table and column in conditions]
    parts += [f"({condition})" for condition in _BETWEEN.get(table, {}).values()]
    return " AND ".join(parts) or "1"


def _or(name: str, needed: bool, instead: str) -> str:
    """SQL: the value, and something harmless for NULL where that is allowed."""
    return name if needed else f"ifnull({name}, {instead})"


def _most(function: str, values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{function}({', '.join(values)})"


def _is_time(name: str) -> bool:
    return name in ("at", "session_start") or name.endswith("_at")


def _condition(table: str, name: str, kind: str, needed: bool) -> str:
    """SQL: the column's value has its form; 0 or 1."""
    column = f'"{name}"'
    form = f"typeof({column}) = {kind}"
    if kind == "'integer'" and _is_time(name):
        form += f" AND {column} BETWEEN 0 AND {LAST_TIME}"
    if (table, name) in _FORMS:
        form += f" AND {_FORMS[table, name].format(column)}"
    return f"({form})" if needed else f"({column} IS NULL OR {form})"


def _settings(connection: sqlite3.Connection) -> list[str]:
    problems = []
    for key, value in connection.execute("SELECT key, value FROM settings").fetchall():
        try:
            normalized(str(key), str(value))
        except SettingError as error:
            problems.append(f"settings, {key}: {error}; run 'saludo settings {key} VALUE'")
    return problems
