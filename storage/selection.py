"""A filter as SQL: which rows of `messages` it selects. Knows the columns and the dimensions, computes no number."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from storage.calendar import Calendar, date_of, number_of
from storage.filters import UNKNOWN, Filter, is_literal, matcher, plain
from storage.schema import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.settings import load_settings


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter selects: a condition on `messages AS m` with named parameters, and the days [since, until)."""

    condition: str
    parameters: dict[str, str | int]
    since: date
    until: date

    def between(self, since: date, until: date) -> Selection:
        """The same selection in other days."""
        days: dict[str, str | int] = {"since": number_of(since), "until": number_of(until)}
        return replace(self, parameters=self.parameters | days, since=since, until=until)


def select(connection: sqlite3.Connection, filter: Filter, now: datetime) -> Selection:
    """What the filter selects at the moment `now`.

    An open side of the period ends at the first day that has a start, or after the last one and today.
    """
    since, until = _days(connection, filter, Calendar(load_settings(connection).zone).today(now))
    parameters: dict[str, str | int] = {"since": number_of(since), "until": number_of(until)}
    conditions = ["m.origin IS NOT NULL", "m.day >= :since", "m.day < :until"]

    def among(name: str, column: str, values: Iterable[int | str], extra: str | None = None) -> None:
        parameters[name] = json.dumps(sorted(values))
        listed = f"{column} IN (SELECT value FROM json_each(:{name}))"
        conditions.append(f"({listed} OR {extra})" if extra else listed)

    if filter.origins:
        among("origins", "m.origin", [ORIGINS.index(origin) for origin in filter.origins])
    if filter.user_type is not None:
        conditions.append("m.user_type = :user_type")
        parameters["user_type"] = USER_TYPES.index(filter.user_type)
    if filter.statuses:
        among("statuses", "m.status", [STATUSES.index(status) for status in filter.statuses])
    if filter.lines:
        unknown = "m.line IS NULL" if _names_unknown(filter.lines) else None
        among("lines", "m.line", _lines(connection, filter.lines), unknown)
    if filter.templates:
        unknown = f"(m.start_template IS NULL AND m.origin < {REFERRED_FROM})"
        among(
            "templates",
            "m.start_template",
            _templates(connection, filter.templates),
            unknown if _names_unknown(filter.templates) else None,
        )
    if filter.failures:
        codes = [int(failure) for failure in filter.failures if failure.isdigit()]
        among("codes", "m.failure_code", codes, "m.failure_reason IN (SELECT value FROM json_each(:reasons))")
        parameters["reasons"] = json.dumps(sorted(failure for failure in filter.failures if not failure.isdigit()))
    if filter.contact is not None:
        among("contacts", "m.contact", _contacts(connection, filter.contact))
    return Selection(" AND ".join(conditions), parameters, since, until)


def _days(connection: sqlite3.Connection, filter: Filter, today: date) -> tuple[date, date]:
    since, until = filter.period.days(today)
    if since is not None and until is not None:
        return since, until
    first, last = connection.execute(
        "SELECT (SELECT min(day) FROM messages WHERE origin IS NOT NULL),"
        " (SELECT max(day) FROM messages WHERE origin IS NOT NULL)"
    ).fetchone()
    if until is None:
        until = max(today, today if last is None else date_of(last)) + timedelta(days=1)
        until = max(until, until if since is None else since + timedelta(days=1))
    if since is None:
        since = min(until - timedelta(days=1), today if first is None else date_of(first))
    return since, until


def _names_unknown(patterns: frozenset[str]) -> bool:
    return any(matcher(pattern).fullmatch(UNKNOWN) for pattern in patterns)


def _templates(connection: sqlite3.Connection, patterns: frozenset[str]) -> list[int]:
    matchers = [matcher(pattern) for pattern in patterns]
    exact = {plain(pattern) for pattern in patterns if is_literal(pattern)}
    rows = connection.execute("SELECT id, name FROM templates").fetchall()
    return [id for id, name in rows if name in exact or any(expression.fullmatch(name) for expression in matchers)]


def phone(text: str) -> str:
    """A number as people write it in the form it is stored in; any other text as it is."""
    return re.sub(r"[^0-9*\\]", "", text) if re.fullmatch(r"\+?[0-9*\\ ().-]+", text) else text


def _lines(connection: sqlite3.Connection, patterns: frozenset[str]) -> list[int]:
    matchers = [matcher(form) for pattern in patterns for form in {pattern, phone(pattern)}]
    rows = connection.execute("SELECT line, text FROM line_ids").fetchall()
    return sorted({line for line, text in rows if any(expression.fullmatch(text) for expression in matchers)})


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
    matchers = [matcher(form) for form in forms]
    ids = connection.execute("SELECT contact, text FROM contact_ids")
    return sorted({contact for contact, text in ids if any(expression.fullmatch(text) for expression in matchers)})
