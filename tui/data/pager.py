"""The rows of the table, page by page: which are known, which are wanted, and how each page is found.

Knows no widget. A page is read from its neighbour's key; a jump starts within the day that the daily series names, so
that nothing is ever counted off from the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.report.read_session import ReadSession
from storage.report.report import Day, Report
from storage.table import pages
from storage.table.pages import NotificationRow, StartRow
from storage.table.sorting import Order, Sorting

PAGE = 100  # rows
_KEPT = 60  # pages
_AT_HAND = 20_000  # rows that are counted by contact while one waits

Row = StartRow | NotificationRow


@dataclass(slots=True)
class Pager:
    """The rows of one filter at one moment; `load` may run in another thread, everything else in the screen's."""

    filter: Filter
    now: datetime
    grouped: bool
    count: int
    daily: tuple[Day, ...]
    order: Order = Order.TIME
    reverse: bool = False
    by_day: Mapping[int, int] | None = None  # groups of each day, where the rows are groups
    _pages: dict[int, list[Row]] = field(default_factory=dict)
    _sorting: Sorting = field(init=False)

    def __post_init__(self) -> None:
        self._sorting = Sorting(self.order)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.count // PAGE)

    def row(self, position: int) -> Row | None:
        """The row at a position, None where it is not read yet or there is none."""
        page = self._pages.get(position // PAGE)
        offset = position % PAGE
        return page[offset] if page is not None and offset < len(page) else None

    def missing(self, first: int, last: int) -> list[int]:
        """The pages that the rows from `first` to `last` need and that are not read yet."""
        if self.count == 0:
            return []
        lowest, highest = max(0, first) // PAGE, min(last, self.count - 1) // PAGE
        return [index for index in range(lowest, highest + 1) if index not in self._pages]

    def store(self, index: int, rows: Sequence[Row]) -> None:
        """Keeps a page, and lets go of the one that is farthest from it where there are too many."""
        self._pages[index] = list(rows)
        if len(self._pages) > _KEPT:
            del self._pages[max(self._pages, key=lambda other: abs(other - index))]

    def is_far(self, position: int) -> bool:
        """Whether the row at a position takes long to find: only by contact, and far from both ends."""
        return self.order is Order.CONTACT and _AT_HAND < position < self.count - _AT_HAND

    def load(self, session: ReadSession, index: int) -> list[Row]:
        """Reads one page."""
        position = index * PAGE
        limit = min(PAGE, self.count - position)
        if limit <= 0:
            return []
        if self.grouped:
            return list(
                pages.notifications(session, self.filter, self.now, position=position, limit=limit, by_day=self.by_day),
            )
        if self.order is Order.TIME and not self.reverse:
            return list(self._starts(session, index, position, limit))
        first = self.count - position - limit if self.reverse else position
        rows: list[Row] = [*pages.sorted_page(session, self.filter, self.now, self._sorting, first, limit)]
        return rows[::-1] if self.reverse else rows

    def _starts(self, session: ReadSession, index: int, position: int, limit: int) -> list[StartRow]:
        filter, now = self.filter, self.now
        if index == 0:
            return pages.page(session, filter, now, limit=limit)
        if (before := self._edge(index - 1, -1)) is not None:
            return pages.page(session, filter, now, limit=limit, after=before.cursor)
        if index == self.pages - 1:
            return pages.last_page(session, filter, now, limit=limit)
        if (after := self._edge(index + 1, 0)) is not None:
            return pages.page(session, filter, now, limit=limit, before=after.cursor)
        return self._jump(session, position, limit)

    def _edge(self, index: int, place: int) -> StartRow | None:
        """The first or last row of a page that is known and whole."""
        page = self._pages.get(index)
        whole = PAGE if index < self.pages - 1 else self.count - index * PAGE
        if page is None or len(page) != whole:
            return None
        row = page[place]
        return row if isinstance(row, StartRow) else None

    def _jump(self, session: ReadSession, position: int, limit: int) -> list[StartRow]:
        newer = 0
        for day in reversed(self.daily):
            total = count_of(day)
            if newer + total > position:
                period = Period(None, day.day.isoformat(), (day.day + timedelta(days=1)).isoformat())
                rows = pages.page_at(
                    session, replace(self.filter, period=period), self.now, position=position - newer, limit=limit
                )
                if rows and len(rows) < limit:
                    rest = limit - len(rows)
                    rows += pages.page(session, self.filter, self.now, limit=rest, after=rows[-1].cursor)
                return rows
            newer += total
        return []


def count_of(day: Day) -> int:
    """All starts of a day."""
    return day.status.total + day.referred


def moved(position: int, before: Report, after: Report) -> int:
    """Where the row at a position stands in a newer report: as many rows further as came on top of it.

    Rows that came within its own day count as newer than it: what is read live is newer than what was there.
    """
    newer = 0
    for day in reversed(before.daily):
        if newer + count_of(day) > position:
            within = position - newer
            above = sum(count_of(other) for other in after.daily if other.day > day.day)
            same = next((count_of(other) for other in after.daily if other.day == day.day), 0)
            return above + within + same - count_of(day)
        newer += count_of(day)
    return position
