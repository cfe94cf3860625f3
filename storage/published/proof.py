"""Proves that a published version and a SQLite database give the same report, in each number. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from storage.domain.dimension import Dimension
from storage.domain.filters import Filter
from storage.domain.period import ALL_TIME
from storage.report.breakdown import load_breakdown
from storage.report.report import load_report
from storage.report.report_json import as_json, breakdown_as_json
from storage.report.session import Session

_EVERYTHING = Filter(ALL_TIME)
OF_RECORDS = frozenset({"data"})  # members that tell of the records that were read, and not of the starts


def differences(
    one: Session, other: Session, now: datetime, filter: Filter = _EVERYTHING, without: Collection[str] = ()
) -> list[str]:
    """The members of the report in which two sessions differ, as `report --json --by` names them; empty if in none.

    Args:
        now: the time that both are asked at.
        filter: what both are asked for.
        without: members that may differ.
    """
    pairs = zip(_members(one, now, filter), _members(other, now, filter), strict=True)
    return [name for (name, value), (_, other_value) in pairs if value != other_value and name not in without]


def _members(session: Session, now: datetime, filter: Filter) -> Iterator[tuple[str, Any]]:
    yield from as_json(load_report(session, filter, now)).items()
    for dimension in Dimension:
        yield dimension, breakdown_as_json(load_breakdown(session, filter, now, dimension))
