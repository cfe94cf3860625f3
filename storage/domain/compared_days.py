"""Which days of a period are compared with which days before it. Knows no report and no time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from storage.domain.filters import Filter
from storage.domain.period import FIRST_DAY, Period, next_month, previous_month
from storage.language.texts import _

_WEEKS_OF_A_YEAR = timedelta(weeks=52)
_DAY = timedelta(days=1)


class Against(StrEnum):
    """What a period is compared with: the period before it, or the same days last year."""

    BEFORE = "before"
    LAST_YEAR = "last-year"


class NothingToCompare(Exception):
    """A period cannot be compared; the message is a sentence without its full stop."""


class Days(NamedTuple):
    """The days [since, until)."""

    since: date
    until: date

    @property
    def period(self) -> Period:
        """The days as the period of a filter."""
        return Period(None, self.since.isoformat(), self.until.isoformat())


class ComparedDays(NamedTuple):
    """The days of a period that are compared, and those that they are compared with.

    Attributes:
        whole: the days of the period, an open end closed after today.
        days: those of them that are over.
        before: the days before.
        left_out: today, if the period still runs: today and what follows it is left out of both; None if it is over.
    """

    whole: Days
    days: Days
    before: Days
    left_out: date | None

    def filter(self, filter: Filter) -> Filter:
        """The filter of the compared days: the same one, unless today is left out."""
        return filter if self.left_out is None else replace(filter, period=self.days.period)

    def filter_before(self, filter: Filter) -> Filter:
        """The filter of the days before."""
        return replace(filter, period=self.before.period)


def compared_days(
    period: Period, today: date, against: Against = Against.BEFORE, first_weekday: int = 0
) -> ComparedDays:
    """Which days of a period are compared with which.

    A period is compared with as many days before it. So what is made of whole weeks is moved by whole weeks, and
    weekdays agree. A month or a year is compared with the month or year before, up to the same day. Last year is 52
    weeks ago for what is made of whole weeks, and the same dates for anything else.

    Args:
        period: the period of a filter.
        today: the current local day.
        against: what it is compared with.
        first_weekday: the day that weeks begin on, 0 for Monday.

    Raises:
        NothingToCompare: the period has no first day, no day of it is over, nothing can be before it, or it is longer
            than a year and compared with last year.
    """
    since, until = period.days(today, first_weekday)
    if since is None:
        raise NothingToCompare(_("a period without a first day has none before it"))
    if until is None:
        until = max(today, since) + _DAY
    whole, over = Days(since, until), Days(since, min(until, today))
    if over.until <= over.since:
        raise NothingToCompare(_("no day of this period is over yet"))
    before = _before(period, whole, over, against)
    if before.until > since:
        raise NothingToCompare(_("this period is longer than a year"))
    if before.since < FIRST_DAY:
        raise NothingToCompare(_("nothing is before {day}").format(day=FIRST_DAY))
    return ComparedDays(whole, over, before, None if until <= today else today)


def _before(period: Period, whole: Days, over: Days, against: Against) -> Days:
    if period.name in ("month", "last_month"):
        return _month_before(whole, over) if against is Against.BEFORE else _year_before(over)
    if period.name == "year":
        return _year_before(over)
    length = whole.until - whole.since
    if against is Against.LAST_YEAR:
        return _year_before(over) if length.days % 7 else Days(*(day - _WEEKS_OF_A_YEAR for day in over))
    return Days(over.since - length, over.until - length)


def _month_before(month: Days, over: Days) -> Days:
    """The month before: as a whole, or up to the same day of the month; a shorter one ends earlier."""
    first = previous_month(month.since)
    if over.until == month.until:
        return Days(first, month.since)
    return Days(first, min(first + (over.until - over.since), next_month(first)))


def _year_before(days: Days) -> Days:
    """The same dates a year before, from the first to the last one."""
    return Days(_same_date(days.since), _same_date(days.until - _DAY) + _DAY)


def _same_date(day: date) -> date:
    """The date a year before; of 29 February, the 28th."""
    return (day - _DAY if (day.month, day.day) == (2, 29) else day).replace(year=day.year - 1)
