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
from storage.report.report import Day
from tui.terminal.style import COLOR_NUMBER, STATUS_COLOR, ChartStyle
from tui.widgets.buckets import SERIES, Plan, plan
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
def daily(days: tuple[Day, ...], width: int, height: int, style: ChartStyle) -> Drawing | None:
    """Stacked bars of starts per step of days, with both axes.

    Args:
        days: consecutive days, the oldest first.
        width: cells.
        height: rows, including the axis and its dates.
        style: colours, textures or letters.

    Returns:
        The drawing; None if there is too little room.
    """
    if width < _MINIMUM[0] or height < _MINIMUM[1] or not days:
        return None
    rows = height - 2
    label = max(len(short_number(value)) for value in _axis_values(days, width - 4, rows))
    left = label + 1
    cut = plan(days, width - left)
    top = round_up(max((bucket.total for bucket in cut.buckets), default=0))
    figure = _figure(width, height)
    columns = width - left
    xs, ys, markers = _cells(cut, rows, top, style)
    figure.ruler(0, 0).lim(0, columns - 1)
    figure.ruler(1, 0).lim(0, rows - 1)
    if xs:
        figure.draw(figure.signal(xs, ys, marker=markers))
    values = _ticks(top, rows)
    figure.ruler(1, 0).ticks(
        [value / top * rows - 1 for value in values],
        [short_number(value).rjust(label) for value in values],
    )
    places, names = _dates(cut, columns)
    figure.ruler(0, 0).ticks(places, names)
    return Drawing(_lines(figure, width, height), left, cut)


def _axis_values(days: tuple[Day, ...], width: int, rows: int) -> list[int]:
    """The labels of the count axis if it took four cells; the chart reserves their width."""
    cut = plan(days, max(1, width))
    return _ticks(round_up(max((bucket.total for bucket in cut.buckets), default=0)), rows)


def _ticks(top: int, rows: int) -> list[int]:
    """Up to four values for the count axis, ascending and ending with `top`; those below it fall on whole rows."""
    wanted = 4 if rows >= 8 else 2
    for parts in range(wanted, 0, -1):
        if top % parts == 0 and (rows % parts == 0 or parts == 1):
            return [top * part // parts for part in range(1, parts + 1)]
    return [top]


def _cells(cut: Plan, rows: int, top: int, style: ChartStyle) -> tuple[list[int], list[int], list[plotext.marker]]:
    xs: list[int] = []
    ys: list[int] = []
    markers: list[plotext.marker] = []
    thickness = cut.columns - 1 if cut.columns >= 3 else cut.columns
    for index, bucket in enumerate(cut.buckets):
        column = [_marker(*cell) for cell in _column(bucket.counts, rows, top, style)]
        for row, marker in enumerate(column):
            for offset in range(thickness):
                xs.append(index * cut.columns + offset)
                ys.append(row)
                markers.append(marker)
    return xs, ys, markers


Cell = tuple[str, str | None, str | None]  # the character, its foreground and its background colour


def _column(counts: Sequence[int], rows: int, top: int, style: ChartStyle) -> list[Cell]:
    """The cells of one bar, from the bottom up; a cell shows at most two series, divided at an eighth of its height."""
    edges: list[int] = []
    total = 0
    for count in counts:
        total += count
        edges.append(round(total * rows * 8 / top))
    if total and edges[-1] == 0:
        edges = [1 if sum(counts[: index + 1]) else 0 for index in range(len(counts))]
    cells: list[Cell] = []
    for row in range(-(-edges[-1] // 8) if edges else 0):
        spans = _spans(edges, row * 8)
        # If two series fill as many eighths, the one with the greater count is shown.
        spans.sort(key=lambda span: counts[span[0]], reverse=True)
        cells.append(_cell(spans) if style.solid else _textured_cell(spans, style))
    return cells


def _spans(edges: Sequence[int], bottom: int) -> list[tuple[int, int]]:
    """The parts of one cell, from the bottom up: (index of the series, eighths of the cell)."""
    spans = []
    below = 0
    for index, edge in enumerate(edges):
        eighths = min(edge, bottom + 8) - max(below, bottom)
        if eighths > 0:
            spans.append((index, eighths))
        below = edge
    return spans


def _cell(spans: list[tuple[int, int]]) -> Cell:
    filled = sum(eighths for _, eighths in spans)
    if filled < 8:
        widest = max(spans, key=lambda span: span[1])[0]
        return EIGHTHS[filled - 1], _color(widest), None
    if len(spans) == 1:
        return EIGHTHS[7], _color(spans[0][0]), None
    lower, upper = sorted(sorted(spans, key=lambda span: -span[1])[:2])
    eighths = max(1, min(7, round(8 * lower[1] / (lower[1] + upper[1]))))
    return EIGHTHS[eighths - 1], _color(lower[0]), _color(upper[0])


def _textured_cell(spans: list[tuple[int, int]], style: ChartStyle) -> Cell:
    widest = max(spans, key=lambda span: span[1])[0]
    return style.glyph(SERIES[widest]), _color(widest) if style.colored else None, None


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
        return f"{wording.MONTHS[day.month - 1]} {day.year % 100:02}"
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
