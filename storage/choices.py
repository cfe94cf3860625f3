"""What the dropdowns offer: the lines and the templates that there are. Knows no widget."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from storage.events import Origin
from storage.filters import UNKNOWN, Filter, UserType, literal
from storage.schema import ORIGINS, REFERRED_FROM, USER_TYPES
from storage.selection import select


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a dropdown: the pattern that goes into the filter, and what a person reads."""

    value: str
    label: str


def lines(connection: sqlite3.Connection) -> list[Choice]:
    """The lines that have messages, by label; the unknown one last where there is any."""
    rows = connection.execute("SELECT value, label FROM lines ORDER BY label, value").fetchall()
    choices = [Choice(literal(value), label if label == value else f"{label} {value}") for value, label in rows]
    return choices + _unknown(connection, "line IS NULL")


def templates(connection: sqlite3.Connection) -> list[Choice]:
    """The templates, by name; the unknown one last where there is any."""
    rows = connection.execute("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name").fetchall()
    return [Choice(literal(name), name) for (name,) in rows] + _unknown(
        connection, f"start_template IS NULL AND origin < {REFERRED_FROM}"
    )


def counts(
    connection: sqlite3.Connection, filter: Filter, field: str, now: datetime
) -> list[tuple[str | Origin | UserType, int]]:
    """How many starts of a filter each value of a field has: `origin`, `line`, `template` or `user`."""
    selection = select(connection, filter, now)
    column = {"origin": "m.origin", "line": "m.line", "template": "m.start_template", "user": "m.user_type"}[field]
    # A referred start has no template by nature: it does not count as one of an unknown template.
    condition = f"{selection.condition} AND m.origin < {REFERRED_FROM}" if field == "template" else selection.condition
    rows = connection.execute(
        f"SELECT {column}, count(*) FROM messages AS m WHERE {condition} GROUP BY {column}", selection.parameters
    ).fetchall()
    match field:
        case "origin":
            return [(ORIGINS[value], count) for value, count in rows]
        case "user":
            return [(USER_TYPES[value], count) for value, count in rows]
        case "line":
            names = dict(connection.execute("SELECT id, value FROM lines"))
        case _:
            names = dict(connection.execute("SELECT id, name FROM templates"))
    return [(UNKNOWN if value is None else literal(names[value]), count) for value, count in rows]


def _unknown(connection: sqlite3.Connection, condition: str) -> list[Choice]:
    found = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM messages WHERE origin IS NOT NULL AND {condition})"
    ).fetchone()[0]
    return [Choice(UNKNOWN, UNKNOWN)] if found else []
