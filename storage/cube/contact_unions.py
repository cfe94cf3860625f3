"""The contacts of many encoded sets at once, whatever their slices. Knows no database and no filter.

`contacts_of(union_of(sets), slices)` in bitmaps.py is the plain rule, which unites numbers before it removes their
slices. Here slices are removed first, unless there are many or small bitmaps: contacts are sixteen times fewer
containers to unite. Three kinds of sets:

* Long bitmaps are cut into slices, container by container.
* Short bitmaps are read as numbers, like the number lists: a number is handled faster than a container. How short they
  have to be depends on how many there are.
* All these numbers lose their slices in one operation and are added to a bitmap of bits (`_distinct`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import compress

from pyroaring import BitMap

from storage.cube.bitmaps import (
    CONTACT,
    SLICE_BITS,
    EncodedSet,
    contacts_by_slice,
    decode,
    is_number_list,
    little_endian,
    numbers_of,
    union_of_bitmaps,
)

_SHORT = 200  # numbers in a bitmap below which it is always read as numbers
_LONG = 800  # numbers in a bitmap from which on it is cut into slices
_MANY_BITMAPS = 16  # from which on they are united before
_FEW_NUMBERS = 15_000  # in all bitmaps below which they are united before, too
_MANY = 6_000  # numbers from which on they are added to a bitmap of bits
_FEW = 0.4  # share of selected numbers below which they are selected one by one
_SPARSE = 8  # of fewer than one number in so many bits of contacts (2 ** 8), the bits take longer than the numbers
_MOST_BITS = 24  # 4 MB, or 8 MB twice
_SAMPLES = 64
_UNSELECTED = 15 << SLICE_BITS  # begins the range where numbers of unselected slices are put, to be removed at once
_IS_SELECTED = bytes(byte < _UNSELECTED >> 24 for byte in range(256))  # by the highest byte


def contacts_of_sets(sets: Iterable[EncodedSet | BitMap], slices: Collection[int]) -> BitMap:
    """The contacts that are in any of these slices of any of these sets."""
    numbers: list[EncodedSet] = []
    bitmaps: list[BitMap] = []
    for one in sets:
        if not isinstance(one, BitMap) and is_number_list(one):
            numbers.append(one)
            continue
        users = one if isinstance(one, BitMap) else decode(one)
        if len(users) < _SHORT:
            numbers.append(little_endian(users.to_array()).tobytes())
        else:
            bitmaps.append(users)
    if len(bitmaps) >= _MANY_BITMAPS or (len(bitmaps) > 1 and sum(map(len, bitmaps)) < _FEW_NUMBERS):
        bitmaps = [union_of_bitmaps(bitmaps)]
    contacts: list[BitMap] = []
    for users in bitmaps:
        if len(users) < _LONG:
            numbers.append(little_endian(users.to_array()).tobytes())
        else:
            contacts += [of_slice for _, of_slice in contacts_by_slice(users, slices)]
    if numbers:
        contacts.append(_contacts_of_numbers(b"".join(numbers), frozenset(slices)))
    return union_of_bitmaps(contacts)


def _contacts_of_numbers(numbers: bytes, slices: frozenset[int]) -> BitMap:
    """The contacts of those numbers, in any order and with duplicates, that are in these slices."""
    highest = slice(3, None, 4)
    marked = bytearray(numbers)
    marked[highest] = marks = numbers[highest].translate(_marks(slices))
    found = numbers_of((memoryview(marked),))
    selected = marks.translate(_IS_SELECTED)
    count = selected.count(1)
    if count == len(found):
        return _distinct(found, _every_other)
    if count < len(found) * _FEW:
        return _distinct(array("I", compress(found, selected)), _every_other)
    contacts = _distinct(found, _every_other_twice)
    contacts.remove_range(_UNSELECTED, 1 << 32)
    return contacts


@cache
def _marks(slices: frozenset[int]) -> bytes:
    """By the highest byte of a number: the same without its slice, or in _UNSELECTED if it is in no slice of these."""
    slice_place = SLICE_BITS - 24
    contact = (1 << slice_place) - 1
    return bytes(byte & contact | (0 if byte >> slice_place in slices else _UNSELECTED >> 24) for byte in range(256))


def _distinct(numbers: array[int], every_other: Callable[[int, int], BitMap]) -> BitMap:
    """The set of numbers in any order, with duplicates.

    To put a number between those of a list takes long, to set a bit does not. So the odd ones are added to a bitmap
    that holds all even ones as bits, which are then taken out, and the even ones likewise. Numbers beyond its bits are
    right too, only slower.
    """
    if len(numbers) < _MANY:
        return BitMap(numbers)
    bits = max(number & CONTACT for number in numbers[:: len(numbers) // _SAMPLES]).bit_length()
    if len(numbers) << _SPARSE < 1 << bits:
        return BitMap(numbers)
    bits = min(bits, _MOST_BITS)
    parts = []
    for as_bits in (every_other(0, bits), every_other(1, bits)):
        part = as_bits.copy()
        part.update(numbers)
        part -= as_bits
        parts.append(part)
    return parts[0] | parts[1]


@cache
def _every_other(first: int, bits: int) -> BitMap:
    """The even (first 0) or odd (1) contacts of so many bits."""
    return BitMap(range(first, 1 << bits, 2))


@cache
def _every_other_twice(first: int, bits: int) -> BitMap:
    """The same, and the same ones in _UNSELECTED."""
    return _every_other(first, bits) | BitMap(range(_UNSELECTED + first, _UNSELECTED + (1 << bits), 2))
