"""What the dropdowns offer: the lines and the templates that there are. Knows no widget."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from storage.filters import UNKNOWN, literal
from storage.schema import REFERRED_FROM


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


def _unknown(connection: sqlite3.Connection, condition: str) -> list[Choice]:
    found = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM messages WHERE origin IS NOT NULL AND {condition})"
    ).fetchone()[0]
    return [Choice(UNKNOWN, UNKNOWN)] if found else []
