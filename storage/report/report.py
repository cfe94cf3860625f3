"""Computes the report of a filter: every number on the screen, from one read transaction.

Knows no screen and no JSON. docs/definitions.md defines every number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from storage.database.codes import ORIGINS
from storage.domain.calendar import date_of, number_of
from storage.domain.filters import Filter
from storage.domain.period import week_start
from storage.domain.vocabulary import Origin
from storage.report.metrics import DayCounts, FailureCount, MetricsSource, StatusCounts, total_of
from storage.report.rates import Rates, rates_of
from storage.report.selection import Selection
from storage.report.session import Session


class Answered(NamedTuple):
    """Users and sends reached, and how many of them answered."""

    users_reached: int
    users_answered: int
    sends_reached: int
    sends_answered: int


class Day(NamedTuple):
    """One local day: sends by status, and referred starts."""

    day: date
    status: StatusCounts
    referred: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step of the funnel. Shares are fractions of 1, or None if their base is 0.

    Attributes:
        step: its name.
        count: the sends that reached it.
        of_previous: the share of the step before; None for the first step.
        of_first: the share of the first step.
    """

    step: str
    count: int
    of_previous: float | None
    of_first: float | None


class Funnel(NamedTuple):
    """The sends of the days [since, until) that did not fail: sent, delivered, read, answered."""

    since: date
    until: date
    steps: tuple[FunnelStep, ...]


class DataQuality(NamedTuple):
    """Data-quality counts: rejects of the whole database, everything else within the filter."""

    joined: int
    unknown_template: int
    implied: int
    conflicts: int
    rejects: int
    unknown_contacts: int


class Report(NamedTuple):
    """Every number of one filter at one time; its days are [since, until) in `time_zone`."""

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
    first_weekday: int = 0  # the day that weeks begin on; 0 for Monday

    @property
    def rates(self) -> Rates:
        """The three rates of the sends."""
        return rates_of(self.status)


def load_report(session: Session, filter: Filter, now: datetime, funnel_of_period: bool = False) -> Report:
    """The report of a filter.

    Args:
        now: the time that decides rolling periods and the current week.
        funnel_of_period: the funnel covers the selected period instead of one week.
    """
    selection = session.select(filter, now)
    return _report(session, filter, selection, session.metrics(selection), None if funnel_of_period else now)


def recount_report(session: Session, filter: Filter, now: datetime, funnel_of_period: bool = False) -> Report:
    """The same report counted from the messages, slowly: `load_report` has to be equal to it."""
    return _report(session, filter, session.select(filter, now), session.recount, None if funnel_of_period else now)


def _report(
    session: Session, filter: Filter, selection: Selection, metrics: MetricsSource, week_of: datetime | None
) -> Report:
    """The report of a selection.

    Args:
        week_of: the funnel covers the week of this time, or of the period's last day if that week is before it;
            None: the selected period.
    """
    days = metrics.day_counts(selection)
    users = metrics.users(selection)
    quality = metrics.data_quality(selection)
    total = total_of(days)
    status = total.by_status
    if week_of is None:
        funnel = _funnel(selection.since, selection.until, status)
    else:
        funnel = _funnel_of_week(selection, days, metrics, _day_of_funnel(selection, week_of))
    return Report(
        filter=filter,
        time_zone=selection.calendar.zone.key,
        since=selection.since,
        until=selection.until,
        starts=total.starts,
        sends=total.sends,
        users=users.users,
        users_sent=users.sent,
        origins=dict(zip(ORIGINS, total.by_origin, strict=True)),
        answered=Answered(users.reached, users.answered, status.total - status.failed, status.answered),
        status=status,
        new_users=users.new,
        recurrent_users=users.eligible - users.new,
        daily=_daily(selection, days),
        funnel=funnel,
        failures=metrics.failures(selection),
        data=DataQuality(
            quality.joined,
            quality.unknown_template,
            quality.implied,
            quality.conflicts,
            session.connection.execute("SELECT count(*) FROM rejected_records").fetchone()[0],
            quality.unknown_contacts,
        ),
        first_weekday=selection.calendar.first_weekday,
    )


_NO_SENDS = StatusCounts()


def _daily(selection: Selection, days: list[DayCounts]) -> tuple[Day, ...]:
    """Every day of the selection, also those without a start."""
    with_starts = {day.day: day for day in days}
    daily = []
    for number in range(number_of(selection.since), number_of(selection.until)):
        counts = with_starts.get(number)
        if counts is None:
            daily.append(Day(date_of(number), _NO_SENDS, 0))
        else:
            daily.append(Day(date_of(number), counts.by_status, counts.referred))
    return tuple(daily)


def _day_of_funnel(selection: Selection, now: datetime) -> date:
    """A day of the funnel's week: today, or the period's last day if the period ends before this week."""
    today, last = selection.calendar.today(now), selection.until - timedelta(days=1)
    return last if last < week_start(today, selection.calendar.first_weekday) else today


def _funnel_of_week(selection: Selection, days: list[DayCounts], metrics: MetricsSource, day: date) -> Funnel:
    """The funnel of the week of `day`, under all of the filter except its period.

    Args:
        days: the counts of the selection's days; if the week is not among them, its counts are read.
    """
    since = week_start(day, selection.calendar.first_weekday)
    until = since + timedelta(days=7)
    if selection.since <= since and until <= selection.until:
        first, end = number_of(since), number_of(until)
        of_week = [day for day in days if first <= day.day < end]
    else:
        of_week = metrics.day_counts(selection.between(since, until))
    return _funnel(since, until, total_of(of_week).by_status)


def _funnel(since: date, until: date, status: StatusCounts) -> Funnel:
    answered = status.answered
    read = answered + status.read
    delivered = read + status.delivered
    sent = delivered + status.sent
    return Funnel(
        since,
        until,
        (
            FunnelStep("sent", sent, None, share(sent, sent)),
            FunnelStep("delivered", delivered, share(delivered, sent), share(delivered, sent)),
            FunnelStep("read", read, share(read, delivered), share(read, sent)),
            FunnelStep("answered", answered, share(answered, read), share(answered, sent)),
        ),
    )


def share(count: int, base: int) -> float | None:
    """A part of a base as a fraction of 1, None where the base is 0."""
    return count / base if base else None
