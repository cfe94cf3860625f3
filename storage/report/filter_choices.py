"""The values of a field that a person can choose, and how many starts each of them has. Knows no words and no widget.

A field is here if the database knows its values (`CHOICES`) or if it has a dropdown with counts (`COUNTS`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from storage.database.codes import ORIGINS, USER_TYPES
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN, literal
from storage.domain.period import Period
from storage.report.dimension_counts import counts_by_line, counts_by_template
from storage.report.metrics import total_of
from storage.report.selection import Selection
from storage.report.session import Session

Counts = dict[Hashable, int]  # how many starts each value of a field has


class Choice(NamedTuple):
    """One value that can be chosen.

    Attributes:
        value: the pattern that goes into the filter.
        label: what a person reads.
    """

    value: str
    label: str


def lines(session: Session) -> list[Choice]:
    """The lines that have messages, by label; "(unknown)" last if any start has it."""
    rows = session.connection.execute("SELECT value, label FROM lines ORDER BY label, value").fetchall()
    choices = [Choice(literal(value), label if label == value else f"{label} {value}") for value, label in rows]
    return choices + _unknown(session, Filter(Period(None), lines=frozenset((UNKNOWN,))))


def templates(session: Session) -> list[Choice]:
    """The templates, by name; "(unknown)" last if any start has it."""
    rows = session.connection.execute("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name").fetchall()
    return [Choice(literal(name), name) for (name,) in rows] + _unknown(
        session, Filter(Period(None), templates=frozenset((UNKNOWN,)))
    )


def choices(session: Session) -> dict[str, tuple[Choice, ...]]:
    """The values that the database knows, by the name of the field."""
    return {name: tuple(choices_of(session)) for name, choices_of in CHOICES.items()}


def counts(session: Session, filter: Filter, name: str, now: datetime) -> Counts:
    """How many starts of a filter each value of a field has; values without any are left out.

    Args:
        session: a session in a read transaction.
        filter: which starts to count.
        name: the name of the field; one of `COUNTS`.
        now: the current time, which rolling periods count from.
    """
    return COUNTS[name](session, filter, now)


def _by_origin(session: Session, filter: Filter, now: datetime) -> Counts:
    sums = _sums_by_origin(session, session.select(filter, now))
    return {ORIGINS[code]: count for code, count in enumerate(sums) if count}


def _by_user_type(session: Session, filter: Filter, now: datetime) -> Counts:
    wanted = USER_TYPES if filter.user_type is None else (filter.user_type,)
    counted = {
        user_type: sum(_sums_by_origin(session, session.select(replace(filter, user_type=user_type), now)))
        for user_type in wanted
    }
    return {user_type: count for user_type, count in counted.items() if count}


def _by_line(session: Session, filter: Filter, now: datetime) -> Counts:
    names = dict(session.connection.execute("SELECT id, value FROM lines"))
    return _named(counts_by_line(session, session.select(filter, now)), names)


def _by_template(session: Session, filter: Filter, now: datetime) -> Counts:
    names = dict(session.connection.execute("SELECT id, name FROM templates"))
    return _named(counts_by_template(session, session.select(filter, now)), names)


def _sums_by_origin(session: Session, selection: Selection) -> list[int]:
    return list(total_of(session.metrics(selection).day_counts(selection)).by_origin)


def _named(counted: Mapping[int, int], names: Mapping[int, str]) -> Counts:
    return {literal(names[id]) if id in names else UNKNOWN: count for id, count in sorted(counted.items()) if count}


def _unknown(session: Session, filter: Filter) -> list[Choice]:
    """The choice "(unknown)" if the filter, which asks for it, selects anything."""
    found = any(_sums_by_origin(session, session.select(filter, datetime.now(UTC))))
    return [Choice(UNKNOWN, UNKNOWN)] if found else []


# By the name of the field: the values that a database knows, and how many starts each value has.
CHOICES: dict[str, Callable[[Session], list[Choice]]] = {"line": lines, "template": templates}
COUNTS: dict[str, Callable[[Session, Filter, datetime], Counts]] = {
    "origin": _by_origin,
    "line": _by_line,
    "template": _by_template,
    "user": _by_user_type,
}
