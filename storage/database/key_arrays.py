"""Reads chunks of the key index in arrays, for `saludo check` of a large database: what `key_runs` does entry by entry.

Only `key_runs` uses it, where numpy can be loaded. tests/storage/database/test_key_runs.py compares the two.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt

from storage.database.key_tables import ID_BITS, ChunkSums

_Words = npt.NDArray[np.uint64]
_BITS = np.uint64(ID_BITS)
_ID = np.uint64((1 << ID_BITS) - 1)


def sums_of(words: array[int]) -> ChunkSums:
    """What `key_runs` adds up of a chunk, which is not empty."""
    entries = np.frombuffer(words, np.uint64)
    hashes, ids = entries >> _BITS, entries & _ID
    return ChunkSums(
        bool((entries[:-1] < entries[1:]).all()),
        int(ids.max()),
        _sum(hashes * hashes),
        _sum(hashes * ids),
        _sum(ids * ids),
    )


def _sum(products: _Words) -> int:
    """The sum of integers of 64 bits, which has more."""
    return (int((products >> _BITS).sum()) << ID_BITS) + int((products & _ID).sum())


def repeated(hashes_of_runs: Collection[array[int]]) -> list[int]:
    """The hashes that occur more than once, given as 32-bit integers."""
    hashes = np.concatenate([np.empty(0, np.uint32), *(np.frombuffer(some, np.uint32) for some in hashes_of_runs)])
    hashes.sort()
    shared: list[int] = np.unique(hashes[1:][hashes[1:] == hashes[:-1]]).tolist()
    return shared


def ordered(hashes: Collection[int]) -> _Words:
    """Distinct hashes in ascending order."""
    return np.unique(np.fromiter(hashes, np.uint64, len(hashes)))


def found(words: array[int], hashes: _Words) -> Iterator[tuple[int, int]]:
    """(hash, id) of the entries of a chunk that have one of these hashes, as `ordered` returns them."""
    if not words:
        return iter(())
    entries = np.frombuffer(words, np.uint64)
    of_entries = entries >> _BITS
    some = hashes[np.searchsorted(hashes, of_entries[0]) : np.searchsorted(hashes, of_entries[-1], "right")]
    if not some.size:
        return iter(())
    places = np.minimum(np.searchsorted(some, of_entries), some.size - 1)
    wanted = entries[some[places] == of_entries]
    return zip((wanted >> _BITS).tolist(), (wanted & _ID).tolist(), strict=True)
