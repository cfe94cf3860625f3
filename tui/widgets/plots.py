"""The only file that calls plotext: the daily evolution and the funnel as lines of text. Knows numbers, no widget.

plotext's shared figure is not thread-safe: everything here runs in one thread, the screen's. Importing plotext is slow,
so this module is imported after the first report is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import plotext
from rich.text import Text

from storage.domain.vocabulary import StartStatus
from storage.language.conventions import month_name
from storage.report.report import Day
from tui.terminal.style import COLOR_NUMBER, STATUS_COLOR, ChartStyle
from tui.widgets.bar_cells import EIGHTHS_OF_A_CELL, Span, bar_columns, bar_height
from tui.widgets.buckets import SERIES, Plan, plan, totals_before
from tui.words import wording
from tui.words.numbers import short_number

EIGHTHS = "▁▂▃▄▅▆▇█"
FUNNEL_STATUS = {
    "sent": StartStatus.SENT,
    "delivered": StartStatus.DELIVERED,
    "read": StartStatus.READ,
    "answered": StartStatus.ANSWERED,
}


def round_up(count: int) -> int:
    """The smallest round number that is at least `count`, as the end of an axis."""
    if count <= 4:
        return max(count, 1)
    power: int = 10 ** (len(str(count)) - 1)
    for factor in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10):
        if factor * power >= count and factor * power == int(factor * power):
            return int(factor * power)
    return 10 * power


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as lines; `left` is the cell where its first bar begins, `plan` has the bars and their width."""

    lines: tuple[Text, ...]
    left: int
    plan: Plan


_MINIMUM = (18, 4)  # cells: width, height


@lru_cache(maxsize=8)
def daily(
    days: tuple[Day, ...],
    width: int,
    height: int,
    style: ChartStyle,
    before: tuple[Day, ...] = (),
    first_weekday: int = 0,
) -> Drawing | None:
    """Stacked bars of starts per step of days, with both axes.

    Args:
        days: consecutive days, the oldest first.
        width: cells.
        height: rows, including the axis and its dates.
        style: colours, textures or letters.
        before: the days that they are compared with: a line marks how many starts those of each bar have.
        first_weekday: the day that weeks begin on, 0 for Monday.

    Returns:
        The drawing; None if there is too little room.
    """
    if width < _MINIMUM[0] or height < _MINIMUM[1] or not days:
        return None
    rows = height - 2
    label = max(len(short_number(value)) for value in _ticks(_top(plan(days, width - 5, first_weekday), before), rows))
    left = label + 1
    cut = plan(days, width - left, first_weekday)
    top = _top(cut, before)
    figure = _figure(width, height)
    columns = width - left
    figure.ruler(0, 0).lim(0, columns - 1)
    figure.ruler(1, 0).lim(0, rows - 1)
    cells = _cells(cut, rows, top, style, _thickness(cut, bool(before)))
    if before:
        _mark(cells, cut, totals_before(cut, before), rows, top, style)
    if cells:
        markers = [_marker(*cell) for cell in cells.values()]
        figure.draw(figure.signal([x for x, _ in cells], [y for _, y in cells], marker=markers))
    values = _ticks(top, rows)
    figure.ruler(1, 0).ticks(
        [value / top * rows - 1 for value in values if value],
        [short_number(value).rjust(label) for value in values if value],
    )
    places, names = _dates(cut, columns)
    figure.ruler(0, 0).ticks(places, names)
    lines = list(_lines(figure, width, height))
    # The axis itself is at 0: plotext has no label there, because its first row of bars is above the axis.
    lines[rows] = Text("0".rjust(label)) + lines[rows][label:]
    return Drawing(tuple(lines), left, cut)


def _top(cut: Plan, before: tuple[Day, ...]) -> int:
    """The end of the count axis."""
    return round_up(max([*(bucket.total for bucket in cut.buckets), *totals_before(cut, before)], default=0))


def _ticks(top: int, rows: int) -> list[int]:
    """The labels of the count axis, ascending from 0 to `top`, in equal steps that fall on whole rows."""
    for parts in (4, 2, 5, 3, 1) if rows >= 8 else (2, 3, 5, 1):
        if top % parts == 0 and rows % parts == 0:
            break
    return [top * part // parts for part in range(parts + 1)]


Cell = tuple[str, str | None, str | None]  # the character, its foreground and its background colour
Cells = dict[tuple[int, int], Cell]  # by column and row, from the left and from the bottom


def _thickness(cut: Plan, compared: bool) -> int:
    """The cells of a bar without the gap after it; two cells are one bar, unless a line has to be seen between bars."""
    return cut.columns - 1 if cut.columns >= (2 if compared else 3) else cut.columns


def _cells(cut: Plan, rows: int, top: int, style: ChartStyle, thickness: int) -> Cells:
    found: Cells = {}
    for index, bucket in enumerate(cut.buckets):
        columns = bar_columns(bucket.counts, rows, top, thickness, style.solid)
        for offset, column in enumerate(columns):
            for row, spans in enumerate(column):
                cell = _cell(spans) if style.solid else _textured_cell(spans, style)
                found[index * cut.columns + offset, row] = cell
    return found


def _cell(spans: list[Span]) -> Cell:
    """One or two series as blocks of colour."""
    (lower, eighths), *rest = spans
    return EIGHTHS[eighths - 1], _color(lower), _color(rest[0][0]) if rest else None


def _textured_cell(spans: list[Span], style: ChartStyle) -> Cell:
    """One series by its texture or letter; at the top of a bar the character tells how much of the cell it fills."""
    ((series, eighths),) = spans
    glyph = style.glyph(SERIES[series])
    if style.ascii:
        character = glyph if eighths > 5 else glyph.lower() if eighths > 2 else "."
    else:
        character = glyph if eighths == EIGHTHS_OF_A_CELL else EIGHTHS[eighths - 1]
    return character, _color(series) if style.colored else None, None


def _mark(cells: Cells, cut: Plan, totals: Sequence[int], rows: int, top: int, style: ChartStyle) -> None:
    """Adds the line of the days before: behind the tops of the bars, across those that are higher."""
    line = "-" if style.ascii else "─"
    for index, total in enumerate(totals):
        if not total:
            continue
        row = (bar_height(total, 1, rows, top) - 1) // EIGHTHS_OF_A_CELL
        for x in range(index * cut.columns, (index + 1) * cut.columns):
            behind = cells.get((x, row))
            if behind is None:
                cells[x, row] = line, None, None
            elif (x, row + 1) in cells:
                _, color, upper = behind
                cells[x, row] = (line, "black", upper or color) if style.solid else (line, None, None)


def _color(series: int) -> str:
    return STATUS_COLOR[SERIES[series]]


@lru_cache(maxsize=512)
def _marker(character: str, color: str | None, background: str | None) -> plotext.marker:
    pixel = plotext.pixel(
        None if color is None else COLOR_NUMBER[color], None if background is None else COLOR_NUMBER[background]
    )
    return plotext.marker(character, pixel)


def _dates(cut: Plan, columns: int) -> tuple[list[int], list[str]]:
    """The dates below the bars, evenly spaced without touching: their columns and their texts."""
    names = [_name(bucket.since, cut.step) for bucket in cut.buckets]
    longest = max(map(len, names), default=0)
    stride = -(-(longest + 2) // cut.columns)
    places = [place for place in range(0, len(names), stride) if place * cut.columns + longest // 2 < columns]
    return [place * cut.columns for place in places], [names[place] for place in places]


def _name(day: date, step: str) -> str:
    if step in ("1 year", "5 years"):
        return str(day.year)
    if step in ("1 month", "3 months"):
        return f"{month_name(day.month)} {day.year % 100:02}"
    return wording.day(day)


def _figure(width: int, height: int) -> plotext.figure:
    plotext.terminal.limit(False, False)  # otherwise plotext cuts every figure to the size of the terminal
    figure = plotext.figure
    figure.clear.all()
    figure.plot_size(width, height)
    figure.theme("colorless")
    figure.canvas("default")
    figure.legend(False)
    figure.axes(False, axis=0, side=1)
    figure.axes(False, axis=1, side=1)
    return figure


def _lines(figure: plotext.figure, width: int, height: int) -> tuple[Text, ...]:
    lines = Text.from_ansi(figure.build().string()).split("\n", allow_blank=True)[:height]
    shown = []
    for line in lines:
        line.truncate(width)
        shown.append(line)
    return tuple(shown)


@lru_cache(maxsize=8)
def funnel(counts: tuple[tuple[str, int], ...], width: int, height: int, style: ChartStyle) -> tuple[Text, ...] | None:
    """Centred bars, one per step, all of the same whole number of rows.

    Args:
        counts: (step, count), the widest bar first.
        width: cells.
        height: rows.
        style: colours, textures or letters.

    Returns:
        The lines; None if there is too little room.
    """
    if width < 4 or height < len(counts) or not counts:
        return None
    rows = max(1, height // len(counts))
    figure = _figure(width, rows * len(counts))
    figure.axes(False)
    figure.ruler([0, 1], [0, 1]).frequency(0)
    figure.ruler(0, 0).lim(0, width - 1)
    figure.ruler(1, 0).lim(0, rows * len(counts) - 1)
    xs: list[int] = []
    ys: list[int] = []
    markers: list[plotext.marker] = []
    for index, (step, count) in enumerate(counts):
        status = FUNNEL_STATUS[step]
        bar = _centred(count, counts[0][1], width)
        thickness = rows if rows == 1 else rows - (1 if rows >= 3 else 0)
        for offset in range(thickness):
            y = rows * len(counts) - 1 - index * rows - offset
            for x, character in bar:
                shown = character if style.solid else style.glyph(status)
                xs.append(x)
                ys.append(y)
                markers.append(_marker(shown, STATUS_COLOR[status] if style.colored else None, None))
    if xs:
        figure.draw(figure.signal(xs, ys, marker=markers))
    return _lines(figure, width, rows * len(counts))


def _centred(count: int, base: int, width: int) -> list[tuple[int, str]]:
    """The cells of a centred bar with half-cell edges, as (x, character); a count above 0 gets at least one cell."""
    if not base or not count:
        return []
    halves = max(2, round(count / base * width))  # half cells on each side of the centre
    left = width - halves  # in half cells from the left edge
    first, odd = divmod(left, 2)
    cells = [(first, "▐")] if odd else []
    start = first + odd
    end = width - start
    cells += [(x, "█") for x in range(start, end)]
    if odd:
        cells.append((end, "▌"))
    return cells
