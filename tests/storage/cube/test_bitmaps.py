"""User sets as bytes: unions are right in either form, and equal sets are equal bytes."""

from __future__ import annotations

import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.cube.bitmaps import (
    SLICE_BITS,
    contacts_by_slice,
    contacts_of,
    encode,
    encode_numbers,
    encoded_union,
    little_endian,
    union_of,
)

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


@pytest.mark.parametrize("count", [95, 96, 97, 100])
def test_around_the_limit_of_number_lists_all_ways_give_the_same_bytes(count: int) -> None:
    for step in (1, 70_000):
        numbers = range(0, count * step, step)
        encoded = encode_numbers(numbers)
        assert len(encoded) == (4 * count if count < 96 or step > 1 else 17)
        assert encode(BitMap(numbers)) == encoded
        assert encoded_union([encode_numbers(numbers[:48]), encode_numbers(numbers[48:])]) == encoded


def test_a_set_of_equal_length_in_both_forms_is_a_number_list() -> None:
    """200 numbers with 49 upper halves: 8 + 49 * 8 + 200 * 2 bytes as a bitmap."""
    numbers = [(place % 49 << 16) + 2 * place for place in range(200)]
    assert len(encode_numbers(numbers)) == 4 * 200


def test_a_union_leaves_the_given_sets_as_they_are() -> None:
    given = BitMap([1])
    assert union_of([given, encode_numbers([2])]) == BitMap([1, 2])
    assert given == BitMap([1])


def test_numbers_are_stored_alike_on_machines_of_either_byte_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "little")
    assert little_endian(array("I", [1])).tolist() == [1]
    monkeypatch.setattr(sys, "byteorder", "big")
    assert little_endian(array("I", [1])).tolist() == [1 << 24]


@pytest.mark.parametrize("count", [1, 3, 700])
def test_contacts_are_those_of_the_slices_asked_for(count: int) -> None:
    contacts = {number: BitMap(range(10 * number, 10 * number + count)) for number in (1, 2, 4)}
    users = BitMap([number << SLICE_BITS | one for number, of in contacts.items() for one in of])
    assert contacts_of(users, range(5)) == contacts[1] | contacts[2] | contacts[4]
    assert contacts_of(users, (0, 1)) == contacts[1]
    assert contacts_of(users, (2, 3)) == contacts[2]
    assert contacts_of(users, (0, 3)) == BitMap()
    assert dict(contacts_by_slice(users, range(5))) == contacts
    first_two = BitMap([one for one in users if one >> SLICE_BITS < 4])
    assert contacts_of(first_two, (2,)) == contacts[2]
