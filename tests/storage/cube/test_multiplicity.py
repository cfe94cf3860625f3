"""Sets can be subtracted from a union, however often a number occurs in them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import encode, encode_numbers
from storage.cube.multiplicity import add_to, only_in, planes_by_failure, sum_of, union_and_planes, with_equal_counts
from storage.cube.packed_sets import pack

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


@given(st.lists(many_sets, min_size=1, max_size=4))
def test_the_counts_of_unions_add_up_to_those_of_their_sets(groups: list[list[set[int]]]) -> None:
    encoded = [[encode_numbers(list(one)) for one in sets] for sets in groups]
    counted = [union_and_planes(sets) for sets in encoded]
    found = sum_of((encode(union), planes) for union, planes in counted)
    union, planes = union_and_planes([one for sets in encoded for one in sets])
    assert (found[0], [plane for plane in found[1] if plane]) == (union, [plane for plane in planes if plane])


@given(many_sets, many_sets)
def test_sets_that_two_unions_hold_are_counted_twice(sets: list[set[int]], both: list[set[int]]) -> None:
    """Of a line and a template that are left out, the leaf set of both is in two roll-ups."""
    encoded, twice = ([encode_numbers(list(one)) for one in some] for some in (sets, both))
    _, planes = union_and_planes(encoded + twice)
    for one in both:
        add_to(planes, BitMap(one))
    found = with_equal_counts(*union_and_planes(twice + twice), planes)
    assert set(found) == set().union(*both) - set().union(*sets)


@given(many_sets)
def test_bit_planes_are_read_by_failure_whichever_are_stored(sets: list[set[int]]) -> None:
    _, planes = union_and_planes([encode_numbers(list(one)) for one in sets])
    keyed = [((bit, failure), encode(plane)) for failure in (4, 2) for bit, plane in enumerate(planes) if plane]
    if keyed:
        assert planes_by_failure(pack(keyed)) == {2: planes, 4: planes}
