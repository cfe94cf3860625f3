"""One filter in, one report out: every number of the screen, from one read transaction. Knows no screen.

The figures come from the cube; the recount makes a report of its own in the same way, so that the two can be compared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from storage.database.connection import read_transaction
from storage.database.schema import ORIGINS, REFERRED_FROM
from storage.domain.calendar import date_of, number_of
from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin
from storage.report.cube_metrics import Cube
from storage.report.metrics import FailureCount, Figures, Row
from storage.report.recount import Recount
from storage.report.selection import Selection, select


class Answered(NamedTuple):
    """Users and sends reached, and those of them that answered."""

    users_reached: int
    users_answered: int
    sends_reached: int
    sends_answered: int


class StatusCounts(NamedTuple):
    """Sends by the furthest they got; exclusive. A tuple, as Day is: a year has many, and tuples are made faster."""

    failed: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0

    @property
    def total(self) -> int:
        """All sends."""
        return self.failed + self.sent + self.delivered + self.read + self.answered


class Day(NamedTuple):
    """One local day: sends by status, and referred starts."""

    day: date
    status: StatusCounts
    referred: int


_STATUSES = len(StatusCounts._fields)  # of a row of figures, from its second place on
_REFERRED = 1 + _STATUSES + REFERRED_FROM  # where the referred starts of a row begin
_NOTHING = (0,) * (1 + _STATUSES + len(ORIGINS))


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step with its shares as fractions of 1, None where the base is 0 (and for the first step's share of
    previous)."""

    step: str
    count: int
    of_previous: float | None
    of_first: float | None


class Funnel(NamedTuple):
    """Notifications that did not fail in [since, until): sent, delivered, read, answered."""

    since: date
    until: date
    steps: tuple[FunnelStep, ...]


class DataQuality(NamedTuple):
    """What a person should know of the data; rejects over the whole database, all else within the filter."""

    joined: int
    unknown_template: int
    implied: int
    conflicts: int
    rejects: int


class Report(NamedTuple):
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


def load_report(
    connection: sqlite3.Connection, filter: Filter, now: datetime, funnel_of_period: bool = False
) -> Report:
    """The report of a filter.

    now: stands in for the clock; decides rolling periods and the current week. funnel_of_period: the funnel covers the
    selected period and not the current ISO week.
    """
    # No cell knows one contact, and the index of a contact's messages is fast enough.
    figures = Cube(connection) if filter.contact is None else Recount(connection)
    return _assemble(connection, filter, now, funnel_of_period, figures)


def recount_report(
    connection: sqlite3.Connection, filter: Filter, now: datetime, funnel_of_period: bool = False
) -> Report:
    """The same report counted from the messages themselves, slowly: what the cube has to be equal to."""
    return _assemble(connection, filter, now, funnel_of_period, Recount(connection))


def _assemble(
    connection: sqlite3.Connection, filter: Filter, now: datetime, funnel_of_period: bool, figures: Figures
) -> Report:
    with read_transaction(connection):
        selection = select(connection, filter, now)
        rows = figures.rows(selection)
        users = figures.users(selection)
        data_quality = figures.data_quality(selection)
        _, *totals = map(sum, zip(*rows, strict=True)) if rows else _NOTHING
        status, origins = StatusCounts(*totals[:_STATUSES]), totals[_STATUSES:]
        return Report(
            filter,
            selection.calendar.zone.key,
            selection.since,
            selection.until,
            sum(origins),
            status.total,
            users.users,
            users.sent,
            {origin: origins[index] for index, origin in enumerate(ORIGINS)},
            Answered(users.reached, users.answered, status.total - status.failed, status.answered),
            status,
            users.new,
            users.eligible - users.new,
            _daily(selection, rows),
            _funnel(selection, rows, figures, None if funnel_of_period else selection.calendar.today(now)),
            figures.failures(selection),
            DataQuality(
                data_quality.joined,
                data_quality.unknown_template,
                data_quality.implied,
                data_quality.conflicts,
                connection.execute("SELECT count(*) FROM rejects").fetchone()[0],
            ),
        )


def _status(rows: Iterable[Row]) -> StatusCounts:
    """The sends among them by status."""
    sends = [row[1 : 1 + _STATUSES] for row in rows]
    return StatusCounts(*map(sum, zip(*sends, strict=True))) if sends else StatusCounts()


def _daily(selection: Selection, rows: Iterable[Row]) -> tuple[Day, ...]:
    by_day = {row[0]: row for row in rows}
    nothing = StatusCounts()
    days = []
    for number in range(number_of(selection.since), number_of(selection.until)):
        row = by_day.get(number)
        if row is None:
            days.append(Day(date_of(number), nothing, 0))
        else:
            days.append(Day(date_of(number), StatusCounts(*row[1 : 1 + _STATUSES]), sum(row[_REFERRED:])))
    return tuple(days)


def _funnel(selection: Selection, rows: list[Row], figures: Figures, today: date | None) -> Funnel:
    """today: the funnel is of its ISO week; None: of the selected period."""
    if today is None:
        return _steps(selection.since, selection.until, _status(rows))
    since = today - timedelta(days=today.weekday())
    until = since + timedelta(days=7)
    if selection.since <= since and until <= selection.until:
        first, end = number_of(since), number_of(until)
        return _steps(since, until, _status(row for row in rows if first <= row[0] < end))
    return _steps(since, until, _status(figures.rows(selection.between(since, until))))


def _steps(since: date, until: date, status: StatusCounts) -> Funnel:
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
    return Funnel(since, until, tuple(steps))


def share(count: int, base: int) -> float | None:
    """A part of a base as a fraction of 1, None of nothing."""
    return count / base if base else None


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
        "answered": report.answered._asdict(),
        "status": report.status._asdict(),
        "user_types": {"new": report.new_users, "recurrent": report.recurrent_users},
        "daily": [
            {"day": day.day.isoformat(), **day.status._asdict(), "referred": day.referred} for day in report.daily
        ],
        "funnel": {
            "since": report.funnel.since.isoformat(),
            "until": report.funnel.until.isoformat(),
            "steps": [asdict(step) for step in report.funnel.steps],
        },
        "failures": [asdict(failure) for failure in report.failures],
        "data": report.data._asdict(),
    }
