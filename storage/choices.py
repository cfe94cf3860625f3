"""What the dropdowns offer: the lines and the templates that there are. Knows no widget."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from storage.cube_reading import Cube
from storage.events import Origin
from storage.filters import UNKNOWN, Filter, UserType, literal
from storage.positions import every_id
from storage.schema import ORIGINS, USER_TYPES
from storage.selection import UNKNOWN_ID, select


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a dropdown: the pattern that goes into the filter, and what a person reads."""

    value: str
    label: str


def lines(connection: sqlite3.Connection) -> list[Choice]:
    """The lines that have messages, by label; the unknown one last where there is any."""
    rows = connection.execute("SELECT value, label FROM lines ORDER BY label, value").fetchall()
    choices = [Choice(literal(value), label if label == value else f"{label} {value}") for value, label in rows]
    return choices + _unknown(connection, "line")


def templates(connection: sqlite3.Connection) -> list[Choice]:
    """The templates, by name; the unknown one last where there is any."""
    rows = connection.execute("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name").fetchall()
    return [Choice(literal(name), name) for (name,) in rows] + _unknown(connection, "template")


def counts(
    connection: sqlite3.Connection, filter: Filter, field: str, now: datetime
) -> dict[str | Origin | UserType, int]:
    """How many starts of a filter each value of a field has: `origin`, `line`, `template` or `user`."""
    cube = Cube(connection)

    def count(wanted: Filter) -> int:
        selection = select(connection, wanted, now)
        if selection.chosen.by_contact:
            return sum(1 for _ in every_id(connection, selection))
        return sum(sum(row[6:]) for row in cube.rows(selection))

    match field:
        case "origin":
            return {origin: count(replace(filter, origins=frozenset((origin,)))) for origin in ORIGINS}
        case "user":
            return {kind: count(replace(filter, user_type=kind)) for kind in USER_TYPES}
        case "line":
            values = [choice.value for choice in lines(connection)]
            return {value: count(replace(filter, lines=frozenset((value,)))) for value in values}
        case _:
            values = [choice.value for choice in templates(connection)]
            return {value: count(replace(filter, templates=frozenset((value,)))) for value in values}


def _unknown(connection: sqlite3.Connection, column: str) -> list[Choice]:
    """The cell over all lines or all templates tells whether any start has no line, or no template."""
    other = "template" if column == "line" else "line"
    found = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM cells WHERE {column} = {UNKNOWN_ID} AND {other} = 0)"
    ).fetchone()[0]
    return [Choice(UNKNOWN, UNKNOWN)] if found else []
