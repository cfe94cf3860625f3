"""Sets can be subtracted from a union, however often a number occurs in them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import encode_numbers
from storage.cube.multiplicity import only_in, union_and_planes

# Number lists, bitmaps, and many sets that overlap.
numbers = st.sets(st.integers(0, 20), min_size=1) | st.builds(
    lambda first, count: set(range(first, first + count)), st.integers(0, 300), st.integers(90, 300)
)
many_sets = st.lists(numbers, min_size=1, max_size=12)


@given(many_sets)
def test_bit_planes_are_the_counts_less_one_in_binary(sets: list[set[int]]) -> None:
    union, planes = union_and_planes([encode_numbers(list(one)) for one in sets])
    counts = Counter(number for one in sets for number in one)
    assert set(union) == set(counts)
    for bit in range(max(counts.values()).bit_length()):
        expected = {number for number, count in counts.items() if (count - 1) >> bit & 1}
        assert set(planes[bit] if bit < len(planes) else BitMap()) == expected


@given(many_sets, st.data())
def test_numbers_only_in_some_sets_are_in_none_of_the_others(sets: list[set[int]], data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(range(len(sets))), min_size=1))
    encoded = [encode_numbers(list(one)) for one in sets]
    _, planes = union_and_planes(encoded)
    others = set().union(*(one for index, one in enumerate(sets) if index not in some))
    found = only_in([encoded[index] for index in some], planes)
    assert set(found) == set().union(*(sets[index] for index in some)) - others


@given(many_sets)
def test_the_order_of_the_sets_does_not_matter(sets: list[set[int]]) -> None:
    encoded = [encode_numbers(list(one)) for one in sets]
    assert union_and_planes(encoded) == union_and_planes(encoded[::-1])
