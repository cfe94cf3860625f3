"""How a period is divided into bars: the finest step that fills the width, and their counts. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from storage.domain.period import week_start
from storage.domain.vocabulary import StartStatus
from storage.report.report import Day

SERIES = (
    StartStatus.ANSWERED,
    StartStatus.READ,
    StartStatus.DELIVERED,
    StartStatus.SENT,
    StartStatus.FAILED,
    StartStatus.RECEIVED,
)
_MAX_BAR_WIDTH = 9  # cells
_STEPS = ("1 day", "2 days", "1 week", "2 weeks", "1 month", "3 months", "1 year", "5 years")


class Bucket(NamedTuple):
    """The days [since, until) of one bar, with its counts in the order of SERIES."""

    since: date
    until: date
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All starts of the bar."""
        return sum(self.counts)


class Plan(NamedTuple):
    """How a period is divided into bars.

    Attributes:
        step: the time that one bar covers, one of `_STEPS`.
        buckets: the bars, the oldest first.
        columns: cells of one bar, including the gap after it.
    """

    step: str
    buckets: tuple[Bucket, ...]
    columns: int


def counts_of(day: Day) -> tuple[int, ...]:
    """A day's counts in the order of SERIES."""
    status = day.status
    return (status.answered, status.read, status.delivered, status.sent, status.failed, day.referred)


@lru_cache(maxsize=16)
def plan(days: tuple[Day, ...], width: int, first_weekday: int = 0) -> Plan:
    """Divides days into bars of equal whole width.

    Args:
        days: consecutive days, the oldest first.
        width: cells for all bars.
        first_weekday: the day that weeks begin on, 0 for Monday.

    Returns:
        The finest step whose bars fill 66 % of the width or have the maximum width; otherwise the step that fills the
        most. No bars if not even the coarsest step fits.
    """
    best: tuple[float, Plan] | None = None
    for step in _STEPS:
        buckets = _buckets(days, step, first_weekday)
        if not buckets or len(buckets) > width:
            continue
        columns = width // len(buckets)
        used = len(buckets) * columns / width
        found = Plan(step, buckets, min(columns, _MAX_BAR_WIDTH))
        if used >= 0.66 or columns >= _MAX_BAR_WIDTH:
            return found
        if best is None or used > best[0]:
            best = (used, found)
    return best[1] if best else Plan(_STEPS[-1], (), 1)


def totals_before(cut: Plan, before: Sequence[Day]) -> list[int]:
    """For each bar, all starts of the days before that it is compared with: those as far from the first day.

    Where both periods begin on the same date of two years, the same dates are compared. A bar that goes on after the
    last of these days counts fewer.

    Args:
        cut: the bars.
        before: consecutive days, the oldest first; empty if nothing is compared.
    """
    if not before or not cut.buckets:
        return [0] * len(cut.buckets) if before else []
    first, first_before = cut.buckets[0].since, before[0].day
    same_date = (first.month, first.day) == (first_before.month, first_before.day)
    totals = [sum(counts_of(day)) for day in before]

    def place(day: date) -> int:
        """How many days before the one that this day is compared with."""
        if same_date and (day.month, day.day) != (2, 29):
            return (day.replace(year=day.year - first.year + first_before.year) - first_before).days
        return (day - first).days

    return [sum(totals[place(bucket.since) : place(bucket.until)]) for bucket in cut.buckets]


def _buckets(days: Sequence[Day], step: str, first_weekday: int) -> tuple[Bucket, ...]:
    groups: list[tuple[date, list[Day]]] = []
    for index, day in enumerate(days):
        start = _bucket_start(day.day, index, step, first_weekday)
        if not groups or groups[-1][0] != start:
            groups.append((start, []))
        groups[-1][1].append(day)
    return tuple(
        Bucket(
            group[0].day,
            group[-1].day + timedelta(days=1),
            tuple(sum(column) for column in zip(*(counts_of(day) for day in group), strict=True)),
        )
        for _, group in groups
    )


def _bucket_start(day: date, index: int, step: str, first_weekday: int) -> date:
    match step:
        case "1 day":
            return day
        case "2 days":
            return day - timedelta(days=index % 2)
        case "1 week":
            return week_start(day, first_weekday)
        case "2 weeks":
            return day - timedelta(days=(day.toordinal() - 1 - first_weekday) % 14)
        case "1 month":
            return day.replace(day=1)
        case "3 months":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "1 year":
            return day.replace(month=1, day=1)
        case _:
            return date(day.year // 5 * 5 or 1, 1, 1)
