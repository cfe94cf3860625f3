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
from storage.database.stored_values import mend_texts
from storage.ingest.batch_writer import derivation_of
from storage.ingest.check_parts import (
    CELLS,
    DERIVED_PARTS,
    MOST_TOLD,
    PARTS_OF_MESSAGES,
    Part,
    Result,
    content_parts,
    damage_parts,
    run_part,
    timeline_parts,
    weight_of,
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
_PARTS_AT_ONCE = 32  # with the timelines of 160,000 people
_MANY_DIFFER = 100_000  # messages, after which no more are looked for
_OF_CELLS = "cell of line …, template …, day …: differs from its messages"
_OF_MESSAGES = "message …: derived columns differ from its timeline"
Progress = Callable[[int, int], None]


def check(writer: Writer, progress: Progress) -> list[str]:
    """Checks everything and changes nothing, except that a cube that a crash left behind is brought up to date.

    Returns:
        What is wrong, one line each.
    """
    connection = writer.connection
    # The index of an older version's database, if nothing was imported since.
    problems = _tried("the key index cannot be made", lambda: cover_messages(writer, progress))
    writer.checkpoint()  # indexes are read from the pages of the file
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
        found = [line for result in results[: len(parts)] for line in result.problems]
        results = results[len(parts) :]
    except sqlite3.DatabaseError as error:
        found = full_damage(connection, _MOST_BROKEN) or [describe(error)]
    return found, results


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
    found: list[tuple[Part, Result]] = []
    new = [*zip(early, results, strict=True)]
    parts: list[Part] = [part for part in every if part not in early]
    while parts or new:
        new += zip(parts, pool.run(parts, progress, here=here), strict=True)
        found += new
        parts = [part for _, result in new for part in result.parts]
        new = []
    contacts = {contact for _, result in found for contact in result.contacts}
    messages = {message for _, result in found for message in result.messages}
    lines = [line for part, result in found if part[0] not in CELLS for line in result.problems]
    lines += _first_of([result for part, result in found if part[0] in CELLS], _OF_CELLS)
    return lines + _differing_messages(pool, timeline_parts(contacts, messages), progress, here=here)


def _differing_messages(pool: CheckPool, parts: Sequence[Part], progress: Progress, *, here: bool) -> list[str]:
    """The first messages that differ, and how many; of a large database not all, if nearly everything differs."""
    results: list[Result] = []
    for start in range(0, len(parts), _PARTS_AT_ONCE):
        done, every = sum(map(weight_of, parts[:start])), sum(map(weight_of, parts))
        some = parts[start : start + _PARTS_AT_ONCE]
        results += pool.run(some, lambda step, _: progress(done + step, every), here=here)  # noqa: B023 - called here
        if _number_of(results) >= _MANY_DIFFER and len(results) < len(parts):
            return _first_of(results, _OF_MESSAGES, "at least ")
    return _first_of(results, _OF_MESSAGES)


def _number_of(results: Sequence[Result]) -> int:
    return sum(len(result.problems) + result.untold for result in results)


def _first_of(results: Sequence[Result], problem: str, about: str = "") -> list[str]:
    """The first lines of results of one kind, and how many (about: exactly or at least) are left with a problem."""
    lines = [*dict.fromkeys(line for result in results for line in result.problems)]
    told, left = lines[:MOST_TOLD], len(lines) - MOST_TOLD + sum(result.untold for result in results)
    if left > 0:
        told.append(f"{problem}: {about}{left:,} more")
    return told


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
        mended += mend_texts(connection)
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
                derivation_of(writer.connection).derive_everything(progress)
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
        found = run_part(writer.connection, part, lambda: None)
        if found.problems:
            return False
        contacts.update(found.contacts)
        messages.update(found.messages)
    return not derivation_of(writer.connection).differing(contacts, messages, progress)


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
