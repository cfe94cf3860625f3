"""The program's own words in too small a place: whole ones while any fits, and a note without its last parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.panel import heading
from tui.terminal import cut_words


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
