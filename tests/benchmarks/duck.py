"""The same starts in DuckDB's own file, and the same report by its SQL with exact COUNT(DISTINCT)."""

from __future__ import annotations

import csv
import json
import sqlite3
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from storage.calendar import number_of
from storage.report import Report
from storage.selection import UNKNOWN_ID, Selection

_COLUMNS = {
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


class Duck:
    """DuckDB with as many threads as it likes."""

    def __init__(self, path: Path) -> None:
        import duckdb

        self._connection = duckdb.connect(str(path))

    def fill(self, database: Path) -> None:
        """Copies the starts of a database, in the order of time, as text that DuckDB reads."""
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        with tempfile.TemporaryDirectory(dir=database.parent) as directory:
            place = Path(directory) / "starts.csv"
            with place.open("w", newline="") as file:
                rows = connection.execute(
                    f"SELECT {', '.join(_COLUMNS)} FROM messages WHERE origin IS NOT NULL ORDER BY start_at"
                )
                csv.writer(file).writerows(rows)
            types = json.dumps(_COLUMNS).replace('"', "'")
            self._connection.execute(
                f"CREATE TABLE starts AS SELECT * FROM read_csv('{place}', header = false, columns = {types})"
            )
        connection.close()
        self._connection.execute("CHECKPOINT")

    def report(self, selection: Selection) -> tuple[Any, ...]:
        """What a report needs: counts by day, distinct users, failures with users, and the funnel of the week."""
        condition = _condition(selection)
        daily = self._connection.execute(
            f"""
            SELECT day, origin, status, count(*), sum(CASE WHEN start_template IS NULL THEN 1 ELSE 0 END),
                   sum(marks & 1), sum(marks & 2), sum(marks & 4)
            FROM starts WHERE {condition} GROUP BY ALL
            """
        ).fetchall()
        users = self._connection.execute(
            f"""
            SELECT count(DISTINCT contact), count(DISTINCT contact) FILTER (origin < 2),
                   count(DISTINCT contact) FILTER (origin < 2 AND status <> 0),
                   count(DISTINCT contact) FILTER (status = 4), count(DISTINCT contact) FILTER (status <> 0),
                   count(DISTINCT contact) FILTER (status <> 0 AND user_type = 0)
            FROM starts WHERE {condition}
            """
        ).fetchone()
        failures = self._connection.execute(
            f"""
            SELECT failure_code, failure_reason, count(*), count(DISTINCT contact)
            FROM starts WHERE {condition} AND status = 0 GROUP BY ALL
            """
        ).fetchall()
        week = self._connection.execute(
            f"SELECT status, count(*) FROM starts WHERE {_condition(_week(selection))} AND origin < 2 GROUP BY ALL"
        ).fetchall()
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
        assert users == expected, (users, expected)
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
    """The selection in DuckDB's SQL; the benchmark's own numbers, so that nothing needs a parameter."""
    chosen = selection.chosen
    parts = [f"day >= {number_of(selection.since)} AND day < {number_of(selection.until)}"]
    for column, values in (("line", chosen.lines), ("start_template", chosen.templates), ("origin", chosen.origins)):
        if values is not None:
            parts.append(f"{column} IN ({', '.join(map(str, sorted(values - {UNKNOWN_ID})))})")
    if chosen.user_type is not None:
        parts.append(f"user_type = {chosen.user_type}")
    return " AND ".join(parts)
