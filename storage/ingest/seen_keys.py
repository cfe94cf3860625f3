"""What a database surely does not hold, so that it need not be looked for there: the hashes of all values of one kind
that it does hold. Knows no database and none of the values.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

# Bits of a hash that are kept: never more than 8 MB. Of ten million values one in seven is looked for in vain.
_KEPT = (1 << 26) - 1


class SeenKeys:
    """The hashes of the values of a database that held none when this was made.

    complete: whether it was so; else any value may be there.
    """

    def __init__(self, *, complete: bool) -> None:
        self._all: BitMap | None = BitMap() if complete else None

    def take(self, hashes: Sequence[int]) -> set[int]:
        """Values come into the database; those of their hashes of which it may have held a value before."""
        if self._all is None:
            return {*hashes}
        kept = [hash & _KEPT for hash in hashes]
        new = BitMap(kept)
        found = {*(new & self._all)}
        self._all |= new
        return {hash for hash, part in zip(hashes, kept, strict=True) if part in found} if found else set()
