"""The starts of the contacts that a filter excludes, read once from the messages, to subtract them from the cube.

The cube does not count by contact, but excluded people are few: test numbers, mostly. So what the cube counts of
everyone, less what they have, is what is left. `tests/storage/report/test_exclusions.py` compares it with a recount.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUS_FAILED, STATUS_RECEIVED
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID, UNKNOWN_ID
from storage.domain.calendar import number_of
from storage.domain.vocabulary import DataFlag
from storage.report.cube_catalog import CubeCatalog, FailureKind
from storage.report.filter_conditions import UNKNOWN_CONTACT
from storage.report.metrics import DataQualityCounts, DayCounts
from storage.report.selected_failures import is_selected
from storage.report.selection import Dimensions, Selection

_READ = f"""
SELECT m.day, {LINE_ID}, {TEMPLATE_ID}, m.origin, m.user_type, m.status, m.failure_code, m.failure_reason, m.marks,
       m.contact IS NULL, count(*)
FROM {{source}} WHERE m.origin IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
_OF_CONTACTS = """
json_each(?) AS one CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = one.value"""
_OF_UNKNOWN = "(SELECT ?) CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact IS NULL"


class ExcludedStarts(NamedTuple):
    """Starts of excluded contacts that have everything else in common.

    Attributes:
        day: days since 1970-01-01.
        line: its id, as in the cube.
        template: its id, as in the cube.
        code: of its failure.
        reason: of its failure.
        marks: data-quality flags.
        is_unknown: whether no record identifies the contact.
        starts: how many there are.
    """

    day: int
    line: int
    template: int
    origin: int
    user_type: int
    status: int
    code: int | None
    reason: str | None
    marks: int
    is_unknown: int
    starts: int


class ExcludedReader:
    """Reads excluded starts in one read transaction; those of the same contacts once."""

    def __init__(self, catalog: CubeCatalog) -> None:
        self._catalog = catalog
        self._by_day: dict[frozenset[int], dict[int, list[ExcludedStarts]]] = {}

    def starts(self, selection: Selection) -> Iterator[ExcludedStarts]:
        """What the cube counts of the selection but the filter excludes by contact: on days that are not dirty."""
        dimensions = selection.dimensions
        if not dimensions.other_contacts:
            return
        first, end = number_of(selection.since), number_of(selection.until)
        for day, starts in self._starts_by_day(dimensions.other_contacts).items():
            if first <= day < end and not self._catalog.is_dirty_day(day):
                yield from (one for one in starts if _is_counted(one, dimensions))

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day."""
        of_days: dict[int, list[ExcludedStarts]] = defaultdict(list)
        for one in self.starts(selection):
            of_days[one.day].append(one)
        return [counts_of(day, starts) for day, starts in of_days.items()]

    def quality(self, selection: Selection) -> DataQualityCounts:
        """The sends with data-quality flags."""
        sends = [one for one in self.starts(selection) if one.origin < REFERRED_FROM]

        def flagged(flag: DataFlag) -> int:
            return sum(one.starts for one in sends if one.marks & flag.value)

        return DataQualityCounts(
            unknown_template=sum(one.starts for one in sends if one.template == UNKNOWN_ID),
            joined=flagged(DataFlag.JOINED),
            implied=flagged(DataFlag.IMPLIED),
            conflicts=flagged(DataFlag.CONFLICT),
            unknown_contacts=sum(one.starts for one in sends if one.is_unknown),
        )

    def failures(self, selection: Selection) -> Counter[FailureKind]:
        """The failed sends by their failure."""
        counts: Counter[FailureKind] = Counter()
        for one in self.starts(selection):
            if one.status == STATUS_FAILED and one.reason is not None:
                counts[one.code, one.reason] += one.starts
        return counts

    def _starts_by_day(self, contacts: frozenset[int]) -> dict[int, list[ExcludedStarts]]:
        if contacts not in self._by_day:
            by_day: dict[int, list[ExcludedStarts]] = defaultdict(list)
            for one in _read(self._catalog.connection, contacts):
                by_day[one.day].append(one)
            self._by_day[contacts] = dict(by_day)
        return self._by_day[contacts]


def counts_of(day: int, starts: Iterable[ExcludedStarts]) -> DayCounts:
    """The counts of some starts of one day."""
    by_status, by_origin = [0] * STATUS_RECEIVED, [0] * len(ORIGINS)
    for one in starts:
        if one.status < STATUS_RECEIVED:
            by_status[one.status] += one.starts
        by_origin[one.origin] += one.starts
    return DayCounts(day, *by_status, *by_origin)


def _read(connection: sqlite3.Connection, contacts: frozenset[int]) -> Iterator[ExcludedStarts]:
    known = json.dumps(sorted(contacts - {UNKNOWN_CONTACT}))
    yield from map(ExcludedStarts._make, connection.execute(_READ.format(source=_OF_CONTACTS), (known,)))
    if UNKNOWN_CONTACT in contacts:
        yield from map(ExcludedStarts._make, connection.execute(_READ.format(source=_OF_UNKNOWN), (0,)))


def _is_counted(one: ExcludedStarts, dimensions: Dimensions) -> bool:
    """Whether the dimensions select these starts, the excluded contacts aside."""
    if not (
        dimensions.includes(one.origin, one.user_type)
        and (dimensions.lines is None or one.line in dimensions.lines)
        and (dimensions.templates is None or one.template in dimensions.templates)
        and (dimensions.statuses is None or one.status in dimensions.statuses)
    ):
        return False
    if one.status != STATUS_FAILED or one.reason is None:
        return dimensions.failures is None
    if dimensions.failures is not None and not is_selected(dimensions.failures, one.code, one.reason):
        return False
    return not is_selected(dimensions.other_failures, one.code, one.reason)
