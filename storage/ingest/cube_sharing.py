"""Shares the counting of an import with the counting process, and decides whether its answers are still valid.

While the writer merges and derives a batch, the counting process makes coarse blocks that no recent batch touched.
While the writer writes the messages, it counts the days that are new with them or that the batch before left. A writer
that waits for its next batch waits for such blocks as well: the counting process makes them in two fifths of the CPU
time, where it has numpy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import chain

from storage.cube import refresh
from storage.cube.counting_process import CountingProcess
from storage.cube.day_counts import FailureKinds
from storage.cube.layout import KINDS, Block, days_of
from storage.database.statements import BulkStatement
from storage.ingest.derivation import Change
from storage.messages.store import CODE, DAY, REASON, START_ORIGIN, DerivedColumns, starts_between

_BLOCKS = 6  # asked for at once: about as much work as merging and deriving a batch


class CubeSharing:
    """Shares the counting of one import: `begin`, `count` and `refresh` in turn for each batch."""

    def __init__(self, connection: sqlite3.Connection, counting_process: CountingProcess) -> None:
        self._connection, self._counting_process = connection, counting_process
        self._touched: set[int] = set()  # days that the last batch made dirty
        self._asked: list[tuple[Block, set[int]]] = []
        self._made: list[list[BulkStatement]] = []

    def catch_up(self) -> bool:
        """Has one coarse block made between two batches; whether there was one to make."""
        settled = self._settled()
        if not settled:
            return False
        block, lines = settled[0]
        self._counting_process.ask_for_blocks((kind, block, lines) for kind in KINDS)
        made = self._counting_process.blocks()
        if made is None:
            refresh.refresh_block(self._connection, block)
        else:
            refresh.write_block(self._connection, block, lines, [write for writes in made for write in writes])
        return True

    def begin(self) -> None:
        """Asks for coarse blocks before the batch writes anything: the other process sees committed data only."""
        self._asked = self._settled()[:_BLOCKS]
        if self._asked:
            self._counting_process.ask_for_blocks(
                (kind, block, lines) for block, lines in self._asked for kind in KINDS
            )

    def count(self, changes: list[Change]) -> None:
        """Asks for the days of which the cube has nothing yet; `changes` are all that the batch will write."""
        self._made = (self._counting_process.blocks() or []) if self._asked else []
        starts = [after for _, after in changes if after[START_ORIGIN] is not None]
        days = refresh.uncounted_days(self._connection, {start[DAY] for start in starts})
        kinds = FailureKinds(self._connection)
        of_days = [start for start in starts if start[DAY] in days]
        of_days += self._unchanged_starts(days, changes)
        # Those of other days as well: a process that counts them later stores none.
        failures = dict.fromkeys(
            (start[CODE], start[REASON]) for start in chain(starts, of_days) if start[REASON] is not None
        )
        self._counting_process.ask_for_days(of_days, [(failure, kinds.id_of(*failure)) for failure in failures])

    def _unchanged_starts(self, days: Mapping[int, range | None], changes: list[Change]) -> Iterator[DerivedColumns]:
        """The starts of days that the database has and the batch does not change."""
        spans = {day: span for day, span in days.items() if span is not None}
        changed = {message.id for message, _ in changes} if spans else set()
        for day, span in spans.items():
            for id, start in starts_between(self._connection, span):
                if id not in changed and start[DAY] == day:
                    yield start

    def refresh(self) -> None:
        """Refreshes the cube after the batch's messages are written: its days, and the blocks that were asked for."""
        self._touched = refresh.refresh_batch(self._connection, self._counting_process.days())
        made = iter(self._made)
        # Without an answer the blocks stay dirty.
        for (block, lines), *of_kinds in zip(self._asked, *[made] * len(KINDS), strict=False):
            if not self._has_touched(block):
                refresh.write_block(self._connection, block, lines, [write for writes in of_kinds for write in writes])

    def _settled(self) -> list[tuple[Block, set[int]]]:
        """Coarse blocks to make that the last batch did not touch, with their dirty lines."""
        ready = refresh.ready_blocks(self._connection)
        return [(block, lines) for block, lines in ready.items() if not self._has_touched(block)]

    def _has_touched(self, block: Block) -> bool:
        days = days_of(block)
        return any(day in days for day in self._touched)
