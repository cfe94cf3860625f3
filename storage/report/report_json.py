"""The report in the form of `report --json`; docs/definitions.md defines every member. Computes no number."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from storage.database.codes import ORIGINS
from storage.report.breakdown import Breakdown, BreakdownRow
from storage.report.breakdown_comparison import compared_rows
from storage.report.comparison import Comparison
from storage.report.report import Report


def as_json(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes, its members in the order of the contract."""
    return {
        "filter": str(report.filter),
        "time_zone": report.time_zone,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "starts": report.starts,
        "sends": report.sends,
        "users": report.users,
        "users_sent": report.users_sent,
        "origins": {origin.value: report.origins[origin] for origin in ORIGINS},
        "answered": report.answered._asdict(),
        "status": report.status._asdict(),
        "rates": {name: asdict(rate) for name, rate in report.rates._asdict().items()},
        "user_types": {"new": report.new_users, "recurrent": report.recurrent_users},
        "daily": [
            {"day": day.day.isoformat(), **day.status._asdict(), "referred": day.referred} for day in report.daily
        ],
        "funnel": {
            "since": report.funnel.since.isoformat(),
            "until": report.funnel.until.isoformat(),
            "steps": [asdict(step) for step in report.funnel.steps],
        },
        "failures": [asdict(failure) for failure in report.failures],
        "data": report.data._asdict(),
    }


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """The report of the compared days, and that of the days before as its member `previous`."""
    return {**as_json(comparison.report), "previous": as_json(comparison.previous)}


def breakdown_as_json(breakdown: Breakdown) -> dict[str, Any]:
    """The breakdown as values that `json.dumps` takes."""
    return {"by": breakdown.dimension.value, "rows": [_row_as_json(row) for row in breakdown.rows]}


def compared_breakdown_as_json(breakdown: Breakdown, previous: Breakdown) -> dict[str, Any]:
    """The breakdown of the compared days; each row has the counts of the days before as its member `previous`."""
    rows = [
        {**_row_as_json(one.row), "previous": None if one.previous is None else one.previous._asdict()}
        for one in compared_rows(breakdown, previous)
    ]
    return {"by": breakdown.dimension.value, "rows": rows}


def _row_as_json(row: BreakdownRow) -> dict[str, Any]:
    return {"value": row.value, **row.counts._asdict()}
