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
from tui.data.breakdown_list import BreakdownList, SortBy, Sorting
from tui.terminal import style
from tui.widgets.breakdown_columns import GAP, cells, header, placed

WIDTHS = st.integers(60, 240)


@given(breakdowns(), WIDTHS, st.sampled_from((SortBy.NAME, SortBy.USERS, SortBy.READ)))
def test_headings_and_cells_fill_their_columns_and_fit_the_width(breakdown: Breakdown, width: int, by: SortBy) -> None:
    rows = BreakdownList(breakdown, None, Sorting(by), 0)
    columns = placed(rows, width)
    assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width
    filled = sum(column.width + GAP for column in columns)
    assert sum(cell_len(text) for text, _ in header(rows, columns)) == filled
    for one in rows.rows:
        assert sum(cell_len(text) for text, _ in cells(one, columns, None)) == filled
    shown = {column.by for column in columns}
    assert {SortBy.NAME, by, SortBy.DELIVERED, SortBy.READ, SortBy.ANSWERED, SortBy.FAILED} <= shown


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
