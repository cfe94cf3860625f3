"""The counts that a report is made of, and the protocol of their two sources: the cube and a recount of the messages.

Knows nothing of SQL, the cube or JSON. docs/definitions.md says what each number means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import sub
from typing import NamedTuple, Protocol

from storage.domain.dimension import Dimension
from storage.report.grouping import GroupCounts, GroupKey
from storage.report.selection import Selection


class StatusCounts(NamedTuple):
    """Sends by the furthest step they reached; exclusive.

    StatusCounts, DayCounts and Day (report.py) are tuples because a year has many and a tuple is built fastest.
    """

    failed: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0

    @property
    def total(self) -> int:
        """All sends."""
        return self.failed + self.sent + self.delivered + self.read + self.answered


class DayCounts(NamedTuple):
    """The starts of one local day: sends by status, then all starts by origin.

    The columns of the SQL in recount.py and counter_sql.py have the order of the fields.

    Attributes:
        day: days since 1970-01-01.
    """

    day: int
    failed: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0
    template: int = 0
    notification: int = 0
    webchat: int = 0
    campaign: int = 0

    @property
    def starts(self) -> int:
        """All starts."""
        return self.template + self.notification + self.webchat + self.campaign

    @property
    def sends(self) -> int:
        """The starts that are notifications."""
        return self.template + self.notification

    @property
    def referred(self) -> int:
        """The starts that came by a referral."""
        return self.webchat + self.campaign

    @property
    def by_status(self) -> StatusCounts:
        """The sends by status."""
        return _status_counts(self[1:6])

    @property
    def by_origin(self) -> tuple[int, int, int, int]:
        """The starts by origin, in the order of codes.ORIGINS."""
        return self.template, self.notification, self.webchat, self.campaign


_NO_TOTALS = DayCounts(0)
# Like `_make`, but without the call of a Python function: saves 0.1 ms in the report of a year.
_status_counts: Callable[[tuple[int, ...]], StatusCounts] = partial(tuple.__new__, StatusCounts)
_day_counts: Callable[[tuple[int, ...]], DayCounts] = partial(tuple.__new__, DayCounts)


def day_counts_of(rows: Iterable[tuple[int, ...]]) -> list[DayCounts]:
    """Rows of SQL, whose columns are those of DayCounts, as DayCounts."""
    return list(map(_day_counts, rows))


def total_of(days: list[DayCounts]) -> DayCounts:
    """The sum of some days; its `day` means nothing."""
    return DayCounts(*map(sum, zip(*days, strict=True))) if days else _NO_TOTALS


def difference(days: list[DayCounts], left_out: Iterable[DayCounts]) -> list[DayCounts]:
    """The counts of each day without those that are left out; days without any start are missing."""
    by_day = {day.day: day for day in left_out}
    if not by_day:
        return days
    nothing = (0,) * (len(DayCounts._fields) - 1)
    rest = (DayCounts(day.day, *map(sub, day[1:], by_day.get(day.day, _NO_TOTALS)[1:])) for day in days)
    return [day for day in rest if day[1:] != nothing]


def starts_of(days: Iterable[DayCounts]) -> int:
    """All starts of some days."""
    return sum([day.starts for day in days])


class DataQualityCounts(NamedTuple):
    """Sends with a data-quality flag, sends of an unknown template, and starts of an unknown contact."""

    unknown_template: int = 0
    joined: int = 0
    implied: int = 0
    conflicts: int = 0
    unknown_contacts: int = 0


class UserCounts(NamedTuple):
    """Distinct contacts.

    Attributes:
        users: of all starts.
        sent: of all sends, failed ones included.
        reached: with a send that did not fail.
        answered: with an answered send.
        eligible: with a start that did not fail, a send or a referred start; they are new or recurrent.
        new: with such a start that is new.
    """

    users: int = 0
    sent: int = 0
    reached: int = 0
    answered: int = 0
    eligible: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Failed sends of one code and reason, and the distinct contacts they were meant for."""

    code: int | None
    reason: str
    count: int
    users: int


def failure_order(failure: FailureCount) -> tuple[int, bool, int, str]:
    """Sorts failures by count, descending; then by code, none last; then by reason."""
    return -failure.count, failure.code is None, failure.code or 0, failure.reason


class MetricsSource(Protocol):
    """A source of counts; all counts are read in one transaction."""

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start, in any order."""

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, and starts of unknown contacts."""

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """Failures by count, descending; then by code, none last; then by reason."""

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
