"""Takes runs of equal lines of a table at once, where each line is surely the same row, or none. Knows no format.

A small compressed table may hold a hundred million short lines that cannot be read, which take minutes one by one. The
plain rule is `table_rows.rows_of`; tests/storage/sources/test_table_runs.py compares the two.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from storage.sources.table_blocks import LineBlocks
from storage.sources.table_lines import Decode, Line, sample_lines
from storage.sources.table_rows import Row

_FEWEST = 64  # lines
_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class EqualLines:
    """Equal lines that come next.

    Attributes:
        text: The lines, each with its end.
        count: How many they are.
        cells: The row that each of them is; None where they are blank.
    """

    text: bytes
    count: int
    cells: list[str] | None


def equal_lines(
    blocks: LineBlocks, decode: Decode, rows_of: Callable[[Iterator[Line]], Iterator[Row]]
) -> EqualLines | None:
    """The equal lines that come next, without taking them; None where they are few, or may be other rows.

    Args:
        blocks: The lines of the table, at the start of a row.
        decode: How a line is decoded.
        rows_of: Cuts lines into rows.
    """
    lines = blocks.whole_lines()
    size = lines.find(b"\n") + 1
    if size == len(lines) and _QUOTE in lines:
        lines = blocks.more_lines()  # the last one of a run, which ends with the block or does not
    line = lines[:size]
    if not line or not lines.startswith(line, size) or b"\r" in line[:-2]:  # a lone carriage return ends a line too
        return None
    count = _repetitions(lines, line)
    # Of equal lines, a row with an open quote looks at the next one only: two have an even number of quotes.
    count -= _QUOTE in line
    if count < _FEWEST:
        return None
    rows = rows_of(iter(sample_lines(line * 3, decode)))
    first, second = next(rows, None), next(rows, None)
    if first is None:
        return EqualLines(line * count, count, None)
    if second is None or first[0] != second[0] or (first[1], second[1]) != (1, 2):
        return None
    return EqualLines(line * count, count, first[0])


def places(first: int, count: int) -> str:
    """The place of so many lines in a row, of which the first has this number."""
    return f"line {first} to {first + count - 1}"


def _repetitions(text: bytes, part: bytes) -> int:
    """How many times a text begins with a part."""
    return bisect_left(range(len(text) // len(part)), True, key=lambda times: not text.startswith(part * (times + 1)))
