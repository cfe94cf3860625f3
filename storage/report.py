"""One filter in, one report out: every number of the screen, from one read transaction. Knows no screen.

This is the recount: it computes everything by SQL straight from `messages`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from storage.calendar import Calendar, date_of, number_of
from storage.events import Origin
from storage.filters import Filter, StartStatus
from storage.schema import ORIGINS, REFERRED_FROM, STATUSES
from storage.selection import Selection, select
from storage.settings import load_settings
from storage.timeline import Marks

_FAILED = STATUSES.index(StartStatus.FAILED)
_ANSWERED = STATUSES.index(StartStatus.ANSWERED)


@dataclass(frozen=True, slots=True)
class Answered:
    """Users and sends reached, and those of them that answered."""

    users_reached: int
    users_answered: int
    sends_reached: int
    sends_answered: int


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """Sends by the furthest they got; exclusive."""

    failed: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0

    @property
    def total(self) -> int:
        """All sends."""
        return self.failed + self.sent + self.delivered + self.read + self.answered


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: sends by status, and referred starts."""

    day: date
    status: StatusCounts
    referred: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step with its shares as fractions of 1, None where the base is 0 (and for the first step's share of
    previous)."""

    step: str
    count: int
    of_previous: float | None
    of_first: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """Notifications that did not fail in [since, until): sent, delivered, read, answered."""

    since: date
    until: date
    steps: tuple[FunnelStep, ...]


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Sends that failed for one reason and code, and how many users they were meant for."""

    code: int | None
    reason: str
    count: int
    users: int


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What a person should know of the data; rejects over the whole database, all else within the filter."""

    joined: int
    unknown_template: int
    implied: int
    conflicts: int
    rejects: int


@dataclass(frozen=True, slots=True)
class Report:
    """Every number of one moment under one filter; days are [since, until) in `time_zone`."""

    filter: Filter
    time_zone: str
    since: date
    until: date
    starts: int
    sends: int
    users: int
    users_sent: int
    origins: dict[Origin, int]
    answered: Answered
    status: StatusCounts
    new_users: int
    recurrent_users: int
    daily: tuple[Day, ...]
    funnel: Funnel
    failures: tuple[FailureCount, ...]
    data: DataQuality


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """A read transaction, so that all that is read belongs to the same moment."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def load_report(
    connection: sqlite3.Connection, filter: Filter, now: datetime, funnel_of_period: bool = False
) -> Report:
    """The report of a filter.

    now: stands in for the clock; decides rolling periods and the current week. funnel_of_period: the funnel covers the
    selected period and not the current ISO week.
    """
    with one_moment(connection):
        settings = load_settings(connection)
        selection = select(connection, filter, now)
        counts = _Counts(connection, selection)
        users = _users(connection, selection)
        if funnel_of_period:
            funnel = _funnel(selection, counts.status)
        else:
            week = _week(selection, Calendar(settings.zone).today(now))
            funnel = _funnel(week, _Counts(connection, week).status)
        return Report(
            filter,
            settings.time_zone,
            selection.since,
            selection.until,
            counts.starts,
            counts.status.total,
            users["users"],
            users["sent"],
            {origin: counts.origins[index] for index, origin in enumerate(ORIGINS)},
            Answered(
                users["reached"],
                users["answered"],
                counts.status.total - counts.status.failed,
                counts.status.answered,
            ),
            counts.status,
            users["new"],
            users["eligible"] - users["new"],
            counts.daily,
            funnel,
            _failures(connection, selection),
            _data(connection, counts),
        )


class _Counts:
    """All that is a plain count of starts, from one pass."""

    def __init__(self, connection: sqlite3.Connection, selection: Selection) -> None:
        rows = connection.execute(
            f"""
            SELECT m.day, m.origin, m.status, count(*), sum(m.start_template IS NULL),
                   sum((m.marks & {Marks.JOINED.value}) <> 0), sum((m.marks & {Marks.IMPLIED.value}) <> 0),
                   sum((m.marks & {Marks.CONFLICT.value}) <> 0)
            FROM messages AS m
            WHERE {selection.condition}
            GROUP BY m.day, m.origin, m.status
            """,
            selection.parameters,
        ).fetchall()
        self.origins: defaultdict[int, int] = defaultdict(int)
        by_status: defaultdict[int, int] = defaultdict(int)
        by_day: defaultdict[tuple[int, int], int] = defaultdict(int)
        referred: defaultdict[int, int] = defaultdict(int)
        self.unknown_template = self.joined = self.implied = self.conflicts = 0
        for day, origin, status, count, unknown, joined, implied, conflicts in rows:
            self.origins[origin] += count
            if origin >= REFERRED_FROM:
                referred[day] += count
                continue
            by_status[status] += count
            by_day[day, status] += count
            self.unknown_template += unknown
            self.joined += joined
            self.implied += implied
            self.conflicts += conflicts
        self.starts = sum(self.origins.values())
        self.status = _status_counts(by_status)
        self.daily = tuple(
            Day(
                date_of(day),
                _status_counts({status: by_day.get((day, status), 0) for status in range(len(STATUSES))}),
                referred.get(day, 0),
            )
            for day in range(number_of(selection.since), number_of(selection.until))
        )


def _status_counts(counts: dict[int, int]) -> StatusCounts:
    return StatusCounts(*(counts.get(STATUSES.index(status), 0) for status in STATUSES if status != "received"))


def _users(connection: sqlite3.Connection, selection: Selection) -> dict[str, int]:
    """Distinct contacts: all, sent to, reached, answered, eligible for new or recurrent, and new."""
    row = connection.execute(
        f"""
        SELECT count(*), sum(sent), sum(reached), sum(answered), sum(eligible), sum(new)
        FROM (
            SELECT max(m.origin < {REFERRED_FROM}) AS sent,
                   max(m.origin < {REFERRED_FROM} AND m.status <> {_FAILED}) AS reached,
                   max(m.status = {_ANSWERED}) AS answered,
                   max(m.status <> {_FAILED}) AS eligible,
                   max(m.status <> {_FAILED} AND m.user_type = 0) AS new
            FROM messages AS m
            WHERE {selection.condition} AND m.contact IS NOT NULL
            GROUP BY m.contact
        )
        """,
        selection.parameters,
    ).fetchone()
    names = ("users", "sent", "reached", "answered", "eligible", "new")
    return {name: value or 0 for name, value in zip(names, row, strict=True)}


def _week(selection: Selection, today: date) -> Selection:
    monday = today - timedelta(days=today.weekday())
    return selection.between(monday, monday + timedelta(days=7))


def _funnel(selection: Selection, status: StatusCounts) -> Funnel:
    read = status.read + status.answered
    delivered = status.delivered + read
    counts = {
        "sent": status.sent + delivered,
        "delivered": delivered,
        "read": read,
        "answered": status.answered,
    }
    steps: list[FunnelStep] = []
    previous: int | None = None
    first = counts["sent"]
    for step, count in counts.items():
        of_previous = None if previous is None else share(count, previous)
        steps.append(FunnelStep(step, count, of_previous, share(count, first)))
        previous = count
    return Funnel(selection.since, selection.until, tuple(steps))


def share(count: int, base: int) -> float | None:
    """A part of a base as a fraction of 1, None of nothing."""
    return count / base if base else None


def _failures(connection: sqlite3.Connection, selection: Selection) -> tuple[FailureCount, ...]:
    rows = connection.execute(
        f"""
        SELECT m.failure_code, m.failure_reason, count(*), count(DISTINCT m.contact)
        FROM messages AS m
        WHERE {selection.condition} AND m.status = {_FAILED}
        GROUP BY m.failure_code, m.failure_reason
        ORDER BY count(*) DESC, m.failure_code IS NULL, m.failure_code, m.failure_reason
        """,
        selection.parameters,
    )
    return tuple(FailureCount(*row) for row in rows)


def _data(connection: sqlite3.Connection, counts: _Counts) -> DataQuality:
    rejects = connection.execute("SELECT count(*) FROM rejects").fetchone()[0]
    return DataQuality(counts.joined, counts.unknown_template, counts.implied, counts.conflicts, rejects)


def as_json(report: Report) -> dict[str, Any]:
    """The report in the form of the contract of `report --json`."""
    return {
        "filter": str(report.filter),
        "time_zone": report.time_zone,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "starts": report.starts,
        "sends": report.sends,
        "users": report.users,
        "users_sent": report.users_sent,
        "origins": {origin.value: report.origins[origin] for origin in ORIGINS},
        "answered": asdict(report.answered),
        "status": asdict(report.status),
        "user_types": {"new": report.new_users, "recurrent": report.recurrent_users},
        "daily": [{"day": day.day.isoformat(), **asdict(day.status), "referred": day.referred} for day in report.daily],
        "funnel": {
            "since": report.funnel.since.isoformat(),
            "until": report.funnel.until.isoformat(),
            "steps": [asdict(step) for step in report.funnel.steps],
        },
        "failures": [asdict(failure) for failure in report.failures],
        "data": asdict(report.data),
    }
