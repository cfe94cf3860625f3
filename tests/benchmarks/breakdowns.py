"""Prints the times of breakdowns, every dimension under sixteen filters, beside DuckDB's GROUP BY of the same rows.

`python -m tests.benchmarks breakdown --starts 1000000`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database.connection import reading
from storage.domain.dimension import Dimension
from storage.domain.filters import Filter
from storage.report.breakdown import load_breakdown
from storage.report.read_session import ReadSession
from tests.benchmarks.duck import Duck
from tests.benchmarks.report import database
from tests.benchmarks.reports import FILTERS
from tests.benchmarks.starts import UNTIL

MOST, TIMES = 120, 20  # what every breakdown should take, in ms, and how many times as fast as DuckDB it should be


@dataclass(frozen=True, slots=True)
class Times:
    """The median times of one action in ms: on the clock, and of processors."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The times of one breakdown; `duckdb` is None if it was not measured."""

    filter: str
    dimension: Dimension
    rows: int
    ours: Times
    duckdb: Times | None


def run(words: Sequence[str]) -> int:
    """Reads the options and prints a table."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks breakdown")
    options.add_argument("--starts", type=int, default=1_000_000)
    options.add_argument("--directory", type=Path, help="keeps the files there and reuses them")
    options.add_argument("--no-duckdb", dest="duckdb", action="store_false", help="does not measure DuckDB")
    options.add_argument("--only", help="only the filters whose name contains this text")
    options.add_argument("--by", type=Dimension, help="only this dimension")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--duckdb-rounds", type=int, default=3, help="how often DuckDB is measured after a first time")
    arguments = options.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        path = database(arguments.directory or Path(scratch), arguments.starts)
        duck = Duck(path.with_suffix(".duckdb"), path) if arguments.duckdb else None
        measured = [
            _measure(path, duck, name, dimension, (arguments.rounds, arguments.duckdb_rounds))
            for name in FILTERS
            for dimension in Dimension
            if (not arguments.only or arguments.only in name) and arguments.by in (None, dimension)
        ]
        _print(measured)
    return 0


def _measure(path: Path, duck: Duck | None, name: str, dimension: Dimension, rounds: tuple[int, int]) -> Measured:
    """Measures one breakdown, and checks that DuckDB gives the same rows.

    Args:
        rounds: how often saludo and DuckDB are measured.
    """
    filter = Filter.parse(FILTERS[name])
    with reading(path) as connection:
        breakdown = load_breakdown(ReadSession(connection), filter, UNTIL, dimension)
        ours = _times(lambda: load_breakdown(ReadSession(connection), filter, UNTIL, dimension), rounds[0])
        theirs = None
        if duck is not None:
            selected = ReadSession(connection).select(filter, UNTIL)
            duck.check_breakdown(selected, breakdown)
            theirs = _times(lambda: duck.breakdown(selected, dimension), rounds[1])
    return Measured(name, dimension, len(breakdown.rows), ours, theirs)


def _times(action: Callable[[], Any], rounds: int) -> Times:
    clock, processor = [], []
    for _ in range(rounds):
        begin, used = time.perf_counter(), time.process_time()
        action()
        clock.append((time.perf_counter() - begin) * 1000)
        processor.append((time.process_time() - used) * 1000)
    return Times(statistics.median(clock), statistics.median(processor))


def _print(measured: Sequence[Measured]) -> None:
    print(f"{'filter':62} {'by':10} {'rows':>4}  {'saludo':>15} {'DuckDB':>17}   (ms on the clock, of processors)")
    for one in measured:
        print(f"{one.filter:62} {one.dimension:10} {one.rows:4}  {_cell(one.ours)} {_cell(one.duckdb)}")
    ours = [one.ours for one in measured]
    print(f"\nmedian {_median(ours)}, slowest {max(one.clock for one in ours):.1f}, {_most_processor(ours):.1f}")
    within = sum(one.processor <= MOST for one in ours)
    print(f"{within} of {len(ours)} take at most {MOST} ms of processors")
    for dimension in Dimension:
        of_dimension = [one.ours for one in measured if one.dimension is dimension]
        if of_dimension:
            slowest = max(one.clock for one in of_dimension)
            print(f"  by {dimension:10} median {_median(of_dimension)}, slowest {slowest:.1f}")
    theirs = [one.duckdb for one in measured if one.duckdb is not None]
    if theirs:
        ratio = statistics.median(one.clock for one in theirs) / statistics.median(one.clock for one in ours)
        worked = statistics.median(one.processor for one in theirs) / statistics.median(one.processor for one in ours)
        least = min(one.duckdb.clock / one.ours.clock for one in measured if one.duckdb is not None)
        each = statistics.median(one.duckdb.clock / one.ours.clock for one in measured if one.duckdb is not None)
        print(f"DuckDB: median {_median(theirs)}: {ratio:.0f} times on the clock, {worked:.0f} of processors; ", end="")
        print(f"each breakdown with its own: median {each:.0f} times, least {least:.1f}")
        ratios = [one.duckdb.processor / one.ours.processor for one in measured if one.duckdb is not None]
        reach = sum(ratio >= TIMES for ratio in ratios)
        print(f"of processors: median {statistics.median(ratios):.0f} times, least {min(ratios):.1f}; ", end="")
        print(f"{reach} of {len(ratios)} at least {TIMES} times")


def _most_processor(times: Sequence[Times]) -> float:
    return max(one.processor for one in times)


def _median(times: Sequence[Times]) -> str:
    clock, processor = (
        statistics.median(values) for values in zip(*((t.clock, t.processor) for t in times), strict=True)
    )
    return f"{clock:.1f} ({processor:.1f})"


def _cell(times: Times | None) -> str:
    return " " * 15 if times is None else f"{times.clock:8.1f} {times.processor:7.1f}"
