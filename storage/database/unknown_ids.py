"""The ids of an unknown line, an unknown template and a missing template, in SQL and in Python.

`messages` stores all three as NULL. The cube and every selection need an id for each:

* UNKNOWN_ID: the line of a start is unknown, or a notification went out with a template that no source names.
* NO_TEMPLATE: a referred start without a template. It needs none, so it is not "(unknown)".

The SQL reads `messages AS m`; `tests/storage/database/test_unknown_ids.py` compares it with the Python functions.
"""

from __future__ import annotations

from storage.database.codes import REFERRED_FROM

UNKNOWN_ID, NO_TEMPLATE = -1, -2

LINE_ID = f"ifnull(m.line, {UNKNOWN_ID})"
TEMPLATE_ID = f"ifnull(m.start_template, iif(m.origin < {REFERRED_FROM}, {UNKNOWN_ID}, {NO_TEMPLATE}))"
IS_UNKNOWN_LINE = "m.line IS NULL"
IS_UNKNOWN_TEMPLATE = f"(m.start_template IS NULL AND m.origin < {REFERRED_FROM})"


def line_id(line: int | None) -> int:
    """LINE_ID in Python."""
    return UNKNOWN_ID if line is None else line


def template_id(template: int | None, origin: int) -> int:
    """TEMPLATE_ID in Python."""
    if template is not None:
        return template
    return UNKNOWN_ID if origin < REFERRED_FROM else NO_TEMPLATE


def has_line_id(id: str) -> str:
    """SQL: the start has the line of this id, an SQL expression; in a form that an index on `line` can use."""
    return f"m.line IS nullif({id}, {UNKNOWN_ID})"


def has_template_id(id: str) -> str:
    """SQL: the start has the template of this id, an SQL expression; in a form that an index on `start_template` can
    use."""
    return (
        f"m.start_template IS iif({id} IN ({UNKNOWN_ID}, {NO_TEMPLATE}), NULL, {id})"
        f" AND iif({id} = {NO_TEMPLATE}, m.origin >= {REFERRED_FROM},"
        f" {id} <> {UNKNOWN_ID} OR m.origin < {REFERRED_FROM})"
    )
