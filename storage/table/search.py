"""Text search in the table: the next start, older or newer, whose contact, name or template contains it.

Case and accents are ignored. Returns positions, not rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pyroaring import BitMap

from storage.database.queries import Queries
from storage.domain.calendar import date_of, number_of
from storage.domain.filters import Filter
from storage.domain.folding import folded
from storage.domain.patterns import phone_digits
from storage.messages.contact_texts import ContactTexts
from storage.messages.people_names import contacts_whose_name_contains
from storage.report.metrics import starts_of
from storage.report.read_session import ReadSession
from storage.report.selection import Selection
from storage.table.positions import Cursor, ids_after, ids_before

_FEW = 2_000  # contacts: the starts of up to so many are looked up contact by contact

_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})

DayProgress = Callable[[date | None], None]


def no_day_progress(day: date | None) -> None:
    """No-op progress callback."""


@dataclass(frozen=True, slots=True)
class Match:
    """A start that contains the text, and its position in the table: 0 is the newest start."""

    cursor: Cursor
    position: int


def find(
    session: ReadSession,
    filter: Filter,
    now: datetime,
    text: str,
    cursor: Cursor | None,
    older: bool,
    progress: DayProgress = no_day_progress,
    texts: ContactTexts | None = None,
) -> Match | None:
    """The nearest start of the filter beyond the cursor that contains the text.

    Args:
        cursor: None: the search begins at the newest start (or at the oldest one, where `older` is false).
        older: the direction: towards older starts, or towards newer ones.
        progress: called with each day that is searched start by start; None: the names and ids are being read.
        texts: those of the same connection, kept from search to search; None: the tables are searched.
    """
    selection = session.select(filter, now)
    search = _Search(session, selection, cursor, older)
    by_template = search.of_templates(templates_with(session.connection, text))
    known = None if texts is None else texts.contacts_with(session.connection, text, lambda: progress(None))
    contacts = contacts_with(session.connection, text) if known is None else known
    by_contact = search.of_contacts(sorted(contacts), by_template, progress)
    found = [match for match in (by_template, by_contact) if match is not None]
    if not found:
        return None
    nearest = max(found) if older else min(found)
    return Match(nearest, _position(session, selection, nearest))


class _Search:
    """The nearest start beyond the cursor, in one direction."""

    def __init__(self, session: ReadSession, selection: Selection, cursor: Cursor | None, older: bool) -> None:
        self._session, self._connection = session, session.connection
        self._selection, self._cursor, self._older = selection, cursor, older

    def of_templates(self, templates: list[int]) -> Cursor | None:
        """The nearest start with one of these templates, read like a page of the table."""
        dimensions = self._selection.dimensions
        wanted = frozenset(templates) if dimensions.templates is None else dimensions.templates & frozenset(templates)
        if not wanted:
            return None
        listed = ", ".join(map(str, sorted(wanted)))
        part = replace(
            self._selection,
            time_condition=f"{self._selection.time_condition} AND m.start_template IN ({listed})",
            dimensions=dimensions.replace(templates=wanted),
        )
        ids = (ids_after if self._older else ids_before)(self._session, part, self._cursor, 1)
        if not ids:
            return None
        return _cursor_of(self._connection.execute("SELECT start_at, key FROM messages WHERE id = ?", ids).fetchone())

    def of_contacts(self, contacts: list[int], known: Cursor | None, progress: DayProgress) -> Cursor | None:
        """The nearest start of one of these contacts.

        Args:
            known: a match that was found before: starts beyond it are not searched.
        """
        if len(contacts) > _FEW and not self._selection.dimensions.needs_recount:
            contacts = list(BitMap(contacts) & self._session.cube.contacts(self._selection))
        if not contacts:
            return None
        if len(contacts) <= _FEW:
            return self._of_few_contacts(contacts)
        return self._scan_for(BitMap(contacts), known, progress)

    def _of_few_contacts(self, contacts: list[int]) -> Cursor | None:
        condition, parameters, order = self._beyond_cursor()
        row = self._connection.execute(
            f"""
            SELECT m.start_at, m.key
            FROM json_each(:of_contacts) AS one
            CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = one.value
            WHERE {condition} ORDER BY m.start_at {order}, m.key {order} LIMIT 1
            """,
            parameters | {"of_contacts": json.dumps(contacts)},
        ).fetchone()
        return _cursor_of(row)

    def _scan_for(self, contacts: BitMap, known: Cursor | None, progress: DayProgress) -> Cursor | None:
        """Reads start by start: with many contacts, a match is near."""
        condition, parameters, order = self._beyond_cursor()
        rows = self._connection.execute(
            f"""
            SELECT m.start_at, m.key, m.day, m.contact FROM messages AS m INDEXED BY starts_by_time
            WHERE {condition} ORDER BY m.start_at {order}, m.key {order}
            """,
            parameters,
        )
        current_day = None
        for at, key, day, contact in rows:
            if contact is not None and contact in contacts:
                return Cursor(at, key)
            if day != current_day:
                current_day = day
                if known is not None and (at < known.at if self._older else at > known.at):
                    return None
                progress(date_of(day))
        return None

    def _beyond_cursor(self) -> tuple[str, dict[str, str | int], str]:
        """The condition for starts beyond the cursor, its parameters, and the order of time."""
        condition, parameters = self._selection.time_condition, dict(self._selection.parameters)
        if self._cursor is not None:
            at = self._cursor.at
            condition += f" AND (m.start_at, m.key) {'<' if self._older else '>'} (:at, :key)"
            # With two bounds on one side, SQLite may use the wrong one; so the period ends at the cursor.
            if self._older:
                parameters["until_at"] = min(int(parameters["until_at"]), at + 1)
            else:
                parameters["since_at"] = max(int(parameters["since_at"]), at)
            parameters |= {"at": at, "key": self._cursor.key}
        return condition, parameters, "DESC" if self._older else "ASC"


def _cursor_of(row: tuple[Any, ...] | None) -> Cursor | None:
    return None if row is None else Cursor(*row)


def _position(session: ReadSession, selection: Selection, cursor: Cursor) -> int:
    """How many starts of the selection are newer."""
    that_day = selection.calendar.local(cursor.at).date()
    number = number_of(that_day)
    newer_days = starts_of(day for day in session.metrics(selection).day_counts(selection) if day.day > number)
    (newer_that_day,) = session.connection.execute(
        f"""
        SELECT count(*) FROM messages AS m INDEXED BY starts_by_time
        WHERE {selection.time_condition} AND (m.start_at > :since_at OR m.key > :key)
        """,
        selection.between(that_day, that_day + timedelta(days=1)).parameters
        | {"since_at": cursor.at, "key": cursor.key},
    ).fetchone()
    return newer_days + int(newer_that_day)


def contacts_with(connection: Queries, text: str) -> set[int]:
    """The contacts whose name contains the text, or one of whose ids does: the plain rule, which reads every row."""
    rows = connection.execute(
        "SELECT contact FROM contact_ids WHERE text LIKE :text ESCAPE '\\' OR text LIKE :number ESCAPE '\\'",
        {"text": _like(text), "number": _like(phone_digits(text))},
    )
    return {id for (id,) in rows} | contacts_whose_name_contains(connection, text)


def templates_with(connection: Queries, text: str) -> list[int]:
    """The templates whose name contains the text."""
    wanted = folded(text)
    return [id for id, name in connection.execute("SELECT id, name FROM templates") if wanted in folded(name)]


def _like(text: str) -> str:
    """The pattern of LIKE for "contains the text"."""
    return f"%{text.translate(_LIKE_ESCAPES)}%"
