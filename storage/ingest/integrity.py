"""Checks a database: SQLite's own integrity check, the schema, the form of every value, what must hold between the
tables, and every derived column and every cell against the messages. Makes again what follows from the messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress

from storage.cube import refresh
from storage.database.connection import Writer
from storage.database.error_words import WRONG_VALUE, describe
from storage.database.index_proof import KEY_INDEX, different, full_damage
from storage.database.key_runs import KeyRuns, cover_messages
from storage.database.salvage import salvage
from storage.database.schema_objects import mend_schema, schema_problems
from storage.ingest.batch_writer import derivation_of
from storage.ingest.check_parts import (
    DERIVED_PARTS,
    PARTS_OF_MESSAGES,
    Part,
    Result,
    content_parts,
    damage_parts,
    run_part,
)
from storage.ingest.check_pool import CheckPool, running_check_pool
from storage.messages.consistency import mend_consistency
from storage.messages.duplicates import merge_duplicates

_WRONG_FAILURE_KINDS = """
DELETE FROM failure_kinds
WHERE typeof(code) NOT IN ('integer', 'null') OR typeof(reason) <> 'text'
      OR id NOT BETWEEN 1 AND 2147483647  -- 0 stands for no failure; sets of users keep 32 bits of it
"""
_MOST_BROKEN = 20  # lines
Progress = Callable[[int, int], None]


def check(writer: Writer, progress: Progress) -> list[str]:
    """Checks everything and changes nothing, except that a cube that a crash left behind is brought up to date.

    Returns:
        What is wrong, one line each.
    """
    connection = writer.connection
    # The index of an older version's database, if nothing was imported since.
    problems = _tried("the key index cannot be made", lambda: cover_messages(writer, progress))
    with running_check_pool(writer) as pool:
        early = _early_parts(connection)
        broken, found = _broken(pool, progress, early)
        if broken:
            return [f"integrity: {text}" for text in broken]
        problems += [str(one) for one in schema_problems(connection)]
        if not problems:
            problems += _tried("the cube cannot be brought up to date", lambda: refresh.refresh_all(writer))
        is_whole = not problems
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not is_whole:  # the comparisons need every table and index: they are made for as long as the check takes
                mend_schema(connection)
                KeyRuns(connection).cover()
                problems += _tried("the cube cannot be counted", lambda: refresh.refresh_within(connection))
            return problems + _differences(writer, pool, progress, early, found, here=not is_whole)
        finally:
            connection.execute("ROLLBACK")


def _early_parts(connection: sqlite3.Connection) -> Sequence[Part]:
    """The parts that need not wait until pages and indexes are known to be right and the cube is up to date: with all
    of them at once, two processes have enough to do until the end."""
    try:
        if schema_problems(connection):
            return ()
        if connection.execute("SELECT 1 FROM dirty").fetchone() is not None:
            return PARTS_OF_MESSAGES
        return [*content_parts(connection), *PARTS_OF_MESSAGES]
    except WRONG_VALUE:
        return ()


def _broken(pool: CheckPool, progress: Progress, early: Sequence[Part] = ()) -> tuple[list[str], list[Result]]:
    """What is wrong with the pages and indexes of the file, and what other parts find, which say nothing if it is.

    Args:
        pool: runs all of it.
        progress: told.
        early: the other parts, so that two processes have enough to do.
    """
    connection = pool.connection
    results: list[Result] = []
    try:
        parts = damage_parts(connection)
        results = pool.run([*parts, *early], progress)
        found = [line for lines, *_ in results[: len(parts)] for line in lines]
        results = results[len(parts) :]
    except sqlite3.DatabaseError as error:
        found = [describe(error)]
    return found and (full_damage(connection, _MOST_BROKEN) or found), results


def _tried(failure: str, find: Callable[[], list[str] | None]) -> list[str]:
    """What a part of the check finds, or that a wrong value ended it: the other parts still tell what is wrong."""
    try:
        return find() or []
    except WRONG_VALUE as error:
        return [f"{failure}: {describe(error)}"]


def _differences(
    writer: Writer, pool: CheckPool, progress: Progress, early: Sequence[Part], results: list[Result], *, here: bool
) -> list[str]:
    """What is stored and differs from what it follows from, inside the caller's transaction.

    Args:
        writer: of the database.
        pool: runs the parts.
        progress: told.
        early: the parts that ran already.
        results: of these.
        here: whether it depends on what is not committed.
    """
    try:
        every = [*content_parts(writer.connection), *PARTS_OF_MESSAGES]
    except WRONG_VALUE as error:
        return [f"cells cannot be compared: {describe(error)}"]
    parts = [part for part in every if part not in early]
    problems: list[str] = []
    contacts: set[int] = set()
    messages: set[int] = set()
    while parts or results:
        results = [*results, *pool.run(parts, progress, here=here)]
        parts = []
        for lines, some_contacts, some_messages, further in results:
            problems += lines
            contacts.update(some_contacts)
            messages.update(some_messages)
            parts += further
        results = []
    return problems + _tried(
        "derived columns cannot be compared", lambda: _derived_differences(writer, contacts, messages, progress)
    )


def _derived_differences(writer: Writer, contacts: set[int], messages: set[int], progress: Progress) -> list[str]:
    """The messages whose derived columns differ, by the plain rule, where the proof says nothing.

    If one differs, all are derived: what is wrong in one contact can hide what is wrong in another.
    """
    if not contacts and not messages:
        return []
    derivation = derivation_of(writer)
    keys = derivation.differing(contacts, messages, progress)
    if keys:
        keys = derivation_of(writer).differing(*derivation.everything(), progress)
    return [f"message {key!r}: derived columns differ from its timeline" for key in keys]


def rebuild(writer: Writer, progress: Progress) -> list[str]:
    """Makes again what is missing or differs in the schema, in the key index, in hashes and in labels. Then, in one
    transaction, derives everything again unless it is proven, and counts the whole cube: readers see the old report
    until it is done.

    Returns:
        What was mended, and what could not be derived, one line each.
    """
    connection = writer.connection
    mended = _make_pages_again(writer, progress)
    with writer.transaction():
        mended += mend_schema(connection)
        if different(connection, [KEY_INDEX]):
            KeyRuns(connection).remake()
            mended.append("made the key index again")
        mended += mend_consistency(connection)
        if merged := merge_duplicates(connection):
            KeyRuns(connection).remake()
            mended.append(f"merged {merged:,} messages that were stored twice")
    try:
        with writer.transaction():
            connection.execute(_WRONG_FAILURE_KINDS)  # those that are needed are stored again
            if not _is_derived(writer, progress):
                derivation_of(writer).derive_everything(progress)
            refresh.rebuild(connection, progress)
    except WRONG_VALUE as error:
        mended.append(f"derived data stays as it is: {describe(error)}")
    return mended


def _is_derived(writer: Writer, progress: Progress) -> bool:
    """Whether every derived column is right: by the proof, or by the plain rule where that says nothing.

    Of a million starts the proof takes 2.4 s of CPU time, and to derive them again 13.3 s.
    """
    contacts: set[int] = set()
    messages: set[int] = set()
    for part in DERIVED_PARTS:
        failures, some_contacts, some_messages, _ = run_part(writer.connection, part, lambda: None)
        if failures:
            return False
        contacts.update(some_contacts)
        messages.update(some_messages)
    return not derivation_of(writer).differing(contacts, messages, progress)


def _make_pages_again(writer: Writer, progress: Progress) -> list[str]:
    """Makes indexes again that differ from their tables, or the whole file; returns what was done."""
    connection = writer.connection
    with suppress(sqlite3.DatabaseError):
        with running_check_pool(writer) as pool:
            if not _broken(pool, progress)[0]:
                return []
        with writer.transaction():
            connection.execute("REINDEX")
            if full_damage(connection, 1):
                raise sqlite3.DatabaseError
        return ["made every index again"]
    with writer.changing_file():
        return salvage(connection)
