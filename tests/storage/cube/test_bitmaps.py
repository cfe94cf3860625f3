"""Sets of users as bytes: a union is the union, however few bytes its sets have, and equal sets are equal bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import encode, encode_numbers, encoded_union, union_of

RUN = range(100, 400)  # three hundred numbers in a row: a bitmap of 17 bytes
# Mostly one or two numbers, now and then enough of them for a bitmap, be it all in a row, or too far apart for one.
few = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3)
some = few | st.builds(
    lambda first, count, step: [*range(first, first + count * step, step)],
    st.integers(0, 300),
    st.integers(1, 120),
    st.integers(1, 3) | st.integers(5_000, 70_000),
)


@pytest.mark.parametrize("others", [[[5, 7]], [[5], [1_000_000]], [range(300, 700)], [[5], RUN]])
def test_a_run_of_numbers_is_a_bitmap_of_few_bytes_and_unites_as_any(others: list[list[int]]) -> None:
    sets = [RUN, *others]
    blobs = [encode_numbers(list(numbers)) for numbers in sets]
    wanted = sorted({number for numbers in sets for number in numbers})
    assert union_of([encoded_union(blobs)]).to_array().tolist() == wanted
    assert encoded_union(blobs) == encoded_union(blobs[::-1])


@pytest.mark.parametrize(("apart", "size"), [(65_536, 4 * 200), (16_384, 4 * 200), (8_192, 609), (1, 17)])
def test_a_set_is_in_the_shorter_of_its_two_forms(apart: int, size: int) -> None:
    """A number is 4 bytes; in a bitmap one is 2, and those that have their upper 16 bits in common are 8 more."""
    numbers = range(0, 200 * apart, apart)
    blob = encode_numbers(numbers)
    assert len(blob) == size
    assert [*union_of([blob])] == [*numbers]
    assert union_of([encode_numbers(range(9_000)), blob]) == BitMap(range(9_000)) | BitMap(numbers)


def test_equal_sets_are_equal_bytes_however_they_came_about() -> None:
    parts = [BitMap(range(0, 5000)), BitMap(range(1, 9000, 2)), BitMap(range(0, 9000, 2)), BitMap([70_000, 9_001])]
    one = parts[0] | parts[1] | parts[2] | parts[3]
    other = parts[1] | parts[2] | parts[3] | parts[0]
    assert encode(one) == encode(other) == encode(BitMap(sorted(one)))


@given(st.lists(some, min_size=1, max_size=12))
def test_a_union_is_the_same_bytes_as_its_numbers(sets: list[list[int]]) -> None:
    assert encoded_union([encode_numbers(one) for one in sets]) == encode_numbers(
        [number for one in sets for number in one]
    )


@given(st.lists(some, min_size=1, max_size=12))
def test_few_numbers_are_the_same_bytes_whether_they_came_as_numbers_or_as_a_set(sets: list[list[int]]) -> None:
    numbers = [number for one in sets for number in one]
    assert encode_numbers(numbers) == encode_numbers([*numbers, *numbers]) == encode(BitMap(numbers))
