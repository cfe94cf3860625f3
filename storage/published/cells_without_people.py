"""The counts of a version under a filter that excludes people: those of the cells, less the starts of these people.

Cells do not count by contact, but excluded people are few: test numbers, mostly. Their starts are counted by the plain
rule, and their ids are taken out of the sets of contacts. SQLite's `excluded_starts` does the same.
"""

from __future__ import annotations

from dataclasses import replace
from operator import sub

from storage.domain.dimension import Dimension
from storage.published.cell_counts import CellCounts
from storage.report.filter_exclusions import of_excluded_contacts
from storage.report.grouping import GroupCounts, GroupKey
from storage.report.metrics import (
    DataQualityCounts,
    DayCounts,
    FailureCount,
    UserCounts,
    difference,
    failure_order,
)
from storage.report.recount import Recount
from storage.report.selection import Selection

MOST_PEOPLE = 1_000  # more are counted from the starts: their ids stand in the statement


class CellsWithoutPeople:
    """Counts without the excluded people; a `storage.report.metrics.MetricsSource`."""

    def __init__(self, cells: CellCounts, recount: Recount) -> None:
        """Takes both sources of one version."""
        self._cells, self._recount = cells, recount

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start, in any order."""
        return difference(self._cells.day_counts(selection), self._recount.day_counts(_of_people(selection)))

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, and starts of unknown contacts."""
        excluded = self._recount.data_quality(_of_people(selection))
        return DataQualityCounts(*map(sub, self._cells.data_quality(selection), excluded))

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""
        return self._cells.users(selection)

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """Failures by count, descending; then by code, none last; then by reason."""
        excluded = {(one.code, one.reason): one.count for one in self._recount.failures(_of_people(selection))}
        left = (
            replace(one, count=one.count - excluded.get((one.code, one.reason), 0))
            for one in self._cells.failures(selection)
        )
        return tuple(sorted((one for one in left if one.count), key=failure_order))

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
        excluded = self._recount.groups(_of_people(selection), dimension)
        left = {
            key: counts.plus(excluded.get(key, GroupCounts()).negative())._replace(users=counts.users)
            for key, counts in self._cells.groups(selection, dimension).items()
        }
        return {key: counts for key, counts in left.items() if counts.starts}


def _of_people(selection: Selection) -> Selection:
    """What the selection excludes by contact and would select otherwise."""
    return replace(selection, time_condition=of_excluded_contacts(selection.time_condition))
