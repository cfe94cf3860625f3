"""Makes a file whose pages are damaged again, if the tables that no other can replace can still be read whole.

Knows which tables and indexes there are, and nothing of what they mean: what follows from the messages has to be
counted again afterwards.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from typing import Any

from storage.database import schema
from storage.database.dirty_marks import MARK_ALL_STARTS
from storage.database.schema_objects import COUNTED, REPLACEABLE
from storage.language.texts import _

# Columns that follow from others: the last ones of a row, which may be damaged where the others are not.
DERIVED = {
    "messages": (
        *("line", "contact", "start_template", "start_at", "day", "origin", "user_type", "status", "answered_at"),
        *("failure_code", "failure_reason", "marks", "joined"),
    )
}
_OURS = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '*sqlite_*'"
_NAMES = ("contacts", "contact_ids", "line_ids", "templates")  # whose ids an index has as well
_INDEXES = "SELECT name FROM pragma_index_list(?) WHERE NOT partial AND origin <> 'pk'"


class Unreadable(sqlite3.DatabaseError):
    """A table that no other can replace cannot be read whole; the message says which, and what to do."""

    def __init__(self, table: str) -> None:
        message = _(
            "is damaged: rows of table {table} are lost; choose a new file with --db and import your files again"
        )
        super().__init__(message.format(table=table))


def salvage(connection: sqlite3.Connection) -> list[str]:
    """Copies what is not counted into a new file, and that one over this one; every day is then marked.

    Args:
        connection: the only writer's, outside of a transaction.

    Returns:
        What was done and what is lost, one line each.

    Raises:
        Unreadable: rows of a table are lost; the file is unchanged.
    """
    done = [_("made the file again: pages of it were damaged, but all messages could be read")]
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    with closing(sqlite3.connect("", isolation_level=None)) as new:  # a file without a name, which goes by itself
        new.execute(f"PRAGMA page_size = {page_size}")
        schema.migrate(new)
        new.execute("BEGIN")
        for (table,) in new.execute(_OURS).fetchall():
            if table in COUNTED:
                continue
            try:
                _copy(connection, new, table)
            except Unreadable:
                if table not in REPLACEABLE:
                    raise
                new.execute(f'DELETE FROM "{table}"')
                done.append(_("made table {table} again, empty: what it held is lost").format(table=table))
        new.execute("DELETE FROM dirty")
        new.execute(MARK_ALL_STARTS)
        new.execute("COMMIT")
        new.backup(connection)
    return done


def _copy(connection: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    columns = [name for __, name, *__ in new.execute(f'PRAGMA table_info("{table}")')]
    try:
        _copy_columns(connection, new, table, columns)
    except sqlite3.Error:
        try:
            _copy_columns(connection, new, table, [name for name in columns if name not in DERIVED.get(table, ())])
        except sqlite3.Error as error:
            raise Unreadable(table) from error
    count = new.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    # A table that lost a page does not always notice, but its indexes know more rows then.
    if any(_entries(connection, table, index) > count for (index,) in new.execute(_INDEXES, (table,))):
        raise Unreadable(table)


def _copy_columns(connection: sqlite3.Connection, new: sqlite3.Connection, table: str, columns: list[str]) -> None:
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    new.execute(f'DELETE FROM "{table}"')
    rows: Iterable[tuple[Any, ...]] = connection.execute(f'SELECT {names} FROM "{table}" NOT INDEXED')
    for index in [name for (name,) in new.execute(_INDEXES, (table,))] if table in _NAMES else []:
        indexed = [name for __, __, name in new.execute(f'PRAGMA index_info("{index}")')]
        if ids := _true_ids(connection, table, index, indexed):
            rows = _with_ids(rows, ids, [columns.index(name) for name in ("id", *indexed)])
            break
    new.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)


def _true_ids(
    connection: sqlite3.Connection, table: str, index: str, indexed: Sequence[str]
) -> dict[tuple[Any, ...], int]:
    """The ids that an index has for rows with another one, which is out of order among those of the table: so a bit of
    it may be damaged, not one of the index. By (id, indexed columns) of the row."""
    columns = ", ".join(indexed)
    of_table, of_index = (
        f'SELECT id, {columns} FROM "{table}" {way}'
        for way in ("NOT INDEXED", f'INDEXED BY "{index}" ORDER BY {columns}')
    )
    try:
        wrong = connection.execute(f"{of_table} EXCEPT SELECT * FROM ({of_index})").fetchall()
        missing = connection.execute(f"SELECT * FROM ({of_index}) EXCEPT {of_table}").fetchall()
        stored = [id for (id,) in connection.execute(f'SELECT id FROM "{table}" NOT INDEXED')] if wrong else []
    except sqlite3.Error:
        return {}
    out_of_order = {id for pair in pairwise(stored) if pair[0] >= pair[1] for id in pair}
    ids: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    for id, *values in missing:
        ids[tuple(values)].add(id)
    return {row: min(ids[row[1:]]) for row in wrong if row[0] in out_of_order and len(ids[row[1:]]) == 1}


def _with_ids(
    rows: Iterable[tuple[Any, ...]], ids: dict[tuple[Any, ...], int], places: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """The rows with their true ids; places: of the id and of the indexed columns."""
    for row in rows:
        id = ids.get(tuple(row[place] for place in places))
        yield row if id is None else (*row[: places[0]], id, *row[places[0] + 1 :])


def _entries(connection: sqlite3.Connection, table: str, index: str) -> int:
    """How many rows an index knows; 0 if it cannot be read."""
    try:
        rows = connection.execute(f'SELECT count(*) FROM "{table}" INDEXED BY "{index}"').fetchone()[0]
    except sqlite3.Error:
        return 0
    return int(rows)
