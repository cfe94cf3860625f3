"""The contacts of many sets are those that the plain rule finds, whichever way each set is read."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube import contact_unions
from storage.cube.bitmaps import SLICE_BITS, EncodedSet, contacts_of, decode, encode_numbers, union_of
from storage.cube.contact_unions import contacts_of_sets

SLICES = range(16)
contacts = st.lists(st.integers(1, 300) | st.integers(0, (1 << SLICE_BITS) - 1), min_size=1, max_size=4) | st.builds(
    lambda first, count, step: [*range(first, first + count * step, step)],
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(1, 3) | st.integers(5_000, 70_000),
)
numbers = st.lists(st.tuples(st.sampled_from(SLICES), contacts), min_size=1, max_size=3).map(
    lambda parts: [number << SLICE_BITS | contact for number, of_slice in parts for contact in of_slice]
)


@given(
    st.lists(st.tuples(numbers, st.booleans()), max_size=12),
    st.sets(st.sampled_from(SLICES)),
    st.sampled_from((1, 200, 100_000)),
    st.sampled_from((1, 16)),
    st.sampled_from((1, 4_000)),
    st.sampled_from((0, 1)),
    st.sampled_from((4, 24)),
)
def test_contacts_are_those_of_the_plain_rule(
    sets: list[tuple[list[int], bool]], slices: set[int], long: int, bitmaps: int, many: int, few: int, most_bits: int
) -> None:
    encoded: list[EncodedSet | BitMap] = [
        decode(encode_numbers(of)) if is_decoded else encode_numbers(of) for of, is_decoded in sets
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_unions, "_SHORT", min(long, 200))
        patch.setattr(contact_unions, "_MANY_BITMAPS", bitmaps)
        patch.setattr(contact_unions, "_FEW_NUMBERS", 500)
        for name, value in (("_LONG", long), ("_MANY", many), ("_FEW", few), ("_MOST_BITS", most_bits)):
            patch.setattr(contact_unions, name, value)
        patch.setattr(contact_unions, "_SAMPLES", 1)
        patch.setattr(contact_unions, "_SPARSE", 28)
        assert contacts_of_sets(encoded, slices) == contacts_of(union_of(encoded), slices)


def test_nothing_has_no_contacts() -> None:
    assert contacts_of_sets([], SLICES) == BitMap()
    assert contacts_of_sets([encode_numbers([5])], ()) == BitMap()


@pytest.mark.parametrize("most_bits", [4, 24])
@pytest.mark.parametrize("every_other", [contact_unions._every_other, contact_unions._every_other_twice])
@pytest.mark.parametrize("sparse", [0, 8, 28])
def test_numbers_of_any_density_are_the_same_set(
    monkeypatch: pytest.MonkeyPatch,
    most_bits: int,
    every_other: Callable[[int, int], BitMap],
    sparse: int,
) -> None:
    for name, value in (("_MANY", 1), ("_MOST_BITS", most_bits), ("_SAMPLES", 1), ("_SPARSE", sparse)):
        monkeypatch.setattr(contact_unions, name, value)
    unselected = contact_unions._UNSELECTED
    for numbers in (
        range(100),
        range(0, 100, 2),
        range(1, 200, 2),
        [*range(50), *range(50), 7],
        [70_000 * number for number in range(80)],
        [70_000 * number for number in range(80, 0, -1)],  # the first is looked at: they are sparse
        [*range(70), *range(unselected, unselected + 70), *range(unselected + 1_000, unselected + 9_000, 70)],
    ):
        assert contact_unions._distinct(array("I", numbers), every_other) == BitMap(numbers)


@pytest.mark.parametrize("slices", [(0, 1, 2), (0,), (0, 1), (3,), ()])
def test_long_and_short_sets_are_united(monkeypatch: pytest.MonkeyPatch, slices: tuple[int, ...]) -> None:
    for name, value in (("_MANY", 1), ("_SAMPLES", 1), ("_SPARSE", 28)):
        monkeypatch.setattr(contact_unions, name, value)
    short: list[EncodedSet | BitMap] = [
        encode_numbers([place << SLICE_BITS | 10 * place + one for one in range(40)]) for place in (0, 1, 2)
    ]
    long: list[EncodedSet | BitMap] = [BitMap(range(first, first + 2_000)) for first in (5_000, 9_000)]
    middle = BitMap(range(1 << SLICE_BITS, (1 << SLICE_BITS) + 300))
    for sets in (short, long, [*short, *long], [*short, *long, middle]):
        assert contacts_of_sets(sets, slices) == contacts_of(union_of(sets), slices)
