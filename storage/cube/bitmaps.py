"""User sets as bytes: a list of numbers, or a Roaring bitmap where that is shorter. Equal sets are equal bytes.

A number is slice << SLICE_BITS | contact id (start_classes.py). The two forms differ in their length:

* Number list: ascending 32-bit integers, little-endian. Its length is a multiple of 4.
* Bitmap: Roaring's portable format (https://github.com/RoaringBitmap/RoaringFormatSpec), followed by 1 to 4 zero bytes
  so that its length is one more than a multiple of 4. Only sets of LIST_LIMIT numbers or more have this form.

Knows nothing of what a slice means.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from struct import Struct

from pyroaring import BitMap

EncodedSet = bytes | memoryview

SLICE_BITS = 28  # of a contact's id: 268 million contacts
CONTACT = (1 << SLICE_BITS) - 1  # the contact in a number
LIST_LIMIT = 96  # numbers; from here on a bitmap unites faster and is mostly smaller
# `BitMap.union` makes all sets dense first: faster than pairwise unions only for many sets or many numbers times sets.
_MANY_SETS = 32
_MANY_NUMBERS = 200_000  # numbers times sets

_LISTS = [Struct(f"<{count}I") for count in range(LIST_LIMIT)]  # by count of numbers
_LIST_LENGTHS = frozenset(numbers.size for numbers in _LISTS)


def encode_numbers(numbers: Collection[int]) -> bytes:
    """The bytes of the set of these numbers, one or more, with or without duplicates."""
    if len(numbers) == 1:
        return _LISTS[1].pack(*numbers)
    if len(numbers) < LIST_LIMIT:
        return _number_list({*numbers})
    return encode(BitMap(array("I", numbers)))


def _number_list(numbers: Collection[int]) -> bytes:
    return _LISTS[len(numbers)].pack(*sorted(numbers))


def encode(users: BitMap) -> bytes:
    """The bytes of a set."""
    if len(users) >= LIST_LIMIT:
        # Equal sets differ in the containers that they use unless each is optimised.
        users.run_optimize()
        serialized: bytes = users.serialize()
        if len(serialized) < 4 * len(users):
            return serialized + bytes(1 + -len(serialized) % 4)
    return little_endian(users.to_array()).tobytes()


def encoded_union(sets: Sequence[EncodedSet]) -> bytes:
    """The bytes of the union of one or more sets."""
    if len(sets) == 1:
        return bytes(sets[0])
    joined = b"".join(sets)
    # So few bytes are number lists, or one of them is a bitmap: consecutive numbers take next to no bytes.
    if len(joined) < 4 * LIST_LIMIT and _LIST_LENGTHS.issuperset(map(len, sets)):
        return _number_list({*_LISTS[len(joined) // 4].unpack(joined)})
    return encode(union_of(sets))


def little_endian(numbers: array[int]) -> array[int]:
    """Converts numbers between this machine's byte order and the stored one, in place."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def is_number_list(encoded: EncodedSet) -> bool:
    """Whether a set is stored as a number list, not as a bitmap."""
    return not len(encoded) & 3


def numbers_of(number_lists: Iterable[EncodedSet]) -> array[int]:
    """The numbers of number lists, one list after the other."""
    return little_endian(array("I", b"".join(number_lists)))


def decode(encoded: EncodedSet) -> BitMap:
    """The set of these bytes."""
    return BitMap(numbers_of((encoded,))) if is_number_list(encoded) else BitMap.deserialize(bytes(encoded))


def union_of(sets: Iterable[EncodedSet | BitMap]) -> BitMap:
    """The union of sets, encoded or decoded."""
    number_lists: list[EncodedSet] = []
    bitmaps: list[BitMap] = []
    for one in sets:
        if isinstance(one, BitMap):
            bitmaps.append(one)
        elif is_number_list(one):
            number_lists.append(one)
        else:
            bitmaps.append(decode(one))
    if not bitmaps:
        return BitMap(numbers_of(number_lists))
    users = union_of_bitmaps(bitmaps)
    if number_lists:
        # It is faster to add numbers to the bitmaps' union than to an empty set. A single bitmap may be the caller's.
        users = users.copy() if len(bitmaps) == 1 else users
        users.update(numbers_of(number_lists))
    return users


def union_of_bitmaps(sets: Sequence[BitMap]) -> BitMap:
    """The union of any number of sets; a single set is returned itself, not a copy."""
    # Beyond _MANY_SETS it does not pay even to count their numbers.
    if len(sets) > _MANY_SETS or (len(sets) > 2 and len(sets) * sum(map(len, sets)) > _MANY_NUMBERS):
        return BitMap.union(*sets)
    first, *others = sets or (BitMap(),)
    if others:
        first = first | others[0]
        for other in others[1:]:
            first |= other
    return first


@cache
def _slice_range(slice_number: int) -> BitMap:
    return BitMap(range(slice_number << SLICE_BITS, (slice_number + 1) << SLICE_BITS))


_FEW_NUMBERS = 600  # numbers in a set; from here on slices are faster than a mask
_CONTACT_MASK = int.from_bytes(CONTACT.to_bytes(4, "little") * _FEW_NUMBERS, "little")


def contacts_of(users: BitMap, slices: Collection[int]) -> BitMap:
    """The contacts in any of these slices of a set."""
    if len(users) <= _FEW_NUMBERS and _count_of(users, slices) == len(users):
        # All numbers without their slices, in one operation.
        numbers = little_endian(users.to_array()).tobytes()
        masked = int.from_bytes(numbers, "little") & _CONTACT_MASK
        return BitMap(numbers_of((masked.to_bytes(len(numbers), "little"),)))
    return union_of_bitmaps([contacts for _, contacts in contacts_by_slice(users, slices)])


def _count_of(users: BitMap, slices: Iterable[int]) -> int:
    """How many numbers of a set are in these slices."""
    counts = [users.range_cardinality(slice << SLICE_BITS, (slice + 1) << SLICE_BITS) for slice in slices]
    return sum(counts)


def contacts_by_slice(users: BitMap, slices: Iterable[int]) -> Iterator[tuple[int, BitMap]]:
    """The contacts in each of these slices of a set, without empty slices."""
    for number in slices:
        start = number << SLICE_BITS
        if users.range_cardinality(start, start + (1 << SLICE_BITS)):
            yield number, (users & _slice_range(number)).shift(-start)
