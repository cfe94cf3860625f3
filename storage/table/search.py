"""Text in the table: the next start, older or newer, whose contact, name or template has it. Shows none of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pyroaring import BitMap

from storage.database.connection import read_transaction
from storage.domain.calendar import date_of, number_of
from storage.domain.filters import Filter
from storage.report.cube_metrics import Cube
from storage.report.recount import Recount
from storage.report.selection import Selection, phone, select
from storage.table.positions import Cursor, ids_after, ids_before

_FEW = 2_000  # contacts whose starts are all looked at

_ESCAPE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Match:
    """A start that was found, and its position in the table, newest first from 0 on."""

    cursor: Cursor
    position: int


def find(
    connection: sqlite3.Connection,
    filter: Filter,
    now: datetime,
    text: str,
    cursor: Cursor | None,
    older: bool,
    progress: Callable[[date], None] = lambda day: None,
) -> Match | None:
    """The nearest start of the filter beyond the cursor that has the text, upper and lower case alike; None where there
    is none. `progress` is told the days that are looked through where every start has to be looked at."""
    with read_transaction(connection):
        selection = select(connection, filter, now)
        search = _Search(connection, selection, cursor, older)
        places = [search.of_templates(_templates(connection, text))]
        places.append(search.of_contacts(_contacts(connection, text), places[0], progress))
        found = [place for place in places if place is not None]
        if not found:
            return None
        place = max(found) if older else min(found)
        return Match(Cursor(*place), _position(connection, selection, place))


StartPosition = tuple[int, str]  # time and key


class _Search:
    """The nearest place beyond the cursor, in one direction."""

    def __init__(
        self, connection: sqlite3.Connection, selection: Selection, cursor: Cursor | None, older: bool
    ) -> None:
        self._connection, self._selection, self._cursor, self._older = connection, selection, cursor, older

    def of_templates(self, templates: list[int]) -> StartPosition | None:
        """Where one of these templates was sent; the table's own pages know the way to them."""
        chosen = self._selection.dimensions
        some = frozenset(templates) if chosen.templates is None else chosen.templates & frozenset(templates)
        if not some:
            return None
        listed = ", ".join(map(str, sorted(some)))
        part = replace(
            self._selection,
            time_condition=f"{self._selection.time_condition} AND m.start_template IN ({listed})",
            dimensions=chosen.replace(templates=some),
        )
        ids = (ids_after if self._older else ids_before)(self._connection, part, self._cursor, 1)
        if not ids:
            return None
        row = self._connection.execute("SELECT start_at, key FROM messages WHERE id = ?", ids).fetchone()
        return (row[0], row[1])

    def of_contacts(
        self, contacts: list[int], known: StartPosition | None, progress: Callable[[date], None]
    ) -> StartPosition | None:
        """Where one of these contacts has a start; what lies beyond a place that is known already is of no use."""
        if len(contacts) > _FEW and not self._selection.dimensions.by_contact:
            contacts = list(BitMap(contacts) & Cube(self._connection).contacts(self._selection))
        if not contacts:
            return None
        if len(contacts) <= _FEW:
            return self._of_few(contacts)
        return self._by_looking(BitMap(contacts), known, progress)

    def _of_few(self, contacts: list[int]) -> StartPosition | None:
        condition, parameters, order = self._beyond()
        row = self._connection.execute(
            f"""
            SELECT m.start_at, m.key
            FROM json_each(:some) AS one
            CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = one.value
            WHERE {condition} ORDER BY m.start_at {order}, m.key {order} LIMIT 1
            """,
            parameters | {"some": json.dumps(contacts)},
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def _by_looking(
        self, contacts: BitMap, known: StartPosition | None, progress: Callable[[date], None]
    ) -> StartPosition | None:
        """Looks at one start after the other: of many contacts one soon comes by."""
        condition, parameters, order = self._beyond()
        rows = self._connection.execute(
            f"""
            SELECT m.start_at, m.key, m.day, m.contact FROM messages AS m INDEXED BY starts_by_time
            WHERE {condition} ORDER BY m.start_at {order}, m.key {order}
            """,
            parameters,
        )
        today = None
        for at, key, day, contact in rows:
            if contact is not None and contact in contacts:
                return (at, key)
            if day != today:
                today = day
                if known is not None and (at < known[0] if self._older else at > known[0]):
                    return None
                progress(date_of(day))
        return None

    def _beyond(self) -> tuple[str, dict[str, str | int], str]:
        """A condition for what lies beyond the cursor, its parameters, and the order of time."""
        condition, parameters = self._selection.time_condition, dict(self._selection.parameters)
        if self._cursor is not None:
            at = self._cursor.at
            condition += f" AND (m.start_at, m.key) {'<' if self._older else '>'} (:at, :key)"
            # The index is entered at the cursor: of two bounds on one side it would take either.
            if self._older:
                parameters["until_at"] = min(int(parameters["until_at"]), at + 1)
            else:
                parameters["since_at"] = max(int(parameters["since_at"]), at)
            parameters |= {"at": at, "key": self._cursor.key}
        return condition, parameters, "DESC" if self._older else "ASC"


def _position(connection: sqlite3.Connection, selection: Selection, place: StartPosition) -> int:
    """How many starts of the selection are newer."""
    at, key = place
    today = selection.calendar.local(at).date()
    day = number_of(today)
    figures = Recount(connection) if selection.dimensions.by_contact else Cube(connection)
    later = sum(sum(counts[6:]) for counts in figures.rows(selection) if counts[0] > day)
    (within,) = connection.execute(
        f"""
        SELECT count(*) FROM messages AS m INDEXED BY starts_by_time
        WHERE {selection.time_condition} AND (m.start_at > :since_at OR m.key > :key)
        """,
        selection.between(today, today + timedelta(days=1)).parameters | {"since_at": at, "key": key},
    ).fetchone()
    return later + int(within)


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
