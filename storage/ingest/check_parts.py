"""The parts of `saludo check` that only read: each can run in a process of its own, in any order.

A part is plain values, and so is its result. Knows no process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from storage.cube import recount_comparison
from storage.database import index_proof
from storage.database.error_words import WRONG_VALUE, describe
from storage.database.settings import load_settings
from storage.database.stored_values import our_tables, unreadable_texts, wrong_values
from storage.messages.consistency import inconsistencies
from storage.messages.derived_proof import Unproven, unproven_rows, unproven_user_types

Part = tuple[Any, ...]  # a name of _PARTS, and its arguments
# Problems, one line each; what has to be derived by the plain rule: contacts, and messages without one; and the parts
# that say what this one found only to be wrong.
Result = tuple[list[str], list[int], list[int], list[Part]]
Step = Callable[[], None]

_MOST = 20  # lines about damaged pages
_INDEXES_AT_ONCE = 8  # compared in one scan of the table
_MESSAGES = "messages"  # the large table
# Whether the part is about `messages`: one scan proves all of it, and only if it cannot, parts say what is wrong.
_OF_OTHERS, _OF_MESSAGES = ([(name, about) for name in ("names", "values", "texts")] for about in (False, True))
_ROWS, _ROWS_ALONE = ("rows", True), ("rows", False)  # with and without their form
DERIVED_PARTS = (_ROWS_ALONE, ("user types",))  # prove the derived columns
PARTS_OF_MESSAGES = (_ROWS, ("user types",))  # they depend on nothing that a cube that is brought up to date changes
# In words, where a wrong value ends a part; those that are missing are about damage, which a wrong value cannot hide.
_FAILURES = {
    "values": "values cannot be read",
    "texts": "texts cannot be read",
    "names": "names cannot be compared",
    "cells": "cells cannot be compared",
    "outside": "cells cannot be compared",
    "rows": "derived columns cannot be compared",
    "user types": "derived columns cannot be compared",
}

# About how long a part takes, in days of cells, and one of its steps. Of ten million starts a day takes 120 ms.
_WEIGHTS = {
    "damage": (95, 95),
    "entries": (100, 100),
    "rows": (360, 90),
    "user types": (45, 23),
    "names": (30, 30),
    "values": (18, 18),
    "texts": (7, 7),
    "outside": (3, 3),
}


def weight_of(part: Part) -> int:
    """About how long a part takes."""
    return len(part[2]) if part[0] == "cells" else _WEIGHTS[part[0]][0]


def step_of(part: Part) -> int:
    """About how long a step of a part takes."""
    return 1 if part[0] == "cells" else _WEIGHTS[part[0]][1]


def damage_parts(connection: sqlite3.Connection) -> list[Part]:
    """The parts that find damaged pages and indexes."""
    every = [index.name for index in index_proof.proven(connection)]
    scans = [every[start : start + _INDEXES_AT_ONCE] for start in range(0, len(every), _INDEXES_AT_ONCE)]
    return [("damage",), *(("entries", *some) for some in scans)]


def content_parts(connection: sqlite3.Connection) -> list[Part]:
    """The parts that compare what is stored with what it follows from, but for PARTS_OF_MESSAGES."""
    days = recount_comparison.days_by_top_block(connection)
    return [*(("cells", top, some) for top, some in days.items()), *_OF_OTHERS, ("outside", [*days])]


def run_part(connection: sqlite3.Connection, part: Part, step: Step) -> Result:
    """Runs a part.

    Args:
        connection: the database; temporary tables can be created in it.
        part: what to do.
        step: called from time to time.
    """
    name, *arguments = part
    if name not in _FAILURES:
        return _damage(connection, name, arguments), [], [], []
    try:
        return _content(connection, name, arguments, step)
    except WRONG_VALUE as error:
        if part == _ROWS:
            return [], [], [], [_ROWS_ALONE, *_OF_MESSAGES]
        return [f"{_FAILURES[name]}: {describe(error)}"], [], [], []


def _damage(connection: sqlite3.Connection, name: str, arguments: list[Any]) -> list[str]:
    if name == "damage":
        return index_proof.damage(connection, _MOST)
    by_name = {index.name: index for index in index_proof.proven(connection)}
    return index_proof.compare(connection, [by_name[index] for index in arguments])


def _content(connection: sqlite3.Connection, name: str, arguments: list[Any], step: Step) -> Result:
    match name:
        case "values" | "texts":
            tables = [table for table in our_tables(connection) if (table == _MESSAGES) == arguments[0]]
            if name == "values":
                return wrong_values(connection, tables), [], [], []
            unreadable_texts(connection, tables)
            return [], [], [], []
        case "names":
            return inconsistencies(connection, of_messages=arguments[0]), [], [], []
        case "cells":
            top, days = arguments
            return recount_comparison.differences(connection, top, days, _stepping(step)), [], [], []
        case "outside":
            return recount_comparison.outside(connection, arguments[0]), [], [], []
        case "rows":
            (form,) = arguments
            return _unproven(unproven_rows(connection, load_settings(connection), step, form=form))
    return _unproven(unproven_user_types(connection, step))


def _stepping(step: Step) -> Callable[[int], None]:
    """Calls a step for each day that is told of."""

    def told(days: int) -> None:
        for _ in range(days):
            step()

    return told


def _unproven(found: Unproven) -> Result:
    return [], sorted(found.contacts), sorted(found.messages), [*_OF_MESSAGES] if found.formless else []
