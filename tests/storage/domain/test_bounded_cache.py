"""A cache returns what its function returns, and does not grow beyond its limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.bounded_cache import BoundedCache


@given(st.lists(st.integers(0, 9)))
def test_a_cache_returns_the_results_of_its_function_and_stays_small(values: list[int]) -> None:
    cache = BoundedCache(str, 4)
    assert [cache[value] for value in values] == [str(value) for value in values]
    assert len(cache) <= 4
