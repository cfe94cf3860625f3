"""The rows of the table, page by page: which are read, which are missing, and how each page is read.

Knows no widget. By time, a page is read from the key of the page next to it, and a jump starts at the day that the
daily counts give: so no query counts rows from the top of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.report.notifications import GroupOrder, SortedGroups
from storage.report.report import Day, Report
from storage.stores.interface import Store
from storage.table.pages import NotificationRow, StartRow
from storage.table.sorting import Order, Sorting

PAGE = 100  # rows
_MAX_PAGES = 60  # kept in memory
_QUICK_ROWS = 20_000  # by contact: rows from either end that are found fast enough to wait for

Row = StartRow | NotificationRow


class ScrollPosition(NamedTuple):
    """The first row of the table on the screen, and the row under the cursor."""

    top: int = 0
    cursor: int = 0


@dataclass(slots=True)
class Pager:
    """The rows of one filter at one moment. Only `load` may run in another thread.

    Attributes:
        filter: selects the starts.
        now: the moment.
        grouped: whether the rows are notifications, not single starts.
        count: how many rows there are.
        daily: the counts of each day of the period, the oldest first.
        order: how single starts are sorted.
        reverse: whether the order is reversed.
        by_day: the notifications of each day, if the rows are notifications.
        group_order: how notifications are sorted.
        group_reverse: whether that order is reversed.
    """

    filter: Filter
    now: datetime
    grouped: bool
    count: int
    daily: tuple[Day, ...]
    order: Order = Order.TIME
    reverse: bool = False
    by_day: Mapping[int, int] | None = None
    group_order: GroupOrder = GroupOrder.DAY
    group_reverse: bool = False
    _pages: dict[int, list[Row]] = field(default_factory=dict)
    _sorting: Sorting = field(init=False)
    _groups: SortedGroups = field(init=False)

    def __post_init__(self) -> None:
        self._sorting = Sorting(self.order)
        self._groups = SortedGroups(self.group_order, self.group_reverse)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.count // PAGE)

    def row(self, position: int) -> Row | None:
        """The row at a position; None if it is not read yet or there is none."""
        page = self._pages.get(position // PAGE)
        offset = position % PAGE
        return page[offset] if page is not None and offset < len(page) else None

    def missing(self, first: int, last: int) -> list[int]:
        """The indexes of the pages with rows from `first` to `last` that are not read yet."""
        if self.count == 0:
            return []
        lowest, highest = max(0, first) // PAGE, min(last, self.count - 1) // PAGE
        return [index for index in range(lowest, highest + 1) if index not in self._pages]

    def store(self, index: int, rows: Sequence[Row]) -> None:
        """Keeps a page; if there are too many, forgets the one that is farthest from it."""
        self._pages[index] = list(rows)
        if len(self._pages) > _MAX_PAGES:
            del self._pages[max(self._pages, key=lambda other: abs(other - index))]

    def is_far(self, position: int) -> bool:
        """Whether the row at a position takes long to find: only if sorted by contact, and far from both ends."""
        return self.order is Order.CONTACT and _QUICK_ROWS < position < self.count - _QUICK_ROWS

    def load(self, store: Store, index: int) -> list[Row]:
        """Reads the page with this index; `store` keeps it."""
        position = index * PAGE
        limit = min(PAGE, self.count - position)
        if limit <= 0:
            return []
        if self.grouped and (self.group_order is not GroupOrder.DAY or self.group_reverse):
            return list(store.sorted_notifications(self.filter, self.now, self._groups, position, limit))
        if self.grouped:
            return list(
                store.notifications(self.filter, self.now, position=position, limit=limit, by_day=self.by_day),
            )
        if self.order is Order.TIME:
            return list((self._oldest_first if self.reverse else self._starts)(store, index, position, limit))
        first = self.count - position - limit if self.reverse else position
        rows: list[Row] = [*store.sorted_page(self.filter, self.now, self._sorting, first, limit)]
        return rows[::-1] if self.reverse else rows

    def find_group(self, store: Store, text: str, place: int, by: int) -> int | None:
        """The position of the next (1) or previous (-1) notification with a text in its template or line; it wraps."""
        return self._groups.find(store.session, store.session.select(self.filter, self.now), text, place, by)

    def _starts(self, store: Store, index: int, position: int, limit: int) -> list[StartRow]:
        filter, now = self.filter, self.now
        if index == 0:
            return store.page(filter, now, limit=limit)
        if (before := self._edge(index - 1, -1)) is not None:
            return store.page(filter, now, limit=limit, after=before.cursor)
        if index == self.pages - 1:
            return store.last_page(filter, now, limit=limit)
        if (after := self._edge(index + 1, 0)) is not None:
            return store.page(filter, now, limit=limit, before=after.cursor)
        return self._jump(store, position, limit)

    def _oldest_first(self, store: Store, index: int, position: int, limit: int) -> list[StartRow]:
        """Like `_starts`, in the reverse order of time."""
        filter, now = self.filter, self.now
        if index == 0:
            rows = store.last_page(filter, now, limit=limit)
        elif (older := self._edge(index - 1, -1)) is not None:
            rows = store.page(filter, now, limit=limit, before=older.cursor)
        elif index == self.pages - 1:
            rows = store.page(filter, now, limit=limit)
        elif (newer := self._edge(index + 1, 0)) is not None:
            rows = store.page(filter, now, limit=limit, after=newer.cursor)
        else:
            rows = self._jump(store, self.count - position - limit, limit)
        return rows[::-1]

    def _edge(self, index: int, place: int) -> StartRow | None:
        """The first (0) or last (-1) row of a page; None unless the page is read and complete."""
        page = self._pages.get(index)
        whole = PAGE if index < self.pages - 1 else self.count - index * PAGE
        if page is None or len(page) != whole:
            return None
        row = page[place]
        return row if isinstance(row, StartRow) else None

    def _jump(self, store: Store, position: int, limit: int) -> list[StartRow]:
        newer = 0
        for day in reversed(self.daily):
            total = count_of(day)
            if newer + total > position:
                period = Period(None, day.day.isoformat(), (day.day + timedelta(days=1)).isoformat())
                rows = store.page_at(
                    replace(self.filter, period=period), self.now, position=position - newer, limit=limit
                )
                if rows and len(rows) < limit:
                    rest = limit - len(rows)
                    rows += store.page(self.filter, self.now, limit=rest, after=rows[-1].cursor)
                return rows
            newer += total
        return []


def count_of(day: Day) -> int:
    """All starts of a day."""
    return day.status.total + day.referred


def shifted_position(position: int, before: Report, after: Report) -> int:
    """The position of the same row in a newer report.

    New rows of its own day count as newer than it, because live updates bring newer rows.

    Args:
        position: of the row in `before`; 0 is the newest.
        before: the report in which the position was right.
        after: the newer report.
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
