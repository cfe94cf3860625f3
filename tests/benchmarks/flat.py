"""What a peer is asked: the report as plain SQL over one flat table `starts`, with exact count(DISTINCT).

DuckDB and SQLite run the same statements; each peer's module says how its table is filled and indexed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from storage.database.unknown_ids import UNKNOWN_ID
from storage.domain.calendar import number_of
from storage.report.report import Report
from storage.report.selection import Selection

COLUMNS = {
    "day": "INTEGER",
    "line": "SMALLINT",
    "start_template": "SMALLINT",
    "origin": "TINYINT",
    "user_type": "TINYINT",
    "status": "TINYINT",
    "failure_code": "INTEGER",
    "failure_reason": "VARCHAR",
    "contact": "INTEGER",
    "marks": "TINYINT",
    "start_at": "BIGINT",
}
EVERY_START = f"SELECT {', '.join(COLUMNS)} FROM messages WHERE origin IS NOT NULL ORDER BY start_at"

Rows = list[tuple[Any, ...]]


class Peer:
    """An engine with the flat table in a file of its own."""

    name = ""
    rounds = 3  # times that each report is measured, after the one whose answer is compared

    def ask(self, statement: str) -> Rows:
        """All rows that the engine answers with."""
        raise NotImplementedError

    def report(self, selection: Selection) -> tuple[Any, ...]:
        """What a report needs: counts by day, distinct users, failures with users, and the funnel of the week."""
        condition = _condition(selection)
        daily = self.ask(
            f"""
            SELECT day, origin, status, count(*), sum(CASE WHEN start_template IS NULL THEN 1 ELSE 0 END),
                   sum(marks & 1), sum(marks & 2), sum(marks & 4)
            FROM starts WHERE {condition} GROUP BY day, origin, status
            """
        )
        users = self.ask(
            f"""
            SELECT count(DISTINCT contact), count(DISTINCT contact) FILTER (WHERE origin < 2),
                   count(DISTINCT contact) FILTER (WHERE origin < 2 AND status <> 0),
                   count(DISTINCT contact) FILTER (WHERE status = 4),
                   count(DISTINCT contact) FILTER (WHERE status <> 0),
                   count(DISTINCT contact) FILTER (WHERE status <> 0 AND user_type = 0)
            FROM starts WHERE {condition}
            """
        )[0]
        failures = self.ask(
            f"""
            SELECT failure_code, failure_reason, count(*), count(DISTINCT contact)
            FROM starts WHERE {condition} AND status = 0 GROUP BY failure_code, failure_reason
            """
        )
        week = self.ask(
            f"SELECT status, count(*) FROM starts WHERE {_condition(_week(selection))} AND origin < 2 GROUP BY status"
        )
        return daily, users, failures, week

    def check(self, selection: Selection, report: Report) -> None:
        """Raises AssertionError where it says anything else than the report."""
        daily, users, failures, week = self.report(selection)
        expected = (
            report.users,
            report.users_sent,
            report.answered.users_reached,
            report.answered.users_answered,
            report.new_users + report.recurrent_users,
            report.new_users,
        )
        assert users == expected, (self.name, users, expected)
        assert sum(row[3] for row in daily) == report.starts
        assert {row[:2]: row[2:] for row in failures} == {
            (one.code, one.reason): (one.count, one.users) for one in report.failures
        }
        assert sum(count for status, count in week if status) == report.funnel.steps[0].count


def _week(selection: Selection) -> Selection:
    today = date(2026, 11, 23)
    monday = today - timedelta(days=today.weekday())
    return selection.between(monday, monday + timedelta(days=7))


def _condition(selection: Selection) -> str:
    """The selection in SQL of ours; the benchmark's own numbers, so that nothing needs a parameter."""
    chosen = selection.dimensions
    parts = [f"day >= {number_of(selection.since)} AND day < {number_of(selection.until)}"]
    for column, values in (("line", chosen.lines), ("start_template", chosen.templates), ("origin", chosen.origins)):
        if values is not None:
            parts.append(f"{column} IN ({', '.join(map(str, sorted(values - {UNKNOWN_ID})))})")
    if chosen.user_type is not None:
        parts.append(f"user_type = {chosen.user_type}")
    return " AND ".join(parts)
