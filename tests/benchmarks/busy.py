"""Measures reports while an import writes to the same database, and counts the reports that fail.

An import alone keeps two cores busy. So the reports are compared with two others: without any import, and with an
import of the same log into another database. The first ratio is the slowdown for a user; the second is the part of it
that is caused by sharing the database.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.database.connection import DatabaseError, reading
from storage.domain.filters import Filter
from storage.report.read_session import ReadSession
from storage.report.report import load_report
from tests.benchmarks.captures import Size, write
from tests.benchmarks.imports import next_days
from tests.benchmarks.processes import ended, started
from tests.benchmarks.report import database
from tests.benchmarks.starts import UNTIL

# Templates that both databases have; their other templates and their lines differ.
FILTERS = (
    "period:30d",
    "period:90d",
    "period:365d",
    "period:365d template:template_001",
    "period:90d origin:notification",
    "period:30d user:new",
    "period:90d template:template_0*",
    "period:365d status:failed",
)
_ROUNDS = 5
_FIRST_DAY = 45  # of the log's year, so that it ends with the last day of the reports


@dataclass(frozen=True, slots=True)
class Busy:
    """Times of a report: the median over the filters of each filter's median, in ms.

    Attributes:
        alone: without an import.
        sharing: while an import writes another database.
        busy: while an import writes the same database.
        refusals: how many reports raised an error.
        reports: how many reports were loaded while the import ran.
    """

    alone: float
    sharing: float
    busy: float
    refusals: int
    reports: int

    @property
    def of_alone(self) -> float:
        """The time during the import over the time without an import."""
        return self.busy / self.alone

    @property
    def of_sharing(self) -> float:
        """The time during the import over the time during an import into another database."""
        return self.busy / self.sharing


def growing(base: Path, directory: Path, log: Path) -> Busy:
    """Measures reports during an import into a copy of a database."""
    copy = _fresh(directory)
    shutil.copy(base, copy)
    alone = _quiet(copy)
    with _importing(_fresh(directory, "other"), log) as runs:
        sharing = _reports(copy, runs)
    with _importing(copy, log) as runs:
        busy = _reports(copy, runs)
    _fresh(directory)
    _fresh(directory, "other")
    return _figures(alone, sharing, busy)


def filling(directory: Path, log: Path) -> Busy:
    """Measures reports during the second half of an import of a year, which begins with an empty database."""
    first, second = _halves(log)
    half = _fresh(directory, "half")
    with _importing(half, first) as runs:
        while runs():
            time.sleep(0.05)
    busy = growing(half, directory, second)
    _fresh(directory, "half")
    return busy


@dataclass(frozen=True, slots=True)
class _Loaded:
    times: dict[str, list[float]]
    refusals: int


def _quiet(path: Path) -> _Loaded:
    rounds = iter(range((_ROUNDS + 1) * len(FILTERS)))
    return _reports(path, lambda: next(rounds, None) is not None)


def _reports(path: Path, wanted: Callable[[], bool]) -> _Loaded:
    """Loads reports, one filter after the other, as long as `wanted` returns true.

    Each round has its own connection, and its first report is not measured: it fills the cache.
    """
    times: dict[str, list[float]] = {text: [] for text in FILTERS}
    refusals = 0
    filters = [Filter.parse(text) for text in FILTERS]
    while wanted():
        try:
            with reading(path) as connection:
                load_report(ReadSession(connection), filters[0], UNTIL)
                for text, filter in zip(FILTERS, filters, strict=True):
                    if not wanted():
                        break
                    began = time.perf_counter()
                    load_report(ReadSession(connection), filter, UNTIL)
                    times[text].append((time.perf_counter() - began) * 1000)
        except (DatabaseError, sqlite3.Error):
            refusals += 1
    return _Loaded(times, refusals)


def _figures(alone: _Loaded, sharing: _Loaded, busy: _Loaded) -> Busy:
    known = [text for text in FILTERS if busy.times[text] and sharing.times[text]]
    assert known, "the import ended before a report was loaded; give it more events"

    def median(loaded: _Loaded) -> float:
        return statistics.median(statistics.median(loaded.times[text]) for text in known)

    count = sum(map(len, busy.times.values()))
    return Busy(median(alone), median(sharing), median(busy), busy.refusals + sharing.refusals + alone.refusals, count)


@contextmanager
def _importing(path: Path, log: Path) -> Iterator[Callable[[], bool]]:
    """Runs an import as a process; yields a function that tells whether it still runs, and kills it at the end."""
    process = started(["-m", "tui", "import", str(log), "--db", str(path), "--json"])
    try:
        yield lambda: process.poll() is None
        if process.returncode:
            assert process.stderr is not None
            raise AssertionError(f"the import ended with {process.returncode}: {process.stderr.read().decode()}")
    finally:
        ended(process)


def _fresh(directory: Path, name: str = "busy") -> Path:
    for path in directory.glob(f"{name}.db*"):
        path.unlink()
    return directory / f"{name}.db"


def next_log(directory: Path, events: int) -> Path:
    """The log of the month after the year."""
    return _log(directory / f"{events}.next.jsonl", next_days(events))


def year_log(directory: Path, events: int) -> Path:
    """The log of a year."""
    return _log(directory / f"{events}.year.jsonl", Size(events, first_day=_FIRST_DAY))


def _halves(log: Path) -> tuple[Path, Path]:
    first, second = log.with_suffix(".first.jsonl"), log.with_suffix(".second.jsonl")
    if not second.exists():
        lines = log.read_bytes().splitlines(keepends=True)
        first.write_bytes(b"".join(lines[: len(lines) // 2]))
        part = second.with_suffix(".part")
        part.write_bytes(b"".join(lines[len(lines) // 2 :]))
        part.rename(second)
    return first, second


def _log(path: Path, size: Size) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, size)
    return path


def run(words: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks busy")
    parser.add_argument("--starts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=300_000, help="events in the log that is imported")
    parser.add_argument("--directory", type=Path, help="keeps the database and the logs there and reuses them")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = arguments.directory or Path(scratch)
        base = database(directory, arguments.starts)
        print(
            f"{'':46} {'alone':>8} {'sharing':>8} {'busy':>8} {'of alone':>9} {'of sharing':>11} {'refused':>8}   (ms)"
        )
        _print(f"import into {arguments.starts:,}", growing(base, directory, next_log(directory, arguments.events)))
        _print("import into an empty database", filling(directory, year_log(directory, arguments.events)))


def _print(name: str, one: Busy) -> None:
    print(
        f"{f'{name}, {one.reports} reports':46} {one.alone:8.1f} {one.sharing:8.1f} {one.busy:8.1f}"
        f" {one.of_alone:9.2f} {one.of_sharing:11.2f} {one.refusals:8}",
        flush=True,
    )
