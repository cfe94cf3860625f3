"""Text in the table: the next start, older or newer, whose contact, name or template has it. Shows none of them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from storage.cube_reading import Cube
from storage.filters import Filter
from storage.positions import Cursor
from storage.report import one_moment
from storage.selection import phone, select

_ESCAPE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Match:
    """A start that was found, and its position in the table, newest first from 0 on."""

    cursor: Cursor
    position: int


def find(
    connection: sqlite3.Connection, filter: Filter, now: datetime, text: str, cursor: Cursor | None, older: bool
) -> Match | None:
    """The nearest start of the filter beyond the cursor that has the text, upper and lower case alike; None where there
    is none."""
    with one_moment(connection):
        selection = select(connection, filter, now)
        parameters = selection.parameters | {
            "contacts": json.dumps(_contacts(connection, text)),
            "templates": json.dumps(_templates(connection, text)),
        }
        condition = selection.timed
        if cursor is not None:
            beyond = "(m.start_at, m.key) < (:at, :key)" if older else "(m.start_at, m.key) > (:at, :key)"
            condition += f" AND {beyond}"
            parameters |= {"at": cursor.at, "key": cursor.key}
        order = "DESC" if older else "ASC"
        row = connection.execute(
            f"""
            SELECT m.start_at, m.key, m.day FROM messages AS m INDEXED BY starts_by_time
            WHERE {condition}
              AND (m.contact IN (SELECT value FROM json_each(:contacts))
                   OR m.start_template IN (SELECT value FROM json_each(:templates)))
            ORDER BY m.start_at {order}, m.key {order} LIMIT 1
            """,
            parameters,
        ).fetchone()
        if row is None:
            return None
        at, key, day = row
        later = sum(sum(counts[6:]) for counts in Cube(connection).rows(selection) if counts[0] > day)
        within = connection.execute(
            f"""
            SELECT count(*) FROM messages AS m INDEXED BY starts_by_time
            WHERE {selection.timed} AND m.day = :day AND m.start_at >= :at AND (m.start_at > :at OR m.key > :key)
            """,
            selection.parameters | {"day": day, "at": at, "key": key},
        ).fetchone()[0]
        return Match(Cursor(at, key), later + within)


def _contacts(connection: sqlite3.Connection, text: str) -> list[int]:
    """The contacts whose name or one of whose ids has the text."""
    rows = connection.execute(
        """
        SELECT id FROM contacts WHERE name LIKE :text ESCAPE '\\'
        UNION
        SELECT contact FROM contact_ids WHERE text LIKE :text ESCAPE '\\' OR text LIKE :number ESCAPE '\\'
        """,
        {"text": _pattern(text), "number": _pattern(phone(text))},
    )
    return [id for (id,) in rows]


def _templates(connection: sqlite3.Connection, text: str) -> list[int]:
    rows = connection.execute("SELECT id FROM templates WHERE name LIKE ? ESCAPE '\\'", (_pattern(text),))
    return [id for (id,) in rows]


def _pattern(text: str) -> str:
    return f"%{text.translate(_ESCAPE)}%"
