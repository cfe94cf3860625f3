"""Which of the cube's counting goes to the process beside an import, and when what comes back still holds.

While contacts and messages of a batch are worked out, that process makes coarse blocks that nothing has touched of
late; while its messages are written, it counts the days that are new with it. An import that waits for its next batch
makes such blocks itself.
"""

from __future__ import annotations

import sqlite3

from storage.cube import refresh
from storage.cube.counting_process import CountingProcess
from storage.cube.day_counts import FailureKinds
from storage.cube.layout import KINDS, Block, days_of
from storage.database.statements import BulkStatement
from storage.messages.store import CODE, DAY, REASON, DerivedColumns

_BLOCKS = 6  # that are asked for at once: about as much work as the other half of a batch


class CubeSharing:
    """The batches of one import, each in a transaction: `begin`, `count` and `refresh` in turn."""

    def __init__(self, connection: sqlite3.Connection, beside: CountingProcess) -> None:
        self._connection, self._beside = connection, beside
        self._touched: set[int] = set()  # days that the last batch made dirty
        self._asked: list[tuple[Block, set[int]]] = []
        self._made: list[list[BulkStatement]] = []

    def catch_up(self) -> bool:
        """Makes one coarse block between two batches, where there is one to be made; whether there was."""
        settled = self._settled()
        if settled:
            refresh.refresh_block(self._connection, settled[0][0])
        return bool(settled)

    def begin(self) -> None:
        """Asks for coarse blocks, before the batch has written anything: the other process sees what is committed."""
        self._asked = self._settled()[:_BLOCKS]
        if self._asked:
            self._beside.ask_for_blocks((kind, block, lines) for block, lines in self._asked for kind in KINDS)

    def count(self, starts: list[DerivedColumns]) -> None:
        """Asks for those days of which these, all that the batch makes or changes, are all starts: that had none."""
        self._made = (self._beside.blocks() or []) if self._asked else []
        days = refresh.new_days(self._connection, {start[DAY] for start in starts})
        kinds = FailureKinds(self._connection)
        of_days = [start for start in starts if start[DAY] in days]
        failures = dict.fromkeys((start[CODE], start[REASON]) for start in of_days if start[REASON] is not None)
        self._beside.ask_for_days(of_days, [(failure, kinds.id_of(*failure)) for failure in failures])

    def refresh(self) -> None:
        """Refreshes the cube when the batch's messages are written, as `refresh_batch` does, and blocks besides."""
        self._touched = refresh.refresh_batch(self._connection, self._beside.days())
        made = iter(self._made)
        # Where there is no answer, the blocks stay dirty.
        for (block, lines), *of_kinds in zip(self._asked, *[made] * len(KINDS), strict=False):
            if not self._has_touched(block):
                refresh.write_block(self._connection, block, lines, [write for writes in of_kinds for write in writes])

    def _settled(self) -> list[tuple[Block, set[int]]]:
        """Coarse blocks to be made that the last batch left alone, and their dirty lines."""
        ready = refresh.ready_blocks(self._connection)
        return [(block, lines) for block, lines in ready.items() if not self._has_touched(block)]

    def _has_touched(self, block: Block) -> bool:
        days = days_of(block)
        return any(day in days for day in self._touched)
