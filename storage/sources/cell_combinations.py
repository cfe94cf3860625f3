"""What combinations of cells say that many rows of a table share, for many rows at once. Knows no format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from storage.domain.bounded_cache import BoundedCache

_KEPT = 20_000  # combinations of cells
_Cells = tuple[str, ...]


class Combinations:
    """What the cells of a few columns say, kept for every combination.

    Args:
        places: The place of each column by its meaning.
        empty: The place that missing columns have.
        meanings: The columns.
        make: What the cells of all these columns say; those of missing ones are empty.
    """

    def __init__(
        self, places: Mapping[str, int], empty: int, meanings: Sequence[str], make: Callable[[_Cells], tuple[Any, ...]]
    ) -> None:
        self._is_there = [places[meaning] != empty for meaning in meanings]
        self._places = [place for meaning in meanings if (place := places[meaning]) != empty]
        self._of_all = make
        self._made = BoundedCache(self._make, _KEPT)

    def of(self, columns: Sequence[Sequence[str]]) -> Sequence[tuple[Any, ...]]:
        """What each row of these columns says."""
        if not self._places:
            return [self._made[()]] * len(columns[0])
        return list(map(self._made.__getitem__, zip(*[columns[place] for place in self._places], strict=True)))

    def _make(self, cells: _Cells) -> tuple[Any, ...]:
        given = iter(cells)
        return self._of_all(tuple(next(given) if is_there else "" for is_there in self._is_there))
