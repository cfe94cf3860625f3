"""A filter as a selection: the SQL condition on `messages`, the days, and the same as numbers for the cube.

What each field selects is in `filter_conditions`, what it excludes in `filter_exclusions`. Counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from storage.database.queries import Queries
from storage.database.schema import FIRST_AND_LAST_DAY
from storage.domain.calendar import Calendar, date_of, number_of
from storage.domain.filters import Filter
from storage.report.filter_conditions import CONDITIONS, MANY_CONTACTS
from storage.report.filter_exclusions import exclusions


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
        other_failures: failures that are left out, likewise; empty leaves out none.
        other_contacts: ids of contacts that are left out (`filter_conditions.UNKNOWN_CONTACT`: unknown ones); empty
            leaves out none.
        needs_recount: whether the filter restricts what the cube does not count by; then `Recount` must answer.
        by_contact: whether the filter names contacts, so that the index on contacts finds the rows fastest.
    """

    lines: frozenset[int] | None = None
    templates: frozenset[int] | None = None
    origins: frozenset[int] | None = None
    user_type: int | None = None
    statuses: frozenset[int] | None = None
    failures: frozenset[str] | None = None
    other_failures: frozenset[str] = frozenset()
    other_contacts: frozenset[int] = frozenset()
    needs_recount: bool = False
    by_contact: bool = False

    def includes(self, origin: int, user_type: int) -> bool:
        """Whether starts of this origin and user type are selected."""
        return (self.origins is None or origin in self.origins) and self.user_type in (None, user_type)

    @property
    def excludes_failures(self) -> bool:
        """Whether failures are left out, and all that did not fail stays in."""
        return self.failures is None and bool(self.other_failures)

    @property
    def is_of_all_classes(self) -> bool:
        """Whether no origin, user type or status is selected, but all of them."""
        return self.origins is None and self.user_type is None and self.statuses is None

    @property
    def reads_messages(self) -> bool:
        """Whether a condition needs failures or contacts, which the indexes on starts do not hold."""
        return self.failures is not None or bool(self.other_failures or self.other_contacts)

    def without_exclusions(self) -> Dimensions:
        """The same dimensions with the failures and contacts that are left out."""
        return replace(self, other_failures=frozenset(), other_contacts=frozenset())

    def of_excluded_failures(self) -> Dimensions:
        """What `excludes_failures` leaves out."""
        return replace(self, failures=self.other_failures, other_failures=frozenset())

    def includes_class(self, origin: int, status: int) -> bool:
        """Whether starts of this origin and status are selected."""
        return (self.origins is None or origin in self.origins) and (self.statuses is None or status in self.statuses)

    def of_user_type(self, user_type: int) -> Dimensions:
        """The same dimensions, of one user type."""
        return replace(self, user_type=user_type)

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

    def at_times(self, since_at: int, until_at: int) -> Selection:
        """The same selection of starts from one time in ms until before another; only the SQL condition changes."""
        return replace(self, parameters=self.parameters | {"since_at": since_at, "until_at": until_at})

    def with_dimensions(self, dimensions: Dimensions) -> Selection:
        """The same days with other dimensions. Only for the cube: the SQL condition stays as it was."""
        return replace(self, dimensions=dimensions)


def select(connection: Queries, calendar: Calendar, filter: Filter, now: datetime) -> Selection:
    """What the filter selects.

    An open side of the period ends at the first day that has a start, or after today and after the last such day.

    Args:
        connection: a connection in a read transaction.
        calendar: the calendar of the report's time zone.
        filter: what to select.
        now: the current time, which rolling periods count from.
    """
    since, until = _days(connection, filter, calendar.today(now), calendar.first_weekday)
    parameters = _bounds(calendar, since, until)
    conditions = ["m.origin IS NOT NULL", "m.start_at >= :since_at", "m.start_at < :until_at"]
    selected: dict[str, Any] = {}
    for name, condition_of in CONDITIONS.items():
        if values := filter.values(name):
            condition = condition_of(connection, values)
            conditions.append(condition.sql)
            parameters |= condition.parameters
            selected |= {"needs_recount": True} if condition.dimensions is None else condition.dimensions
            if condition.contacts is not None and len(condition.contacts) <= MANY_CONTACTS:
                selected["by_contact"] = True
    if filter.excluded:
        excluded = exclusions(connection, filter)
        conditions += excluded.sql
        parameters |= excluded.parameters
        for attribute, left in excluded.left.items():
            selected[attribute] = selected.get(attribute, left) & left
        selected |= {"other_failures": excluded.failures, "other_contacts": excluded.contacts}
        selected["needs_recount"] = selected.get("needs_recount", False) or excluded.needs_recount
    dimensions = _dimensions(selected)
    return Selection(" AND ".join(conditions), parameters, since, until, calendar, dimensions)


def _dimensions(selected: dict[str, Any]) -> Dimensions:
    """The dimensions of values by attribute; of user types, one or all can be selected."""
    user_types = selected.pop("user_types", None)
    if user_types is not None and len(user_types) == 1:
        (selected["user_type"],) = user_types
    elif user_types is not None and not user_types:
        selected["lines"] = frozenset()  # nothing at all
    return Dimensions(**selected)


def _bounds(calendar: Calendar, since: date, until: date) -> dict[str, str | int]:
    """The parameters for the days, and for the times in ms that they begin and end at."""
    first, end = number_of(since), number_of(until)
    return {
        "since": first,
        "until": end,
        "since_at": calendar.start_of(first),
        "until_at": calendar.start_of(end),
    }


def _days(connection: Queries, filter: Filter, today: date, first_weekday: int) -> tuple[date, date]:
    """The first day and the day after the last day, with open sides closed."""
    since, until = filter.period.days(today, first_weekday)
    if since is not None and until is not None:
        return since, until
    first, last = connection.execute(FIRST_AND_LAST_DAY).fetchone()
    if until is None:
        until = max(today, today if last is None else date_of(last)) + timedelta(days=1)
        until = max(until, until if since is None else since + timedelta(days=1))
    if since is None:
        since = min(until - timedelta(days=1), today if first is None else date_of(first))
    return since, until
