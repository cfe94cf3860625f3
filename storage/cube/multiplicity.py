"""In how many of many sets a number stands, told by sets, so that a union can lose some of them. Knows no database.

A union keeps no count of its members, so "all but a few" cannot be had of it alone. Here the number of sets in which a
number stands, less one, is written in binary, and layer i holds the numbers that have bit i. Most stand in one set and
are in no layer. What leaves the union with some of the sets are the numbers that stand in as many of those as of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode, is_run, numbers_of

Layers = list[BitMap]


def layers_of(blobs: Iterable[EncodedSet]) -> tuple[BitMap, Layers]:
    """The union of sets of bytes, and in how many of them each number stands."""
    runs: list[EncodedSet] = []
    seen, layers = BitMap(), Layers()
    for blob in blobs:
        if is_run(blob):
            runs.append(blob)
        else:
            seen = _add(seen, layers, decode(blob))
    numbers = numbers_of(runs)
    distinct = BitMap(numbers)
    seen = _add(seen, layers, distinct)
    if len(distinct) < len(numbers):
        _add_more(layers, numbers)
    return seen, layers


def _add(seen: BitMap, layers: Layers, numbers: BitMap) -> BitMap:
    """Counts one more set; the union with it, made of one of the two."""
    if not seen:
        return numbers
    _carry(layers, 0, seen & numbers)
    seen |= numbers
    return seen


def _add_more(layers: Layers, numbers: Iterable[int]) -> None:
    """Counts how often each stands among these beyond the first time, which is counted."""
    more = [(number, count - 1) for number, count in Counter(numbers).items() if count > 1]
    for place in range(max(count for _, count in more).bit_length()):
        _carry(layers, place, BitMap([number for number, count in more if count >> place & 1]))


def _carry(layers: Layers, place: int, numbers: BitMap) -> None:
    """Adds a bit at this place to how often these stand."""
    while numbers:
        while place >= len(layers):
            layers.append(BitMap())
        layers[place], numbers = layers[place] ^ numbers, layers[place] & numbers
        place += 1


def only_in(blobs: Sequence[EncodedSet], layers: Layers) -> BitMap:
    """The numbers that stand in some of these sets and in none of the others of which the layers tell."""
    seen, of_these = layers_of(blobs)
    leaving = seen.copy()
    for place in range(max(len(layers), len(of_these))):
        counted = seen & layers[place] if place < len(layers) else BitMap()
        leaving -= counted ^ of_these[place] if place < len(of_these) else counted
    return leaving
