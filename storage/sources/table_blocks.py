"""Cuts many lines of a table into rows at once, where each line is surely one row. Knows no format.

The plain rule is `table_rows.rows_of`, which takes one line after the other. `LineBlocks` gives the lines of a file in
either way and can change between the two at any row; tests/storage/sources/test_table_blocks.py compares them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from storage.sources.stream import Stream
from storage.sources.table_lines import Decode


class LineBlocks:
    """The lines of a stream, one by one or many at once.

    Attributes:
        offset: Bytes, and lines, up to the end of the last complete line that was given.

    Args:
        stream: The stream.
        most: How many lines at once, at most.
    """

    def __init__(self, stream: Stream, most: int = 1) -> None:
        self.offset, self._most = stream.offset, most
        self._between_lines = True  # no line without an end was given, and no piece of one
        self._blocks = stream.blocks()
        self._block, self._used = b"", 0
        self._skips = False  # lines that `lines` would have given next were passed over

    def lines(self) -> Iterator[bytes]:
        """Every line with its end, as `Stream.lines` gives it."""
        while self._load():
            position, count = self.offset
            for line in io.BytesIO(self._block[self._used :] if self._used else self._block):
                self._used += len(line)
                position += len(line)
                self._between_lines = line[-1:] == b"\n"
                if self._between_lines:
                    count += 1
                    self.offset = position, count
                yield line
                if self._skips:
                    self._skips = False
                    break

    def nothing_behind(self, end: tuple[int, int]) -> bool:
        """Whether nothing was given behind a place: then no line waits to be the begin of another row."""
        return self._between_lines and self.offset[0] == end[0]

    def whole_lines(self) -> bytes:
        """Whole lines that come next, as far as they are in memory."""
        return self._block[self._used : self._block.rfind(b"\n") + 1]

    def more_lines(self) -> bytes:
        """The same with the lines of the next block."""
        self._block, self._used = self._block[self._used :] + next(self._blocks, b""), 0
        return self.whole_lines()

    def skip(self, lines: bytes) -> int:
        """Passes over the first ones of `whole_lines`; returns how many they are."""
        count = lines.count(b"\n")
        self.take(lines, count)
        self._skips = True
        return count

    def skip_blank(self, separator: str) -> None:
        """Passes over blocks of blank lines, as a small compressed file may have thousands."""
        blank = b" \r\n" + separator.encode()
        while (block := self.peek()) and block[-1:] == b"\n" and not block.translate(None, blank):
            lone_returns = block.count(b"\r") - block.count(b"\r\n")  # they end lines too
            self.take(block, block.count(b"\n") + lone_returns)

    def peek(self) -> bytes:
        """The lines up to the end of a block, without taking them; empty at the end of the file."""
        if not self._load():
            return b""
        block = self._block[self._used :] if self._used else self._block
        if len(block) > self._most < block.count(b"\n"):
            block = b"".join(islice(io.BytesIO(block), self._most))
        return block

    def take(self, block: bytes, lines: int) -> None:
        """Takes the lines that `peek` gave, which are so many."""
        self._used += len(block)
        self.offset = self.offset[0] + len(block), self.offset[1] + lines

    def go_on(self, reached: tuple[int, int]) -> None:
        """Counts lines from here on as the rows were counted: a lone carriage return ends a line as well."""
        self.offset = reached

    def _load(self) -> bool:
        """Makes sure that there are lines to give; False at the end of the file."""
        if self._used == len(self._block):
            self._block, self._used = next(self._blocks, b""), 0
        return bool(self._block)


class CutLines(NamedTuple):
    """Lines as texts, and the row that each of them is, blank ones too."""

    lines: list[str]
    rows: list[list[str]]


def cut_lines(block: bytes, separator: str, decode: Decode) -> CutLines | None:
    """The rows of some whole lines; None where a row may be more or less than a line.

    Args:
        block: The lines, each with its end.
        separator: What separates cells.
        decode: How a line is decoded.
    """
    if b"\0" in block or block[-1:] != b"\n":
        return None
    block = block.replace(b"\r\n", b"\n")
    if b"\r" in block:
        return None
    try:
        lines = block.decode().split("\n")
    except UnicodeDecodeError:
        lines = list(map(decode, block.split(b"\n")))
    lines.pop()
    if b'"' not in block:
        return CutLines(lines, [line.split(separator) for line in lines])
    return _cut_quoted(lines, separator)


def _cut_quoted(lines: list[str], separator: str) -> CutLines | None:
    """The same for lines with quotes; between tabs these follow rules of their own."""
    if separator == "\t" or any(line.count('"') % 2 for line in lines):
        return None
    try:
        rows = list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return None
    # A row that went on in the next line makes the rows fewer than the lines.
    return CutLines(lines, rows) if len(rows) == len(lines) else None


def is_blank(line: str, cells: list[str], separator: str) -> bool:
    """Whether a line is no row, as `rows_of` decides it."""
    if '"' in line:
        return not any(cell.strip() for cell in cells)
    return not line.strip(f" {separator}")
