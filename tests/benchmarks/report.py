"""Prints the times of reports and of pages of the table: `python -m tests.benchmarks report --starts 1000000`."""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from storage.table.sorting import Order
from tests.benchmarks import reports
from tests.benchmarks.duck import Duck
from tests.benchmarks.flat import Peer
from tests.benchmarks.plain import Plain
from tests.benchmarks.starts import build


def run(words: Sequence[str]) -> int:
    """Reads the options and prints a table."""
    report = argparse.ArgumentParser(prog="python -m tests.benchmarks report")
    report.add_argument("--starts", type=int, default=1_000_000)
    report.add_argument("--directory", type=Path, help="keeps the files there and reuses them")
    report.add_argument("--no-duckdb", dest="duckdb", action="store_false", help="does not measure DuckDB")
    report.add_argument(
        "--plain", action="store_true", help="also measures plain SQLite; takes minutes with 10 M starts"
    )
    report.add_argument("--recount", action="store_true", help="compares every report with a recount; slow")
    report.add_argument("--only", help="only the filters whose name contains this text")
    _report(report.parse_args(words))
    return 0


def database(directory: Path, count: int) -> Path:
    """The database of `count` starts in a directory; builds it if it does not exist."""
    path = directory / f"{count}.db"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        part.unlink(missing_ok=True)
        build(part, count, _show_progress)
        part.with_name(f"{part.name}.lock").unlink(missing_ok=True)
        part.rename(path)
        _show_progress("")
    return path


def _report(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = arguments.directory or Path(scratch)
        path = database(directory, arguments.starts)
        peers: list[Peer] = []
        if arguments.duckdb:
            peers.append(Duck(path.with_suffix(".duckdb"), path))
        if arguments.plain:
            peers.append(Plain(path.with_suffix(".plain.db"), path))
        _print(arguments, path, peers)


def _print(arguments: argparse.Namespace, path: Path, peers: list[Peer]) -> None:
    first = reports.first_report(path)
    measured = reports.measure(path, peers, arguments.recount, arguments.only)
    names = [peer.name for peer in peers]
    print(f"{'filter':62} {'saludo':>9}{''.join(f' {name:>9}' for name in names)} {'recount':>9}   (ms)")
    for one in measured:
        theirs = "".join(f" {_cell(one.peers[name])}" for name in names)
        print(f"{one.name:62} {one.report:9.1f}{theirs} {_cell(one.recount)}")
    median = statistics.median(one.report for one in measured)
    print(f"{'median':62} {median:9.1f}" + "".join(f" {reports.median_of(measured, name):9.1f}" for name in names))
    for name in names:
        times = reports.median_of(measured, name) / median
        print(f"{f'beside {name}: of its median, least advantage':62} {f'1/{times:.0f}':>9} ", end="")
        print(f"{reports.least_advantage(measured, name):9.1f}")
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


def _show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
