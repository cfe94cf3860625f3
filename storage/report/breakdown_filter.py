"""From a row of a breakdown to the filter of its starts. Knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from storage.database.codes import ORIGINS, USER_TYPES
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.domain.dimension import OF_TIME, Dimension
from storage.domain.failures import NO_CODE, Reason, failure_value
from storage.domain.filters import Filter
from storage.domain.patterns import ANY, UNKNOWN, literal
from storage.domain.period import Period
from storage.report.breakdown import Breakdown, BreakdownRow
from storage.report.grouping import end_day


def filter_of(filter: Filter, breakdown: Breakdown, row: BreakdownRow) -> Filter:
    """The filter of a breakdown, narrowed to the starts of one of its rows."""
    key = row.key
    match breakdown.dimension:
        case Dimension.LINE:
            return replace(filter, lines=frozenset((UNKNOWN if key == UNKNOWN_ID else literal(row.value),)))
        case Dimension.TEMPLATE:
            return _of_template(filter, row)
        case Dimension.REASON:
            return replace(filter, failures=frozenset(_of_reason(filter.failures, row.value)))
        case Dimension.CODE:
            return replace(filter, failures=frozenset(_of_code(filter.failures, row.value)))
    assert isinstance(key, int)
    if breakdown.dimension is Dimension.ORIGIN:
        return replace(filter, origins=frozenset((ORIGINS[key],)))
    if breakdown.dimension is Dimension.USER_TYPE:
        return replace(filter, user_type=USER_TYPES[key])
    return replace(filter, period=_days(breakdown, key))


def filter_of_rows(filter: Filter, breakdown: Breakdown, rows: Sequence[BreakdownRow]) -> Filter | None:
    """The filter narrowed to the starts of one or more rows; None if no filter selects just these together."""
    first, *others = (filter_of(filter, breakdown, row) for row in rows)
    if not others:
        return first
    if breakdown.dimension is Dimension.USER_TYPE:
        return filter
    if breakdown.dimension in OF_TIME:
        return _of_days(filter, breakdown, sorted(rows, key=lambda row: row.value))
    if breakdown.dimension is Dimension.TEMPLATE and any(row.key == NO_TEMPLATE for row in rows):
        return None
    attribute = _ATTRIBUTES[breakdown.dimension]
    values = frozenset().union(*(getattr(one, attribute) for one in (first, *others)))
    changed: dict[str, Any] = {attribute: values}
    return replace(filter, **changed)


# What holds the values of a dimension, of those that a filter takes several values of.
_ATTRIBUTES = {
    Dimension.TEMPLATE: "templates",
    Dimension.LINE: "lines",
    Dimension.ORIGIN: "origins",
    Dimension.REASON: "failures",
    Dimension.CODE: "failures",
}


def _of_days(filter: Filter, breakdown: Breakdown, rows: Sequence[BreakdownRow]) -> Filter | None:
    """The filter of days, weeks or months that follow each other; None if some between them are left out."""
    firsts = [row.key for row in rows if isinstance(row.key, int)]
    if any(end_day(one, breakdown.dimension) != following for one, following in pairwise(firsts)):
        return None
    since, until = _days(breakdown, firsts[0]).since, _days(breakdown, firsts[-1]).until
    return replace(filter, period=Period(None, since, until))


def _of_template(filter: Filter, row: BreakdownRow) -> Filter:
    if row.key == NO_TEMPLATE:  # it is neither a name nor unknown
        return filter.with_excluded("template", {*filter.excluded_values("template"), ANY})
    return replace(filter, templates=frozenset((UNKNOWN if row.key == UNKNOWN_ID else literal(row.value),)))


def _days(breakdown: Breakdown, first: int) -> Period:
    """The days of a day, week or month that the breakdown has."""
    since: date = max(breakdown.since, date_of(first))
    until: date = min(breakdown.until, date_of(end_day(first, breakdown.dimension)))
    return Period(None, since.isoformat(), until.isoformat())


def _of_reason(selected: Iterable[str], reason: str) -> Iterable[str]:
    """The failures of a reason among the selected ones (empty: all)."""
    found = set()
    for value in selected:
        of_reason, slash, _ = value.partition("/")
        if value.isdigit():
            found.add(f"{reason}/{value}")
        elif of_reason == reason:
            found.add(value if slash else reason)
    return found or {reason}


def _of_code(selected: Iterable[str], code: str) -> Iterable[str]:
    """The failures of a code, or without one, among the selected ones (empty: all)."""
    found = set()
    for value in selected:
        reason, slash, of_code = value.partition("/")
        if value == code or (slash and of_code == code):
            found.add(value)
        elif not slash and not value.isdigit():
            found.add(f"{reason}/{code}")
    if found:
        return found
    return {code} if code != NO_CODE else {failure_value(reason, None) for reason in Reason}
