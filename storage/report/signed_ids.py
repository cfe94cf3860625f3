"""Which ids of lines or templates add up to a selection, each with its sign. Knows no SQL.

What a filter selects of lines and templates is added up by inclusion and exclusion: either the selected cells, or the
roll-up over all minus the cells that are not selected, whichever are fewer. Both dimensions may do so at once; the sign
of a cell is the product of its line's and its template's.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.cube.layout import ALL


@dataclass(frozen=True, slots=True)
class SignedIds:
    """The ids of one dimension whose counters, with their signs, add up to what is selected."""

    added: tuple[int, ...]
    subtracted: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """All ids; ALL, if it is among them, comes first."""
        return (*self.added, *self.subtracted)

    @property
    def signed(self) -> list[tuple[int, int]]:
        """Each id with its sign."""
        return [*((id, 1) for id in self.added), *((id, -1) for id in self.subtracted)]


def signed_ids(selected: frozenset[int] | None, every: set[int]) -> SignedIds:
    """The shorter of two sums: the selected ids, or ALL minus every other id."""
    if selected is None:
        return SignedIds((ALL,))
    others = every - selected
    if len(selected) <= len(others) + 1:
        return SignedIds(tuple(sorted(selected)))
    return SignedIds((ALL,), tuple(sorted(others)))
