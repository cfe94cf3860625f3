"""One start in full. Apart from the table, whose rows need a small part of it. Knows no screen."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from storage.database.connection import read_transaction
from storage.database.settings import load_settings
from storage.domain import failures
from storage.domain.calendar import Calendar
from storage.domain.vocabulary import DataFlag, StartStatus
from storage.messages.message import Sources, Stated
from storage.table.pages import StartRow, load_rows
from storage.table.positions import Cursor
from storage.table.start_record import LoadedStart, chat_link, load


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


def detail(connection: sqlite3.Connection, cursor: Cursor, now: datetime) -> StartDetail | None:
    """One start with everything known of it; None where it is there no more."""
    with read_transaction(connection):
        found = connection.execute(
            "SELECT id FROM messages WHERE origin IS NOT NULL AND start_at = ? AND key = ? LIMIT 1",
            (cursor.at, cursor.key),
        ).fetchone()
        if found is None:
            return None
        settings = load_settings(connection)
        calendar = Calendar(settings.zone)
        (start,) = load(connection, found)
        (row,) = load_rows(connection, found, calendar)
        ids = connection.execute(
            "SELECT text FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (start.contact,)
        )
        of_contact = connection.execute(
            "SELECT count(*) FROM messages WHERE contact = ? AND origin IS NOT NULL", (start.contact,)
        ).fetchone()[0]
        known_as = tuple(text for (text,) in ids)
        return _detail(start, row, calendar, settings.chat_link, known_as, max(1, of_contact))


def _detail(
    start: LoadedStart,
    row: StartRow,
    calendar: Calendar,
    pattern: str,
    contact_ids: tuple[str, ...],
    starts_of_contact: int,
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
        row,
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
        bool(start.marks & DataFlag.CONFLICT),
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
