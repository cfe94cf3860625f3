"""What the dropdowns offer: the lines and the templates that there are, and what each has. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from storage.database.codes import ORIGINS, USER_TYPES
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, literal
from storage.domain.period import Period
from storage.domain.vocabulary import Origin, UserType
from storage.report.dimension_counts import counts_by_line, counts_by_template
from storage.report.metrics import total_of
from storage.report.read_session import ReadSession
from storage.report.selection import Selection


class Choice(NamedTuple):
    """One value of a dropdown: the pattern that goes into the filter, and what a person reads."""

    value: str
    label: str


def lines(session: ReadSession) -> list[Choice]:
    """The lines that have messages, by label; the unknown one last where there is any."""
    rows = session.connection.execute("SELECT value, label FROM lines ORDER BY label, value").fetchall()
    choices = [Choice(literal(value), label if label == value else f"{label} {value}") for value, label in rows]
    return choices + _unknown(session, Filter(Period(None), lines=frozenset((UNKNOWN,))))


def templates(session: ReadSession) -> list[Choice]:
    """The templates, by name; the unknown one last where there is any."""
    rows = session.connection.execute("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name").fetchall()
    return [Choice(literal(name), name) for (name,) in rows] + _unknown(
        session, Filter(Period(None), templates=frozenset((UNKNOWN,)))
    )


def counts(
    session: ReadSession, filter: Filter, field: str, now: datetime
) -> list[tuple[str | Origin | UserType, int]]:
    """How many starts of a filter each value of a field has: `origin`, `line`, `template` or `user`; only those that
    have any."""
    selection = session.select(filter, now)
    match field:
        case "origin":
            sums = _sums_by_origin(session, selection)
            return [(ORIGINS[origin], count) for origin, count in enumerate(sums) if count]
        case "user":
            found: list[tuple[str | Origin | UserType, int]] = []
            for user_type in USER_TYPES if filter.user_type is None else (filter.user_type,):
                of_type = session.select(replace(filter, user_type=user_type), now)
                if count := sum(_sums_by_origin(session, of_type)):
                    found.append((user_type, count))
            return found
        case "line":
            names = dict(session.connection.execute("SELECT id, value FROM lines"))
            return _named(counts_by_line(session, selection), names)
        case _:
            names = dict(session.connection.execute("SELECT id, name FROM templates"))
            return _named(counts_by_template(session, selection), names)


def _sums_by_origin(session: ReadSession, selection: Selection) -> list[int]:
    return list(total_of(session.metrics(selection).day_counts(selection)).by_origin)


def _named(counted: Mapping[int, int], names: Mapping[int, str]) -> list[tuple[str | Origin | UserType, int]]:
    return [(literal(names[id]) if id in names else UNKNOWN, count) for id, count in sorted(counted.items()) if count]


def _unknown(session: ReadSession, filter: Filter) -> list[Choice]:
    """The choice of what is unknown, where the filter, which names it, selects anything."""
    found = any(_sums_by_origin(session, session.select(filter, datetime.now(UTC))))
    return [Choice(UNKNOWN, UNKNOWN)] if found else []
