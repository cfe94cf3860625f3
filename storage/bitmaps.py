"""Sets of users as bytes: small ones as sorted numbers, others as Roaring bitmaps; and packs of many small ones.

A number is a contact's id with the slice that it belongs to in the bits above (SLICE_BITS). Equal sets are equal bytes.
Numbers are of 32 bits, little-endian; a bitmap is in Roaring's portable format, filled up to a length that no run of
numbers has. Knows nothing of what a slice means.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, compress, groupby
from operator import itemgetter
from struct import Struct, unpack_from

from pyroaring import BitMap

Blob = bytes | memoryview

SLICE_BITS = 28  # of a contact's id: 268 million contacts
_FEW = 96  # numbers; from here on a Roaring bitmap is faster to unite, and soon smaller
_MANY_SETS = 32
_MANY = 200_000  # numbers times sets; below, to unite one by one is faster than in one go, which makes all dense first
_SOUGHT = 3  # templates; more are found faster by going through the whole pack
_BIG = 1000  # bytes; what is bigger stands alone, so that one cell is read without its neighbours

_ONE = Struct("<I")

PackKey = tuple[int, int]  # template, failure


def encode_numbers(numbers: Collection[int]) -> bytes:
    """The set of these numbers, which may repeat."""
    if len(numbers) == 1:
        return _ONE.pack(*numbers)
    if len(numbers) < _FEW:
        return _little(array("I", sorted(set(numbers)))).tobytes()
    return encode(BitMap(array("I", numbers)))


def encode(users: BitMap) -> bytes:
    """The bytes of a set."""
    if len(users) < _FEW:
        return _little(users.to_array()).tobytes()
    # Equal sets that came about in other ways differ in which of their containers are runs.
    users.run_optimize()
    text: bytes = users.serialize()
    return text + bytes(1 + -len(text) % 4)


def united(blobs: Sequence[Blob]) -> bytes:
    """The bytes of the union of sets of bytes, one or more."""
    if len(blobs) == 1:
        return bytes(blobs[0])
    sizes = [len(blob) for blob in blobs]
    # Of as few bytes, one can still be a bitmap: a run of numbers takes next to none.
    if sum(sizes) < 4 * _FEW and not any(size & 3 for size in sizes):
        return _little(array("I", sorted({*numbers_of(blobs)}))).tobytes()
    return encode(unite(blobs))


def _little(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def is_run(blob: Blob) -> bool:
    """Whether the bytes are a run of numbers, and no bitmap."""
    return not len(blob) & 3


def numbers_of(runs: Iterable[Blob]) -> array[int]:
    """The numbers of runs, one after the other."""
    return _little(array("I", b"".join(runs)))


def decode(blob: Blob) -> BitMap:
    """The set of these bytes."""
    return BitMap(numbers_of((blob,))) if is_run(blob) else BitMap.deserialize(bytes(blob))


def unite(sets: Iterable[Blob | BitMap]) -> BitMap:
    """The union of sets, of bytes or decoded."""
    few: list[Blob] = []
    bitmaps: list[BitMap] = []
    for one in sets:
        if isinstance(one, BitMap):
            bitmaps.append(one)
        elif is_run(one):
            few.append(one)
        else:
            bitmaps.append(decode(one))
    if few:
        bitmaps.append(BitMap(numbers_of(few)))
    return union(bitmaps)


@cache
def _range(index: int) -> BitMap:
    return BitMap(range(index << SLICE_BITS, (index + 1) << SLICE_BITS))


def contacts_of(users: BitMap, slices: Iterable[int]) -> BitMap:
    """The contacts that the set has in any of these slices."""
    return union([contacts for _, contacts in contacts_by_slice(users, slices)])


def contacts_by_slice(users: BitMap, slices: Iterable[int]) -> Iterator[tuple[int, BitMap]]:
    """The contacts that the set has in each of these slices, where there are any."""
    for index in slices:
        start = index << SLICE_BITS
        if users.range_cardinality(start, start + (1 << SLICE_BITS)):
            yield index, (users & _range(index)).shift(-start)


def union(sets: Sequence[BitMap]) -> BitMap:
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


def pack(blobs: dict[PackKey, bytes]) -> bytes:
    """Many sets by template and failure: how many, then the templates, the failures and the lengths, then the sets.

    They lie by failure, runs of numbers before bitmaps, so that the runs of many templates are one run.
    """
    keys = sorted(blobs, key=lambda key: (key[1], len(blobs[key]) & 3 != 0, key[0]))
    head = array("i", [len(keys)])
    head.extend([template for template, _ in keys])
    head.extend([failure for _, failure in keys])
    head.extend([len(blobs[key]) for key in keys])
    return _little(head).tobytes() + b"".join([blobs[key] for key in keys])


def _head(packed: bytes) -> tuple[Sequence[int], Sequence[int], Sequence[int], memoryview]:
    """The templates, failures and lengths of a pack, and its sets."""
    count = int.from_bytes(packed[:4], "little")
    words = unpack_from(f"<{3 * count}i", packed, 4)
    return words[:count], words[count : 2 * count], words[2 * count :], memoryview(packed)[4 + 12 * count :]


def unpack(packed: bytes) -> Iterator[tuple[PackKey, memoryview]]:
    """The sets of a pack."""
    templates, failures, lengths, sets = _head(packed)
    position = 0
    for template, failure, length in zip(templates, failures, lengths, strict=True):
        yield (template, failure), sets[position : position + length]
        position += length


def picked(packed: bytes, templates: Collection[int] | None) -> list[tuple[int, Blob]]:
    """The sets of these templates (None: of all) with their failure; the runs of a failure as one."""
    if templates is not None and len(templates) <= _SOUGHT:
        return _sought(packed, templates)
    of_templates, failures, lengths, sets = _head(packed)
    leaves: Iterable[tuple[int, int, int]] = zip(failures, accumulate(lengths, initial=0), lengths, strict=False)
    if templates is not None:
        leaves = compress(leaves, map(templates.__contains__, of_templates))
    found: list[tuple[int, Blob]] = []
    for failure, of_failure in groupby(leaves, itemgetter(0)):
        runs: list[Blob] = []
        start = end = 0
        for _, place, length in of_failure:
            if length & 3:
                found.append((failure, sets[place : place + length]))
                continue
            if place != end:
                runs.append(sets[start:end])
                start = place
            end = place + length
        if end:
            runs.append(sets[start:end])
            found.append((failure, b"".join(runs)))
    return found


def _sought(packed: bytes, templates: Iterable[int]) -> list[tuple[int, Blob]]:
    """The sets of a few templates, sought in the pack without a look at each of the others."""
    view = memoryview(packed)
    count = int.from_bytes(packed[:4], "little")
    head = _little(array("i", packed[4 : 4 + 12 * count]))
    end = 4 + 12 * count
    found: list[tuple[int, Blob]] = []
    for template in templates:
        place, counted, start = -1, 0, end
        for _ in range(head[:count].count(template)):
            place = head.index(template, place + 1)
            start += sum(head[2 * count + counted : 2 * count + place])
            counted = place
            found.append((head[count + place], view[start : start + head[2 * count + place]]))
    return found


def each_of(packed: bytes, templates: Collection[int]) -> list[tuple[int, Blob]]:
    """The sets of these templates, each by itself, with their failure."""
    if len(templates) <= _SOUGHT:
        return _sought(packed, templates)
    return [(failure, blob) for (template, failure), blob in unpack(packed) if template in templates]


def is_big(blob: bytes) -> bool:
    """Whether a set stands alone rather than in a pack."""
    return len(blob) > _BIG
