"""Compares the tables, indexes and triggers of a database with those of a new one, and makes them again."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from storage.database import schema
from storage.database.dirty_marks import MARK_ALL_STARTS

# What is counted from `messages`: these tables may be emptied, because every day is then marked to be counted again.
_CUBE = ("cells", "details", "users", "repeats", "dirty")
KEY_INDEX = ("key_runs", "key_chunks")
COUNTED = (*_CUBE, *KEY_INDEX, "failure_kinds", "rejected_records", "lines")  # what follows from other tables
# Tables whose content follows from others (storage/messages/consistency.py), or whose loss only means reading again.
LOST = ("rejects", "imports", "settings")  # those of them that are then empty
REPLACEABLE = (*COUNTED, *LOST, "pending")
_CREATED = re.compile(r'CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) (?:IF NOT EXISTS )?"?(\w+)')
_KINDS = ("table", "index", "trigger")
_OBJECTS = """
SELECT type, name, tbl_name, sql FROM sqlite_schema
WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT LIKE '!_sqlite!_%' ESCAPE '!'
"""


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, an index or a trigger.

    Attributes:
        kind: table, index or trigger.
        name: its name.
        table: the table that it belongs to.
        sql: the statement that creates it.
        form: what must be equal in two databases.
    """

    kind: str
    name: str
    table: str
    sql: str
    form: Any


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """An object that is missing, differs, or should not be there.

    Attributes:
        one: the object as it should be, or the one that should not be there.
        what: missing, different or foreign, in words.
        is_foreign: whether it should not be there.
    """

    one: SchemaObject
    what: str
    is_foreign: bool = False

    def __str__(self) -> str:
        return f"schema: {self.one.kind} {self.one.name} {self.what}"


def schema_problems(connection: sqlite3.Connection) -> list[SchemaProblem]:
    """The objects that are missing or differ, tables first, and triggers that are not of this program."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        schema.migrate(new)
        expected = _objects(new)
    found = _objects(connection)
    problems = []
    for key, one in expected.items():
        if key not in found:
            problems.append(SchemaProblem(one, "is missing"))
        elif found[key].form != one.form:
            problems.append(SchemaProblem(one, "differs"))
    for key, one in found.items():
        if one.kind == "trigger" and key not in expected:
            problems.append(SchemaProblem(one, "is not of this program", is_foreign=True))
    return sorted(problems, key=lambda problem: _KINDS.index(problem.one.kind))


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], SchemaObject]:
    objects = {}
    for kind, name, table, sql in connection.execute(_OBJECTS).fetchall():
        if kind == "table":
            form: Any = [column[1:] for column in connection.execute(f'PRAGMA table_info("{name}")')]
        else:
            form = re.sub(r"\s+", " ", sql.replace("IF NOT EXISTS ", ""))
        objects[kind, name] = SchemaObject(kind, name, table, sql, form)
    return objects


def mend_schema(connection: sqlite3.Connection) -> list[str]:
    """Makes the objects that differ again, inside the caller's transaction; marks what has to be counted again.

    Returns:
        What was done, one line each. What could not be done is a problem of `schema_problems` still.
    """
    _name_again(connection)
    problems = schema_problems(connection)
    if any(problem.one.table in _CUBE for problem in problems):
        _empty_cube(connection)
    made = []
    for _ in range(2):  # a table that is made again loses its indexes and triggers
        made += [line for problem in schema_problems(connection) if (line := _make(connection, problem)) is not None]
    return made


def _name_again(connection: sqlite3.Connection) -> None:
    """Corrects names of objects that differ from those in their statements: SQLite reads the statement, but an object
    that is to go is found by its stored name."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        schema.migrate(new)
        expected = {(kind, one.name): one.table for (kind, _), one in _objects(new).items()}
    rows = connection.execute(
        "SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    ).fetchall()
    for rowid, kind, name, table, sql in rows:
        created = _CREATED.match(sql)
        of_table = expected.get((kind, created[1])) if created else None
        if created and of_table is not None and (name, table) != (created[1], of_table):
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(
                "UPDATE sqlite_schema SET name = ?, tbl_name = ? WHERE rowid = ?", (created[1], of_table, rowid)
            )
            connection.execute("PRAGMA writable_schema = OFF")


def _empty_cube(connection: sqlite3.Connection) -> None:
    """Empties the cube's tables and marks every day: rows that stand twice would keep an index from being made."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for table in there.intersection(_CUBE):
        connection.execute(f"DELETE FROM {table}")
    if there.issuperset(("dirty", "messages")):
        connection.execute(MARK_ALL_STARTS)


def _make(connection: sqlite3.Connection, problem: SchemaProblem) -> str | None:
    """Makes an object again; returns what was done, None if it cannot be."""
    one = problem.one
    if problem.is_foreign:
        connection.execute(f'DROP TRIGGER "{one.name}"')
        return f"removed trigger {one.name}, which is not of this program"
    if one.kind == "table" and one.name not in REPLACEABLE:
        return None  # its rows are nowhere else
    connection.execute(f'DROP {one.kind} IF EXISTS "{one.name}"')
    try:
        connection.execute(one.sql)
        if one.name == "dirty":
            connection.execute(MARK_ALL_STARTS)
    except sqlite3.Error:
        return None
    empty = ", empty: what it held is lost" if one.name in LOST else ""
    return f"made {one.kind} {one.name} again{empty}"
