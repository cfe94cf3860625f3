"""Many small sets of users in one row: packs of a line's, by template and failure, and of a sparse block's, by line as
well. Knows sets only as bytes, and what is a run of numbers among them (storage/cube/bitmaps.py).

A pack is how many sets it holds, then their keys column by column and their lengths as numbers of 32 bits,
little-endian, then the sets. They lie by failure, runs of numbers before bitmaps, so that the runs of many are one run.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator
from itertools import accumulate, compress, groupby, pairwise, repeat
from operator import and_, itemgetter

from storage.cube.bitmaps import EncodedSet, little_endian

_SOUGHT = 3  # templates; more are found faster by going through the whole pack
_BIG = 1000  # bytes; what is bigger stands alone, so that one cell is read without its neighbours
_TOLD = 16  # bytes of a block's pack that tell one set from the others

PackKey = tuple[int, int]  # template, failure
BlockKey = tuple[int, int, int]  # line, template, failure
Found = list[tuple[int, EncodedSet]]  # failures and sets


def pack(keyed: Iterable[tuple[PackKey | BlockKey, EncodedSet]]) -> bytes:
    """Many sets, one or more, as one; the keys are all of one kind."""
    # Runs are whole words long, bitmaps are not. The keys tell any two apart, so that no set is ever compared.
    ordered = sorted([(key[-1], len(blob) & 3, *key, blob) for key, blob in keyed])
    _, _, *columns, sets = zip(*ordered, strict=True)
    head = array("i", [len(sets)])
    for column in (*columns, map(len, sets)):
        head.extend(column)
    return little_endian(head).tobytes() + b"".join(sets)


def _head(packed: bytes, width: int) -> tuple[list[array[int]], memoryview]:
    """The columns of the keys, which are so many, and of the lengths; and the sets."""
    count = int.from_bytes(packed[:4], "little")
    end = 4 + 4 * (width + 1) * count
    words = little_endian(array("i", packed[4:end]))
    return [words[start : start + count] for start in range(0, len(words), count)], memoryview(packed)[end:]


def unpack(packed: bytes) -> Iterator[tuple[PackKey, bytes]]:
    """The sets of a line's pack."""
    (templates, failures, lengths), sets = _head(packed, 2)
    return zip(zip(templates, failures, strict=True), _apart(sets, lengths), strict=True)


def unpack_line(packed: bytes, line: int) -> Iterator[tuple[BlockKey, bytes]]:
    """The same with the line that they are of."""
    (templates, failures, lengths), sets = _head(packed, 2)
    return zip(zip(repeat(line), templates, failures, strict=False), _apart(sets, lengths), strict=True)


def unpack_block(packed: bytes) -> Iterator[tuple[BlockKey, bytes]]:
    """The sets of a block's pack."""
    (lines, templates, failures, lengths), sets = _head(packed, 3)
    return zip(zip(lines, templates, failures, strict=True), _apart(sets, lengths), strict=True)


def _apart(sets: memoryview, lengths: array[int]) -> list[bytes]:
    joined = bytes(sets)
    return [joined[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


def picked(packed: bytes, templates: Collection[int] | None) -> Found:
    """The sets of these templates (None: of all) in a line's pack with their failure; the runs of a failure as one."""
    if templates is not None and len(templates) <= _SOUGHT:
        return _sought(packed, templates)
    (of_templates, failures, lengths), sets = _head(packed, 2)
    if templates is None:
        return _all(failures, lengths, sets)
    return _joined(failures, lengths, sets, map(templates.__contains__, of_templates))


def picked_of_block(packed: bytes, lines: Container[int] | None, templates: Container[int] | None) -> Found:
    """The same of these lines and templates (None: of all) in a block's pack."""
    (of_lines, of_templates, failures, lengths), sets = _head(packed, 3)
    if lines is None and templates is None:
        return _all(failures, lengths, sets)
    return _joined(failures, lengths, sets, map(and_, _are_in(of_lines, lines), _are_in(of_templates, templates)))


def _are_in(ids: Iterable[int], some: Container[int] | None) -> Iterable[bool]:
    return repeat(True) if some is None else map(some.__contains__, ids)


def _all(failures: array[int], lengths: array[int], sets: memoryview) -> Found:
    """All sets with their failure; the runs of a failure as one."""
    found: Found = []
    place = first = 0
    while first < len(failures):
        failure = failures[first]
        end = bisect_right(failures, failure, first)
        bitmaps = [length for length in lengths[first:end] if length & 3]
        runs = sum(lengths[first:end]) - sum(bitmaps)
        for length in (runs, *bitmaps) if runs else bitmaps:
            found.append((failure, sets[place : place + length]))
            place += length
        first = end
    return found


def _joined(failures: array[int], lengths: array[int], sets: memoryview, wanted: Iterable[bool]) -> Found:
    """The sets that are wanted with their failure; the runs of a failure as one."""
    leaves = compress(zip(failures, accumulate(lengths, initial=0), lengths, strict=False), wanted)
    found: Found = []
    for failure, of_failure in groupby(leaves, itemgetter(0)):
        runs: list[EncodedSet] = []
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


def _sought(packed: bytes, templates: Iterable[int]) -> Found:
    """The sets of a few templates, sought in the pack without a look at each of the others."""
    view = memoryview(packed)
    count = int.from_bytes(packed[:4], "little")
    head = little_endian(array("i", packed[4 : 4 + 12 * count]))
    end = 4 + 12 * count
    found: Found = []
    for template in templates:
        place, counted, start = -1, 0, end
        for _ in range(head[:count].count(template)):
            place = head.index(template, place + 1)
            start += sum(head[2 * count + counted : 2 * count + place])
            counted = place
            found.append((head[count + place], view[start : start + head[2 * count + place]]))
    return found


def each_of(packed: bytes, templates: Collection[int]) -> Found:
    """The sets of these templates in a line's pack, each by itself, with their failure."""
    if len(templates) <= _SOUGHT:
        return _sought(packed, templates)
    return [(failure, blob) for (template, failure), blob in unpack(packed) if template in templates]


def is_big(blob: EncodedSet) -> bool:
    """Whether a set stands alone rather than in a line's pack."""
    return len(blob) > _BIG


def fit(sets: Collection[EncodedSet], most: int) -> bool:
    """Whether the pack of a block's sets has at most so many bytes."""
    return _TOLD * len(sets) + sum(map(len, sets)) <= most
