"""Keeps the cube equal to `messages`: refreshes what is marked as dirty.

Every change of a start marks its day and line as dirty in the same transaction (storage/database/dirty_marks.py).
Refreshing counts marked days again from `messages`, without adding to or subtracting from what is stored, and marks the
coarse blocks above, which are then united from the blocks below. Readers never use a dirty block: they count dirty days
from `messages` and use the children of dirty coarse blocks. So every report is exact at any time, a refresh may be
split into any transactions, and the marks that a crash leaves are refreshed by the next writer.

When: `refresh_batch` at the end of each batch, inside its transaction, for the dirty days that are not left for later;
`refresh_all` at the end of an import, for the rest. A helper process may have computed the writes in the meantime
(storage/ingest/cube_sharing.py). `rebuild` is one transaction: readers see the old cube until the new one is complete.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from storage.cube import counters
from storage.cube.counting_process import CountingProcess, Task
from storage.cube.day_counts import days_with_starts
from storage.cube.dimension_ids import all_lines
from storage.cube.layout import KINDS, Block, ancestors_of, parent_of
from storage.cube.planned_writes import coarse_writes, day_writes
from storage.database.connection import Writer
from storage.database.dirty_marks import MARK_DAY, MARK_PARENT, UNMARK
from storage.database.settings import load_settings
from storage.database.statements import BulkStatement, execute
from storage.domain.calendar import Calendar

Progress = Callable[[int, int], None]  # blocks refreshed so far, blocks known so far


def no_progress(done: int, total: int) -> None:
    """No-op progress callback."""


_BLOCKS_PER_TRANSACTION = 8
_SHARED_DAYS = 16  # in a transaction if another process counts half of them: each request costs some 10 ms
_BATCH_STARTS = 200_000  # with more starts on dirty days, a batch leaves all of them to the end of the import
_FEW_STARTS = 2_000  # newest days with fewer starts stay dirty after a batch

_DIRTY_DAYS = "SELECT DISTINCT block FROM dirty WHERE level = 0 ORDER BY block DESC"
_NEWEST_DIRTY = f"{_DIRTY_DAYS} LIMIT 32"
_DIRTY_BLOCKS = "SELECT DISTINCT level, block FROM dirty ORDER BY level, block"
_DIRTY_LINES = "SELECT line FROM dirty WHERE level = ? AND block = ?"
_STARTS_WITHIN = """
SELECT count(*) FROM (
    SELECT 1 FROM messages INDEXED BY starts_by_time
    WHERE origin IS NOT NULL AND start_at >= ? AND start_at < ? LIMIT ?
)
"""


def uncounted_days(connection: sqlite3.Connection, days: Iterable[int]) -> dict[int, range | None]:
    """The local days of which the cube has nothing, among these and the newest dirty ones.

    A dirty day that lost all its starts still has cells. Those that the batch before left dirty have few starts in
    `messages`; days with more are left out.

    Returns:
        By day the times, ms, between which `messages` has starts of it; None if it has none.
    """
    calendar = _calendar(connection)
    dirty = {day for (day,) in connection.execute(_NEWEST_DIRTY)}
    found: dict[int, range | None] = {}
    left = _FEW_STARTS
    for day in sorted(dirty.union(days), reverse=True):
        starts = _starts_of(connection, calendar, day, left + 1)
        if starts <= left and not counters.has_day(connection, day):
            left -= starts
            found[day] = range(calendar.start_of(day), calendar.start_of(day + 1)) if starts else None
    return found


def _calendar(connection: sqlite3.Connection) -> Calendar:
    return Calendar(load_settings(connection).zone)


def _starts_of(connection: sqlite3.Connection, calendar: Calendar, day: int, most: int) -> int:
    """How many starts a day has, counted up to `most`."""
    bounds = calendar.start_of(day), calendar.start_of(day + 1)
    starts: int = connection.execute(_STARTS_WITHIN, (*bounds, most)).fetchone()[0]
    return starts


def refresh_batch(
    connection: sqlite3.Connection, counted: Mapping[int, list[BulkStatement]] = MappingProxyType({})
) -> set[int]:
    """Refreshes dirty days at the end of a batch, inside the caller's transaction.

    The newest days stay dirty while they hold few starts together: readers count those quickly, and the next batch
    adds to them. If the dirty days hold more than _BATCH_STARTS starts, all stay dirty: to refresh them would take
    longer than the batch.

    Args:
        counted: Writes of days that are computed already, by day.

    Returns:
        The days that were dirty before.
    """
    calendar = _calendar(connection)
    days = [day for (day,) in connection.execute(_DIRTY_DAYS)]
    total, skipped = 0, 0
    for index, day in enumerate(days):
        total += _starts_of(connection, calendar, day, _BATCH_STARTS + 1)
        if total <= _FEW_STARTS:
            skipped = index + 1
        if total > _BATCH_STARTS:
            return {*days}
    execute(connection, _separate_cells(counted[day] for day in days[skipped:] if day in counted))
    for day in days[skipped:]:
        if day in counted:
            _finish_block(connection, (0, day))
        else:
            _refresh_day(connection, calendar, day)
    return {*days}


def _separate_cells(writes: Iterable[list[BulkStatement]]) -> list[BulkStatement]:
    """The writes of several days, with the cells of all of them first and in the order of their keys.

    Cells of many days lie side by side: day by day, each would take SQLite to another page.
    """
    cells: list[tuple[Any, ...]] = []
    others: list[BulkStatement] = []
    for statement, rows in chain.from_iterable(writes):
        if statement == counters.WRITE_CELL:
            cells += rows
        else:
            others.append((statement, rows))
    return [(counters.WRITE_CELL, sorted(cells)), *others]


def ready_blocks(connection: sqlite3.Connection) -> dict[Block, set[int]]:
    """The dirty coarse blocks without dirty blocks below them, finest first, and their dirty lines."""
    dirty: defaultdict[Block, set[int]] = defaultdict(set)
    for level, block, line in connection.execute("SELECT level, block, line FROM dirty ORDER BY level, block"):
        dirty[level, block].add(line)
    not_ready = {ancestor for block in dirty for ancestor in ancestors_of(block)}
    return {block: lines for block, lines in dirty.items() if block[0] and block not in not_ready}


def refresh_block(connection: sqlite3.Connection, block: Block) -> None:
    """Refreshes a coarse block from the blocks below it, inside the caller's transaction."""
    _refresh_coarse(connection, [block], None)


def write_block(connection: sqlite3.Connection, block: Block, lines: set[int], writes: Iterable[BulkStatement]) -> None:
    """Executes the writes that were computed for the dirty lines of a coarse block; nothing below may have changed."""
    execute(connection, writes)
    counters.refresh_details(connection, block, lines)
    _finish_block(connection, block)


def refresh_all(
    writer: Writer, progress: Progress = no_progress, counting_process: CountingProcess | None = None
) -> None:
    """Refreshes everything that is dirty, in transactions of its own.

    Args:
        writer: The database.
        progress: Called after each transaction.
        counting_process: Computes half of the days, and all coarse blocks.
    """
    counter = _ProgressCounter(progress)
    left = 1
    while left:
        with writer.transaction() as connection:
            left = _refresh_some(connection, counter, counting_process)


def rebuild(connection: sqlite3.Connection, progress: Progress = no_progress) -> None:
    """Counts the whole cube again, inside the caller's transaction."""
    for table in ("cells", "details", "users", "repeats", "dirty"):
        connection.execute(f"DELETE FROM {table}")
    _mark_every_day(connection)
    refresh_within(connection, progress)


def refresh_within(connection: sqlite3.Connection, progress: Progress = no_progress) -> None:
    """Refreshes everything that is dirty, inside the caller's transaction."""
    counter = _ProgressCounter(progress)
    while _refresh_some(connection, counter, None):
        pass


class _ProgressCounter:
    """Reports refreshed blocks."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done = progress, 0

    def add(self, refreshed: int, left: int) -> None:
        self._done += refreshed
        self._progress(self._done, self._done + left)


def _mark_every_day(connection: sqlite3.Connection) -> None:
    """Marks every day that has starts as dirty, for every line."""
    days, lines = [*days_with_starts(connection, _calendar(connection))], sorted(all_lines(connection))
    connection.executemany(MARK_DAY, ((day, line) for day in days for line in lines))


def _refresh_some(
    connection: sqlite3.Connection, counter: _ProgressCounter, counting_process: CountingProcess | None
) -> int:
    """Refreshes some blocks of the finest dirty level; returns how many dirty blocks are left."""
    dirty = connection.execute(_DIRTY_BLOCKS).fetchall()
    if not dirty:
        return 0
    finest = dirty[0][0]
    most = _SHARED_DAYS if finest == 0 and counting_process is not None else _BLOCKS_PER_TRANSACTION
    blocks = [block for block in dirty if block[0] == finest][:most]
    if finest == 0:
        _refresh_days(connection, [day for _, day in blocks], counting_process)
    else:
        _refresh_coarse(connection, blocks, counting_process)
    left: int = connection.execute(f"SELECT count(*) FROM ({_DIRTY_BLOCKS})").fetchone()[0]
    counter.add(len(blocks), left)
    return left


def _refresh_days(connection: sqlite3.Connection, days: list[int], counting_process: CountingProcess | None) -> None:
    """Counts the dirty lines of some days again from `messages`, which must be committed if another process counts."""
    calendar, counted = _calendar(connection), dict[int, list[BulkStatement]]()
    if counting_process is not None:
        counting_process.ask_for_recounts((day, _dirty_lines(connection, (0, day))) for day in days[1::2])
    for day in days[::2]:
        _refresh_day(connection, calendar, day)
    if counting_process is not None:
        counted = counting_process.recounts()
    for day in days[1::2]:
        if day in counted:
            execute(connection, counted[day])
            _finish_block(connection, (0, day))
        else:
            _refresh_day(connection, calendar, day)


def _refresh_day(connection: sqlite3.Connection, calendar: Calendar, day: int) -> None:
    """Counts the dirty lines of a day again from `messages`."""
    execute(connection, day_writes(connection, calendar, day, _dirty_lines(connection, (0, day))))
    _finish_block(connection, (0, day))


def _refresh_coarse(
    connection: sqlite3.Connection, blocks: list[Block], counting_process: CountingProcess | None
) -> None:
    """Refreshes the dirty lines of coarse blocks of one level from the blocks below them."""
    dirty = {block: _dirty_lines(connection, block) for block in blocks}
    tasks: list[Task] = [(kind, block, lines) for block, lines in dirty.items() for kind in KINDS]
    if counting_process is not None:
        counting_process.ask_for_blocks(tasks)
    for block, lines in dirty.items():
        counters.refresh_details(connection, block, lines)
    answer = None if counting_process is None else counting_process.blocks()
    if answer is None:
        _execute_tasks(connection, tasks)
    else:
        for writes in answer:
            execute(connection, writes)
    for block in blocks:
        _finish_block(connection, block)


def _execute_tasks(connection: sqlite3.Connection, tasks: Iterable[Task]) -> None:
    for kind, block, lines in tasks:
        execute(connection, coarse_writes(connection, kind, block, lines))


def _dirty_lines(connection: sqlite3.Connection, block: Block) -> set[int]:
    return {line for (line,) in connection.execute(_DIRTY_LINES, block)}


def _finish_block(connection: sqlite3.Connection, block: Block) -> None:
    """Marks the parent of a refreshed block as dirty, for the same lines, and unmarks the block."""
    if (parent := parent_of(block)) is not None:
        connection.execute(MARK_PARENT, (*parent, *block))
    connection.execute(UNMARK, block)
