"""The table of last starts, page by page, the same grouped by notification, and one start in detail. Knows no
screen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from storage import failures
from storage.calendar import Calendar
from storage.cube_notifications import groups, groups_a_day
from storage.events import Origin
from storage.filters import UNKNOWN, Filter, StartStatus, UserType, literal
from storage.messages import Sources, Stated
from storage.positions import Cursor, ids_after, ids_at, ids_before
from storage.report import one_moment
from storage.selection import Selection, select
from storage.settings import load_settings
from storage.sorting import Sorting
from storage.start_rows import ListedStart, LoadedStart, as_listed, chat_link, listed, load
from storage.timeline import Marks


@dataclass(frozen=True, slots=True)
class StartRow:
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


@dataclass(frozen=True, slots=True)
class NotificationRow:
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


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One time of a start. `at` is None where only a later step proves it (implied) or a platform states it untimed."""

    step: str
    at: datetime | None
    implied: bool
    stated: bool


@dataclass(frozen=True, slots=True)
class StartDetail:
    """All that is known of one start."""

    row: StartRow
    ladder: tuple[LadderStep, ...]
    key: str
    keyless: bool
    joined: str | None
    contact_ids: tuple[str, ...]
    language: str | None
    campaign: str | None
    channel_id: str | None
    agent_groups: str | None
    failure_detail: str | None
    explanation: failures.Explanation | None
    chat_link: str | None
    conflict: bool
    session_start: datetime | None
    answered_by_source: bool
    starts_of_contact: int


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
    with one_moment(connection):
        selection = select(connection, filter, now)
        return [_row(start, selection.calendar) for start in listed(connection, find(selection))]


def _row(start: ListedStart, calendar: Calendar) -> StartRow:
    return StartRow(
        Cursor(start.at, start.key),
        calendar.local(start.at),
        start.contact_label,
        start.name,
        start.template or ("" if start.referred else UNKNOWN),
        start.line_label or UNKNOWN,
        start.origin,
        start.user_type,
        start.status,
        start.failure_reason,
        start.failure_code,
        start.failure_text,
    )


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
    with one_moment(connection):
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
    with one_moment(connection):
        return groups_a_day(connection, select(connection, filter, now))


def detail(connection: sqlite3.Connection, cursor: Cursor, now: datetime) -> StartDetail | None:
    """One start with everything known of it; None where it is there no more."""
    with one_moment(connection):
        row = connection.execute(
            "SELECT id FROM messages WHERE origin IS NOT NULL AND start_at = ? AND key = ? LIMIT 1",
            (cursor.at, cursor.key),
        ).fetchone()
        if row is None:
            return None
        settings = load_settings(connection)
        start = load(connection, [row[0]])[0]
        ids = connection.execute(
            "SELECT text FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (start.contact,)
        )
        of_contact = connection.execute(
            "SELECT count(*) FROM messages WHERE contact = ? AND origin IS NOT NULL", (start.contact,)
        ).fetchone()[0]
        known_as = tuple(text for (text,) in ids)
        return _detail(start, Calendar(settings.zone), settings.chat_link, known_as, max(1, of_contact))


def _detail(
    start: LoadedStart, calendar: Calendar, pattern: str, contact_ids: tuple[str, ...], starts_of_contact: int
) -> StartDetail:
    message = start.message
    failure = message.failure
    session = message.times.get("session")
    explained = (
        None
        if start.failure_reason is None
        else failures.explain(
            start.failure_code, failure.text if failure else None, failure.detail if failure else None
        )
    )
    return StartDetail(
        _row(as_listed(start), calendar),
        _ladder(start, calendar),
        message.key,
        message.direction == 2,
        start.joined,
        contact_ids,
        message.value("language"),
        message.value("campaign"),
        message.value("channel_id"),
        message.value("agent_groups"),
        None if failure is None or start.failure_reason is None else failure.detail,
        explained,
        chat_link(start.customer_id, start.contact_label, pattern),
        bool(start.marks & Marks.CONFLICT),
        None if session is None else calendar.local(session),
        bool(stated_flags(start) & Stated.ANSWERED) or "answered" in message.times,
        starts_of_contact,
    )


def stated_flags(start: LoadedStart) -> int:
    """What platforms state without a time; our own TSV's derived columns only where nothing else is known."""
    message = start.message
    own = message.exported.flags if message.exported and message.sources == Sources.EXPORT else 0
    return message.flags | own


_REACHED = (StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)


def _ladder(start: LoadedStart, calendar: Calendar) -> tuple[LadderStep, ...]:
    times, flags = start.message.times, stated_flags(start)
    if start.referred:
        return (LadderStep("received", calendar.local(start.at), False, False),)
    level = _REACHED.index(start.status) if start.status in _REACHED else -1
    error = start.message.fields.get("error")
    known = (
        ("accepted", times.get("accepted"), False, flags & Stated.SENT),
        ("sent", times.get("sent"), False, flags & Stated.SENT),
        ("delivered", times.get("delivered"), level >= 0, flags & Stated.DELIVERED),
        ("read", times.get("read"), level >= 1, flags & Stated.READ),
        ("answered", start.answered_at, False, flags & Stated.ANSWERED),
        ("failed", None if error is None else error[1], False, flags & Stated.NOT_SENT),
    )
    steps = []
    for step, at, implied, stated in known:
        if at is not None:
            steps.append(LadderStep(step, calendar.local(at), False, False))
        elif stated and step != "accepted":
            steps.append(LadderStep(step, None, False, True))
        elif implied:
            steps.append(LadderStep(step, None, True, False))
    return tuple(steps)
