"""The words of a change: its sign, its points, what can be chance, and the days that are compared."""

from __future__ import annotations

from datetime import date

import pytest

from storage.domain.compared_days import Against, compared_days
from storage.domain.filters import Filter
from storage.domain.proportions import Rate
from tui.words.changes import compared_words, count_change, rate_change, whole_rate_change

TODAY = date(2026, 11, 22)


def test_a_count_has_its_sign() -> None:
    assert [count_change(10, after) for after in (1_244, 10, 3)] == ["+1,234", "same", "-7"]
    assert count_change(0, 12_345_678, short=True) == "+12.3M"


def test_a_clear_change_is_told_in_points() -> None:
    before, after = Rate(500, 1000), Rate(600, 1000)
    assert rate_change(before, after) == ("+10.0 points", "+10.0 pt")
    assert rate_change(after, before)[0] == "-10.0 points"
    assert whole_rate_change(before, after) == "+10.0 points (+5.6 to +14.3)"


def test_a_change_that_can_be_chance_is_unclear() -> None:
    before, after = Rate(530, 1000), Rate(501, 1000)
    assert rate_change(before, after) == ("-2.9 unclear", "unclear")
    assert whole_rate_change(before, after) == "-2.9 points (-7.3 to +1.5), unclear"
    assert rate_change(before, before) == ("0.0 unclear", "unclear")


def test_a_base_under_30_has_no_change_of_the_rate() -> None:
    assert rate_change(Rate(20, 29), Rate(500, 1000)) == ("–",)
    assert whole_rate_change(Rate(500, 1000), Rate(0, 0)) == "–"


@pytest.mark.parametrize(
    ("filter", "against", "words"),
    [
        ("period:30d", Against.BEFORE, "24 Oct–21 Nov against 24 Sep–22 Oct, without today"),
        ("period:7d", Against.BEFORE, "16–21 Nov against 9–14 Nov, without today"),
        ("period:yesterday", Against.BEFORE, "21 Nov against 20 Nov"),
        ("period:last_month", Against.BEFORE, "1–31 Oct against 1–30 Sep"),
        ("period:last_month", Against.LAST_YEAR, "1–31 Oct 2026 against 1–31 Oct 2025"),
        (
            "since:2025-12-20 until:2026-01-05",
            Against.BEFORE,
            "20 Dec 2025–4 Jan 2026 against 4–19 Dec 2025",
        ),
    ],
)
def test_the_words_name_the_days_on_both_sides(filter: str, against: Against, words: str) -> None:
    assert compared_words(compared_days(Filter.parse(filter).period, TODAY, against)) == words
