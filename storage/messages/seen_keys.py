"""Filters out keys that a database certainly does not hold, so that they need not be looked up.

A key filter of hashes, as a Bloom filter is: false positives, no false negatives. Knows no database and no key.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

# Bits of a hash that are kept, at most 8 MB. Of ten million keys, one in seven is looked up in vain.
_KEPT = (1 << 26) - 1


class SeenKeys:
    """The hashes of all keys of a database that was empty when this was made."""

    def __init__(self, *, complete: bool) -> None:
        """Starts with no key.

        Args:
            complete: whether the database is empty; if not, every key may be in it.
        """
        self._all: BitMap | None = BitMap() if complete else None

    def take(self, hashes: Sequence[int]) -> set[int]:
        """Adds keys by their hashes; gives the hashes of those that the database may have held before."""
        if self._all is None:
            return {*hashes}
        kept = [hash & _KEPT for hash in hashes]
        new = BitMap(kept)
        found = {*(new & self._all)}
        self._all |= new
        return {hash for hash, part in zip(hashes, kept, strict=True) if part in found} if found else set()
