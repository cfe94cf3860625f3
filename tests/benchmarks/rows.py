"""One row of the table of figures, and the verdict on it. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTHS = (68, 22, 30, 12, 34, 12)
_HEADS = ("what", "measured", "peer", "ratio", "must reach", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, beside whom, and what it must reach; `holds` is None where nothing is asked of it here."""

    what: str
    measured: str
    peer: str = ""
    ratio: str = ""
    must: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        """ok or OVER; nothing where it is not judged."""
        return "" if self.holds is None else "ok" if self.holds else "OVER"


def missing(what: str, must: str, how: str) -> Row:
    """A row that this run does not measure, and what would."""
    return Row(what, "not measured", how, "", must)


def header() -> str:
    """The heads of the columns."""
    return _line(_HEADS)


def text(row: Row) -> str:
    """The row under them."""
    return _line((row.what, row.measured, row.peer, row.ratio, row.must, row.verdict))


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
