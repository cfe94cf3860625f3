"""Periods as days: whole, half-open, and counted from the current day."""

from __future__ import annotations

from datetime import date

import pytest

from storage.domain.filters import Filter
from storage.domain.period import FIRST_DAY, LAST_DAY, NAMED_PERIODS, Period

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("today", "2026-11-22", "2026-11-23"),
        ("yesterday", "2026-11-21", "2026-11-22"),
        ("7d", "2026-11-16", "2026-11-23"),
        ("30d", "2026-10-24", "2026-11-23"),
        ("week", "2026-11-16", "2026-11-23"),
        ("last_week", "2026-11-09", "2026-11-16"),
        ("month", "2026-11-01", "2026-12-01"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_named_periods_are_whole_days_and_half_open(period: str, since: str, until: str) -> None:
    assert Period(period).days(TODAY) == (date.fromisoformat(since), date.fromisoformat(until))


def test_since_is_the_first_day_and_until_the_day_after_the_last() -> None:
    filter = Filter.parse("since:2026-11-01 until:2026-11-22")
    assert filter.period.days(TODAY) == (date(2026, 11, 1), date(2026, 11, 22))


def test_an_open_side_has_no_day() -> None:
    assert Period(None).days(TODAY) == (None, None)
    assert Period(None, "2026-11-01").days(TODAY) == (date(2026, 11, 1), None)


@pytest.mark.parametrize("clock", [date.min, date.max])
@pytest.mark.parametrize("name", [name for name in NAMED_PERIODS if name != "all"] + ["9999d"])
def test_a_wrong_clock_breaks_no_period(name: str, clock: date) -> None:
    since, until = Period(name).days(clock)
    assert since is not None
    assert until is not None
    assert FIRST_DAY.replace(day=1) <= since or name in ("week", "yesterday", "last_week", "last_month")
    assert since < until
    assert until <= LAST_DAY.replace(year=2101)


def test_the_names_of_two_words_can_be_written_with_a_hyphen() -> None:
    filter = Filter.parse("period:last-week")
    assert filter.period == Period("last_week")
    assert str(filter) == "period:last_week"
