"""The columns of a breakdown fit every width, and keep what matters."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from storage.domain.dimension import OF_FAILURES, Dimension
from storage.report.breakdown import Breakdown
from tests.tui.data.test_breakdown_list import breakdowns
from tui.data.breakdown_list import RATES, BreakdownList, SortBy, Sorting
from tui.terminal import style
from tui.widgets.breakdown_columns import cells, header, placed, placed_side_by_side
from tui.widgets.breakdown_window import GAP, first_to_show, window

WIDTHS = st.integers(60, 240)


@given(
    breakdowns(), WIDTHS, st.sampled_from((SortBy.NAME, SortBy.USERS, SortBy.READ)), st.integers(0, 9), st.booleans()
)
def test_headings_and_cells_fill_their_columns_and_fit_the_width(
    breakdown: Breakdown, width: int, by: SortBy, first: int, compared: bool
) -> None:
    rows = BreakdownList(breakdown, breakdown if compared else None, Sorting(by), 0)
    columns = placed(rows, width, first)
    assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width
    filled = sum(column.width + GAP for column in columns)
    assert sum(cell_len(text) for text, _ in header(rows, columns)) == filled
    for one in rows.rows:
        assert sum(cell_len(text) for text, _ in cells(one, columns, None)) == filled


@given(breakdowns(), WIDTHS, st.booleans())
def test_every_column_can_be_scrolled_into_view_and_is_when_it_is_sorted_by(
    breakdown: Breakdown, width: int, compared: bool
) -> None:
    rows = BreakdownList(breakdown, breakdown if compared else None, Sorting(SortBy.NAME), 0)
    first, seen = 0, set(window(rows, width).shown)
    while window(rows, width, first).right:
        first += 1
        seen.update(window(rows, width, first).shown)
    assert seen == set(rows.columns)
    assert window(rows, width, first + 1) == window(rows, width, first)
    for by in rows.columns:
        assert by in window(rows, width, first_to_show(rows, width, first, by)).shown


@given(breakdowns(), WIDTHS)
def test_rows_side_by_side_have_all_their_rates(breakdown: Breakdown, width: int) -> None:
    columns = placed_side_by_side(BreakdownList(breakdown, None, Sorting(SortBy.NAME), 0), width)
    assert {SortBy.NAME, *RATES} <= {column.by for column in columns}
    assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width


@given(breakdowns(), WIDTHS)
def test_more_room_never_takes_a_column_away(breakdown: Breakdown, width: int) -> None:
    rows = BreakdownList(breakdown, None, Sorting(SortBy.STARTS), 0)
    narrow, wide = ({column.by for column in placed(rows, size)} for size in (width, width + 1))
    assert narrow <= wide


@pytest.mark.parametrize("dimension", sorted(OF_FAILURES))
def test_failures_have_only_the_columns_that_say_something(dimension: Dimension) -> None:
    empty = Breakdown(dimension, date(2026, 11, 1), date(2026, 12, 1), ())
    rows = BreakdownList(empty, None, Sorting(SortBy.STARTS), 10)
    assert [column.by for column in placed(rows, 118)] == [SortBy.NAME, SortBy.STARTS, SortBy.USERS]


def test_in_ascii_a_bar_is_made_of_letters_and_what_is_not_zero_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.widgets.breakdown_columns import _bar

    assert [_bar(share, 8) for share in (0.0, 0.001, 0.5, 1.0)] == ["        ", "▏       ", "████    ", "████████"]
    monkeypatch.setattr(style, "_ascii_only", True)
    assert [_bar(share, 8) for share in (0.0, 0.001, 0.5, 1.0)] == ["        ", "#       ", "####    ", "########"]
