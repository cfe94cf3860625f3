"""The cells of a bar: every series that is not 0 is seen, no cell shows more than it can, and the height is true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.bar_cells import apportioned, bar_columns, bar_height

counts = st.lists(st.one_of(st.just(0), st.integers(1, 3), st.integers(1, 5000)), min_size=6, max_size=6)
heights, widths = st.integers(2, 16), st.integers(1, 8)


@given(counts, heights, widths, st.booleans(), st.integers(0, 20_000))
def test_every_series_is_visible_where_the_bar_has_cells_for_it(
    bar: list[int], rows: int, columns: int, divided: bool, more: int
) -> None:
    top = max(1, sum(bar) + more)
    found = bar_columns(bar, rows, top, columns, divided)
    shown = {index for index, count in enumerate(bar) if count}
    seen = {series for column in found for cell in column for series, _ in cell}
    assert len(found) == columns
    height = bar_height(sum(bar), len(shown), rows, top) if shown else 0
    assert all(sum(eighths for cell in column for _, eighths in cell) == height for column in found)
    full, rest = divmod(height, 8)
    capacity = columns * (full * (2 if divided else 1) + (1 if rest else 0))
    assert seen <= shown
    assert len(seen) == min(len(shown), capacity)
    if len(seen) < len(shown):  # the largest are seen
        assert min(bar[index] for index in seen) >= max(bar[index] for index in shown - seen)


@given(counts, heights, widths, st.booleans())
def test_no_cell_shows_more_than_it_can(bar: list[int], rows: int, columns: int, divided: bool) -> None:
    for column in bar_columns(bar, rows, max(1, sum(bar)), columns, divided):
        for position, cell in enumerate(column):
            filled = sum(eighths for _, eighths in cell)
            assert all(eighths >= 1 for _, eighths in cell)
            assert filled == 8 or position == len(column) - 1
            assert len(cell) <= (2 if divided and filled == 8 else 1)
        order = [series for cell in column for series, _ in cell]
        assert order == sorted(order)  # each series is in one piece, in the order of the bar


@given(counts, heights, st.integers(1, 20_000))
def test_the_height_is_the_count_to_an_eighth_unless_the_series_need_more(bar: list[int], rows: int, more: int) -> None:
    top, series = sum(bar) + more, sum(1 for count in bar if count)
    height = bar_height(sum(bar), series, rows, top)
    exact = sum(bar) * rows * 8 / top
    assert abs(height - exact) <= 0.5 or (height == series and exact < series)


def test_one_percent_of_a_tall_bar_has_an_eighth() -> None:
    """500 read, 5 failed, in ten cells: the failed ones are less than an eighth of the cell."""
    (column,) = bar_columns([0, 500, 0, 0, 5, 0], 10, 505, 1, divided=True)
    assert column[-1] == [(1, 7), (4, 1)]
    assert column[:-1] == [[(1, 8)]] * 9


def test_a_bar_of_one_cell_shows_its_series_side_by_side() -> None:
    found = bar_columns([3, 2, 0, 0, 1, 0], 10, 1000, 4, divided=True)
    assert found == [[[(0, 3)]], [[(0, 3)]], [[(1, 3)]], [[(4, 3)]]]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(6, 128))
def test_parts_add_up_and_none_is_lost(parts: list[int], total: int) -> None:
    found = apportioned(parts, total)
    assert sum(found) == total
    assert min(found) >= 1
    for part, exact in zip(found, (count * total / sum(parts) for count in parts), strict=True):
        assert part >= int(exact) - len(parts)
