"""Texts of the program in too few cells: cut between words, and a note without its last parts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.terminal.style import STATUS_LETTER, cut_words
from tui.widgets.drawn_charts import LEGEND, legend
from tui.widgets.panel import heading
from tui.words.numbers import number, short_number
from tui.words.wording import days, status_name


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (24, "Number no longer exists"),
        (22, "Number no longer…"),
        (16, "Number no…"),
        (7, "Number…"),
        (6, "Numbe…"),  # no whole word fits
        (0, ""),
    ],
)
def test_no_word_is_cut_while_a_whole_one_fits(width: int, shown: str) -> None:
    assert cut_words("Number no longer exists", width) == shown


@given(st.text("ab –,日 "), st.integers(0, 20))
def test_what_is_shown_never_takes_more_room(text: str, width: int) -> None:
    assert cell_len(cut_words(text, width)) <= width


@pytest.mark.parametrize(
    ("width", "note"),
    [
        (70, "starts per day, 27 Oct – 25 Nov 2026"),
        (56, "starts per day, 27 Oct – 25 Nov"),
        (45, "starts per day"),
        (34, "starts per…"),
    ],
)
def test_a_heading_leaves_out_parts_of_its_note(width: int, note: str) -> None:
    shown = heading(5, "Daily evolution", "starts per day, 27 Oct – 25 Nov 2026", width, False).text
    assert cell_len(shown) == width
    assert shown.rstrip("─").rstrip() == f" 5 Daily evolution  {note}"


@pytest.mark.parametrize("width", range(59, 161, 4))
def test_the_counts_of_a_bar_are_whole_at_every_width(width: int) -> None:
    counts = dict(zip(LEGEND, (123_456, 0, 98_765, 999_999, 1_000, 44_123), strict=True))
    text = legend(width, days(date(2025, 11, 26), date(2026, 12, 3)), counts).text
    assert cell_len(text.rstrip()) <= width
    assert text.strip().startswith("26 Nov")
    assert "2 Dec" in text
    for status, count in counts.items():
        shown = (f"{status_name(status)} {number(count)}", f"{STATUS_LETTER[status]} {short_number(count)}")
        assert not count or any(form in text for form in shown)
