"""Proves that a published version and a SQLite database give the same report, in each number. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
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


def differences(one: Session, other: Session, now: datetime) -> list[str]:
    """The members of the report in which two sessions differ, as `report --json --by` names them; empty if in none."""
    pairs = zip(_members(one, now), _members(other, now), strict=True)
    return [name for (name, value), (_, other_value) in pairs if value != other_value]


def _members(session: Session, now: datetime) -> Iterator[tuple[str, Any]]:
    yield from as_json(load_report(session, _EVERYTHING, now)).items()
    for dimension in Dimension:
        yield dimension, breakdown_as_json(load_breakdown(session, _EVERYTHING, now, dimension))
