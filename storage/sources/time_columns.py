"""Times of many cells of one column at once: the cells of a table differ in few characters, and not in their form.

`ColumnTimes` (storage/sources/column_dates.py) is the plain rule, which reads one cell; `TimeColumn` gives the same
(tests/storage/sources/test_time_columns.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from storage.domain.bounded_cache import BoundedCache
from storage.sources.column_dates import WITHIN_HOUR, ColumnTimes
from storage.sources.fields import EARLIEST, LATEST, Unreadable

_HOURS_KEPT, _DAYS_KEPT, _TAILS_KEPT = 200_000, 20_000, 50
_FORM = re.compile(r"([^:]*\d)(:[0-5]\d(?::[0-5]\d)?)(\.\d{3}(?!\d))?")
_WITHIN_HOUR = {f":{text}": ms for text, ms in WITHIN_HOUR.items()}
_WITHIN_HOUR_BEFORE: BoundedCache[str, dict[str, int]] = BoundedCache(
    lambda tail: {f"{text}{tail}": ms for text, ms in _WITHIN_HOUR.items()}, 8
)
_FRACTIONS = {"": 0} | {f".{ms:03d}": ms for ms in range(1000)}
_MINUTE = len(":05")
_HOURS = {f"{hour:02d}": hour * 3_600_000 for hour in range(24)}
_BLANK = frozenset("T ")  # between a date and its hour
_LAST_MINUTE, _LAST_SECOND, _LAST_HOUR = 59 * 60_000, 3_599_000, 23 * 3_600_000  # ms
_SECONDS, _MILLISECONDS = 10, 13  # digits of epoch times

_Hours = BoundedCache[str, BoundedCache[str, Any]]


class TimeColumn:
    """Reads many cells of a column.

    Args:
        column: Reads one cell.
    """

    def __init__(self, column: ColumnTimes) -> None:
        self._column = column
        self._days = BoundedCache(self._day, _DAYS_KEPT)
        # Starts of hours by the text before the minutes; for each text behind them, with and without seconds.
        self._with_seconds: _Hours = BoundedCache(partial(self._hours, ":00:00", ":59:59", _LAST_SECOND), _TAILS_KEPT)
        self._of_minutes: _Hours = BoundedCache(partial(self._hours, ":00", ":59", _LAST_MINUTE), _TAILS_KEPT)

    def read(self, cells: Sequence[str]) -> tuple[list[int | None], list[int]]:
        """The time of each cell, ms, None for an empty one; and the places of cells that hold no time."""
        first = next((cell for cell in cells if cell), None)
        if first is None:
            return [None] * len(cells), []
        times = self._of_one_form(cells, first) if ":" in first else _of_digits(cells, first)
        return self._one_by_one(cells) if times is None else (times, [])

    def _of_one_form(self, cells: Sequence[str], first: str) -> list[int | None] | None:
        """The times where every cell is empty or of the form of the first one; None where one is not."""
        form = _FORM.match(first)
        if form is None:
            return None
        hour, minute, second = form.end(1), form.end(2), form.end()
        by_tail = self._with_seconds if minute - hour > _MINUTE else self._of_minutes
        try:
            if second > minute:
                return _with_fractions(cells, by_tail, hour, minute, second)
            starts, within = by_tail[first[minute:]], _WITHIN_HOUR_BEFORE[first[minute:]]
            return [starts[cell[:hour]] + within[cell[hour:]] if cell else None for cell in cells]
        except (KeyError, TypeError):  # not of the same form, or no hour
            pass
        try:
            return [
                by_tail[cell[minute:]][cell[:hour]] + _WITHIN_HOUR[cell[hour:minute]] if cell else None
                for cell in cells
            ]
        except (KeyError, TypeError):
            return None

    def _hours(self, first: str, last: str, length: int, tail: str) -> BoundedCache[str, Any]:
        """The starts of hours by the text before the minutes; None where it is none, or where the clocks change."""

        def start(head: str) -> int | None:
            if head[-2:] in _HOURS and (day := self._days[head[:-2], first, last, tail]) is not None:
                return day + _HOURS[head[-2:]]
            return self._run(f"{head}{first}{tail}", f"{head}{last}{tail}", length)

        return BoundedCache(start, _HOURS_KEPT)

    def _day(self, around: tuple[str, str, str, str]) -> int | None:
        """The start of a day, by what comes before its hour, the first and last text within an hour, and what comes
        behind; None where there is none, or where the clocks change."""
        head, first, last, tail = around
        length = _LAST_HOUR + (_LAST_MINUTE if len(last) == _MINUTE else _LAST_SECOND)
        return self._run(f"{head}00{first}{tail}", f"{head}23{last}{tail}", length) if head[-1:] in _BLANK else None

    def _run(self, first: str, last: str, length: int) -> int | None:
        """The time of the first text, if the last one is as much later as the clock says."""
        try:
            start, end = self._column[first], self._column[last]
        except Unreadable:
            return None
        return start if type(start) is int and type(end) is int and end - start == length else None

    def _one_by_one(self, cells: Sequence[str]) -> tuple[list[int | None], list[int]]:
        column = self._column
        times: list[int | None] = []
        others: list[int] = []
        for place, cell in enumerate(cells):
            time: int | bool | None = None
            if cell:
                try:
                    time = column[cell]
                except Unreadable:
                    time = False
            if type(time) is bool:
                others.append(place)
                time = None
            times.append(time)
        return times, others


def _with_fractions(
    cells: Sequence[str], by_tail: Mapping[str, Mapping[str, Any]], hour: int, minute: int, second: int
) -> list[int | None]:
    """The times of cells with three digits behind the second; raises KeyError or TypeError where one has none."""
    return [
        by_tail[cell[second:]][cell[:hour]] + _WITHIN_HOUR[cell[hour:minute]] + _FRACTIONS[cell[minute:second]]
        if cell
        else None
        for cell in cells
    ]


def _of_digits(cells: Sequence[str], first: str) -> list[int | None] | None:
    """The times where every cell is empty or an epoch time of as many digits as the first one; else None."""
    size = len(first)
    text = "".join(cells)
    if size not in (_SECONDS, _MILLISECONDS) or not (text.isascii() and text.isdigit()):
        return None
    unit = 1000 if size == _SECONDS else 1
    times = [int(cell) * unit if cell else None for cell in cells]
    known = [time for time in times if time is not None]
    is_usual = {*map(len, cells)} <= {0, size} and min(known) >= EARLIEST and max(known) < LATEST
    return times if is_usual else None
