"""The plain rule: computes every count of a report from `messages` in SQL. Does not use the cube.

The counts from the cube (cube_metrics.py) must equal these. A filter by contact always uses these, because the cube
does not count by contact.
"""

from __future__ import annotations

from pyroaring import BitMap

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES
from storage.database.queries import Queries
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID
from storage.domain.dimension import OF_FAILURES, Dimension
from storage.domain.vocabulary import DataFlag, StartStatus
from storage.report.grouping import GroupCounts, GroupKey
from storage.report.metrics import DataQualityCounts, DayCounts, FailureCount, UserCounts, day_counts_of
from storage.report.selection import Selection

_FAILED = STATUSES.index(StartStatus.FAILED)
_DELIVERED, _READ = STATUSES.index(StartStatus.DELIVERED), STATUSES.index(StartStatus.READ)
_ANSWERED = STATUSES.index(StartStatus.ANSWERED)
_BY_STATUS = ", ".join(f"sum(m.status = {status})" for status in range(_FAILED, _ANSWERED + 1))
_BY_ORIGIN = ", ".join(f"sum(m.origin = {origin})" for origin in range(len(ORIGINS)))

_GROUP_KEYS = {
    Dimension.TEMPLATE: TEMPLATE_ID,
    Dimension.LINE: LINE_ID,
    Dimension.ORIGIN: "m.origin",
    Dimension.USER_TYPE: "m.user_type",
    Dimension.DAY: "m.day",
    # 1970-01-01 was a Thursday. What is taken off cannot be negative: SQLite's % keeps the sign.
    Dimension.WEEK: "m.day - ((m.day + 3 - :first_weekday) % 7 + 7) % 7",
    Dimension.MONTH: "CAST(strftime('%s', m.day * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400",
    Dimension.REASON: "m.failure_reason",
    Dimension.CODE: "m.failure_code",
}


def with_referred(sends: DataQualityCounts, unknown_contacts: int) -> DataQualityCounts:
    """Counts of sends, with the referred starts of unknown contacts added."""
    return sends._replace(unknown_contacts=sends.unknown_contacts + unknown_contacts)


class Recount:
    """Counts from `messages`, in one read transaction."""

    def __init__(self, connection: Queries) -> None:
        self._connection = connection

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start, in any order."""
        rows = self._connection.execute(
            f"SELECT m.day, {_BY_STATUS}, {_BY_ORIGIN} FROM messages AS m WHERE {selection.condition} GROUP BY m.day",
            selection.parameters,
        )
        return day_counts_of(rows)

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, and starts of unknown contacts."""
        return with_referred(self.send_quality(selection), self.referred_without_contact(selection))

    def referred_without_contact(self, selection: Selection) -> int:
        """The referred starts of unknown contacts. The cube does not count them: they are few and have an index."""
        count: int = self._connection.execute(
            f"""
            SELECT count(*) FROM messages AS m INDEXED BY referred_without_contact
            WHERE {selection.condition} AND m.contact IS NULL AND m.origin >= {REFERRED_FROM}
            """,
            selection.parameters,
        ).fetchone()[0]
        return count

    def send_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags."""
        row = self._connection.execute(
            f"""
            SELECT sum(m.start_template IS NULL),
                   sum((m.marks & {DataFlag.JOINED.value}) <> 0),
                   sum((m.marks & {DataFlag.IMPLIED.value}) <> 0), sum((m.marks & {DataFlag.CONFLICT.value}) <> 0),
                   sum(m.contact IS NULL)
            FROM messages AS m
            WHERE {selection.condition} AND m.origin < {REFERRED_FROM}
            """,
            selection.parameters,
        ).fetchone()
        return DataQualityCounts(*(value or 0 for value in row))

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""
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
        """Failures by count, descending; then by code, none last; then by reason."""
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

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
        rows = self._connection.execute(
            f"""
            SELECT {_GROUP_KEYS[dimension]}, count(*), sum(m.origin < {REFERRED_FROM}), count(DISTINCT m.contact),
                   sum(m.status = {_FAILED}), sum(m.status BETWEEN {_DELIVERED} AND {_ANSWERED}),
                   sum(m.status BETWEEN {_READ} AND {_ANSWERED}), sum(m.status = {_ANSWERED})
            FROM messages AS m WHERE {_grouped(selection, dimension)} GROUP BY 1
            """,
            _with_weeks(selection),
        )
        return {key: GroupCounts(*counts) for key, *counts in rows}

    def contacts(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, BitMap]:
        """The distinct contacts of each group, for a group that is counted in parts."""
        rows = self._connection.execute(
            f"""
            SELECT DISTINCT {_GROUP_KEYS[dimension]}, m.contact FROM messages AS m
            WHERE {_grouped(selection, dimension)} AND m.contact IS NOT NULL
            """,
            _with_weeks(selection),
        )
        contacts: dict[GroupKey, BitMap] = {}
        for key, contact in rows:
            contacts.setdefault(key, BitMap()).add(contact)
        return contacts


def _with_weeks(selection: Selection) -> dict[str, str | int]:
    """The parameters of the condition, and the day that weeks begin on."""
    return selection.parameters | {"first_weekday": selection.calendar.first_weekday}


def _grouped(selection: Selection, dimension: Dimension) -> str:
    """The condition on the starts that a dimension groups."""
    return f"{selection.condition} AND m.status = {_FAILED}" if dimension in OF_FAILURES else selection.condition
