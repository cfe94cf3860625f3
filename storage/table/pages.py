"""The table of last starts page by page, start by start or grouped by notification. Knows no screen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.queries import Queries
from storage.domain.calendar import Calendar
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, literal
from storage.domain.vocabulary import DataFlag, Origin, StartStatus, UserType
from storage.report.grouping import GroupCounts, GroupRates
from storage.report.notifications import Notification, SortedGroups, groups, groups_by_day
from storage.report.read_session import ReadSession
from storage.report.session import Session
from storage.table.positions import Cursor, ids_after, ids_at, ids_before
from storage.table.sorting import Sorting


class StartRow(NamedTuple):
    """One start as a row of the table.

    Attributes:
        at: its time, in the report's time zone.
        reason: a `failures.Reason`; None if it did not fail.
        code: the error code of its failure.
        failure_text: the provider's message.
    """

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
    """The sends of one template on one line and day; `template_value` and `line_value` go into a filter."""

    day: date
    template: str
    template_value: str
    line: str
    line_value: str
    users: int
    sends: int
    failed: int
    delivered: int
    read: int
    answered: int

    @property
    def rates(self) -> GroupRates:
        """Its rates."""
        return GroupCounts(
            self.sends, self.sends, self.users, self.failed, self.delivered, self.read, self.answered
        ).rates


def page(
    session: ReadSession,
    filter: Filter,
    now: datetime,
    *,
    limit: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> list[StartRow]:
    """A page of starts, newest first: the newest ones, or those next to a cursor.

    Args:
        limit: the most starts to return.
        after: a cursor; the page has the next older starts, without the cursor's own.
        before: a cursor; the page has the next newer starts, without the cursor's own.
    """
    selection = session.select(filter, now)
    if before is not None:
        return load_rows(session, ids_before(session, selection, before, limit))
    return load_rows(session, ids_after(session, selection, after, limit))


def last_page(session: ReadSession, filter: Filter, now: datetime, *, limit: int) -> list[StartRow]:
    """The oldest `limit` starts, newest first."""
    return load_rows(session, ids_before(session, session.select(filter, now), None, limit))


def page_at(session: ReadSession, filter: Filter, now: datetime, *, position: int, limit: int) -> list[StartRow]:
    """The starts from a position on (0: the newest start), newest first."""
    return load_rows(session, ids_at(session, session.select(filter, now), position, limit))


def sorted_page(
    session: ReadSession, filter: Filter, now: datetime, sorting: Sorting, position: int, limit: int
) -> list[StartRow]:
    """The starts from a position on, sorted; use one Sorting for all pages of the same filter at the same time."""
    return load_rows(session, sorting.ids(session, session.select(filter, now), position, limit))


_JOINED = DataFlag.JOINED.value
_READ = """
SELECT m.id, m.key, m.start_at, m.origin, m.user_type, m.status, m.failure_code, m.failure_reason, m.marks,
       m.error_text, m.error_detail, templates.name, lines.label, contacts.label, contacts.name
FROM json_each(?) AS wanted
JOIN messages AS m ON m.id = wanted.value
LEFT JOIN templates ON templates.id = m.start_template
LEFT JOIN lines ON lines.id = m.line
LEFT JOIN contacts ON contacts.id = m.contact
"""


def load_rows(session: ReadSession, ids: Sequence[int]) -> list[StartRow]:
    """The rows of these row ids, in their order."""
    connection, calendar = session.connection, session.calendar
    rows: dict[int, StartRow] = {}
    joined_failures = []
    for row in connection.execute(_READ, (json.dumps(list(ids)),)):
        id, data_flags = row[0], row[8]
        rows[id] = start = _start_row(row, calendar)
        if data_flags & _JOINED and start.status is StartStatus.FAILED:
            joined_failures.append(id)
    if joined_failures:
        for id, text in _joined_failure_texts(connection, joined_failures).items():
            rows[id] = rows[id]._replace(failure_text=text)
    return [rows[id] for id in ids]


def _start_row(row: Sequence[Any], calendar: Calendar) -> StartRow:
    """A row of _READ as a row of the table."""
    _, key, at, origin, user_type, status, code, reason, _, text, detail, template, line, contact, name = row
    status_name = STATUSES[status]
    # Positional, in the order of the columns: keywords make a page take 5 % longer.
    return StartRow(
        Cursor(at, key),
        calendar.local(at),
        contact or "",
        name or "",
        template or ("" if origin >= REFERRED_FROM else UNKNOWN),
        line or UNKNOWN,
        ORIGINS[origin],
        USER_TYPES[user_type],
        status_name,
        reason,
        code,
        (text or detail or None) if status_name is StartStatus.FAILED else None,
    )


def _joined_failure_texts(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str | None]:
    """The failure texts of joined starts: the merge rule decides between the two rows.

    The import is here because joined failures are rare, and a page needs none of the modules that it loads.
    """
    from storage.table.start_record import load

    failures = {start.id: start.message.failure for start in load(connection, ids)}
    return {id: failure.text or failure.detail for id, failure in failures.items() if failure is not None}


def notifications(
    session: Session,
    filter: Filter,
    now: datetime,
    *,
    position: int,
    limit: int,
    by_day: Mapping[int, int] | None = None,
) -> list[NotificationRow]:
    """The sends grouped by template, line and day: newest day first, then by template and line.

    Args:
        by_day: the result of `notifications_by_day`, which makes it faster to find the position.
    """
    return _named(session.connection, groups(session, session.select(filter, now), position, limit, by_day))


def sorted_notifications(
    session: Session, filter: Filter, now: datetime, sorting: SortedGroups, position: int, limit: int
) -> list[NotificationRow]:
    """The notifications from a position on, sorted; use one SortedGroups for all pages of the same filter and time."""
    return _named(session.connection, sorting.page(session, session.select(filter, now), position, limit))


def _named(connection: Queries, found: Sequence[Notification]) -> list[NotificationRow]:
    templates = dict(connection.execute("SELECT id, name FROM templates"))
    lines = {id: (label, value) for id, label, value in connection.execute("SELECT id, label, value FROM lines")}
    return [_notification_row(one, templates, lines) for one in found]


def _notification_row(
    one: Notification, templates: Mapping[int, str], lines: Mapping[int, tuple[str, str]]
) -> NotificationRow:
    template = None if one.template is None else templates[one.template]
    label, value = (UNKNOWN, None) if one.line is None else lines[one.line]
    return NotificationRow(
        day=one.day,
        template=template or UNKNOWN,
        template_value=UNKNOWN if template is None else literal(template),
        line=label,
        line_value=UNKNOWN if value is None else literal(value),
        users=one.users,
        sends=one.sends,
        failed=one.failed,
        delivered=one.delivered,
        read=one.read,
        answered=one.answered,
    )


def notifications_by_day(session: Session, filter: Filter, now: datetime) -> dict[int, int]:
    """How many rows the grouped table has of each day; days since 1970-01-01."""
    return groups_by_day(session, session.select(filter, now))
