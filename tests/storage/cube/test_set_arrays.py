"""Elements that are sorted by groups are those that are sorted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from storage.cube.set_arrays import NUMBER_BITS, in_groups


@pytest.mark.parametrize("keys", [1, 3, 70_000])
@pytest.mark.parametrize("size", [0, 1, 500, 20_000])
@pytest.mark.parametrize("is_ordered", [False, True])
def test_groups_are_in_order(keys: int, size: int, is_ordered: bool) -> None:
    """Few groups of many numbers, many of few, and numbers that stand twice or use all 32 bits."""
    chance = np.random.default_rng(3)
    of_elements = chance.integers(0, keys, size)
    if is_ordered:
        of_elements.sort()
    numbers = chance.choice([5, 2**31, 2**32 - 1, *range(1_000, 9_000)], size).astype(np.int64)
    own = chance.integers(0, 2**20, size) << NUMBER_BITS
    expected = np.sort(of_elements << NUMBER_BITS | numbers)
    assert np.array_equal(in_groups(of_elements, own | numbers), expected)
