"""A filter as SQL: which rows of `messages` it selects. Knows the columns and the dimensions, computes no number."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from storage.database.codes import ORIGINS, STATUSES, USER_TYPES
from storage.database.schema import FIRST_AND_LAST_DAY
from storage.database.unknown_ids import IS_UNKNOWN_LINE, IS_UNKNOWN_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import Calendar, date_of, number_of
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, AnyOf, is_literal, plain
from storage.report import selected_failures


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a filter selects of each dimension, as numbers that the cube knows. None selects everything.

    Attributes:
        lines: ids of lines.
        templates: ids of templates.
        origins: positions in `schema.ORIGINS`.
        user_type: a position in `schema.USER_TYPES`.
        statuses: positions in `schema.STATUSES`.
        failures: codes in digits, reasons, or `reason/code`, as in `Filter.failures`.
        by_contact: whether the filter names contacts. The cube does not count by contact, so `Recount` must answer.
    """

    lines: frozenset[int] | None = None
    templates: frozenset[int] | None = None
    origins: frozenset[int] | None = None
    user_type: int | None = None
    statuses: frozenset[int] | None = None
    failures: frozenset[str] | None = None
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


def _bounds(calendar: Calendar, since: date, until: date) -> dict[str, str | int]:
    """The days, and the times they lie between: an index knows times only."""
    first, end = number_of(since), number_of(until)
    return {
        "since": first,
        "until": end,
        "since_at": calendar.start_of(first),
        "until_at": calendar.start_of(end),
    }


def select(connection: sqlite3.Connection, calendar: Calendar, filter: Filter, now: datetime) -> Selection:
    """What the filter selects at the moment `now`.

    An open side of the period ends at the first day that has a start, or after the last one and today.
    """
    since, until = _days(connection, filter, calendar.today(now))
    parameters = _bounds(calendar, since, until)
    conditions = [
        "m.origin IS NOT NULL",
        "m.start_at >= :since_at",
        "m.start_at < :until_at",
    ]
    chosen = _chosen(connection, filter)

    def among(name: str, column: str, values: Iterable[int | str], extra: str | None = None) -> None:
        parameters[name] = json.dumps(sorted(values))
        listed = f"{column} IN (SELECT value FROM json_each(:{name}))"
        conditions.append(f"({listed} OR {extra})" if extra else listed)

    if chosen.origins is not None:
        among("origins", "m.origin", chosen.origins)
    if chosen.user_type is not None:
        conditions.append("m.user_type = :user_type")
        parameters["user_type"] = chosen.user_type
    if chosen.statuses is not None:
        among("statuses", "m.status", chosen.statuses)
    if chosen.lines is not None:
        unknown = IS_UNKNOWN_LINE if UNKNOWN_ID in chosen.lines else None
        among("lines", "m.line", chosen.lines, unknown)
    if chosen.templates is not None:
        unknown = IS_UNKNOWN_TEMPLATE if UNKNOWN_ID in chosen.templates else None
        among("templates", "m.start_template", chosen.templates, unknown)
    if chosen.failures is not None:
        condition, values = selected_failures.condition(chosen.failures)
        conditions.append(condition)
        parameters |= values
    if filter.contact is not None:
        among("contacts", "m.contact", _contacts(connection, filter.contact))
    return Selection(" AND ".join(conditions), parameters, since, until, calendar, chosen)


def _chosen(connection: sqlite3.Connection, filter: Filter) -> Dimensions:
    def unknown(patterns: frozenset[str]) -> set[int]:
        return {UNKNOWN_ID} if AnyOf(patterns).matches(UNKNOWN) else set()

    return Dimensions(
        frozenset(_lines(connection, filter.lines)) | unknown(filter.lines) if filter.lines else None,
        frozenset(_templates(connection, filter.templates)) | unknown(filter.templates) if filter.templates else None,
        frozenset(ORIGINS.index(origin) for origin in filter.origins) or None,
        None if filter.user_type is None else USER_TYPES.index(filter.user_type),
        frozenset(STATUSES.index(status) for status in filter.statuses) or None,
        filter.failures or None,
        filter.contact is not None,
    )


def _days(connection: sqlite3.Connection, filter: Filter, today: date) -> tuple[date, date]:
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


def _templates(connection: sqlite3.Connection, patterns: frozenset[str]) -> list[int]:
    any_of = AnyOf(patterns)
    return [id for id, name in connection.execute("SELECT id, name FROM templates") if any_of.matches(name)]


def phone(text: str) -> str:
    """A number as people write it in the form it is stored in; any other text as it is."""
    return re.sub(r"[^0-9*\\]", "", text) if re.fullmatch(r"\+?[0-9*\\ ().-]+", text) else text


def _lines(connection: sqlite3.Connection, patterns: frozenset[str]) -> list[int]:
    any_of = AnyOf(form for pattern in patterns for form in (pattern, phone(pattern)))
    return sorted(
        {line for line, text in connection.execute("SELECT line, text FROM line_ids") if any_of.matches(text)}
    )


def _contacts(connection: sqlite3.Connection, pattern: str) -> list[int]:
    forms = {pattern, phone(pattern)}
    if all(is_literal(form) for form in forms):
        texts = json.dumps(sorted({plain(form) for form in forms}))
        rows = connection.execute(
            "SELECT DISTINCT contact FROM contact_ids"
            " WHERE kind IN (0, 1, 2) AND text IN (SELECT value FROM json_each(?))",
            (texts,),
        ).fetchall()
        return [contact for (contact,) in rows]
    any_of = AnyOf(forms)
    ids = connection.execute("SELECT contact, text FROM contact_ids")
    return sorted({contact for contact, text in ids if any_of.matches(text)})
