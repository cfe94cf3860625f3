"""The parts of `saludo check` that only read: each can run in a process of its own, in any order.

A part is plain values, and so is its result. Knows no process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from storage.cube import recount_comparison
from storage.database import index_proof
from storage.database.error_words import WRONG_VALUE, describe
from storage.database.settings import load_settings
from storage.database.stored_values import our_tables, unreadable_texts, wrong_values
from storage.ingest.batch_writer import derivation_of
from storage.messages.consistency import inconsistencies
from storage.messages.derived_proof import Unproven, unproven_rows, unproven_user_types

Part = tuple[Any, ...]  # its name, and its arguments
Step = Callable[[], None]


class Result(NamedTuple):
    """What a part finds.

    Attributes:
        problems: one line each.
        untold: further problems of the kind of the last line.
        contacts: what has to be derived by the plain rule: contacts,
        messages: and messages without one.
        parts: that say what this one found only to be wrong.
    """

    problems: list[str]
    untold: int = 0
    contacts: Collection[int] = ()
    messages: Collection[int] = ()
    parts: Collection[Part] = ()


MOST_TOLD = 20  # lines of a kind
_INDEXES_AT_ONCE = 8  # compared in one scan of the table
_MESSAGES = "messages"  # the large table
# Whether the part is about `messages`: one scan proves all of it, and only if it cannot, parts say what is wrong.
_OF_OTHERS, _OF_MESSAGES = ([(name, about) for name in ("names", "values", "texts")] for about in (False, True))
_ROWS, _ROWS_ALONE = ("rows", True), ("rows", False)  # with and without their form
DERIVED_PARTS = (_ROWS_ALONE, ("user types",))  # prove the derived columns
PARTS_OF_MESSAGES = (_ROWS, ("user types",))  # they depend on nothing that a cube that is brought up to date changes
CELLS, TIMELINES = frozenset(("cells", "outside")), "timelines"  # names of parts
_DERIVED_AT_ONCE = 5_000  # contacts, or messages without one
# In words, where a wrong value ends a part; those that are missing are about damage, which a wrong value cannot hide.
_FAILURES = {
    "values": "values cannot be read",
    "texts": "texts cannot be read",
    "names": "names cannot be compared",
    "cells": "cells cannot be compared",
    "outside": "cells cannot be compared",
    "rows": "derived columns cannot be compared",
    "user types": "derived columns cannot be compared",
    TIMELINES: "derived columns cannot be compared",
}

# About how long a part takes, in days of cells. Of ten million starts a day takes 120 ms.
_WEIGHTS = {
    "damage": 95,
    "entries": 100,
    "rows": 360,
    "user types": 45,
    "names": 30,
    "values": 18,
    "texts": 7,
    "outside": 3,
    TIMELINES: 5,
}
_STEPS = 20  # of a part
# Long statements tell that they go on: about how many instructions of SQLite a part takes for each message.
_INSTRUCTIONS = {"damage": 120, "entries": 140, "rows": 280, "user types": 25}
_LONG = 100_000  # messages


def weight_of(part: Part) -> int:
    """About how long a part takes."""
    return len(part[2]) if part[0] == "cells" else _WEIGHTS[part[0]]


def step_of(part: Part) -> int:
    """About how long a step of a part takes."""
    return 1 if part[0] == "cells" else -(-_WEIGHTS[part[0]] // _STEPS)


def damage_parts(connection: sqlite3.Connection) -> list[Part]:
    """The parts that find damaged pages and indexes."""
    every = [index.name for index in index_proof.proven(connection)]
    scans = [every[start : start + _INDEXES_AT_ONCE] for start in range(0, len(every), _INDEXES_AT_ONCE)]
    return [("damage",), *(("entries", *some) for some in scans)]


def content_parts(connection: sqlite3.Connection) -> list[Part]:
    """The parts that compare what is stored with what it follows from, but for PARTS_OF_MESSAGES."""
    days = recount_comparison.days_by_top_block(connection)
    return [*(("cells", top, some) for top, some in days.items()), *_OF_OTHERS, ("outside", [*days])]


def timeline_parts(contacts: Collection[int], messages: Collection[int]) -> list[Part]:
    """The parts that compare derived columns by the plain rule, where the proof says nothing.

    Args:
        contacts: whose messages are compared.
        messages: row ids of messages without a contact.
    """
    of_contacts, of_messages = sorted(contacts), sorted(messages)
    return [(TIMELINES, some, []) for some in _some_at_once(of_contacts)] + [
        (TIMELINES, [], some) for some in _some_at_once(of_messages)
    ]


def _some_at_once(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _DERIVED_AT_ONCE] for start in range(0, len(ids), _DERIVED_AT_ONCE)]


def run_part(connection: sqlite3.Connection, part: Part, step: Step) -> Result:
    """Runs a part.

    Args:
        connection: the database; temporary tables can be created in it.
        part: what to do.
        step: called from time to time.
    """
    name, *arguments = part
    with _telling(connection, name, step):
        if name not in _FAILURES:
            return Result(_damage(connection, name, arguments))
        try:
            return _content(connection, name, arguments, step)
        except WRONG_VALUE as error:
            if part == _ROWS:
                return Result([], parts=[_ROWS_ALONE, *_OF_MESSAGES])
            return Result([f"{_FAILURES[name]}: {describe(error)}"])


@contextmanager
def _telling(connection: sqlite3.Connection, name: str, step: Step) -> Iterator[None]:
    """Calls a step while long statements of a part run."""
    messages = 0
    with suppress(sqlite3.DatabaseError):  # a damaged file, which the part tells
        messages = connection.execute("SELECT max(rowid) FROM messages").fetchone()[0] or 0
    if messages < _LONG or name not in _INSTRUCTIONS:
        yield
        return
    connection.set_progress_handler(step, messages * _INSTRUCTIONS[name] // _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def _damage(connection: sqlite3.Connection, name: str, arguments: list[Any]) -> list[str]:
    if name == "damage":
        return index_proof.damage(connection, MOST_TOLD)
    by_name = {index.name: index for index in index_proof.proven(connection)}
    return index_proof.compare(connection, [by_name[index] for index in arguments])


def _content(connection: sqlite3.Connection, name: str, arguments: list[Any], step: Step) -> Result:
    match name:
        case "values" | "texts":
            tables = [table for table in our_tables(connection) if (table == _MESSAGES) == arguments[0]]
            if name == "values":
                return Result(wrong_values(connection, tables))
            unreadable_texts(connection, tables)
            return Result([])
        case "names":
            return Result(inconsistencies(connection, of_messages=arguments[0]))
        case "cells":
            top, days = arguments
            return _first_of(recount_comparison.differences(connection, top, days, _stepping(step)))
        case "outside":
            return _first_of(recount_comparison.outside(connection, arguments[0]))
        case "rows":
            (form,) = arguments
            return _unproven(unproven_rows(connection, load_settings(connection), step, form=form))
        case "timelines":
            contacts, messages = arguments
            keys = derivation_of(connection).differing(contacts, messages, lambda done, of: None)
            return _first_of([f"message {key!r}: derived columns differ from its timeline" for _, key in keys])
    return _unproven(unproven_user_types(connection, step))


def _stepping(step: Step) -> Callable[[int], None]:
    """Calls a step for each day that is told of."""

    def told(days: int) -> None:
        for _ in range(days):
            step()

    return told


def _unproven(found: Unproven) -> Result:
    parts = _OF_MESSAGES if found.formless else []
    return Result([], contacts=sorted(found.contacts), messages=sorted(found.messages), parts=parts)


def _first_of(problems: list[str]) -> Result:
    """Problems of one kind, of which not all are told."""
    return Result(problems[:MOST_TOLD], max(0, len(problems) - MOST_TOLD))
