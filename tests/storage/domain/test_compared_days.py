"""Which days are compared with which: as long, weekdays agree where they can, and no day that still runs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.compared_days import Against, ComparedDays, NothingToCompare, compared_days
from storage.domain.filters import Filter
from storage.domain.period import NAMED_PERIODS, Period

TODAY = date(2026, 11, 22)  # a Sunday


def compared(text: str, today: date = TODAY, against: Against = Against.BEFORE) -> ComparedDays:
    return compared_days(Filter.parse(text).period, today, against)


def told(found: ComparedDays) -> tuple[str, ...]:
    return tuple(day.isoformat()[5:] for day in (*found.days, *found.before))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("period:yesterday", ("11-21", "11-22", "11-20", "11-21")),
        ("period:7d", ("11-16", "11-22", "11-09", "11-15")),
        ("period:30d", ("10-24", "11-22", "09-24", "10-23")),
        ("period:week", ("11-16", "11-22", "11-09", "11-15")),
        ("period:last_week", ("11-09", "11-16", "11-02", "11-09")),
        ("period:month", ("11-01", "11-22", "10-01", "10-22")),
        ("period:last_month", ("10-01", "11-01", "09-01", "10-01")),
        ("period:year", ("01-01", "11-22", "01-01", "11-22")),
        ("since:2026-11-01 until:2026-11-15", ("11-01", "11-15", "10-18", "11-01")),
        ("since:2026-11-02 until:2026-11-12", ("11-02", "11-12", "10-23", "11-02")),
        ("since:2026-11-02 until:2026-12-02", ("11-02", "11-22", "10-03", "10-23")),
        ("since:2026-11-02", ("11-02", "11-22", "10-12", "11-01")),
    ],
)
def test_a_period_against_the_one_before(text: str, days: tuple[str, ...]) -> None:
    assert told(compared(text)) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("period:7d", ("2026-11-16", "2026-11-22", "2025-11-17", "2025-11-23")),
        ("period:last_week", ("2026-11-09", "2026-11-16", "2025-11-10", "2025-11-17")),
        ("period:month", ("2026-11-01", "2026-11-22", "2025-11-01", "2025-11-22")),
        ("period:year", ("2026-01-01", "2026-11-22", "2025-01-01", "2025-11-22")),
        ("since:2024-02-20 until:2024-03-01", ("2024-02-20", "2024-03-01", "2023-02-20", "2023-03-01")),
        ("since:2024-02-29 until:2024-03-01", ("2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01")),
    ],
)
def test_a_period_against_the_same_days_last_year(text: str, days: tuple[str, ...]) -> None:
    found = compared(text, against=Against.LAST_YEAR)
    assert tuple(day.isoformat() for day in (*found.days, *found.before)) == days


def test_a_longer_month_is_compared_with_the_whole_of_a_shorter_one() -> None:
    assert told(compared("period:month", date(2026, 3, 31))) == ("03-01", "03-31", "02-01", "03-01")
    assert told(compared("period:last_month", date(2026, 3, 31))) == ("02-01", "03-01", "01-01", "02-01")


@pytest.mark.parametrize(
    ("text", "today"),
    [
        ("period:all", TODAY),
        ("until:2026-11-01", TODAY),
        ("period:today", TODAY),
        ("period:week", date(2026, 11, 23)),  # a Monday
        ("period:month", date(2026, 11, 1)),
        ("since:2027-01-01", TODAY),
        ("period:9999d", TODAY),
        ("since:2009-01-01 until:2009-01-08", TODAY),
    ],
)
def test_what_has_no_day_before_it_or_none_that_is_over_is_not_compared(text: str, today: date) -> None:
    with pytest.raises(NothingToCompare):
        compared(text, today)


def test_today_is_left_out_only_while_the_period_runs() -> None:
    running, over = compared("period:7d line:a"), compared("period:yesterday")
    filter = Filter.parse("period:7d line:a")
    assert (running.left_out, over.left_out) == (TODAY, None)
    assert str(running.filter(filter)) == "since:2026-11-16 until:2026-11-22 line:a"
    assert str(running.filter_before(filter)) == "since:2026-11-09 until:2026-11-15 line:a"
    assert over.filter(filter) == filter


periods = st.one_of(
    st.sampled_from([Period(name) for name in NAMED_PERIODS if name != "all"]),
    st.integers(1, 400).map(lambda count: Period(f"{count}d")),
    st.tuples(st.dates(date(2020, 1, 1), date(2027, 12, 31)), st.integers(1, 500)).map(
        lambda given: Period(None, given[0].isoformat(), (given[0] + timedelta(days=given[1])).isoformat())
    ),
)


@given(periods, st.dates(date(2022, 1, 1), date(2027, 12, 31)), st.sampled_from(Against))
def test_only_days_that_are_over_are_compared_with_days_before_them(
    period: Period, today: date, against: Against
) -> None:
    try:
        found = compared_days(period, today, against)
    except NothingToCompare:
        return
    since, until = period.days(today)
    assert since == found.days.since < found.days.until <= today
    assert until is not None
    assert found.days.until == min(until, today)
    assert (found.left_out is None) is (until <= today)
    assert found.before.since < found.before.until <= found.days.since
    month_or_year = period.name in ("month", "last_month", "year") or against is Against.LAST_YEAR
    lengths = [days.until - days.since for days in (found.days, found.before)]
    if not month_or_year:
        assert lengths[0] == lengths[1]
        if (until - since).days % 7 == 0:
            assert found.days.since.weekday() == found.before.since.weekday()


@given(periods, st.dates(date(2022, 1, 1), date(2027, 12, 31)))
def test_the_days_compared_are_compared_with_the_same_days_whenever_one_asks(period: Period, today: date) -> None:
    """A period that is over has one answer: it does not depend on the day on which it is asked."""
    if period.name is not None:
        return
    try:
        found = compared_days(period, today)
    except NothingToCompare:
        return
    if found.left_out is None:
        assert compared_days(period, today + timedelta(days=30)) == found
