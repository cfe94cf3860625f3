"""Bit-sliced multiplicities: in how many of many sets each number occurs, so that unions support subtraction. Knows no
database.

A union does not tell how often a number occurred, so a set cannot be subtracted from it. Therefore, for each number of
the union, the count of sets less one is written in binary: bit plane i is the set of numbers whose bit i is 1. Most
numbers occur in one set only and are in no plane. Subtracting some sets removes a number if it occurs in as many of
them as in all sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode, is_number_list, numbers_of
from storage.cube.packed_sets import unpack

BitPlanes = list[BitMap]  # by bit, the lowest first


def union_and_planes(sets: Iterable[EncodedSet]) -> tuple[BitMap, BitPlanes]:
    """The union of sets, and the bit planes of how many of them hold each number, less one."""
    number_lists: list[EncodedSet] = []
    union, planes = BitMap(), BitPlanes()
    for encoded in sets:
        if is_number_list(encoded):
            number_lists.append(encoded)
        else:
            union = _add(union, planes, decode(encoded))
    # All number lists in one go: their distinct numbers count as one set, further occurrences are counted in Python.
    numbers = numbers_of(number_lists)
    distinct = BitMap(numbers)
    union = _add(union, planes, distinct)
    if len(distinct) < len(numbers):
        _add_duplicates(planes, numbers)
    return union, planes


def planes_by_failure(packed: bytes) -> dict[int, BitPlanes]:
    """The bit planes of each failure in the packed sets of a row; planes that are not stored are empty."""
    found: dict[int, BitPlanes] = {}
    for (bit, failure), encoded in unpack(packed):
        planes = found.setdefault(failure, [])
        planes += [BitMap() for _ in range(bit + 1 - len(planes))]
        planes[bit] = decode(encoded)
    return found


def sum_of(counted: Iterable[tuple[EncodedSet, BitPlanes]]) -> tuple[BitMap, BitPlanes]:
    """The same of sets that are unions themselves, each with its bit planes: the counts are added."""
    union, planes = BitMap(), BitPlanes()
    for encoded, planes_of_set in counted:
        union = _add(union, planes, decode(encoded))
        for bit, numbers in enumerate(planes_of_set):
            _carry(planes, bit, numbers)
    return union, planes


def _add(union: BitMap, planes: BitPlanes, numbers: BitMap) -> BitMap:
    """Adds a set to the planes and returns the union with it; changes `union` or returns `numbers` itself."""
    if not union:
        return numbers
    _carry(planes, 0, union & numbers)
    union |= numbers
    return union


def _add_duplicates(planes: BitPlanes, numbers: Iterable[int]) -> None:
    """Adds how often each number occurs beyond its first time."""
    duplicates = [(number, count - 1) for number, count in Counter(numbers).items() if count > 1]
    for bit in range(max(count for _, count in duplicates).bit_length()):
        _carry(planes, bit, BitMap([number for number, count in duplicates if count >> bit & 1]))


def _carry(planes: BitPlanes, bit: int, numbers: BitMap) -> None:
    """Adds 1 << bit to the counts of these numbers, as binary addition does: sum and carry, plane by plane."""
    while numbers:
        while bit >= len(planes):
            planes.append(BitMap())
        planes[bit], numbers = planes[bit] ^ numbers, planes[bit] & numbers
        bit += 1


def only_in(sets: Sequence[EncodedSet], planes: BitPlanes) -> BitMap:
    """The numbers that occur in these sets and in no other.

    Args:
        sets: Some of the sets whose bit planes are `planes`.
        planes: Bit planes of all sets.
    """
    return with_equal_counts(*union_and_planes(sets), planes)


def add_to(planes: BitPlanes, numbers: BitMap) -> None:
    """Adds 1 to the counts of these numbers, all of which are counted."""
    _carry(planes, 0, numbers)


def with_equal_counts(union: BitMap, planes_of_these: BitPlanes, planes: BitPlanes) -> BitMap:
    """The numbers of a union that occur as often in its sets as in all sets, whose bit planes are `planes`."""
    # Equal counts have equal bits in every plane.
    only = union.copy()
    for bit in range(max(len(planes), len(planes_of_these))):
        of_all = planes[bit] if bit < len(planes) else BitMap()
        if bit < len(planes_of_these):
            only -= (only & of_all) ^ (only & planes_of_these[bit])
        else:
            only -= of_all
    return only
