"""A union that loses some of its sets again is the union of the others, however often a number stands in them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import encode_numbers
from storage.cube.multiplicity import layers_of, only_in

# Runs of numbers as they are, long ones as bitmaps, and many that overlap.
numbers = st.sets(st.integers(0, 20), min_size=1) | st.builds(
    lambda first, count: set(range(first, first + count)), st.integers(0, 300), st.integers(90, 300)
)
many_sets = st.lists(numbers, min_size=1, max_size=12)


@given(many_sets)
def test_the_layers_are_the_bits_of_how_many_more_sets_a_number_stands_in(sets: list[set[int]]) -> None:
    union_of_bitmaps, layers = layers_of([encode_numbers(list(one)) for one in sets])
    counts = Counter(number for one in sets for number in one)
    assert set(union_of_bitmaps) == set(counts)
    for place in range(max(counts.values()).bit_length()):
        wanted = {number for number, count in counts.items() if (count - 1) >> place & 1}
        assert set(layers[place] if place < len(layers) else BitMap()) == wanted


@given(many_sets, st.data())
def test_what_leaves_with_some_sets_stands_in_none_of_the_others(sets: list[set[int]], data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(range(len(sets))), min_size=1))
    blobs = [encode_numbers(list(one)) for one in sets]
    _, layers = layers_of(blobs)
    others = set().union(*(one for place, one in enumerate(sets) if place not in some))
    leaving = only_in([blobs[place] for place in some], layers)
    assert set(leaving) == set().union(*(sets[place] for place in some)) - others


@given(many_sets)
def test_the_order_of_the_sets_does_not_matter(sets: list[set[int]]) -> None:
    blobs = [encode_numbers(list(one)) for one in sets]
    assert layers_of(blobs) == layers_of(blobs[::-1])
