"""Cuts the time of a selection into windows with about as many starts each. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from storage.report.metrics import DayCounts
from storage.report.selection import Selection

_MOST_PIECES = 1_440  # of a day: a count of a damaged file can be anything, and each window is read

Window = tuple[int, int]  # from this time in ms until before that one


def windows_of(days: Iterable[DayCounts], selection: Selection, size: int) -> list[Window]:
    """Windows with about `size` starts, newest first, which together are the whole time of the selection.

    Args:
        days: how many starts each day has. The windows of a day are equally long.
    """
    since, until = int(selection.parameters["since_at"]), int(selection.parameters["until_at"])
    cuts, held = [until], 0.0
    for day in sorted(days, reverse=True):
        first, end = selection.calendar.start_of(day.day), selection.calendar.start_of(day.day + 1)
        pieces = min(day.starts // size + 1, _MOST_PIECES)
        for piece in range(1, pieces + 1):
            held += day.starts / pieces
            at = end - (end - first) * piece // pieces
            if held >= size / 2 and since < at < cuts[-1]:
                cuts.append(at)
                held = 0.0
    return [(older, newer) for newer, older in pairwise([*cuts, since])]
