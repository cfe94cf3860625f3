"""Weeks begin on the day of the setting `first_day`: in periods, funnel and breakdown; counts are those of its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database.connection import writing
from storage.database.settings import store_setting
from storage.domain.calendar import date_of
from storage.domain.compared_days import compared_days
from storage.domain.dimension import Dimension
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.domain.period import FIRST_WEEKDAYS, Period
from storage.report.breakdown import load_breakdown, recount_breakdown
from storage.report.breakdown_filter import filter_of
from storage.report.grouping import GroupCounts
from storage.report.report import load_report, recount_report
from tests.cubes import few_examples, filters, odd_cubes, periods_of, temporary_database, written_in_parts
from tests.databases import session_of
from tests.histories import Question, events, questions

TODAY = date(2026, 11, 22)  # a Sunday


def set_first_day(path: Path, day: str) -> None:
    with writing(path) as writer, writer.transaction() as connection:
        store_setting(connection, "first_day", day)


@settings(few_examples, max_examples=min(20, settings().max_examples))
@given(st.data(), events(), questions(), st.sampled_from(sorted(FIRST_WEEKDAYS)))
def test_every_count_of_a_week_is_that_of_its_days(
    data: st.DataObject, history: list[Event], question: Question, first_day: str
) -> None:
    with temporary_database() as path, odd_cubes(data):
        for _ in written_in_parts(data, path, history, question):
            pass
        set_first_day(path, first_day)
        for period in (
            Filter.parse("period:week"),
            Filter.parse("period:last_week"),
            data.draw(st.sampled_from(periods_of(question))),
        ):
            filter = data.draw(filters(path, period))
            assert_weeks_are_their_days(path, filter, question, FIRST_WEEKDAYS[first_day])


def assert_weeks_are_their_days(path: Path, filter: Filter, question: Question, first_weekday: int) -> None:
    with session_of(path) as session:
        report = load_report(session, filter, question.now)
        assert report == recount_report(session, filter, question.now)
        breakdown = load_breakdown(session, filter, question.now, Dimension.WEEK)
        assert breakdown == recount_breakdown(session, filter, question.now, Dimension.WEEK)
        for row in breakdown.rows:
            narrowed = load_report(session, filter_of(filter, breakdown, row), question.now)
            assert (narrowed.starts, narrowed.users) == (row.counts.starts, row.counts.users)
        days, weeks = (
            {row.key: row.counts._replace(users=0) for row in load_breakdown(session, filter, question.now, by).rows}
            for by in (Dimension.DAY, Dimension.WEEK)
        )
        expected: dict[object, GroupCounts] = {}
        for day, counts in days.items():
            assert isinstance(day, int)
            first = next(one for one in range(day, day - 7, -1) if date_of(one).weekday() == first_weekday)
            expected[first] = expected.get(first, GroupCounts()).plus(counts)
        assert weeks == expected

        since, until = report.funnel.since, report.funnel.until
        assert since.weekday() == first_weekday
        assert until == since + timedelta(days=7)
        of_week = load_report(
            session, replace(filter, period=Period(None, since.isoformat(), until.isoformat())), question.now
        )
        assert report.funnel.steps[0].count == of_week.status.total - of_week.status.failed


@pytest.mark.parametrize(
    ("first_day", "week", "last_week"),
    [
        ("monday", "2026-11-16", "2026-11-09"),
        ("sunday", "2026-11-22", "2026-11-15"),
        ("saturday", "2026-11-21", "2026-11-14"),
    ],
)
def test_periods_begin_on_it(first_day: str, week: str, last_week: str) -> None:
    for name, first in (("week", week), ("last_week", last_week)):
        since = date.fromisoformat(first)
        assert Period(name).days(TODAY, FIRST_WEEKDAYS[first_day]) == (since, since + timedelta(days=7))


def test_a_week_is_compared_with_the_one_before_from_the_same_day_on() -> None:
    found = compared_days(Period("last_week"), TODAY, first_weekday=FIRST_WEEKDAYS["sunday"])
    assert found.days == (date(2026, 11, 15), date(2026, 11, 22))
    assert found.before == (date(2026, 11, 8), date(2026, 11, 15))
