"""A second process that works out what of the cube is to be written, while the one that imports does other things.

It gets either starts of days that had none, which are not in the database yet, or coarse blocks, whose parts are
committed; it only reads. What it does not give, because it was killed or found an error, the importing process works
out itself: nothing depends on it but time.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from storage.cube.day_counts import Failure, starts_by_day
from storage.cube.layout import Block
from storage.cube.planned_writes import coarse_writes, new_day_writes
from storage.database import child_process
from storage.database.connection import DatabaseError, reading
from storage.database.statements import BulkStatement

Task = tuple[int, Block, set[int]]  # a kind of sets, a coarse block, its dirty lines


class CountingProcess:
    """The process (None: there is none), as the importing one sees it: one question at a time, and then its answer."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process

    def ask_for_days(self, starts: Iterable[tuple[Any, ...]], failures: Iterable[tuple[Failure, int]]) -> None:
        """Asks for the writes of new days: `starts` as derived columns of messages, failures with their ids."""
        self._ask(("days", list(starts), list(failures)))

    def days(self) -> dict[int, list[BulkStatement]]:
        """The writes of each of those days; nothing where there is no answer."""
        days: dict[int, list[BulkStatement]] | None = self._answer()
        return days or {}

    def ask_for_blocks(self, tasks: Iterable[Task]) -> None:
        """Asks for the writes of coarse blocks, of which all parts are committed."""
        self._ask(("blocks", [(kind, block, sorted(lines)) for kind, block, lines in tasks]))

    def blocks(self) -> list[list[BulkStatement]] | None:
        """The writes of those blocks, in the order of the question; None where there is no answer."""
        blocks: list[list[BulkStatement]] | None = self._answer()
        return blocks

    def _ask(self, question: tuple[Any, ...]) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            try:
                child_process.send(self._process.stdin, question)
            except OSError:
                self._process = None

    def _answer(self) -> Any:
        if self._process is not None:
            assert self._process.stdout is not None
            try:
                return child_process.receive(self._process.stdout)
            except (EOFError, OSError):
                self._process = None
        return None


@contextmanager
def running_counting_process(path: Path) -> Iterator[CountingProcess]:
    """The process for a database, ended with the context; where none can be started, nobody answers."""
    with child_process.running("storage.cube.counting_process", str(path)) as process:
        yield CountingProcess(process)


def answer_to(path: Path, question: Sequence[Any]) -> Any:
    """The answer to a question, None where it cannot be told here."""
    try:
        if question[0] == "days":
            days = starts_by_day(question[1], dict(question[2]))
            return {day: new_day_writes(day, starts) for day, starts in days.items()}
        with reading(path) as connection:
            return [coarse_writes(connection, kind, block, set(lines)) for kind, block, lines in question[1]]
    except (DatabaseError, sqlite3.Error, OSError, MemoryError):
        return None


def _main(path: Path) -> None:
    child_process.become_helper(4)
    with open(sys.stdin.fileno(), "rb", closefd=False) as asked, open(sys.stdout.fileno(), "wb", closefd=False) as told:
        while True:
            child_process.send(told, answer_to(path, child_process.receive(asked)))


if __name__ == "__main__":
    with suppress(EOFError, BrokenPipeError):
        _main(Path(sys.argv[1]))
