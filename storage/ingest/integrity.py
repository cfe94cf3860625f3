"""Checks a database: SQLite's own integrity check, the schema, the form of every value, what must hold between the
tables, and every derived column and every cell against the messages. Makes again what follows from the messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from storage.cube import refresh
from storage.cube.comparison import differences
from storage.database.connection import Writer
from storage.database.error_words import WRONG_VALUE, describe
from storage.database.salvage import salvage
from storage.database.schema_objects import mend_schema, schema_problems
from storage.database.stored_values import wrong_values
from storage.ingest.batch_writer import derive_again, derive_messages_again
from storage.messages.consistency import inconsistencies, mend_consistency
from storage.messages.duplicates import merge_duplicates

_DERIVED = (
    "line, contact, start_template, start_at, day, origin, user_type, status, answered_at, failure_code,"
    " failure_reason, marks, joined"
)
_WRONG_FAILURE_KINDS = """
DELETE FROM failure_kinds WHERE typeof(code) NOT IN ('integer', 'null') OR typeof(reason) <> 'text'
"""
Progress = Callable[[int, int], None]


def check(writer: Writer, progress: Progress) -> list[str]:
    """Checks everything and changes nothing, except that a cube that a crash left behind is brought up to date.

    Returns:
        What is wrong, one line each.
    """
    connection = writer.connection
    if broken := _broken(connection, 20):
        return [f"integrity: {text}" for text in broken]
    problems = [str(one) for one in schema_problems(connection)]
    if not problems:
        problems += _tried("the cube cannot be brought up to date", lambda: refresh.refresh_all(writer))
    connection.execute("BEGIN IMMEDIATE")
    try:
        if problems:  # the comparisons need every table and index: they are made for as long as the check takes
            mend_schema(connection)
            problems += _tried("the cube cannot be counted", lambda: refresh.refresh_within(connection))
        problems += _tried("values cannot be read", lambda: wrong_values(connection))
        problems += _tried("names cannot be compared", lambda: inconsistencies(connection))
        problems += _tried("cells cannot be compared", lambda: differences(connection, progress))
        problems += _tried("derived columns cannot be compared", lambda: _derived_anew(writer, progress))
        return problems
    finally:
        connection.execute("ROLLBACK")


def _broken(connection: sqlite3.Connection, most: int) -> list[str]:
    return [text for (text,) in connection.execute(f"PRAGMA integrity_check({most})") if text != "ok"]


def _tried(failure: str, find: Callable[[], list[str] | None]) -> list[str]:
    """What a part of the check finds, or that a wrong value ended it: the other parts still tell what is wrong."""
    try:
        return find() or []
    except WRONG_VALUE as error:
        return [f"{failure}: {describe(error)}"]


def _derived_anew(writer: Writer, progress: Progress) -> list[str]:
    """The messages whose derived columns differ when they are derived again, inside the caller's transaction."""
    connection = writer.connection
    connection.execute(f"CREATE TEMP TABLE before_check AS SELECT id, {_DERIVED} FROM messages")
    derive_messages_again(writer, progress)
    rows = connection.execute(
        f"""
        SELECT m.key FROM messages AS m JOIN before_check AS b ON b.id = m.id
        WHERE ({", ".join(f"m.{name.strip()}" for name in _DERIVED.split(","))})
              IS NOT ({", ".join(f"b.{name.strip()}" for name in _DERIVED.split(","))})
        ORDER BY m.id
        """
    )
    return [f"message {key!r}: derived columns differ from its timeline" for (key,) in rows]


def rebuild(writer: Writer, progress: Progress) -> list[str]:
    """Makes again what is missing or differs in the schema, in hashes and in labels, and then derives everything again
    in one transaction: readers see the old report until it is done.

    Returns:
        What was mended, and what could not be derived, one line each.
    """
    connection = writer.connection
    mended = _make_pages_again(writer)
    with writer.transaction():
        mended += mend_schema(connection) + mend_consistency(connection)
        if merged := merge_duplicates(connection):
            mended.append(f"merged {merged:,} messages that were stored twice")
    try:
        with writer.transaction():
            connection.execute(_WRONG_FAILURE_KINDS)  # those that are needed are stored again
            derive_again(writer, progress)
    except WRONG_VALUE as error:
        mended.append(f"derived data stays as it is: {describe(error)}")
    return mended


def _make_pages_again(writer: Writer) -> list[str]:
    """Makes indexes again that differ from their tables, or the whole file; returns what was done."""
    connection = writer.connection
    with suppress(sqlite3.DatabaseError):
        if not _broken(connection, 1):
            return []
        with writer.transaction():
            connection.execute("REINDEX")
            if _broken(connection, 1):
                raise sqlite3.DatabaseError
        return ["made every index again"]
    with writer.changing_file():
        return salvage(connection)
