"""Whole reports under sixteen filters and pages of the table: `python -m tests.benchmarks report --starts 1000000`."""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from storage.sorting import Order
from tests.benchmarks import reports
from tests.benchmarks.duck import Duck
from tests.benchmarks.starts import build


def run(words: Sequence[str]) -> int:
    """Reads the options and prints a table."""
    report = argparse.ArgumentParser(prog="python -m tests.benchmarks report")
    report.add_argument("--starts", type=int, default=1_000_000)
    report.add_argument("--directory", type=Path, help="keeps the files there, and uses them again")
    report.add_argument("--no-duckdb", dest="duckdb", action="store_false")
    report.add_argument("--recount", action="store_true", help="compares every answer with the recount; slow")
    report.add_argument("--only", help="filters with this in their name")
    _report(report.parse_args(words))
    return 0


def _report(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = arguments.directory or Path(scratch)
        path = directory / f"{arguments.starts}.db"
        if not path.exists():
            build(path, arguments.starts, _narrate)
            _narrate("built\n")
        duck = None
        if arguments.duckdb:
            place = directory / f"{arguments.starts}.duckdb"
            there = place.exists()
            duck = Duck(place)
            if not there:
                duck.fill(path)
        _print(arguments, path, duck)


def _print(arguments: argparse.Namespace, path: Path, duck: Duck | None) -> None:
    first = reports.first_report(path)
    measured = reports.measure(path, duck, arguments.recount, arguments.only)
    print(f"{'filter':62} {'saludo':>9} {'duckdb':>9} {'recount':>9}   (ms)")
    for one in measured:
        print(f"{one.name:62} {one.report:9.1f} {_cell(one.duckdb)} {_cell(one.recount)}")
    median = statistics.median(one.report for one in measured)
    print(f"{'median':62} {median:9.1f}", end="")
    if duck is not None:
        theirs = statistics.median(one.duckdb or 0 for one in measured)
        slowest = min((one.duckdb or 0) / one.report for one in measured)
        print(f" {theirs:9.1f}   1/{theirs / median:.0f}; least advantage {slowest:.1f}")
    print(f"\n{'slowest':62} {max(one.report for one in measured):9.1f}")
    print(f"{'first report of a cold file, median and worst':62} {statistics.median(first):9.1f} {max(first):9.1f}")
    if not arguments.only:
        for name, grouped in (("a page of the table", False), ("a page by notification", True)):
            _pages(name, reports.pages(path, grouped))
        for order in Order:
            name = "a page of the oldest first" if order is Order.TIME else f"a page by {order}"
            first, later = reports.sorted_pages(path, order)
            _pages(name, later)
            _pages(f"{name}, the first", first)
        print(f"{'a jump into the middle by contact':62} {reports.contact_jump(path):9.1f}")
    print(f"{'bytes a start':62} {path.stat().st_size / arguments.starts:9.1f}")
    print(f"{'peak memory, MB':62} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:9.1f}")


def _pages(name: str, times: Sequence[float]) -> None:
    print(f"{name + ', median and worst':62} {statistics.median(times):9.1f} {max(times):9.1f}")


def _cell(value: float | None) -> str:
    return f"{value:9.1f}" if value is not None else f"{'':9}"


def _narrate(text: str) -> None:
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
