"""Keeps the cube equal to the messages: what changed is marked as dirty, and what is dirty is counted again.

Triggers mark a day of a line in the transaction that changes one of its starts. Refreshing counts the marked days again
from `messages` and never adds or subtracts; it marks the coarse blocks above them, which are then made again of the
blocks below. A reader never trusts what is marked: it counts a dirty day from its messages and takes the parts of a
dirty block, so that every report is that of the last committed messages however little of the cube is up to date.
Therefore a refresh may come in pieces and at any time, and a crash leaves marks that the next writer finishes.

When: at the end of each batch, inside its transaction, as far as dirty days alone go and unless they hold too many
starts or hardly any (`refresh_batch`); at the end of an import all the rest (`finish`). What is to be written may have
been worked out beside that, by another process (storage/ingest/cube_sharing.py). Rebuilding is one transaction: readers
see the old cube until the new one is there.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from storage.cube import counters
from storage.cube.counting_process import CountingProcess
from storage.cube.layout import KINDS, Block, ancestors_of, parent_of
from storage.cube.planned_writes import coarse_writes, day_writes
from storage.database.connection import Writer
from storage.database.dirty_marks import MARK_DAY, MARK_PARENT, UNMARK
from storage.database.schema import FIRST_AND_LAST_DAY
from storage.database.settings import load_settings
from storage.database.statements import BulkStatement, execute
from storage.domain.calendar import Calendar

Progress = Callable[[int, int], None]  # days done, of how many


def no_progress(done: int, of: int) -> None:
    """A progress that nobody is told of."""


_AT_ONCE = 8  # days, or coarse blocks, that one transaction refreshes
_BATCH_STARTS = 200_000  # starts of dirty days beyond which a batch leaves them to the end of the import
_FEW_STARTS = 2_000  # and below which it need not hurry

_DIRTY_DAYS = "SELECT DISTINCT block FROM dirty WHERE level = 0 ORDER BY block DESC"
_STARTS_WITHIN = """
SELECT count(*) FROM (
    SELECT 1 FROM messages INDEXED BY starts_by_time
    WHERE origin IS NOT NULL AND start_at >= ? AND start_at < ? LIMIT ?
)
"""


def new_days(connection: sqlite3.Connection, days: Iterable[int]) -> set[int]:
    """Those of the local days that have no starts yet, and of which the cube has nothing: a dirty day that lost all its
    starts still has its cells."""
    calendar = Calendar(load_settings(connection).zone)
    return {day for day in days if not (_starts_of(connection, calendar, day, 1) or counters.has_day(connection, day))}


def _starts_of(connection: sqlite3.Connection, calendar: Calendar, day: int, most: int) -> int:
    """How many starts a day has, as far as `most`."""
    bounds = calendar.start_of(day), calendar.start_of(day + 1)
    starts: int = connection.execute(_STARTS_WITHIN, (*bounds, most)).fetchone()[0]
    return starts


def refresh_batch(
    connection: sqlite3.Connection, counted: Mapping[int, list[BulkStatement]] = MappingProxyType({})
) -> set[int]:
    """Refreshes dirty days inside the caller's transaction, unless that would take longer than the batch did. The
    newest stay dirty while they hold few starts: a reader counts those in no time, and the next batch adds to them.

    counted: the writes of days that are counted already. Returns the days that were dirty.
    """
    calendar = Calendar(load_settings(connection).zone)
    days = [day for (day,) in connection.execute(_DIRTY_DAYS)]
    total, behind = 0, 0
    for place, day in enumerate(days):
        total += _starts_of(connection, calendar, day, _BATCH_STARTS + 1)
        if total <= _FEW_STARTS:
            behind = place + 1
        if total > _BATCH_STARTS:
            return {*days}
    for day in days[behind:]:
        if day in counted:
            execute(connection, counted[day])
            _mark_parent(connection, (0, day))
        else:
            _refresh_day(connection, calendar, day)
    return {*days}


def ready_blocks(connection: sqlite3.Connection) -> dict[Block, set[int]]:
    """Coarse blocks that are dirty with nothing below them dirty, finest first, and their dirty lines."""
    dirty: defaultdict[Block, set[int]] = defaultdict(set)
    for level, block, line in connection.execute("SELECT level, block, line FROM dirty ORDER BY level, block"):
        dirty[level, block].add(line)
    above = {above for block in dirty for above in ancestors_of(block)}
    return {block: lines for block, lines in dirty.items() if block[0] and block not in above}


def refresh_block(connection: sqlite3.Connection, block: Block) -> None:
    """Makes a coarse block again of the blocks below it, inside the caller's transaction."""
    _refresh_coarse(connection, [block], None)


def write_block(connection: sqlite3.Connection, block: Block, lines: set[int], writes: Iterable[BulkStatement]) -> None:
    """Writes what was worked out of a coarse block for its dirty lines, of which it still holds."""
    execute(connection, writes)
    counters.refresh_details(connection, block, lines)
    _mark_parent(connection, block)


def refresh_all(
    writer: Writer, progress: Progress = no_progress, counting_process: CountingProcess | None = None
) -> None:
    """Refreshes all that is dirty, in transactions of its own; `counting_process` takes half of the work."""
    done = _Done(progress)
    left = 1
    while left:
        with writer.transaction() as connection:
            left = _refresh_some(connection, done, counting_process)


def rebuild(connection: sqlite3.Connection, progress: Progress = no_progress) -> None:
    """Counts everything again inside the caller's transaction."""
    for table in ("cells", "details", "users", "dirty"):
        connection.execute(f"DELETE FROM {table}")
    _mark_everything(connection)
    done = _Done(progress)
    while _refresh_some(connection, done, None):
        pass


class _Done:
    """Tells a progress how many blocks are refreshed."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done = progress, 0

    def show(self, refreshed: int, left: int) -> None:
        self._done += refreshed
        self._progress(self._done, self._done + left)


def _mark_everything(connection: sqlite3.Connection) -> None:
    """Marks every day of every line."""
    first, last = connection.execute(FIRST_AND_LAST_DAY).fetchone()
    if first is not None:
        lines = sorted(counters.all_lines(connection))
        connection.executemany(MARK_DAY, ((day, line) for day in range(first, last + 1) for line in lines))


def _refresh_some(connection: sqlite3.Connection, done: _Done, counting_process: CountingProcess | None) -> int:
    """Refreshes some of what is dirty, fine before coarse, and returns how many blocks are left."""
    dirty = connection.execute("SELECT DISTINCT level, block FROM dirty ORDER BY level, block").fetchall()
    if not dirty:
        return 0
    some = [block for block in dirty if block[0] == dirty[0][0]][:_AT_ONCE]
    calendar = Calendar(load_settings(connection).zone)
    if dirty[0][0] == 0:
        for _, day in some:
            _refresh_day(connection, calendar, day)
    else:
        _refresh_coarse(connection, some, counting_process)
    left: int = connection.execute("SELECT count(*) FROM (SELECT DISTINCT level, block FROM dirty)").fetchone()[0]
    done.show(len(some), left)
    return left


def _refresh_day(connection: sqlite3.Connection, calendar: Calendar, day: int) -> None:
    """Counts a day again, from the messages of the lines that are dirty on it."""
    execute(connection, day_writes(connection, calendar, day, _dirty_lines(connection, (0, day))))
    _mark_parent(connection, (0, day))


def _refresh_coarse(
    connection: sqlite3.Connection, blocks: list[Block], counting_process: CountingProcess | None
) -> None:
    """Makes coarse blocks of one level again of the blocks below them, as far as their dirty lines go."""
    dirty = {block: _dirty_lines(connection, block) for block in blocks}
    tasks = [(kind, block, lines) for block, lines in dirty.items() for kind in KINDS]
    theirs = [] if counting_process is None else tasks[1::2]
    if counting_process is not None:
        counting_process.ask_for_blocks(theirs)
    for kind, block, lines in tasks[::2] if theirs else tasks:
        execute(connection, coarse_writes(connection, kind, block, lines))
    for block, lines in dirty.items():
        counters.refresh_details(connection, block, lines)
    answer = counting_process.blocks() if counting_process is not None else []
    if answer is None:
        answer = [coarse_writes(connection, kind, block, lines) for kind, block, lines in theirs]
    for writes in answer:
        execute(connection, writes)
    for block in blocks:
        _mark_parent(connection, block)


def _dirty_lines(connection: sqlite3.Connection, block: Block) -> set[int]:
    rows = connection.execute("SELECT line FROM dirty WHERE level = ? AND block = ?", block)
    return {line for (line,) in rows}


def _mark_parent(connection: sqlite3.Connection, block: Block) -> None:
    """A block is refreshed: what is above it is dirty now, and it is not."""
    if (parent := parent_of(block)) is not None:
        connection.execute(MARK_PARENT, (*parent, *block))
    connection.execute(UNMARK, block)


def differences(connection: sqlite3.Connection, progress: Progress = no_progress) -> list[str]:
    """The cells that are not what their messages make them, a line each; of a cube of which nothing is dirty.

    Everything is counted again into temporary tables of the same names, which stand before the real ones meanwhile.
    """
    tables = ("cells", "details", "users", "dirty")
    try:
        for table in tables:
            statements = connection.execute(
                "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ? AND type IN ('table', 'index')"
                " AND sql IS NOT NULL ORDER BY type DESC",
                (table,),
            ).fetchall()
            for (statement,) in statements:
                statement = statement.replace("CREATE TABLE ", "CREATE TABLE temp.", 1)
                connection.execute(statement.replace("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX temp.", 1))
        rebuild(connection, progress)
        return [line for table in tables[:-1] for line in _different(connection, table)]
    finally:
        for table in tables:
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


_CELL = {
    "cells": "day {day}",
    "details": "details, level {level}, block {block}",
    "users": "users, kind {kind}, level {level}, block {block}",
}


def _different(connection: sqlite3.Connection, table: str) -> list[str]:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA main.table_info({table})")]
    all = ", ".join(name for name in columns if name != "id")
    key = [name for name in columns if name in ("kind", "level", "block", "line", "template", "day")]
    rows = connection.execute(
        f"""
        SELECT DISTINCT {", ".join(key)} FROM (
            SELECT * FROM (SELECT {all} FROM main.{table} EXCEPT SELECT {all} FROM temp.{table})
            UNION ALL
            SELECT * FROM (SELECT {all} FROM temp.{table} EXCEPT SELECT {all} FROM main.{table})
        )
        ORDER BY {", ".join(key)}
        """
    )
    found = []
    for row in rows:
        cell = dict(zip(key, row, strict=True))
        where = _CELL[table].format(**cell)
        found.append(f"cell of line {cell['line']}, template {cell['template']}, {where}: differs from its messages")
    return found
