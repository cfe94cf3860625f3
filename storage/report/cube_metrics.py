"""The counts of recount.py from the cube, which is faster; dirty days are counted from the messages. Writes nothing.

What a filter excludes by contact is subtracted (excluded_starts.py).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection
from operator import sub

from pyroaring import BitMap

from storage.database.codes import STATUS_FAILED
from storage.domain.dimension import Dimension
from storage.report.cube_breakdown import CubeBreakdown
from storage.report.cube_catalog import CubeCatalog, FailureKind
from storage.report.cube_counters import CubeCounters
from storage.report.cube_users import CubeUsers
from storage.report.excluded_starts import ExcludedReader
from storage.report.grouping import GroupCounts, GroupKey
from storage.report.metrics import DataQualityCounts, DayCounts, FailureCount, UserCounts, difference, failure_order
from storage.report.recount import Recount, with_referred
from storage.report.selection import Selection
from storage.report.user_set_reader import LeafCell


class Cube:
    """Counts of the cube in one read transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.catalog = CubeCatalog(connection)
        self._counters = CubeCounters(self.catalog)
        self._users = CubeUsers(self.catalog)
        self._recount = Recount(connection)
        self.excluded = ExcludedReader(self.catalog)
        self._breakdown = CubeBreakdown(self._counters, self._users, self.excluded, self._recount)

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start, in any order."""
        days = difference(self._counters.day_counts(selection), self.excluded.day_counts(selection))
        for part in self.catalog.dirty_parts(selection):
            days += self._recount.day_counts(part)
        return days

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, and starts of unknown contacts."""
        counted, excluded = self._counters.send_quality(selection), self.excluded.quality(selection)
        parts = [DataQualityCounts(*map(sub, counted, excluded))]
        parts += map(self._recount.send_quality, self.catalog.dirty_parts(selection))
        sends = DataQualityCounts(*map(sum, zip(*parts, strict=True)))
        return with_referred(sends, self._recount.referred_without_contact(selection))

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""
        return self._users.counts(selection)

    def contacts(self, selection: Selection) -> BitMap:
        """The distinct contacts themselves."""
        return self._users.contacts(selection)

    def sent_by_cell(self, selection: Selection, cells: Collection[LeafCell]) -> dict[LeafCell, int]:
        """How many contacts the selected sends of each cell went to; the cells must have no dirty day."""
        return self._users.sent_by_cell(selection, cells)

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
        return self._breakdown.groups(selection, dimension)

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """Failures by count, descending; then by code, none last; then by reason."""
        kinds = self.catalog.failure_kinds
        counts: defaultdict[FailureKind, int] = defaultdict(int)
        for total in self._counters.totals(selection):
            if total.failure and total.sends:
                counts[kinds[total.failure]] += total.sends
        for kind, count in self.excluded.failures(selection).items():
            counts[kind] -= count
        users: dict[FailureKind, BitMap] = {}
        if counts:
            users = {kinds[id]: contacts for id, contacts in self._users.failed(selection).items()}
        for part in self.catalog.dirty_parts(selection):
            self._add_failures(part, counts, users)
        failures = [FailureCount(*kind, count, len(users.get(kind, ()))) for kind, count in counts.items() if count]
        return tuple(sorted(failures, key=failure_order))

    def _add_failures(
        self, selection: Selection, counts: dict[FailureKind, int], users: dict[FailureKind, BitMap]
    ) -> None:
        """Adds the failed sends of some dirty days, from the messages."""
        rows = self.connection.execute(
            f"""
            SELECT m.failure_code, m.failure_reason, m.contact FROM messages AS m
            WHERE {selection.condition} AND m.status = {STATUS_FAILED}
            """,
            selection.parameters,
        )
        for code, reason, contact in rows:
            kind = (code, reason)
            counts[kind] = counts.get(kind, 0) + 1
            if contact is not None:
                users.setdefault(kind, BitMap()).add(contact)
