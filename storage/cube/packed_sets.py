"""Packed sets: many small user sets in one row of `users`, by template and failure, and by line in a packed block.
Knows sets only as bytes, and which of them are number lists (bitmaps.py).

Layout, in 32-bit little-endian integers: the count of sets; then a column for each part of the key ([line,] template,
failure), with a value for each set; then the column of their lengths in bytes; then the sets. They are sorted by
failure, number lists before bitmaps, then by key: so the number lists of a failure can be read as one list.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator
from itertools import accumulate, compress, groupby, pairwise, repeat
from operator import and_, itemgetter
from typing import NamedTuple

from storage.cube.bitmaps import EncodedSet, little_endian

_FEW_TEMPLATES = 3  # so few are looked up one by one; more are faster found in one pass over all sets
_STORED_ALONE = 1000  # bytes; a longer set has a row of its own, so that one cell is read without its neighbours
_KEY_BYTES = 16  # line, template, failure and length of a set in a packed block

LineSetKey = tuple[int, int]  # template, failure
BlockSetKey = tuple[int, int, int]  # line, template, failure
FailureSets = list[tuple[int, EncodedSet]]  # (failure, set)


def pack(keyed_sets: Iterable[tuple[LineSetKey | BlockSetKey, EncodedSet]]) -> bytes:
    """Packs one or more sets, whose keys are all of one type."""
    # A bitmap's length is never a multiple of 4. Keys are unique, so that sorting never compares sets.
    ordered = sorted([(key[-1], len(encoded) & 3, *key, encoded) for key, encoded in keyed_sets])
    _, _, *columns, sets = zip(*ordered, strict=True)
    header = array("i", [len(sets)])
    for column in (*columns, map(len, sets)):
        header.extend(column)
    return little_endian(header).tobytes() + b"".join(sets)


class PackHeader(NamedTuple):
    """The columns of packed sets, with a value for each set, and the bytes of all sets.

    Attributes:
        lines: In a packed block; empty in a packed line.
        lengths: Bytes.
    """

    lines: array[int]
    templates: array[int]
    failures: array[int]
    lengths: array[int]
    sets: memoryview


_NO_LINES = array("i")


def header_of_line(packed: bytes) -> PackHeader:
    """Reads the columns of a packed line."""
    n = int.from_bytes(packed[:4], "little")
    end = 4 + 3 * 4 * n
    numbers = little_endian(array("i", packed[4:end]))
    return PackHeader(_NO_LINES, numbers[:n], numbers[n : 2 * n], numbers[2 * n :], memoryview(packed)[end:])


def header_of_block(packed: bytes) -> PackHeader:
    """Reads the columns of a packed block."""
    n = int.from_bytes(packed[:4], "little")
    end = 4 + 4 * 4 * n
    numbers = little_endian(array("i", packed[4:end]))
    columns = numbers[:n], numbers[n : 2 * n], numbers[2 * n : 3 * n], numbers[3 * n :]
    return PackHeader(*columns, memoryview(packed)[end:])


def unpack(packed: bytes) -> Iterator[tuple[LineSetKey, bytes]]:
    """The sets of a packed line."""
    header = header_of_line(packed)
    return zip(zip(header.templates, header.failures, strict=True), _split(header), strict=True)


def unpack_line(packed: bytes, line: int) -> Iterator[tuple[BlockSetKey, bytes]]:
    """The sets of a packed line, with the line in their keys."""
    header = header_of_line(packed)
    return zip(zip(repeat(line), header.templates, header.failures, strict=False), _split(header), strict=True)


def unpack_block(packed: bytes) -> Iterator[tuple[BlockSetKey, bytes]]:
    """The sets of a packed block."""
    header = header_of_block(packed)
    return zip(zip(header.lines, header.templates, header.failures, strict=True), _split(header), strict=True)


def _split(header: PackHeader) -> list[bytes]:
    joined = bytes(header.sets)
    return [joined[start:end] for start, end in pairwise(accumulate(header.lengths, initial=0))]


def sets_in_line(packed: bytes, templates: Collection[int] | None) -> FailureSets:
    """The sets of some templates in a packed line, to be united by failure.

    Args:
        templates: None: all.

    Returns:
        List of (failure, set); the number lists of a failure may be joined into one.
    """
    header = header_of_line(packed)
    if templates is None:
        return _all_sets(header)
    if len(templates) <= _FEW_TEMPLATES:
        return _look_up(header, templates)
    return _selected_sets(header, map(templates.__contains__, header.templates))


def sets_in_block(packed: bytes, lines: Container[int] | None, templates: Container[int] | None) -> FailureSets:
    """The sets of some lines and templates (None: all) in a packed block, like `sets_in_line`."""
    header = header_of_block(packed)
    if lines is None and templates is None:
        return _all_sets(header)
    return _selected_sets(header, map(and_, _are_in(header.lines, lines), _are_in(header.templates, templates)))


def separate_sets_in_line(packed: bytes, templates: Collection[int]) -> FailureSets:
    """The sets of some templates in a packed line, like `sets_in_line` but none of them joined."""
    if len(templates) <= _FEW_TEMPLATES:
        return _look_up(header_of_line(packed), templates)
    return [(failure, encoded) for (template, failure), encoded in unpack(packed) if template in templates]


def _are_in(ids: Iterable[int], wanted: Container[int] | None) -> Iterable[bool]:
    return repeat(True) if wanted is None else map(wanted.__contains__, ids)


def _all_sets(header: PackHeader) -> FailureSets:
    """All sets, the number lists of each failure joined: they are neighbours."""
    _, _, failures, lengths, sets = header
    found: FailureSets = []
    position = first = 0
    if len(set(failures)) == len(failures):  # nothing to join
        for failure, length in zip(failures, lengths, strict=True):
            found.append((failure, sets[position : position + length]))
            position += length
        return found
    while first < len(failures):
        failure = failures[first]
        end = bisect_right(failures, failure, first)
        bitmaps = [length for length in lengths[first:end] if length & 3]
        number_lists = sum(lengths[first:end]) - sum(bitmaps)
        for length in (number_lists, *bitmaps) if number_lists else bitmaps:
            found.append((failure, sets[position : position + length]))
            position += length
        first = end
    return found


def _selected_sets(header: PackHeader, selected: Iterable[bool]) -> FailureSets:
    """The selected sets, the number lists of each failure joined."""
    _, _, failures, lengths, sets = header
    leaves = compress(zip(failures, accumulate(lengths, initial=0), lengths, strict=False), selected)
    found: FailureSets = []
    for failure, of_failure in groupby(leaves, itemgetter(0)):
        number_lists: list[EncodedSet] = []
        start = end = 0  # of neighbouring number lists
        for _, position, length in of_failure:
            if length & 3:
                found.append((failure, sets[position : position + length]))
                continue
            if position != end:
                number_lists.append(sets[start:end])
                start = position
            end = position + length
        if end:
            number_lists.append(sets[start:end])
            found.append((failure, b"".join(number_lists)))
    return found


def _look_up(header: PackHeader, templates: Iterable[int]) -> FailureSets:
    """The sets of a few templates, each found by a search of the column and not by a loop over all sets."""
    _, of_templates, failures, lengths, sets = header
    found: FailureSets = []
    for template in templates:
        index, start = -1, 0
        for _ in range(of_templates.count(template)):
            previous = max(index, 0)
            index = of_templates.index(template, index + 1)
            start += sum(lengths[previous:index])
            found.append((failures[index], sets[start : start + lengths[index]]))
    return found


def is_stored_alone(encoded: EncodedSet) -> bool:
    """Whether a leaf set has a row of its own and is not in its packed line."""
    return len(encoded) > _STORED_ALONE


def packed_size(sets: int, size: int) -> int:
    """The bytes of a packed block of so many sets that have so many bytes together, without the count of sets."""
    return _KEY_BYTES * sets + size
