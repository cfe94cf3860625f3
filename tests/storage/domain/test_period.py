"""Periods as days: whole, half-open, and counted from the current day."""

from __future__ import annotations

from datetime import date

import pytest

from storage.domain.filters import Filter
from storage.domain.period import FIRST_DAY, LAST_DAY, Period

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("today", "2026-11-22", "2026-11-23"),
        ("7d", "2026-11-16", "2026-11-23"),
        ("30d", "2026-10-24", "2026-11-23"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-11-01", "2026-12-01"),
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
@pytest.mark.parametrize("name", ["today", "9999d", "week", "month"])
def test_a_wrong_clock_breaks_no_period(name: str, clock: date) -> None:
    since, until = Period(name).days(clock)
    assert since is not None
    assert until is not None
    assert FIRST_DAY.replace(day=1) <= since or name == "week"
    assert since < until
    assert until <= LAST_DAY.replace(month=2)
