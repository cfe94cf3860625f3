"""Two reports: of the days of a filter that are over, and of the days before that they are compared with."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from storage.domain.compared_days import Against, ComparedDays, compared_days
from storage.domain.filters import Filter
from storage.report.report import Report, load_report
from storage.report.session import Session


class Comparison(NamedTuple):
    """The report of the compared days, the one of the days before, and which days these are."""

    report: Report
    previous: Report
    compared: ComparedDays


def load_comparison(
    session: Session, filter: Filter, now: datetime, against: Against, funnel_of_period: bool = False
) -> Comparison:
    """Compares a filter's period; both reports are what `load_report` says of their filters.

    Args:
        session: reads the database.
        filter: what to compare.
        now: the time that decides rolling periods, which day still runs, and the current week.
        against: what the period is compared with.
        funnel_of_period: each funnel covers its period instead of one week.

    Raises:
        NothingToCompare: there is nothing to compare the period with.
    """
    calendar = session.calendar
    compared = compared_days(filter.period, calendar.today(now), against, calendar.first_weekday)
    return Comparison(
        load_report(session, compared.filter(filter), now, funnel_of_period),
        load_report(session, compared.filter_before(filter), now, funnel_of_period),
        compared,
    )
