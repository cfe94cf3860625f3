"""Sets of users as bytes: Roaring bitmaps, or sorted numbers where they are few or lie so far apart that a bitmap is
longer.

A number is a contact's id with the slice that it belongs to in the bits above (SLICE_BITS). Equal sets are equal bytes.
Numbers are of 32 bits, little-endian; a bitmap is in Roaring's portable format, filled up to a length that no run of
numbers has. Knows nothing of what a slice means.
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
_FEW = 96  # numbers; from here on a Roaring bitmap is faster to unite, and mostly smaller
_MANY_SETS = 32
_MANY = 200_000  # numbers times sets; below, to unite one by one is faster than in one go, which makes all dense first

_RUNS = [Struct(f"<{count}I") for count in range(_FEW)]
_RUN_LENGTHS = frozenset(run.size for run in _RUNS)


def encode_numbers(numbers: Collection[int]) -> bytes:
    """The set of these numbers, which may repeat."""
    if len(numbers) == 1:
        return _RUNS[1].pack(*numbers)
    if len(numbers) < _FEW:
        return _run({*numbers})
    return encode(BitMap(array("I", numbers)))


def _run(numbers: Collection[int]) -> bytes:
    return _RUNS[len(numbers)].pack(*sorted(numbers))


def encode(users: BitMap) -> bytes:
    """The bytes of a set."""
    if len(users) >= _FEW:
        # Equal sets that came about in other ways differ in which of their containers are runs.
        users.run_optimize()
        text: bytes = users.serialize()
        if len(text) < 4 * len(users):
            return text + bytes(1 + -len(text) % 4)
    return little_endian(users.to_array()).tobytes()


def encoded_union(blobs: Sequence[EncodedSet]) -> bytes:
    """The bytes of the union of sets of bytes, one or more."""
    if len(blobs) == 1:
        return bytes(blobs[0])
    joined = b"".join(blobs)
    # Of as few bytes, one can still be a bitmap: a run of numbers takes next to none.
    if len(joined) < 4 * _FEW and _RUN_LENGTHS.issuperset(map(len, blobs)):
        return _run({*_RUNS[len(joined) // 4].unpack(joined)})
    return encode(union_of(blobs))


def little_endian(numbers: array[int]) -> array[int]:
    """The numbers as they are stored, or back; the array itself is changed."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def is_run(blob: EncodedSet) -> bool:
    """Whether the bytes are a run of numbers, and no bitmap."""
    return not len(blob) & 3


def numbers_of(runs: Iterable[EncodedSet]) -> array[int]:
    """The numbers of runs, one after the other."""
    return little_endian(array("I", b"".join(runs)))


def decode(blob: EncodedSet) -> BitMap:
    """The set of these bytes."""
    return BitMap(numbers_of((blob,))) if is_run(blob) else BitMap.deserialize(bytes(blob))


def union_of(sets: Iterable[EncodedSet | BitMap]) -> BitMap:
    """The union of sets, of bytes or decoded."""
    few: list[EncodedSet] = []
    bitmaps: list[BitMap] = []
    for one in sets:
        if isinstance(one, BitMap):
            bitmaps.append(one)
        elif is_run(one):
            few.append(one)
        else:
            bitmaps.append(decode(one))
    if not bitmaps:
        return BitMap(numbers_of(few))
    users = union_of_bitmaps(bitmaps)
    if few:
        # Numbers are added faster to what is dense than to nothing; a set of the caller's stays as it is.
        users = users.copy() if len(bitmaps) == 1 else users
        users.update(numbers_of(few))
    return users


@cache
def _range(index: int) -> BitMap:
    return BitMap(range(index << SLICE_BITS, (index + 1) << SLICE_BITS))


def contacts_of(users: BitMap, slices: Iterable[int]) -> BitMap:
    """The contacts that the set has in any of these slices."""
    return union_of_bitmaps([contacts for _, contacts in contacts_by_slice(users, slices)])


def contacts_by_slice(users: BitMap, slices: Iterable[int]) -> Iterator[tuple[int, BitMap]]:
    """The contacts that the set has in each of these slices, where there are any."""
    for index in slices:
        start = index << SLICE_BITS
        if users.range_cardinality(start, start + (1 << SLICE_BITS)):
            yield index, (users & _range(index)).shift(-start)


def union_of_bitmaps(sets: Sequence[BitMap]) -> BitMap:
    """The union of any number of sets; a single one is returned as it is."""
    # Of so many it is not even worth asking how many numbers they have.
    if len(sets) > _MANY_SETS or (len(sets) > 2 and len(sets) * sum(map(len, sets)) > _MANY):
        return BitMap.union(*sets)
    first, *others = sets or (BitMap(),)
    if others:
        first = first | others[0]
        for other in others[1:]:
            first |= other
    return first
