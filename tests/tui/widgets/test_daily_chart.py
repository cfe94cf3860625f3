"""The daily chart: its axis begins at 0, its heights tell amounts in every style, and a line tells the days before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from storage.report.metrics import StatusCounts
from storage.report.report import Day
from tui.terminal.style import ChartStyle
from tui.widgets import plots
from tui.widgets.buckets import plan, totals_before

COLORED, TEXTURED, LETTERS = ChartStyle(True, False), ChartStyle(False, False), ChartStyle(False, True)
STYLES = (COLORED, TEXTURED, LETTERS)
FIRST = date(2026, 11, 2)


def days(*counts: int, first: date = FIRST) -> tuple[Day, ...]:
    """Consecutive days with so many sends each, all read."""
    return tuple(Day(first + timedelta(days=index), StatusCounts(read=count), 0) for index, count in enumerate(counts))


def lines_of(drawing: plots.Drawing | None) -> list[str]:
    assert drawing is not None
    return [line.plain for line in drawing.lines]


def bar_of(drawing: plots.Drawing | None, index: int) -> str:
    """The first column of a bar from the bottom up."""
    assert drawing is not None
    lines = lines_of(drawing)[:-2]
    return "".join(line.ljust(200)[drawing.left + index * drawing.plan.columns] for line in reversed(lines)).strip()


@pytest.mark.parametrize("height", range(4, 20))
@pytest.mark.parametrize("most", [1, 3, 7, 50, 1234, 98_765_432])
def test_the_axis_has_0_and_its_end(most: int, height: int) -> None:
    drawing = plots.daily(days(*[most] * 10), 60, height, COLORED)
    assert drawing is not None
    labels = [line[: drawing.left - 1].strip() for line in lines_of(drawing)[:-1]]
    assert labels[-1] == "0"
    assert labels[0]
    assert len([label for label in labels if label]) >= 2


@pytest.mark.parametrize("style", STYLES)
def test_the_height_tells_the_amount_in_every_style(style: ChartStyle) -> None:
    drawing = plots.daily(days(1000, 250, 200, 130, 10, 0), 60, 6, style)
    found = [bar_of(drawing, index) for index in range(6)]
    assert [len(bar) for bar in found] == [4, 1, 1, 1, 1, 0]
    assert len(set(found)) >= 5  # a quarter, less, half of it, next to nothing and nothing differ
    assert found[4] in ("▁", ".")


def test_the_line_of_the_days_before_is_above_a_lower_bar_and_across_a_higher_one() -> None:
    drawing = plots.daily(days(100, 400), 60, 6, LETTERS, days(400, 100, first=FIRST - timedelta(days=7)))
    assert drawing is not None
    assert [bar_of(drawing, index) for index in range(2)] == ["R  -", "-RRR"]


def test_a_day_without_starts_before_has_no_line() -> None:
    drawing = plots.daily(days(100, 400), 60, 6, LETTERS, days(0, 0, first=FIRST - timedelta(days=7)))
    assert not any("-" in line.partition("|")[2] for line in lines_of(drawing)[:-2])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [10, 29, 40, 300])
def test_the_line_is_seen_beside_narrow_bars(style: ChartStyle, count: int) -> None:
    now, before = days(*[100] * count), days(*[100] * count, first=FIRST - timedelta(days=count))
    drawing = plots.daily(now, 66, 10, style, before)
    assert drawing is not None
    text = "\n".join(line[drawing.left :] for line in lines_of(drawing)[:-2])
    assert ("-" if style.ascii else "─") in text or drawing.plan.columns == 1


def test_the_axis_has_room_for_the_days_before() -> None:
    drawing = plots.daily(days(10, 10), 60, 6, COLORED, days(1000, 10, first=FIRST - timedelta(days=7)))
    assert lines_of(drawing)[0].startswith("1,000")


def test_each_bar_is_compared_with_the_days_as_far_from_the_first() -> None:
    now = days(*range(1, 29))
    cut = plan(now, 8)
    assert cut.step == "1 week"
    before = days(*[1] * 28, first=FIRST - timedelta(days=28))
    assert totals_before(cut, before) == [7] * 4
    assert totals_before(cut, ()) == []
    assert totals_before(cut, before[:10]) == [7, 3, 0, 0]


def test_months_of_two_years_are_compared_by_their_dates() -> None:
    now = days(*[1] * 366, first=date(2024, 1, 1))
    before = days(*[1] * 365, first=date(2023, 1, 1))
    cut = plan(now, 14)
    assert cut.step == "1 month"
    assert totals_before(cut, before) == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
