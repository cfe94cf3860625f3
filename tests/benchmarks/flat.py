"""The report of a peer: plain SQL over one flat table `starts`, with exact count(DISTINCT).

DuckDB and SQLite run the same statements; their modules fill and index the table.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import number_of
from storage.domain.dimension import OF_FAILURES, Dimension
from storage.report.breakdown import Breakdown
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
    """A database engine with the flat table in its own file."""

    name = ""
    rounds = 3  # how often each report is measured, after a first one whose result is compared with saludo's

    def ask(self, statement: str) -> Rows:
        """Executes a statement and returns all rows."""
        raise NotImplementedError

    def report(self, selection: Selection) -> tuple[Any, ...]:
        """Queries a report: counts by day, distinct users, failures with users, and the funnel of the week."""
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
        """Compares the peer's result with saludo's report; raises AssertionError if they differ."""
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

    def breakdown(self, selection: Selection, dimension: Dimension) -> Rows:
        """Queries a breakdown: a row a value with starts, sends, distinct users and sends by how far they got."""
        failed = " AND status = 0" if dimension in OF_FAILURES else ""
        return self.ask(
            f"""
            SELECT {_GROUP_KEYS[dimension]}, count(*), count(*) FILTER (WHERE origin < 2), count(DISTINCT contact),
                   count(*) FILTER (WHERE status = 0), count(*) FILTER (WHERE status BETWEEN 2 AND 4),
                   count(*) FILTER (WHERE status BETWEEN 3 AND 4), count(*) FILTER (WHERE status = 4)
            FROM starts WHERE {_condition(selection)}{failed} GROUP BY 1
            """
        )

    def check_breakdown(self, selection: Selection, breakdown: Breakdown) -> None:
        """Compares the peer's rows with saludo's; raises AssertionError if they differ."""
        expected = {None if row.key == NO_TEMPLATE else row.key: tuple(row.counts) for row in breakdown.rows}
        assert {row[0]: row[1:] for row in self.breakdown(selection, breakdown.dimension)} == expected, self.name


# The benchmark's starts lack a template only if they are referred.
_GROUP_KEYS = {
    Dimension.TEMPLATE: "start_template",
    Dimension.LINE: "line",
    Dimension.ORIGIN: "origin",
    Dimension.USER_TYPE: "user_type",
    Dimension.DAY: "day",
    Dimension.WEEK: "day - (day + 3) % 7",
    Dimension.MONTH: "date_trunc('month', DATE '1970-01-01' + day)::DATE - DATE '1970-01-01'",
    Dimension.REASON: "failure_reason",
    Dimension.CODE: "failure_code",
}


def _week(selection: Selection) -> Selection:
    """The days of the funnel: this week, or the last one of a period that ends before it."""
    today = date(2026, 11, 23)
    if selection.until <= today - timedelta(days=today.weekday()):
        today = selection.until - timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    return selection.between(monday, monday + timedelta(days=7))


def _condition(selection: Selection) -> str:
    """The selection as SQL without parameters: all values are numbers."""
    chosen = selection.dimensions
    parts = [f"day >= {number_of(selection.since)} AND day < {number_of(selection.until)}"]
    for column, values in (("line", chosen.lines), ("start_template", chosen.templates), ("origin", chosen.origins)):
        if values is not None:
            parts.append(f"{column} IN ({', '.join(map(str, sorted(values - {UNKNOWN_ID})))})")
    if chosen.user_type is not None:
        parts.append(f"user_type = {chosen.user_type}")
    return " AND ".join(parts)
