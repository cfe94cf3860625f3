"""A filter as a selection: the SQL condition on `messages`, the days, and the same as numbers for the cube.

What each field selects is in `filter_conditions`. Counts nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from storage.database.schema import FIRST_AND_LAST_DAY
from storage.domain.calendar import Calendar, date_of, number_of
from storage.domain.filters import Filter
from storage.report.filter_conditions import CONDITIONS


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a filter selects of each dimension, as numbers that the cube knows. None selects everything.

    Attributes:
        lines: ids of lines.
        templates: ids of templates.
        origins: positions in `codes.ORIGINS`.
        user_type: a position in `codes.USER_TYPES`.
        statuses: positions in `codes.STATUSES`.
        failures: codes in digits, reasons, or `reason/code`, as in `Filter.failures`.
        needs_recount: whether the filter restricts what the cube does not count by; then `Recount` must answer.
        by_contact: whether the filter names contacts, so that the index on contacts finds the rows fastest.
    """

    lines: frozenset[int] | None = None
    templates: frozenset[int] | None = None
    origins: frozenset[int] | None = None
    user_type: int | None = None
    statuses: frozenset[int] | None = None
    failures: frozenset[str] | None = None
    needs_recount: bool = False
    by_contact: bool = False

    def includes(self, origin: int, user_type: int) -> bool:
        """Whether starts of this origin and user type are selected."""
        return (self.origins is None or origin in self.origins) and self.user_type in (None, user_type)

    def replace(self, **changes: frozenset[int] | None) -> Dimensions:
        """The same dimensions, except the ones given."""
        return replace(self, **changes)  # type: ignore[arg-type]  # mypy cannot match `changes` to the fields


@dataclass(frozen=True, slots=True)
class Selection:
    """The starts that a filter selects, as an SQL condition and as ids.

    Attributes:
        time_condition: an SQL condition on `messages AS m`, with named parameters. It limits time by `start_at` only,
            because the indexes hold that column and not `day`.
        parameters: the values of the named parameters.
        since: the first day.
        until: the day after the last day.
        calendar: the calendar of the report's time zone.
        dimensions: what the filter selects of each dimension, for the cube.
    """

    time_condition: str
    parameters: dict[str, str | int]
    since: date
    until: date
    calendar: Calendar
    dimensions: Dimensions

    @property
    def condition(self) -> str:
        """The condition by time and by day. It selects the same rows as `time_condition`."""
        return f"{self.time_condition} AND m.day >= :since AND m.day < :until"

    def between(self, since: date, until: date) -> Selection:
        """The same selection in other days: from `since` until the day before `until`."""
        days = _bounds(self.calendar, since, until)
        return replace(self, parameters=self.parameters | days, since=since, until=until)

    def with_dimensions(self, dimensions: Dimensions) -> Selection:
        """The same days with other dimensions. Only for the cube: the SQL condition stays as it was."""
        return replace(self, dimensions=dimensions)


def select(connection: sqlite3.Connection, calendar: Calendar, filter: Filter, now: datetime) -> Selection:
    """What the filter selects.

    An open side of the period ends at the first day that has a start, or after today and after the last such day.

    Args:
        connection: a connection in a read transaction.
        calendar: the calendar of the report's time zone.
        filter: what to select.
        now: the current time, which rolling periods count from.
    """
    since, until = _days(connection, filter, calendar.today(now))
    parameters = _bounds(calendar, since, until)
    conditions = ["m.origin IS NOT NULL", "m.start_at >= :since_at", "m.start_at < :until_at"]
    selected: dict[str, Any] = {}
    for name, condition_of in CONDITIONS.items():
        if values := filter.values(name):
            condition = condition_of(connection, values)
            conditions.append(condition.sql)
            parameters |= condition.parameters
            selected |= {"needs_recount": True} if condition.dimensions is None else condition.dimensions
    dimensions = Dimensions(**selected, by_contact=filter.contact is not None)
    return Selection(" AND ".join(conditions), parameters, since, until, calendar, dimensions)


def _bounds(calendar: Calendar, since: date, until: date) -> dict[str, str | int]:
    """The parameters for the days, and for the times in ms that they begin and end at."""
    first, end = number_of(since), number_of(until)
    return {
        "since": first,
        "until": end,
        "since_at": calendar.start_of(first),
        "until_at": calendar.start_of(end),
    }


def _days(connection: sqlite3.Connection, filter: Filter, today: date) -> tuple[date, date]:
    """The first day and the day after the last day, with open sides closed."""
    since, until = filter.period.days(today)
    if since is not None and until is not None:
        return since, until
    first, last = connection.execute(FIRST_AND_LAST_DAY).fetchone()
    if until is None:
        until = max(today, today if last is None else date_of(last)) + timedelta(days=1)
        until = max(until, until if since is None else since + timedelta(days=1))
    if since is None:
        since = min(until - timedelta(days=1), today if first is None else date_of(first))
    return since, until
