"""Days as people write them, in filters and in the list of periods."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.domain.written_dates import WrittenDateError, read_day, read_span

TODAY = date(2026, 11, 29)  # a Sunday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-01", "2026-11-01"),
        ("2026/11/1", "2026-11-01"),
        ("20261101", "2026-11-01"),
        ("2026-W45", "2026-11-02"),
        ("2026-11", "2026-11-01"),
        ("11/2026", "2026-11-01"),
        ("1/11", "2026-11-01"),
        ("01.11.", "2026-11-01"),
        ("1-11-26", "2026-11-01"),
        ("01.11.2026", "2026-11-01"),
        ("30/11", "2025-11-30"),
        ("29/2", "2024-02-29"),
        ("1 nov", "2026-11-01"),
        ("1-Nov-2025", "2025-11-01"),
        ("nov 1st, 2025", "2025-11-01"),
        ("November", "2026-11-01"),
        ("1º de noviembre de 2025", "2025-11-01"),
        ("3 março", "2026-03-03"),
        ("dez 2025", "2025-12-01"),
        ("today", "2026-11-29"),
        ("AYER", "2026-11-28"),
        ("mañana", "2026-11-30"),
        ("sunday", "2026-11-29"),
        ("miércoles", "2026-11-25"),
        ("-7d", "2026-11-22"),
        ("2w", "2026-11-15"),
        ("-9m", "2026-02-28"),
        ("1y", "2025-11-29"),
    ],
)
def test_a_day_is_read(text: str, day: str) -> None:
    assert read_day(text, TODAY).isoformat() == day


@pytest.mark.parametrize(
    "text",
    ["", "1", "promo", "30/2", "0/1", "2026-02-30", "marbles", "-9999y", "1/2/3/4", "2026-11-01T10:00", "nov 32"],
)
def test_what_is_no_day_says_how_to_write_one(text: str) -> None:
    with pytest.raises(WrittenDateError, match="is not a date; write 2026-11-01, 1/11"):
        read_day(text, TODAY)


def test_a_month_that_stands_first_is_refused() -> None:
    with pytest.raises(WrittenDateError, match="'11/25' has no month 25: the day comes first; write 25/11"):
        read_day("11/25", TODAY)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("since:1/11 until:1/12", "since:2026-11-01 until:2026-12-01"),
        ("until:1/12 since:1/11", "since:2026-11-01 until:2026-12-01"),
        ("since:20/12 until:5/1", "since:2025-12-20 until:2026-01-05"),
        ("since:1/3/2020 until:1/2", "since:2020-03-01 until:2021-02-01"),
        ("until:31/12", "until:2026-12-31"),
        ("since:1 nov until:5 nov 2026 user:new", "since:2026-11-01 until:2026-11-05 user:new"),
        ('since:"1 nov"', "since:2026-11-01"),
        ("since:nov 1", "since:2026-11-01"),
        ("since:yesterday until:today", "since:2026-11-28 until:2026-11-29"),
    ],
)
def test_a_filter_takes_them_and_is_written_with_plain_dates(text: str, period: str) -> None:
    filter = Filter.parse(text, FilterContext(TODAY))
    assert str(filter) == period
    assert Filter.parse(str(filter)) == filter


def test_an_end_before_its_beginning_is_refused() -> None:
    with pytest.raises(FilterError, match="until:2026-11-01 must be after since:2026-11-15"):
        Filter.parse("since:15/11 until:1/11", FilterContext(TODAY))


@given(st.dates(date(2010, 1, 1), date(2099, 12, 31)), st.dates(date(2010, 1, 1), date(2099, 12, 31)))
def test_a_day_without_a_year_is_the_latest_that_is_not_in_the_future(day: date, today: date) -> None:
    found = read_day(f"{day.day}/{day.month}", today)
    assert (found.day, found.month) == (day.day, day.month)
    assert found <= today
    assert not any(
        found < later <= today
        for later in (found + timedelta(days=366), found + timedelta(days=365))
        if (later.day, later.month) == (day.day, day.month)
    )
    for text in (f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}", f"{day.day}-{day:%b}-{day.year}", day.isoformat()):
        assert read_day(text, today) == day


@given(st.text())
def test_any_text_is_a_day_or_an_error(text: str) -> None:
    with contextlib.suppress(WrittenDateError):
        first, last = read_span(text, TODAY)
        assert first <= last
