"""A breakdown beside the same breakdown of the days before: which row stands for which. Knows no JSON and no screen."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from storage.domain.calendar import date_of, number_of
from storage.domain.dimension import OF_TIME, Dimension
from storage.report.breakdown import Breakdown, BreakdownRow, row_of, sorted_rows
from storage.report.grouping import GroupCounts, GroupKey

_MONTHS = 12  # of a year


class ComparedRow(NamedTuple):
    """A row and its counts in the days before.

    Attributes:
        previous: None if the days before have no counterpart of the row, such as of a week that they cut elsewhere.
    """

    row: BreakdownRow
    previous: GroupCounts | None


def compared_rows(breakdown: Breakdown, previous: Breakdown) -> tuple[ComparedRow, ...]:
    """The rows of a breakdown with their counts before, and rows without starts for what only the days before have.

    A day is compared with the day as far from the first one. Weeks and months are compared only if both periods cut
    them alike: if they are moved by whole weeks, or begin on the same day of a month.

    Args:
        previous: the same dimension in the days before.
    """
    before = {row.key: row for row in previous.rows}
    if breakdown.dimension not in OF_TIME:
        gone = [row._replace(counts=GroupCounts()) for key, row in before.items() if key not in _keys(breakdown)]
        rows = sorted_rows((*breakdown.rows, *gone))
        return tuple(ComparedRow(row, _counts(before, row.key)) for row in rows)
    move = _Move.between(breakdown, previous)
    if move is None:
        return tuple(ComparedRow(row, None) for row in breakdown.rows)
    moved = {move.forward(key): row.counts for key, row in before.items() if isinstance(key, int)}
    gone = [row_of(key, breakdown.dimension) for key in moved if key not in _keys(breakdown)]
    rows = sorted_rows((*breakdown.rows, *gone))
    return tuple(ComparedRow(row, moved.get(_number(row.key), GroupCounts())) for row in rows)


def _keys(breakdown: Breakdown) -> set[GroupKey]:
    return {row.key for row in breakdown.rows}


def _counts(rows: dict[GroupKey, BreakdownRow], key: GroupKey) -> GroupCounts:
    row = rows.get(key)
    return GroupCounts() if row is None else row.counts


def _number(key: GroupKey) -> int:
    assert isinstance(key, int)
    return key


class _Move(NamedTuple):
    """How far the days before are from the compared ones: in days, or in months."""

    days: int
    months: int

    @classmethod
    def between(cls, breakdown: Breakdown, previous: Breakdown) -> _Move | None:
        """None if weeks or months of the two have no counterparts."""
        days = (breakdown.since - previous.since).days
        match breakdown.dimension:
            case Dimension.MONTH if breakdown.since.day == previous.since.day:
                return cls(0, _month_number(breakdown.since) - _month_number(previous.since))
            case Dimension.DAY:
                return cls(days, 0)
            case Dimension.WEEK if days % 7 == 0:
                return cls(days, 0)
            case _:
                return None

    def forward(self, first: int) -> int:
        """The first day of the counterpart; days since 1970-01-01."""
        if not self.months:
            return first + self.days
        year, month = divmod(_month_number(date_of(first)) + self.months, _MONTHS)
        return number_of(date(year, month + 1, 1))


def _month_number(day: date) -> int:
    """Months since the year 0."""
    return day.year * _MONTHS + day.month - 1
