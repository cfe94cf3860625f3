"""A period is covered by few blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.cube.layout import FAILED, KINDS, SHIFTS, USERS, cover, days_of, has_multiplicity


@given(st.integers(15_000, 22_000), st.integers(1, 800), st.sets(st.integers(-5, 805), max_size=8))
def test_a_cover_has_every_clean_day_once_in_few_blocks(first: int, length: int, offsets: set[int]) -> None:
    dirty = {(0, first + offset) for offset in offsets}
    blocks = cover(first, first + length, dirty)
    days = [day for block in blocks for day in days_of(block)]
    assert days == [day for day in range(first, first + length) if (0, day) not in dirty]
    if not dirty:
        assert len(blocks) <= 28 + length // 64


def test_all_blocks_but_days_can_leave_templates_out_unless_they_are_by_step() -> None:
    found = {(kind, level) for kind in KINDS for level in range(len(SHIFTS)) if has_multiplicity(kind, level)}
    assert found == {(kind, level) for kind in (USERS, FAILED) for level in (1, 2, 3)}
