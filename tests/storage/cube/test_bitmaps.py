"""User sets as bytes: unions are right in either form, and equal sets are equal bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import encode, encode_numbers, encoded_union, union_of

CONSECUTIVE = range(100, 400)  # a bitmap of 17 bytes
# Mostly a number or two, sometimes enough for a bitmap: consecutive, scattered, or too scattered for one.
few = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3)
some = few | st.builds(
    lambda first, count, step: [*range(first, first + count * step, step)],
    st.integers(0, 300),
    st.integers(1, 120),
    st.integers(1, 3) | st.integers(5_000, 70_000),
)


@pytest.mark.parametrize("others", [[[5, 7]], [[5], [1_000_000]], [range(300, 700)], [[5], CONSECUTIVE]])
def test_short_bitmaps_of_consecutive_numbers_are_not_taken_for_number_lists(others: list[list[int]]) -> None:
    sets = [CONSECUTIVE, *others]
    encoded = [encode_numbers(list(numbers)) for numbers in sets]
    expected = sorted({number for numbers in sets for number in numbers})
    assert union_of([encoded_union(encoded)]).to_array().tolist() == expected
    assert encoded_union(encoded) == encoded_union(encoded[::-1])


@pytest.mark.parametrize(("step", "length"), [(65_536, 4 * 200), (16_384, 4 * 200), (8_192, 609), (1, 17)])
def test_a_set_is_stored_in_the_shorter_form(step: int, length: int) -> None:
    """A number takes 4 bytes in a list, 2 in a bitmap; each distinct upper half of the numbers takes 8 more there."""
    numbers = range(0, 200 * step, step)
    encoded = encode_numbers(numbers)
    assert len(encoded) == length
    assert [*union_of([encoded])] == [*numbers]
    assert union_of([encode_numbers(range(9_000)), encoded]) == BitMap(range(9_000)) | BitMap(numbers)


def test_equal_sets_are_equal_bytes_in_any_order_of_unions() -> None:
    parts = [BitMap(range(0, 5000)), BitMap(range(1, 9000, 2)), BitMap(range(0, 9000, 2)), BitMap([70_000, 9_001])]
    one = parts[0] | parts[1] | parts[2] | parts[3]
    other = parts[1] | parts[2] | parts[3] | parts[0]
    assert encode(one) == encode(other) == encode(BitMap(sorted(one)))


@given(st.lists(some, min_size=1, max_size=12))
def test_a_union_has_the_bytes_of_the_set_of_all_numbers(sets: list[list[int]]) -> None:
    numbers = [number for one in sets for number in one]
    assert encoded_union([encode_numbers(one) for one in sets]) == encode_numbers(numbers)


@given(st.lists(some, min_size=1, max_size=12))
def test_numbers_and_bitmaps_are_encoded_to_the_same_bytes(sets: list[list[int]]) -> None:
    numbers = [number for one in sets for number in one]
    assert encode_numbers(numbers) == encode_numbers([*numbers, *numbers]) == encode(BitMap(numbers))
