"""A row of the table of figures, and whether its figure is within the limit. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTHS = (68, 22, 30, 12, 34, 12)
_HEADS = ("what", "measured", "peer", "ratio", "must reach", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: what was measured.
        measured: the figure with its unit.
        peer: what it is compared with, and its figure.
        ratio: of the two figures.
        must: the limit.
        holds: whether the figure is within the limit; None if no limit applies.
    """

    what: str
    measured: str
    peer: str = ""
    ratio: str = ""
    must: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        """`ok` or `OVER`; empty if no limit applies."""
        return "" if self.holds is None else "ok" if self.holds else "OVER"


def missing(what: str, must: str, how: str) -> Row:
    """The row of a figure that was not measured; `how` says which option measures it."""
    return Row(what, "not measured", how, "", must)


def header() -> str:
    """The header line of the table."""
    return _line(_HEADS)


def text(row: Row) -> str:
    """The row as a line of the table."""
    return _line((row.what, row.measured, row.peer, row.ratio, row.must, row.verdict))


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
