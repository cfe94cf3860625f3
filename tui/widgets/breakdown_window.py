"""Which columns of a breakdown are on the screen at a width, and how they are scrolled. Knows no widget.

Each rate stands beside its count. Where there is too little room for all columns, the name stays and the others are
scrolled; the sends and users come last.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from rich.cells import cell_len

from storage.domain.dimension import OF_FAILURES
from storage.language.texts import pgettext
from tui.data.breakdown_list import RATES, SORTING_ORDER, BreakdownList, SortBy

GAP = 2  # cells between two columns
TITLES = {
    SortBy.STARTS: pgettext("column", "Starts"),
    SortBy.SENDS: pgettext("column", "Sends"),
    SortBy.USERS: pgettext("column", "Users"),
    SortBy.DELIVERED: pgettext("column", "Delivered"),
    SortBy.READ: pgettext("column", "Read"),
    SortBy.ANSWERED: pgettext("column", "Answered"),
    SortBy.FAILED: pgettext("column", "Failed"),
    SortBy.CHANGE: pgettext("column", "Change"),
}
_COUNTS = (SortBy.STARTS, SortBy.SENDS, SortBy.USERS, SortBy.CHANGE)
# Cells of a count, and of a change: wide enough for the heading with the arrow of the sorted column.
COUNT = max(7, *(cell_len(TITLES[by]) + 1 for by in _COUNTS))
SHORT_RATE, TIGHT_RATE, RATE = 7, 11, 14  # cells of a rate alone, and with its count
NARROWEST_NAME = 16  # a phone number and its mark


class Window(NamedTuple):
    """Which columns are on the screen.

    Attributes:
        shown: these columns.
        rate: the cells of a rate.
        left, right: how many columns are hidden on either side.
    """

    shown: list[SortBy]
    rate: int
    left: int = 0
    right: int = 0


def window(rows: BreakdownList, width: int, first: int = 0) -> Window:
    """The columns that fit `width` cells, each rate with its count.

    Args:
        first: how many columns after the name are scrolled out of view; at most as many as leave none hidden behind.
    """
    shown = list(rows.columns)
    for rate in (RATE, TIGHT_RATE):
        if needed(rows, shown, rate) <= width:
            return Window(shown, rate)
    name, *others = (by for by in SORTING_ORDER if by in shown)
    left = 0
    while True:
        count = len(others) - left
        while count > 1 and needed(rows, [name, *others[left : left + count]], TIGHT_RATE) > width:
            count -= 1
        right = len(others) - left - count
        if left == first or not right:
            return Window([name, *others[left : left + count]], TIGHT_RATE, left, right)
        left += 1


def first_to_show(rows: BreakdownList, width: int, first: int, by: SortBy) -> int:
    """How many columns have to be scrolled out of view so that one column is in it; `first` if it is already."""
    for found in chain((first,), range(len(rows.columns))):
        if by in window(rows, width, found).shown:
            return found
    return first


def whole_window(rows: BreakdownList, width: int) -> Window:
    """The columns of rows that are compared with each other: all rates, and as many of the other counts as fit."""
    shown = list(rows.columns)
    rate = RATE if needed(rows, shown, RATE) <= width else TIGHT_RATE
    for by in (SortBy.STARTS, SortBy.USERS, SortBy.SENDS):
        if needed(rows, shown, rate) > width and by in shown and not is_rate(rows, by):
            shown.remove(by)
    return Window(shown, rate if needed(rows, shown, rate) <= width else SHORT_RATE)


def is_rate(rows: BreakdownList, by: SortBy) -> bool:
    """Whether a column shows a rate: of failures, the starts are shown as a share of all failed sends."""
    return by in RATES or (by is SortBy.STARTS and rows.dimension in OF_FAILURES)


def needed(rows: BreakdownList, columns: list[SortBy], rate: int) -> int:
    widths = (rate if is_rate(rows, by) else NARROWEST_NAME if by is SortBy.NAME else COUNT for by in columns)
    return sum(widths) + GAP * (len(columns) - 1)
