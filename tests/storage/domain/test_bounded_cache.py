"""A memo changes nothing but the time that an answer takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.bounded_cache import BoundedCache


@given(st.lists(st.integers(0, 9)))
def test_a_memo_gives_what_its_function_does_and_stays_small(values: list[int]) -> None:
    memo = BoundedCache(str, 4)
    assert [memo[value] for value in values] == [str(value) for value in values]
    assert len(memo) <= 4
