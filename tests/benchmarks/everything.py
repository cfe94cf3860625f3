"""Measures every figure and compares it with its limit, in one table: `python -m tests.benchmarks all`.

Uses a database of a million starts, and one of ten million if it exists (`DIRECTORY/10000000.db`, which
`report --starts 10000000 --directory DIRECTORY` builds, or `--large PATH`, which is only read). Measurements of many
minutes need an option. `--quick` runs everything with small sizes to test that it works; its figures are meaningless.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import busy, exports, imports, memory, reports
from tests.benchmarks.duck import Duck
from tests.benchmarks.flat import Peer
from tests.benchmarks.machine import machine
from tests.benchmarks.plain import Plain
from tests.benchmarks.processes import Peak
from tests.benchmarks.report import database
from tests.benchmarks.report_rows import Reported, growth_row, report_rows
from tests.benchmarks.rows import Row, header, missing, text

LARGE = 10_000_000


def run(words: Sequence[str]) -> int:
    """Prints each row of the table as soon as it is measured; returns 1 if one is over its limit."""
    arguments = _arguments(words)
    over = 0
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = arguments.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for line in machine():
            print(line)
        print(f"\n{header()}")
        for row in _rows(arguments, directory):
            print(text(replace(row, holds=None) if arguments.quick else row), flush=True)
            over += row.holds is False
    if arguments.quick:
        print("\n--quick: small sizes, so the figures are meaningless")
        return 0
    print(f"\n{over} over the limit" if over else "\nnothing over its limit")
    return 1 if over else 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks all")
    parser.add_argument("--starts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, help="keeps databases and logs there and reuses them")
    parser.add_argument("--large", type=Path, help="the path of a database of ten million starts")
    parser.add_argument("--into-large", action="store_true", help="also imports into a copy of it, on the same disk")
    parser.add_argument(
        "--plain-large",
        action="store_true",
        help="also measures plain SQLite at ten million; slow",
    )
    parser.add_argument("--two-gigabytes", action="store_true", help="also measures an import of 2 GB; takes minutes")
    parser.add_argument("--quick", action="store_true", help="small sizes, to test that everything runs")
    arguments = parser.parse_args(words)
    if arguments.quick:
        arguments.starts, arguments.events = 20_000, 20_000
    return arguments


def _rows(arguments: argparse.Namespace, directory: Path) -> Iterator[Row]:
    path = database(directory, arguments.starts)
    large = _large(arguments, directory)
    small = _reported(path, arguments.starts, directory, plain=True)
    yield from report_rows(small)
    if large is not None:
        big = _reported(large, LARGE, directory, plain=arguments.plain_large)
        yield from report_rows(big)
        yield growth_row(small, big)
    else:
        yield missing("growth of the median, 10 M over 1 M", "<= 4", "no database of 10 M (--large)")
    yield from _import_rows(arguments, directory, large)
    yield from _memory_rows(arguments, directory, path, large)
    yield _export_row(arguments, path, directory)
    yield from _busy_rows(arguments, path, directory)


def _large(arguments: argparse.Namespace, directory: Path) -> Path | None:
    path: Path = arguments.large or directory / f"{LARGE}.db"
    return path if path.exists() and not arguments.quick else None


def _reported(path: Path, starts: int, directory: Path, plain: bool) -> Reported:
    """Measures the reports and pages of one database, and the peers that are installed."""
    peers: list[Peer] = []
    try:
        # A database in another directory may have its DuckDB file beside it; nothing is written there.
        beside = path.with_suffix(".duckdb")
        peers.append(Duck(beside if beside.exists() else directory / beside.name, path))
    except ImportError:
        print("DuckDB is not installed: pip install -e '.[bench]'", file=sys.stderr)
    if plain:
        peers.append(Plain(directory / f"{path.stem}.plain.db", path))
    first = reports.first_report(path)
    measured = reports.measure(path, peers)
    pages = reports.pages(path)
    return Reported(starts, measured, first, pages, path.stat().st_size, [peer.name for peer in peers])


def _import_rows(arguments: argparse.Namespace, directory: Path, large: Path | None) -> Iterator[Row]:
    into = large if arguments.into_large else None
    one = imports.measure(directory, arguments.events, into)
    rate = one.first.rate
    name = f"import of {one.events:,} events into an empty database"
    measured = f"{rate:,.0f} events/s"
    decoding = f"msgspec only: {one.decoding:,.0f}"
    yield Row(name, measured, decoding, f"1/{one.decoding / rate:.1f}", ">= 1/8", rate * 8 >= one.decoding)
    peer = f"sqlite-utils flattened: {one.flattened:,.0f}"
    yield Row("", measured, peer, f"{rate / one.flattened:.1f} times", ">= 2.5 times", rate >= 2.5 * one.flattened)
    yield Row("", measured, f"sqlite-utils 8 facts: {one.facts:,.0f}", f"{rate / one.facts:.1f} times")
    must = ">= 1/4 of that into an empty one"
    if one.large is None:
        how = "--into-large" if large is not None else "no database of 10 M (--large)"
        yield missing("the same into 10 M starts", must, how)
    else:
        ratio = f"1/{rate / one.large:.1f}"
        measured, empty = f"{one.large:,.0f} events/s", f"empty: {rate:,.0f}"
        yield Row("the same into 10 M starts", measured, empty, ratio, must, one.large * 4 >= rate)
    faster = one.first.seconds / one.again
    again, first = f"{one.again:.2f} s", f"the first time: {one.first.seconds:.1f} s"
    yield Row("the same file again", again, first, f"{faster:.0f} times", ">= 3 times as fast", faster >= 3)
    yield Row("the same again through a pipe", f"{one.piped:,.0f} events/s", "", f"{one.piped / rate:.1f} times")


def _memory_rows(arguments: argparse.Namespace, directory: Path, path: Path, large: Path | None) -> Iterator[Row]:
    if arguments.two_gigabytes or arguments.quick:
        peak, size = memory.importing(directory, 20_000_000 if arguments.quick else memory.TWO_GIGABYTES)
        name = f"peak memory of an import of {size / 1e9:.2f} GB, all its processes"
        yield _peak_row(name, peak, 400)
    else:
        yield missing("peak memory of an import of 2 GB", "<= 400 MB", "--two-gigabytes")
    quiet = 0.3 if arguments.quick else memory.QUIET
    where = f"{LARGE:,}" if large is not None else f"{arguments.starts:,}"
    yield _peak_row(f"peak memory of the dashboard on {where} starts", memory.dashboard(large or path, quiet), 250)


def _peak_row(name: str, peak: Peak, most: int) -> Row:
    each = " + ".join(f"{size:.0f}" for size in peak.each.values())
    # Samples can miss a short peak, so the largest high-water mark of a single process counts too.
    seen = max(peak.together, *peak.each.values())
    return Row(name, f"{seen:.0f} MB", f"each at its highest: {each}", "", f"<= {most} MB", seen <= most)


def _export_row(arguments: argparse.Namespace, path: Path, directory: Path) -> Row:
    one = exports.measure(path, directory)
    name, must = f"TSV of {arguments.starts:,} starts", "<= 0.9 times the shell's time"
    if one.shell is None:
        return Row(name, f"{one.ours:.2f} s", "sqlite3 is not installed", "", must)
    times = one.ours / one.shell
    return Row(name, f"{one.ours:.2f} s", f"sqlite3 shell: {one.shell:.2f} s", f"{times:.2f} times", must, times <= 0.9)


def _busy_rows(arguments: argparse.Namespace, path: Path, directory: Path) -> Iterator[Row]:
    events = max(20_000, arguments.events // 3)
    found = {
        f"into {arguments.starts:,}": busy.growing(path, directory, busy.next_log(directory, events)),
        "into an empty one": busy.filling(directory, busy.year_log(directory, events)),
    }
    for where, one in found.items():
        name, measured = f"a report while an import {where} runs", f"{one.busy:.1f} ms"
        must, quiet = "<= 2 times", f"quiet, alone: {one.alone:.1f} ms"
        yield Row(name, measured, quiet, f"{one.of_alone:.2f} times", must, one.of_alone <= 2)
        beside = f"quiet file, same load: {one.sharing:.1f} ms"
        yield Row("", measured, beside, f"{one.of_sharing:.2f} times", "for the cost of the file alone")
        yield Row("", f"{one.refusals} of {one.reports} refused", "", "", "no refusal", one.refusals == 0)
