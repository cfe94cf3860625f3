"""Blocks follow the calendar, and a period is covered by few of them."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.cube.layout import (
    FAILED,
    KINDS,
    LEVELS,
    USERS,
    ancestors_of,
    block_of,
    children_of,
    cover,
    days_of,
    has_multiplicity,
    parent_of,
)
from storage.domain.calendar import date_of, number_of

days = st.integers(number_of(date.min), number_of(date.max))


@given(st.integers(15_000, 22_000), st.integers(1, 800), st.sets(st.integers(-5, 805), max_size=8))
def test_a_cover_has_every_clean_day_once_in_few_blocks(first: int, length: int, offsets: set[int]) -> None:
    dirty = {(0, first + offset) for offset in offsets}
    blocks = cover(first, first + length, dirty)
    covered = [day for block in blocks for day in days_of(block)]
    assert covered == [day for day in range(first, first + length) if (0, day) not in dirty]
    if not dirty:
        # Days to the end of a week, weeks to the end of a month and months to that of a quarter; then back.
        assert len(blocks) <= 2 * (6 + 5 + 2) + length // 90


@given(days)
@example(number_of(date.min))
@example(number_of(date.max))
def test_a_block_is_a_day_a_week_within_a_month_a_month_or_a_quarter(day: int) -> None:
    of = date_of(day)
    assert list(days_of((0, day))) == [day]
    level, first = block_of(1, day)
    week = [date_of(one) for one in days_of((level, first))]
    assert {(one.isocalendar()[:2], one.month) for one in week} == {(of.isocalendar()[:2], of.month)}
    for neighbour in (first - 1, first + len(week)):
        if number_of(date.min) <= neighbour <= number_of(date.max):
            assert block_of(1, neighbour) != (level, first)
    month, quarter = (days_of(block_of(level, day)) for level in (2, 3))
    first_month = of.month - (of.month - 1) % 3
    assert date_of(month[0]) == of.replace(day=1)
    assert date_of(quarter[0]) == of.replace(month=first_month, day=1)
    assert {date_of(one).month for one in month} == {of.month}
    assert {date_of(one).month for one in quarter} == set(range(first_month, first_month + 3))
    assert len(quarter) in (90, 91, 92)


@given(days)
def test_blocks_are_nested(day: int) -> None:
    blocks = [block_of(level, day) for level in LEVELS]
    assert list(ancestors_of(blocks[0])) == blocks[1:]
    assert parent_of(blocks[-1]) is None
    for below, above in pairwise(blocks):
        assert parent_of(below) == above
        assert below in children_of(above)
        assert [one for child in children_of(above) for one in days_of(child)] == list(days_of(above))


@pytest.mark.parametrize(
    ("since", "until", "blocks"), [("2026-10-01", "2027-01-01", 1), ("2025-11-24", "2026-11-24", 11)]
)
def test_a_quarter_is_one_block_and_a_year_a_few(since: str, until: str, blocks: int) -> None:
    assert len(cover(number_of(date.fromisoformat(since)), number_of(date.fromisoformat(until)), ())) == blocks


def test_all_blocks_but_days_can_leave_templates_out_unless_they_are_by_step() -> None:
    found = {(kind, level) for kind in KINDS for level in LEVELS if has_multiplicity(kind, level)}
    assert found == {(kind, level) for kind in (USERS, FAILED) for level in (1, 2, 3)}
