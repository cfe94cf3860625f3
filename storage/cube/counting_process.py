"""Helper process that computes cube writes during an import. It only reads the database.

A request is for days that had no starts before, whose starts come with the request because they are not in the database
yet; for coarse blocks whose children are committed; or for dirty days whose messages are committed. Without an answer
(the process was killed or met an error) the importing process computes the same writes itself: results never depend on
the helper.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.cube import planned_writes
from storage.cube.day_counts import Failure, FailureKinds
from storage.cube.layout import Block
from storage.database import child_process
from storage.database.connection import DatabaseError, reading
from storage.database.settings import load_settings
from storage.database.statements import BulkStatement
from storage.domain.calendar import Calendar

_NICENESS = 4  # the importing process goes first

Task = tuple[int, Block, set[int]]  # kind of user sets, coarse block, dirty lines


class CountingProcess:
    """The importing process's end of the pipes: one request at a time, then its answer."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        """`process` None: there is no helper, and no request is answered."""
        self._process = process

    @property
    def is_running(self) -> bool:
        """Whether the helper has answered every request so far."""
        return self._process is not None

    def ask_for_days(self, starts: Iterable[tuple[Any, ...]], failures: Iterable[tuple[Failure, int]]) -> None:
        """Requests the writes of new days.

        Args:
            starts: Derived columns of the messages of all starts of these days.
            failures: The failures among them, with their ids.
        """
        self._send(("days", list(starts), list(failures)))

    def days(self) -> dict[int, list[BulkStatement]]:
        """The answer to `ask_for_days`: the writes by day, empty without an answer."""
        days: dict[int, list[BulkStatement]] | None = self._receive()
        return days or {}

    def ask_for_blocks(self, tasks: Iterable[Task]) -> None:
        """Requests the writes of coarse blocks whose children are committed."""
        self._send(("blocks", [(kind, block, sorted(lines)) for kind, block, lines in tasks]))

    def blocks(self) -> list[list[BulkStatement]] | None:
        """The answer to `ask_for_blocks`: the writes of each task, None without an answer."""
        blocks: list[list[BulkStatement]] | None = self._receive()
        return blocks

    def ask_for_recounts(self, days: Iterable[tuple[int, set[int]]]) -> None:
        """Requests the writes of dirty days, each with its dirty lines, whose messages are committed."""
        self._send(("recounts", [(day, sorted(lines)) for day, lines in days]))

    def recounts(self) -> dict[int, list[BulkStatement]]:
        """The answer to `ask_for_recounts`: the writes by day, without the days that only the writer can count."""
        days: dict[int, list[BulkStatement]] | None = self._receive()
        return days or {}

    def _send(self, request: tuple[Any, ...]) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            try:
                child_process.send(self._process.stdin, request)
            except OSError:
                self._process = None

    def _receive(self) -> Any:
        if self._process is not None:
            assert self._process.stdout is not None
            try:
                return child_process.receive(self._process.stdout)
            except (EOFError, OSError):
                self._process = None
        return None


@contextmanager
def running_counting_process(path: Path) -> Iterator[CountingProcess]:
    """Runs the helper for a database, until the context ends."""
    with child_process.running("storage.cube.counting_process", str(path)) as process:
        yield CountingProcess(process)


_WritesByDay = Callable[[Sequence[tuple[Any, ...]], Mapping[Failure, int]], dict[int, list[BulkStatement]]]
_CoarseWrites = Callable[[sqlite3.Connection, int, Block, set[int]], list[BulkStatement]]


def answer_to(path: Path, request: Sequence[Any]) -> Any:
    """The answer to a request, None after an error."""
    writes_by_day, coarse_writes = _computing()
    try:
        if request[0] == "days":
            return writes_by_day(request[1], dict(request[2]))
        with reading(path) as connection:
            if request[0] == "recounts":
                return _recounts(connection, request[1])
            return [coarse_writes(connection, kind, block, set(lines)) for kind, block, lines in request[1]]
    except (DatabaseError, sqlite3.Error, OSError, MemoryError):
        return None


def _recounts(
    connection: sqlite3.Connection, days: Iterable[tuple[int, Sequence[int]]]
) -> dict[int, list[BulkStatement]]:
    """The writes of days by day, without those that have a failure of a kind that is not stored yet."""
    calendar, kinds = Calendar(load_settings(connection).zone), FailureKinds(connection, added=False)
    counted = (
        (day, planned_writes.recounted_writes(connection, calendar, day, {*lines}, kinds)) for day, lines in days
    )
    return {day: writes for day, writes in counted if writes is not None}


def _computing() -> tuple[_WritesByDay, _CoarseWrites]:
    """What computes the writes of days and of coarse blocks: with numpy where it can be loaded, else the plain rule.

    numpy takes 0.12 s and 16 MB to load, so only the helper does it: its parent never calls this function.
    """
    try:
        from storage.cube.bulk_days import writes_by_day
        from storage.cube.bulk_sets import coarse_block_writes
    except ImportError:
        return planned_writes.writes_by_day, planned_writes.coarse_writes
    return writes_by_day, coarse_block_writes


def _main(path: Path) -> None:
    child_process.become_helper(_NICENESS)
    with (
        open(sys.stdin.fileno(), "rb", closefd=False) as requests,
        open(sys.stdout.fileno(), "wb", closefd=False) as answers,
    ):
        while True:
            child_process.send(answers, answer_to(path, child_process.receive(requests)))


if __name__ == "__main__":
    child_process.run_helper(lambda: _main(Path(sys.argv[1])))
