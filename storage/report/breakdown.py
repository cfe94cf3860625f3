"""A breakdown: the starts of a filter by one dimension, a row a value. Knows no screen and no JSON.

docs/definitions.md defines every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from storage.database.codes import ORIGINS, USER_TYPES
from storage.database.queries import Queries
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.domain.dimension import Dimension
from storage.domain.failures import NO_CODE
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN
from storage.report.grouping import GroupCounts, GroupKey
from storage.report.metrics import MetricsSource
from storage.report.selection import Selection
from storage.report.session import Session

WITHOUT_TEMPLATE = "(none)"  # the value of referred starts without a template


class BreakdownRow(NamedTuple):
    """The starts of one value of a dimension.

    Attributes:
        value: names the value in JSON: a template's name, a line's number, a code, an ISO day, week or month, …
        label: what a person reads; differs from `value` for lines.
        key: identifies the value, also where two have the same name.
        counts: the counts of its starts.
    """

    value: str
    label: str
    key: GroupKey
    counts: GroupCounts


class Breakdown(NamedTuple):
    """The rows of a dimension, most starts first, ties by value; of the days [since, until)."""

    dimension: Dimension
    since: date
    until: date
    rows: tuple[BreakdownRow, ...]


def load_breakdown(session: Session, filter: Filter, now: datetime, dimension: Dimension) -> Breakdown:
    """The starts of a filter by one dimension.

    Args:
        now: the time that decides rolling periods.
    """
    selection = session.select(filter, now)
    return _breakdown(session, selection, session.metrics(selection), dimension)


def recount_breakdown(session: Session, filter: Filter, now: datetime, dimension: Dimension) -> Breakdown:
    """The same breakdown counted from the messages, slowly: `load_breakdown` has to be equal to it."""
    return _breakdown(session, session.select(filter, now), session.recount, dimension)


def _breakdown(session: Session, selection: Selection, metrics: MetricsSource, dimension: Dimension) -> Breakdown:
    names = _names(session.connection, dimension)
    rows = (
        BreakdownRow(*_named(key, dimension, names), key, counts)
        for key, counts in metrics.groups(selection, dimension).items()
    )
    return Breakdown(dimension, selection.since, selection.until, sorted_rows(rows))


def sorted_rows(rows: Iterable[BreakdownRow]) -> tuple[BreakdownRow, ...]:
    """Rows with the most starts first; ties by value."""
    return tuple(sorted(rows, key=lambda row: (-row.counts.starts, row.value, str(row.key))))


def row_of(key: GroupKey, dimension: Dimension) -> BreakdownRow:
    """A row without starts, of a dimension whose values need no database to be named: not a line or template."""
    return BreakdownRow(*_named(key, dimension, {}), key, GroupCounts())


Names = Mapping[int, tuple[str, str]]  # value and label, by id


def _names(connection: Queries, dimension: Dimension) -> Names:
    """The names of the ids of a dimension; empty where its keys are no ids."""
    if dimension is Dimension.TEMPLATE:
        return {id: (name, name) for id, name in connection.execute("SELECT id, name FROM templates")}
    if dimension is Dimension.LINE:
        return {id: (value, label) for id, value, label in connection.execute("SELECT id, value, label FROM lines")}
    return {}


def _named(key: GroupKey, dimension: Dimension, names: Names) -> tuple[str, str]:
    """The value and the label of a group."""
    if not isinstance(key, int):
        text = NO_CODE if key is None else key
        return text, text
    if dimension in (Dimension.TEMPLATE, Dimension.LINE):
        return names.get(key) or (_WITHOUT_NAME[key],) * 2
    text = _text(key, dimension)
    return text, text


_WITHOUT_NAME = {UNKNOWN_ID: UNKNOWN, NO_TEMPLATE: WITHOUT_TEMPLATE}


def _text(key: int, dimension: Dimension) -> str:
    match dimension:
        case Dimension.ORIGIN:
            return ORIGINS[key].value
        case Dimension.USER_TYPE:
            return USER_TYPES[key].value
        case Dimension.DAY:
            return date_of(key).isoformat()
        case Dimension.WEEK:
            first = date_of(key)
            if first.weekday() != 0:  # no week of ISO 8601 begins there
                return first.isoformat()
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        case Dimension.MONTH:
            return date_of(key).isoformat()[:7]
        case _:
            return str(key)
