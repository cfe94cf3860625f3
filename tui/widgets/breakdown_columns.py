"""The columns of a breakdown: which fit a width, and the text of each cell. Knows no widget.

A rate stands beside its count; of a base under 30 there are only counts. Where there is room to spare, a bar shows the
rate. A comparison tells the change of the rate instead. `breakdown_window` says which columns there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style

from storage.domain.dimension import OF_FAILURES, OF_TIME
from storage.domain.proportions import Rate
from storage.domain.vocabulary import StartStatus
from storage.language.texts import _, pgettext
from storage.report.breakdown_comparison import ComparedRow
from storage.report.grouping import GroupKey
from tui.data.breakdown_list import BreakdownList, SortBy, change_of, rates_of
from tui.terminal.style import BOLD, DIM, PLAIN, chart_style, cut, fit, status_style
from tui.widgets.breakdown_window import (
    COUNT,
    GAP,
    NARROWEST_NAME,
    RATE,
    SHORT_RATE,
    TITLES,
    is_rate,
    needed,
    whole_window,
    window,
)
from tui.words.changes import SHORT_UNCLEAR, count_change, is_clear, shortest_rate_change
from tui.words.numbers import NO_VALUE, number, percent, short_number, whole_percent
from tui.words.wording import DIMENSION_NAMES

_MOST_NAMES = 32  # cells that most names fit into
_SHORTEST_BAR, _SHORT_BAR, _LONGEST_BAR = 4, 8, 16  # cells of the bar after a rate
_POINTS = cell_len(SHORT_UNCLEAR)  # cells of a change in points
_NAMES_WITH_POINTS = 22  # cells that names keep beside them
_MARK = "■ "
_DOWN, _UP = "▾", "▲"

_SHORT_TITLES = {
    SortBy.DELIVERED: pgettext("column", "Deliv."),
    SortBy.ANSWERED: pgettext("column", "Answ."),
    SortBy.FAILED: pgettext("short column", "Failed"),
}
_STATUS = {
    SortBy.DELIVERED: StartStatus.DELIVERED,
    SortBy.READ: StartStatus.READ,
    SortBy.ANSWERED: StartStatus.ANSWERED,
    SortBy.FAILED: StartStatus.FAILED,
}


class PlacedColumn(NamedTuple):
    """One column at one width.

    Attributes:
        by: what it shows.
        title: its heading, without the arrow of the sorted column.
        width: its cells.
        right: whether its text is aligned right.
        bar: how many of these cells are for a bar, or for a change in points, at their end.
        bar_title: the heading of these cells.
        cells: the texts of a row in this column with their styles; together they have at most `width` cells.
    """

    by: SortBy
    title: str
    width: int
    right: bool
    bar: int
    cells: Callable[[ComparedRow], list[tuple[str, Style]]]
    bar_title: str = ""


def placed(rows: BreakdownList, width: int, first: int = 0) -> list[PlacedColumn]:
    """The columns in view, each at its place. The name gets what it needs, and bars what is left.

    Args:
        width: of all columns and the gaps between them, in cells.
        first: as in `window`.
    """
    shown, rate, _, _ = window(rows, width, first)
    return _all_placed(rows, width, shown, rate, rows.marked)


def placed_side_by_side(rows: BreakdownList, width: int) -> list[PlacedColumn]:
    """The columns of rows that are compared with each other, each at its place; without marks."""
    shown, rate, _, _ = whole_window(rows, width)
    return _all_placed(rows, width, shown, rate, None)


def _all_placed(
    rows: BreakdownList, width: int, shown: list[SortBy], rate: int, marks: Collection[GroupKey] | None
) -> list[PlacedColumn]:
    """The given columns at their places; rows with a mark have it before their name."""
    room = width - needed(rows, shown, rate) + NARROWEST_NAME
    with_bars = [by for by in shown if is_rate(rows, by)] if rate == RATE else []
    longest = rows.longest_name + (0 if marks is None else len(_MARK))
    if _tells_points(rows):
        name, bar = _name_and_points(room, longest, len(with_bars))
    else:
        name, bar = _name_and_bar(room, longest, len(with_bars))
    return [_placed(rows, by, name, rate, bar if by in with_bars else 0, marks or ()) for by in shown]


def _name_and_bar(room: int, longest: int, bars: int) -> tuple[int, int]:
    """How wide the name and each bar are: most names first, then short bars, then the longest name, then long bars.

    Args:
        room: cells for the name and all bars.
        longest: cells of the longest name.
        bars: how many bars there are.
    """
    name = min(room, max(NARROWEST_NAME, min(longest, _MOST_NAMES)))
    bar = min(_SHORT_BAR, (room - name) // bars - 1) if bars else 0
    if bar < _SHORTEST_BAR:
        return max(name, min(room, longest)), 0
    name = max(name, min(longest, room - bars * (bar + 1)))
    return name, min(_LONGEST_BAR, (room - name) // bars - 1)


def _tells_points(rows: BreakdownList) -> bool:
    """Whether the rates are compared with those of the days before; a share of all failures is not."""
    return rows.previous is not None and rows.dimension not in OF_FAILURES


def _name_and_points(room: int, longest: int, columns: int) -> tuple[int, int]:
    """How wide the name and each change in points are: long names are cut before the changes are left out.

    The arguments are those of `_name_and_bar`.
    """
    name = room - columns * (_POINTS + 1)
    return (name, _POINTS) if columns and name >= min(longest, _NAMES_WITH_POINTS) else (room, 0)


def _placed(
    rows: BreakdownList, by: SortBy, name: int, rate: int, bar: int, marked: Collection[GroupKey]
) -> PlacedColumn:
    if by is SortBy.NAME:
        return PlacedColumn(by, DIMENSION_NAMES[rows.dimension], name, False, 0, lambda one: [_name(rows, one, marked)])
    width = rate + (bar + 1 if bar else 0)
    if by in _STATUS:
        return PlacedColumn(
            by,
            _title(by, rate - (by is rows.sorting.by)),
            width,
            True,
            width - rate,
            lambda one: _rate_and_change(rows, by, one, rate, bar),
            _("points") if bar and _tells_points(rows) else "",
        )
    if is_rate(rows, by):
        return PlacedColumn(
            by, _("Failed sends"), width, True, width - rate, lambda one: _share_of_failed(rows, one, rate, bar)
        )
    return PlacedColumn(by, TITLES[by], COUNT, True, 0, lambda one: [(_count(by, one), PLAIN)])


def _title(by: SortBy, room: int) -> str:
    """The heading of a rate; a shorter one where there are too few cells beside the arrow of the sorted column."""
    return TITLES[by] if cell_len(TITLES[by]) <= room else _SHORT_TITLES.get(by, TITLES[by])


def _name(rows: BreakdownList, one: ComparedRow, marked: Collection[GroupKey]) -> tuple[str, Style]:
    mark = _MARK if one.row.key in marked else ""
    return f"{mark}{rows.names[one.row.key]}", BOLD


def _count(by: SortBy, one: ComparedRow) -> str:
    counts = one.row.counts
    if by is SortBy.CHANGE:
        change = change_of(one)
        return NO_VALUE if change is None else count_change(counts.starts - change, counts.starts, short=True)
    return short_number({SortBy.STARTS: counts.starts, SortBy.SENDS: counts.sends}.get(by, counts.users))


def _share_of_failed(rows: BreakdownList, one: ComparedRow, width: int, bar: int) -> list[tuple[str, Style]]:
    return _rate(SortBy.FAILED, Rate(one.row.counts.failed, rows.total), width, bar)


def header(rows: BreakdownList, columns: Sequence[PlacedColumn], arrow: bool = True) -> list[tuple[str, Style]]:
    """The headings of the columns; the sorted one has an arrow, unless it has none."""
    pieces: list[tuple[str, Style]] = []
    for column in columns:
        title, style = column.title, DIM
        if arrow and column.by is rows.sorting.by:
            title, style = f"{cut(title, column.width - 1)}{_arrow(rows)}", BOLD
        pieces.append((fit(title, column.width - column.bar, column.right), style))
        pieces.append((fit(column.bar_title, column.bar, right=True) + " " * GAP, DIM))
    return pieces


def _arrow(rows: BreakdownList) -> str:
    """Down where the greatest comes first, up where the smallest does."""
    by_name = rows.sorting.by is SortBy.NAME and rows.dimension not in OF_TIME
    return _UP if by_name is not rows.sorting.reverse else _DOWN


def cells(one: ComparedRow, columns: Sequence[PlacedColumn], cursor: Style | None) -> list[tuple[str, Style]]:
    """The cells of a row.

    Args:
        cursor: the one style of the row under the cursor; None: each cell has its own.
    """
    pieces: list[tuple[str, Style]] = []
    for column in columns:
        found = column.cells(one)
        if not column.right:
            found = [(fit(text, column.width), style) for text, style in found]
        else:
            room = column.width - sum(cell_len(text) for text, _ in found)
            found = [(" " * room, PLAIN), *found]
        pieces += [*found, (" " * GAP, PLAIN)]
    return pieces if cursor is None else [(text, cursor) for text, _ in pieces]


def _rate_and_change(
    rows: BreakdownList, by: SortBy, one: ComparedRow, width: int, bar: int
) -> list[tuple[str, Style]]:
    """A rate with its bar; of a comparison, in place of the bar the change in points, or that it is unclear."""
    rate = rates_of(one.row.counts)[by]
    if not bar or not _tells_points(rows):
        return _rate(by, rate, width, bar)
    before = Rate(0, 0) if one.previous is None else rates_of(one.previous)[by]
    text = shortest_rate_change(before, rate)
    return [*_rate(by, rate, width, 0), (f" {text:>{bar}}", PLAIN if is_clear(before, rate) else DIM)]


def _rate(by: SortBy, rate: Rate, width: int, bar: int) -> list[tuple[str, Style]]:
    """A rate with its count and its bar, or as much of it as there is room for."""
    style = status_style(_STATUS[by]) if rate.count else DIM
    share = rate.shown
    if width == SHORT_RATE:
        text = percent(share) if share is not None else f"{rate.count}/{rate.of}" if rate.of else NO_VALUE
        return [(text.rjust(width), style)]
    shown = NO_VALUE
    if share is not None:
        shown = percent(share)
    elif rate.of:
        shown = _("of {base}").format(base=number(rate.of))
    text = f"{short_number(rate.count)} {shown:>{6 if width == RATE else 5}}"
    if len(text) > width and share is not None:
        text = f"{short_number(rate.count)} {whole_percent(share)}"
    pieces = [(text.rjust(width), style)]
    if bar:
        pieces.append((f" {_bar(share or 0.0, bar)}", style))
    return pieces


def _bar(share: float, width: int) -> str:
    """A bar in eighths of a cell; what is not zero is at least an eighth, in ASCII a whole cell."""
    if chart_style().ascii:
        return ("#" * max(round(share * width), int(share > 0))).ljust(width)
    eighths = max(round(share * width * 8), int(share > 0))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]).ljust(width)
