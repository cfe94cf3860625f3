"""How the series of one bar share its cells so that each stays visible. Knows numbers, no character and no colour.

A cell of a terminal can show two colours, divided at an eighth of its height; the cell at the top of a bar only one,
because the other is the background. Without colours a cell shows one series.
"""

from __future__ import annotations

from collections.abc import Sequence

EIGHTHS_OF_A_CELL = 8
Span = tuple[int, int]  # the index of a series, and how many eighths of the cell it fills
Cells = list[list[Span]]  # from the bottom up; each cell with one or two spans, the lower one first


def bar_height(count: int, series: int, rows: int, top: int) -> int:
    """The height of a bar in eighths of a cell: in proportion, but at least an eighth for each series that it has.

    Args:
        count: what the bar counts.
        series: how many of its series are not 0.
        rows: cells of the whole axis.
        top: the count at the end of the axis.
    """
    return min(rows * EIGHTHS_OF_A_CELL, max(series, round(count * rows * EIGHTHS_OF_A_CELL / top)))


def bar_columns(counts: Sequence[int], rows: int, top: int, columns: int, divided: bool) -> list[Cells]:
    """The cells of each column of a bar, the same for all columns if its cells can show every series.

    A bar too low for that shows some series in one column and some in the next, the largest first. If it has too few
    columns as well, the smallest are left out.

    Args:
        counts: the count of each series, from the bottom up.
        rows: cells of the whole axis.
        top: the count at the end of the axis.
        columns: cells of the bar's width.
        divided: whether a cell can show two series.
    """
    shown = [index for index, count in enumerate(counts) if count]
    if not shown:
        return [[] for _ in range(columns)]
    height = bar_height(sum(counts), len(shown), rows, top)
    full, rest = divmod(height, EIGHTHS_OF_A_CELL)
    capacity = full * (2 if divided else 1) + (1 if rest else 0)
    ranked = sorted(shown, key=lambda index: -counts[index])
    groups = [sorted(ranked[first : first + capacity]) for first in range(0, len(ranked), capacity)][:columns]
    found = []
    for group in groups:
        parts = apportioned([counts[index] for index in group], height)
        found.append(_cells(group, _fitting(_edges(parts), height, divided), height))
    # The columns that are left go to the largest series.
    return [found[0]] * (columns - len(found)) + found


def apportioned(counts: Sequence[int], total: int) -> list[int]:
    """`total` divided in proportion to the counts, which are not 0: each part at least 1, and `total` is enough."""
    exact = [count * total / sum(counts) for count in counts]
    parts = [max(1, int(part)) for part in exact]
    while sum(parts) != total:
        step = 1 if sum(parts) < total else -1
        candidates = [index for index, part in enumerate(parts) if step > 0 or part > 1]
        parts[max(candidates, key=lambda index: step * (exact[index] - parts[index]))] += step
    return parts


def _edges(parts: Sequence[int]) -> list[int]:
    """Where one part ends and the next begins, in eighths from the bottom."""
    return [sum(parts[:index]) for index in range(1, len(parts))]


def _fitting(edges: Sequence[int], height: int, divided: bool) -> list[int]:
    """The edges moved as little as possible, so that each cell is divided once at most and the top one never.

    There are at least as many places as edges.
    """
    places: list[tuple[int, int]] = []  # ranges of eighths that can have one edge each
    for bottom in range(0, height - height % EIGHTHS_OF_A_CELL, EIGHTHS_OF_A_CELL):
        if divided:
            places.append((bottom + 1, bottom + EIGHTHS_OF_A_CELL - 1))
        if bottom + EIGHTHS_OF_A_CELL < height:
            places.append((bottom + EIGHTHS_OF_A_CELL,) * 2)
    # best[place]: the cheapest way to put the edges so far into the places before this one.
    best: list[tuple[int, list[int]] | None] = [(0, [])] * (len(places) + 1)
    for edge in edges:
        following: list[tuple[int, list[int]] | None] = [None]
        for place, (low, high) in enumerate(places):
            before, put = best[place], min(max(edge, low), high)
            here = None if before is None else (before[0] + abs(edge - put), [*before[1], put])
            earlier = following[-1]
            following.append(here if earlier is None or (here is not None and here[0] < earlier[0]) else earlier)
        best = following
    found = best[-1]
    assert found is not None  # the capacity of the bar is its places plus one
    return found[1]


def _cells(group: Sequence[int], edges: Sequence[int], height: int) -> Cells:
    tops = [*edges, height]
    cells: Cells = []
    for bottom in range(0, height, EIGHTHS_OF_A_CELL):
        spans, below = [], bottom
        for series, top in zip(group, tops, strict=True):
            eighths = min(top, bottom + EIGHTHS_OF_A_CELL) - below
            if eighths > 0:
                spans.append((series, eighths))
                below += eighths
        cells.append(spans)
    return cells
