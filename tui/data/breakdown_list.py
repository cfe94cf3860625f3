"""The rows of a breakdown as the table shows them: sorted, found by text, marked. Knows no widget and no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from rich.cells import cell_len

from storage.domain.dimension import OF_FAILURES, OF_TIME, Dimension
from storage.domain.folding import folded
from storage.domain.proportions import Rate
from storage.report.breakdown import Breakdown, BreakdownRow
from storage.report.breakdown_comparison import ComparedRow, compared_rows
from storage.report.grouping import GroupCounts, GroupKey
from tui.words.breakdown_words import row_name


class SortBy(StrEnum):
    """The columns that a breakdown can be sorted by."""

    NAME = "name"
    STARTS = "starts"
    SENDS = "sends"
    USERS = "users"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    FAILED = "failed"
    CHANGE = "change"


RATES = (SortBy.DELIVERED, SortBy.READ, SortBy.ANSWERED, SortBy.FAILED)


# The columns in the order in which they are sorted by and scrolled into view: the change belongs to the starts, and the
# rates matter more than what they are of.
SORTING_ORDER = (SortBy.NAME, SortBy.STARTS, SortBy.CHANGE, *RATES, SortBy.SENDS, SortBy.USERS)


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a breakdown is sorted: the greatest numbers or the newest days first, names from A; or reversed."""

    by: SortBy
    reverse: bool = False


def first_sorting(dimension: Dimension) -> Sorting:
    """How a breakdown is sorted at first: days, weeks and months the newest first, others the most starts first."""
    return Sorting(SortBy.NAME if dimension in OF_TIME else SortBy.STARTS)


def columns_of(dimension: Dimension, compared: bool) -> tuple[SortBy, ...]:
    """The columns that a dimension has, in the order in which they are shown."""
    rates = () if dimension in OF_FAILURES else RATES
    sends = () if dimension in OF_FAILURES else (SortBy.SENDS,)
    return (SortBy.NAME, SortBy.STARTS, *sends, SortBy.USERS, *rates, *((SortBy.CHANGE,) if compared else ()))


@dataclass
class BreakdownList:
    """The rows of one breakdown in the order of the table.

    Attributes:
        breakdown: the rows and their dimension.
        previous: the breakdown of the days before, if they are compared.
        sorting: how the rows are sorted; `sort` changes it.
        total: the sends that failed under the same filter, of which reasons and codes have a share.
        marked: the keys of the marked rows, in the order in which they were marked.
    """

    breakdown: Breakdown
    previous: Breakdown | None
    sorting: Sorting
    total: int
    marked: list[GroupKey] = field(default_factory=list)

    grouped = False  # its rows are no notifications

    def __post_init__(self) -> None:
        if self.previous is None:
            self._all = tuple(ComparedRow(row, None) for row in self.breakdown.rows)
        else:
            self._all = compared_rows(self.breakdown, self.previous)
        self.rows = self._sorted()

    @property
    def dimension(self) -> Dimension:
        """What it has a row for each value of."""
        return self.breakdown.dimension

    @property
    def columns(self) -> tuple[SortBy, ...]:
        """Its columns."""
        return columns_of(self.dimension, self.previous is not None)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @cached_property
    def names(self) -> dict[GroupKey, str]:
        """What a person reads of each row, by its key."""
        return {one.row.key: row_name(one.row, self.dimension) for one in self._all}

    @cached_property
    def longest_name(self) -> int:
        """The cells of the longest name."""
        return max(map(cell_len, self.names.values()), default=0)

    def next_column(self) -> SortBy:
        """The column to sort by after the present one: the rates and the change come before what they are of."""
        order = [by for by in SORTING_ORDER if by in self.columns]
        by = self.sorting.by
        return order[(order.index(by) + 1) % len(order)] if by in order else order[0]

    def row(self, position: int) -> ComparedRow | None:
        """The row at a position; None if there is none."""
        return self.rows[position] if 0 <= position < len(self.rows) else None

    def missing(self, first: int, last: int) -> list[int]:
        """No page is ever missing: all rows are in memory."""
        return []

    def sort(self, sorting: Sorting) -> None:
        """Sorts the rows."""
        self.sorting = sorting
        self.rows = self._sorted()

    def place_of(self, key: GroupKey) -> int | None:
        """The position of the row with a key; None if there is none."""
        return next((place for place, one in enumerate(self.rows) if one.row.key == key), None)

    def find(self, text: str, place: int, by: int) -> int | None:
        """The position of the next (1) or previous (-1) row whose name has a text, beyond the end from the start on.

        Case and accents do not matter.
        """
        wanted, count = folded(text), len(self.rows)
        for step in range(1, count + 1):
            found = (place + by * step) % count
            if wanted in folded(self.names[self.rows[found].row.key]):
                return found
        return None

    def toggle(self, key: GroupKey) -> None:
        """Marks a row, or removes its mark."""
        if key in self.marked:
            self.marked.remove(key)
        else:
            self.marked.append(key)

    def marked_rows(self) -> list[BreakdownRow]:
        """The marked rows, in the order in which they were marked."""
        by_key = {one.row.key: one.row for one in self.rows}
        return [by_key[key] for key in self.marked if key in by_key]

    def _sorted(self) -> Sequence[ComparedRow]:
        by_name = sorted(self._all, key=self._name_order, reverse=self.dimension in OF_TIME)
        if self.sorting.by is SortBy.NAME:
            return by_name[::-1] if self.sorting.reverse else by_name
        order = _ORDERS[self.sorting.by]
        return sorted(by_name, key=order, reverse=not self.sorting.reverse)

    def _name_order(self, one: ComparedRow) -> tuple[int, str, str]:
        key = one.row.key
        if isinstance(key, int) and self.dimension in (*OF_TIME, Dimension.CODE):
            return key, "", ""
        return 0, folded(self.names[key]), str(key)


def rates_of(counts: GroupCounts) -> dict[SortBy, Rate]:
    """The rates of a row, by column."""
    rates = counts.rates
    return {
        SortBy.DELIVERED: rates.delivered,
        SortBy.READ: rates.read,
        SortBy.ANSWERED: rates.answered,
        SortBy.FAILED: rates.failed,
    }


def change_of(one: ComparedRow) -> int | None:
    """How many starts more a row has than in the days before; None if there is nothing to compare it with."""
    return None if one.previous is None else one.row.counts.starts - one.previous.starts


def _rate_order(by: SortBy) -> Callable[[ComparedRow], tuple[bool, float, int]]:
    """By rate; rows of a base under 30 come after all others, by count."""

    def order(one: ComparedRow) -> tuple[bool, float, int]:
        rate = rates_of(one.row.counts)[by]
        shown = rate.shown
        return shown is not None, shown or 0.0, rate.count

    return order


_ORDERS: dict[SortBy, Callable[[ComparedRow], tuple[float, ...]]] = {
    SortBy.STARTS: lambda one: (one.row.counts.starts,),
    SortBy.SENDS: lambda one: (one.row.counts.sends,),
    SortBy.USERS: lambda one: (one.row.counts.users,),
    **{by: _rate_order(by) for by in RATES},
    SortBy.CHANGE: lambda one: ((change := change_of(one)) is not None, change or 0),
}
