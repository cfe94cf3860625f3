"""The same figures counted straight from `messages` by SQL: what the cube is compared with, and what answers where no
cell can. Knows nothing of cells."""

from __future__ import annotations

import sqlite3

from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES
from storage.domain.vocabulary import DataFlag, StartStatus
from storage.report.metrics import DataQualityCounts, FailureCount, Row, UserCounts
from storage.report.selection import Selection

_FAILED = STATUSES.index(StartStatus.FAILED)
_ANSWERED = STATUSES.index(StartStatus.ANSWERED)
_BY_STATUS = ", ".join(f"sum(m.status = {status})" for status in range(_FAILED, _ANSWERED + 1))
_BY_ORIGIN = ", ".join(f"sum(m.origin = {origin})" for origin in range(len(ORIGINS)))


class Recount:
    """Figures that are counted from the messages themselves."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, selection: Selection) -> list[Row]:
        """The starts of each day that has any."""
        return self._connection.execute(
            f"SELECT m.day, {_BY_STATUS}, {_BY_ORIGIN} FROM messages AS m WHERE {selection.condition} GROUP BY m.day",
            selection.parameters,
        ).fetchall()

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """What a person should know of the sends."""
        row = self._connection.execute(
            f"""
            SELECT sum(m.start_template IS NULL),
                   sum((m.marks & {DataFlag.JOINED.value}) <> 0),
                   sum((m.marks & {DataFlag.IMPLIED.value}) <> 0), sum((m.marks & {DataFlag.CONFLICT.value}) <> 0)
            FROM messages AS m
            WHERE {selection.condition} AND m.origin < {REFERRED_FROM}
            """,
            selection.parameters,
        ).fetchone()
        return DataQualityCounts(*(value or 0 for value in row))

    def users(self, selection: Selection) -> UserCounts:
        """All that is a count of distinct contacts."""
        row = self._connection.execute(
            f"""
            SELECT count(*), sum(sent), sum(reached), sum(answered), sum(eligible), sum(new)
            FROM (
                SELECT max(m.origin < {REFERRED_FROM}) AS sent,
                       max(m.origin < {REFERRED_FROM} AND m.status <> {_FAILED}) AS reached,
                       max(m.status = {_ANSWERED}) AS answered,
                       max(m.status <> {_FAILED}) AS eligible,
                       max(m.status <> {_FAILED} AND m.user_type = 0) AS new
                FROM messages AS m
                WHERE {selection.condition} AND m.contact IS NOT NULL
                GROUP BY m.contact
            )
            """,
            selection.parameters,
        ).fetchone()
        return UserCounts(*(value or 0 for value in row))

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """By count, then code, then reason."""
        rows = self._connection.execute(
            f"""
            SELECT m.failure_code, m.failure_reason, count(*), count(DISTINCT m.contact)
            FROM messages AS m
            WHERE {selection.condition} AND m.status = {_FAILED}
            GROUP BY m.failure_code, m.failure_reason
            ORDER BY count(*) DESC, m.failure_code IS NULL, m.failure_code, m.failure_reason
            """,
            selection.parameters,
        )
        return tuple(FailureCount(*row) for row in rows)
