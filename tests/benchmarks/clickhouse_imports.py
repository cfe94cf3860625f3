"""Measures the import into ClickHouse beside SQLite's: `python -m tests.benchmarks clickhouse-import --events 400000`.

The same log is imported into a new SQLite file and into a new directory of chdb, in turns. With `--importers 2` it is
also imported over HTTP, into the server of the tests, by so many processes at once, which have its lines in turns: so
both say something of most messages. In the end all reports must be equal: no event is lost, and none counts twice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.captures import Size, write
from tests.clickhouse_server import PASSWORD, running_server

_SALUDO = (sys.executable, "-m", "tui")
_WHOLE = ("--filter", "period:all", "--json", "--by", "day")


class Taken(NamedTuple):
    """Seconds of the clock, and of the processor with all child processes."""

    clock: float
    processor: float


def run(words: Sequence[str]) -> int:
    """Reads the options, measures, and prints events a second."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks clickhouse-import")
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--importers", type=int, default=0, help="also over HTTP, by so many processes at once")
    parser.add_argument("--directory", type=Path, help="keeps the log there and reuses it")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        log = (arguments.directory or Path(scratch)) / f"{arguments.events}.jsonl"
        if not log.exists():
            write(log, Size(arguments.events))
        measure(Path(scratch), log, arguments.rounds, arguments.importers)
    return 0


def measure(scratch: Path, log: Path, rounds: int, importers: int = 0) -> None:
    """Measures and prints; raises AssertionError if a report differs."""
    with log.open("rb") as lines:
        events = sum(1 for _ in lines)
    print(f"{events:,} events; load {os.getloadavg()[0]:.1f}")
    addresses = {"SQLite": str(scratch / "saludo.db"), "chdb": f"chdb:{scratch / 'chdb'}"}
    times: dict[str, list[Taken]] = {name: [] for name in addresses}
    for _ in range(rounds):
        for name, address in addresses.items():
            _remove(scratch)
            times[name].append(_imported(address, [log]))
            if name == "SQLite":
                expected = _report(address)
            elif _report(address) != expected:
                raise AssertionError("the reports differ")
    median = {name: Taken(*map(statistics.median, zip(*taken, strict=True))) for name, taken in times.items()}
    for name, taken in median.items():
        _line(name, events, taken, median["SQLite"])
    if importers:
        _measure_server(scratch, log, importers, events, expected, median["SQLite"])
    print(f"load {os.getloadavg()[0]:.1f}")


def _measure_server(scratch: Path, log: Path, importers: int, events: int, expected: str, beside: Taken) -> None:
    parts = _parts(scratch, log, importers)
    os.environ["CLICKHOUSE_PASSWORD"] = PASSWORD
    for count, files in ((1, [log]), (importers, parts)):
        _remove(scratch)
        with running_server(scratch / "chdb") as server:
            taken = _imported(server.address, files)
            # Who ends first publishes what was derived by then.
            subprocess.run([*_SALUDO, "work", "--once", "--db", server.address], check=True, capture_output=True)
            if _report(server.address) != expected:
                raise AssertionError("the reports differ")
        _line(f"{count} over HTTP, without the server's processor time", events, taken, beside)


def _parts(scratch: Path, log: Path, count: int) -> list[Path]:
    """The lines of the log in turns, as so many files."""
    paths = [scratch / f"{part}.part.jsonl" for part in range(count)]
    with log.open("rb") as lines, ExitStack() as stack:
        files = [stack.enter_context(path.open("wb")) for path in paths]
        for number, line in enumerate(lines):
            files[number % count].write(line)
    return paths


def _imported(address: str, files: Sequence[Path]) -> Taken:
    """Imports each file by a process of its own, all at once."""
    began = time.perf_counter()
    processes = [
        subprocess.Popen([*_SALUDO, "import", str(file), "--db", address], stdout=subprocess.DEVNULL) for file in files
    ]
    processor = 0.0
    for process in processes:
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        processor += used.ru_utime + used.ru_stime
    return Taken(time.perf_counter() - began, processor)


def _report(address: str) -> str:
    command = [*_SALUDO, "report", *_WHOLE, "--db", address]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _remove(scratch: Path) -> None:
    shutil.rmtree(scratch / "chdb", ignore_errors=True)
    for path in scratch.glob("saludo.db*"):
        path.unlink()


def _line(name: str, events: int, taken: Taken, beside: Taken) -> None:
    rates = " ".join(
        f"{events / seconds:10,.0f} ({other / seconds:.2f})" for seconds, other in zip(taken, beside, strict=True)
    )
    print(f"{name:50} {rates}   events/s by the clock and by the processor (times SQLite's)", flush=True)
