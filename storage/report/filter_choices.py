"""What the dropdowns offer: the lines and the templates that there are, and what each has. Knows no widget."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from storage.database.schema import ORIGINS, USER_TYPES
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, literal
from storage.domain.period import Period
from storage.domain.vocabulary import Origin, UserType
from storage.report.cube_metrics import Cube
from storage.report.metrics import Figures
from storage.report.notifications import counts_by_line, counts_by_template
from storage.report.recount import Recount
from storage.report.selection import Selection, select


class Choice(NamedTuple):
    """One value of a dropdown: the pattern that goes into the filter, and what a person reads."""

    value: str
    label: str


def lines(connection: sqlite3.Connection) -> list[Choice]:
    """The lines that have messages, by label; the unknown one last where there is any."""
    rows = connection.execute("SELECT value, label FROM lines ORDER BY label, value").fetchall()
    choices = [Choice(literal(value), label if label == value else f"{label} {value}") for value, label in rows]
    return choices + _unknown(connection, Filter(Period(None), lines=frozenset((UNKNOWN,))))


def templates(connection: sqlite3.Connection) -> list[Choice]:
    """The templates, by name; the unknown one last where there is any."""
    rows = connection.execute("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name").fetchall()
    return [Choice(literal(name), name) for (name,) in rows] + _unknown(
        connection, Filter(Period(None), templates=frozenset((UNKNOWN,)))
    )


def counts(
    connection: sqlite3.Connection, filter: Filter, field: str, now: datetime
) -> list[tuple[str | Origin | UserType, int]]:
    """How many starts of a filter each value of a field has: `origin`, `line`, `template` or `user`; only those that
    have any."""
    selection = select(connection, filter, now)
    match field:
        case "origin":
            sums = _sums_by_origin(connection, selection)
            return [(ORIGINS[origin], count) for origin, count in enumerate(sums) if count]
        case "user":
            found: list[tuple[str | Origin | UserType, int]] = []
            for user_type in USER_TYPES if filter.user_type is None else (filter.user_type,):
                of_type = select(connection, replace(filter, user_type=user_type), now)
                if count := sum(_sums_by_origin(connection, of_type)):
                    found.append((user_type, count))
            return found
        case "line":
            names = dict(connection.execute("SELECT id, value FROM lines"))
            return _named(counts_by_line(connection, selection), names)
        case _:
            names = dict(connection.execute("SELECT id, name FROM templates"))
            return _named(counts_by_template(connection, selection), names)


def _sums_by_origin(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    figures: Figures = Recount(connection) if selection.dimensions.by_contact else Cube(connection)
    rows = figures.rows(selection)
    return [sum(row[6 + origin] for row in rows) for origin in range(len(ORIGINS))]


def _named(counted: Mapping[int, int], names: Mapping[int, str]) -> list[tuple[str | Origin | UserType, int]]:
    return [(literal(names[id]) if id in names else UNKNOWN, count) for id, count in sorted(counted.items()) if count]


def _unknown(connection: sqlite3.Connection, filter: Filter) -> list[Choice]:
    """The choice of what is unknown, where the filter, which names it, selects anything."""
    found = any(_sums_by_origin(connection, select(connection, filter, datetime.now(UTC))))
    return [Choice(UNKNOWN, UNKNOWN)] if found else []
