"""The table of last starts, page by page, and the same grouped by notification. Knows no screen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from storage.database.connection import read_transaction
from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.domain.calendar import Calendar
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, literal
from storage.domain.vocabulary import DataFlag, Origin, StartStatus, UserType
from storage.report.notifications import groups, groups_a_day
from storage.report.selection import Selection, select
from storage.table.positions import Cursor, ids_after, ids_at, ids_before
from storage.table.sorting import Sorting


class StartRow(NamedTuple):
    """One start as a row of the table; `at` in the report's zone, reason as failures.Reason where it failed."""

    cursor: Cursor
    at: datetime
    contact: str
    name: str
    template: str
    line: str
    origin: Origin
    user_type: UserType
    status: StartStatus
    reason: str | None
    code: int | None
    failure_text: str | None


class NotificationRow(NamedTuple):
    """The starts of one template on one line and one day; `template_value` and `line_value` go into a filter."""

    day: date
    template: str
    template_value: str
    line: str
    line_value: str
    users: int
    sends: int
    failed: int
    answered: int


def page(
    connection: sqlite3.Connection,
    filter: Filter,
    now: datetime,
    *,
    limit: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> list[StartRow]:
    """Newest first: the first page, or what is strictly older than `after`, or the nearest that is newer than
    `before`."""
    if before is not None:
        return _rows(connection, filter, now, lambda selection: ids_before(connection, selection, before, limit))
    return _rows(connection, filter, now, lambda selection: ids_after(connection, selection, after, limit))


def last_page(connection: sqlite3.Connection, filter: Filter, now: datetime, *, limit: int) -> list[StartRow]:
    """The oldest starts, newest of them first."""
    return _rows(connection, filter, now, lambda selection: ids_before(connection, selection, None, limit))


def page_at(
    connection: sqlite3.Connection, filter: Filter, now: datetime, *, position: int, limit: int
) -> list[StartRow]:
    """The starts from a position on, newest first."""
    return _rows(connection, filter, now, lambda selection: ids_at(connection, selection, position, limit))


def sorted_page(
    connection: sqlite3.Connection, filter: Filter, now: datetime, sorting: Sorting, position: int, limit: int
) -> list[StartRow]:
    """The starts from a position on, in an order; one sorting serves all pages of one filter at one moment."""
    return _rows(connection, filter, now, lambda selection: sorting.ids(connection, selection, position, limit))


def _rows(
    connection: sqlite3.Connection, filter: Filter, now: datetime, find: Callable[[Selection], list[int]]
) -> list[StartRow]:
    with read_transaction(connection):
        selection = select(connection, filter, now)
        return load_rows(connection, find(selection), selection.calendar)


_READ = """
SELECT m.id, m.key, m.start_at, m.origin, m.user_type, m.status, m.failure_code, m.failure_reason, m.marks,
       m.error_text, m.error_detail, templates.name, lines.label, contacts.label, contacts.name
FROM json_each(?) AS wanted
JOIN messages AS m ON m.id = wanted.value
LEFT JOIN templates ON templates.id = m.start_template
LEFT JOIN lines ON lines.id = m.line
LEFT JOIN contacts ON contacts.id = m.contact
"""


def load_rows(connection: sqlite3.Connection, ids: Sequence[int], calendar: Calendar) -> list[StartRow]:
    """The rows of these row ids, in their order."""
    rows: dict[int, StartRow] = {}
    joined_failures = []
    for row in connection.execute(_READ, (json.dumps(list(ids)),)):
        id, key, at, origin, user_type, status, code, reason, marks, text, detail, template, line, contact, name = row
        failed = STATUSES[status] is StartStatus.FAILED
        if failed and marks & DataFlag.JOINED:
            joined_failures.append(id)
        rows[id] = StartRow(
            Cursor(at, key),
            calendar.local(at),
            contact or "",
            name or "",
            template or ("" if origin >= REFERRED_FROM else UNKNOWN),
            line or UNKNOWN,
            ORIGINS[origin],
            USER_TYPES[user_type],
            STATUSES[status],
            reason,
            code,
            (text or detail or None) if failed else None,
        )
    if joined_failures:
        # Which of the two rows tells the failure is decided by their evidence; that is rare, and loaded only here.
        from storage.table.start_record import load

        for start in load(connection, joined_failures):
            failure = start.message.failure
            if failure is not None:
                rows[start.id] = rows[start.id]._replace(failure_text=failure.text or failure.detail)
    return [rows[id] for id in ids]


def notifications(
    connection: sqlite3.Connection,
    filter: Filter,
    now: datetime,
    *,
    position: int,
    limit: int,
    a_day: Mapping[int, int] | None = None,
) -> list[NotificationRow]:
    """The sends grouped by template, line and day, newest day first, then by template and line.

    a_day: what `notifications_a_day` says, so that the place of the position need not be searched for.
    """
    with read_transaction(connection):
        selection = select(connection, filter, now)
        templates = dict(connection.execute("SELECT id, name FROM templates"))
        lines = {id: (label, value) for id, label, value in connection.execute("SELECT id, label, value FROM lines")}
        found = groups(connection, selection, position, limit, a_day)
    rows = []
    for one in found:
        template = None if one.template is None else templates[one.template]
        label, value = (UNKNOWN, None) if one.line is None else lines[one.line]
        rows.append(
            NotificationRow(
                one.day,
                template or UNKNOWN,
                UNKNOWN if template is None else literal(template),
                label,
                UNKNOWN if value is None else literal(value),
                one.users,
                one.sends,
                one.failed,
                one.answered,
            )
        )
    return rows


def notifications_a_day(connection: sqlite3.Connection, filter: Filter, now: datetime) -> dict[int, int]:
    """How many rows the grouped table has of each day, as days since 1970-01-01."""
    with read_transaction(connection):
        return groups_a_day(connection, select(connection, filter, now))
