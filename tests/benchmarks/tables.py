"""How fast a table with one row a message is read, and how fast it comes into the database.

Reading alone is decoding, cutting into cells and merging into rows of messages, in the parts of an import; the whole
import derives, writes and counts them as well. Beside both, in the same run: `sqlite-utils insert --csv` of the same
file. Each is told per second and per second of CPU time, which other work on the machine changes less. Rows have an id,
a recipient, what was sent, a status, a time for each step and an error; one in 50 failed.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.imports import imported

ROUNDS = 3
_HEADER = "message_id,to,template,language,campaign,line,status,sent_at,delivered_at,read_at,error_code,error"
_FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)

_READ = """
import sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from storage.database.child_process import become_helper
from storage.ingest.batch_reader import file_parts
from storage.sources.opened import Options
from storage.sources.recognition import open_source
become_helper(0)
with Path(sys.argv[1]).open("rb") as file:
    began, worked = time.perf_counter(), time.process_time()
    count = sum(part.batch.events for part in file_parts(open_source(file, Options(ZoneInfo("UTC"))), 80_000))
    print(count, time.perf_counter() - began, time.process_time() - worked)
"""


def write(path: Path, rows: int) -> None:
    """Writes a table of this many rows, the same every time."""
    chance = random.Random(7)
    templates = [f"template_{number}" for number in range(200)]
    lines = [str(5491100000000 + number) for number in range(20)]
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(f"{_HEADER}\r\n")
        for number in range(rows):
            sent = _FIRST + timedelta(seconds=number * 31_000_000 // rows)
            delivered, read = (
                sent + timedelta(seconds=chance.randrange(2, 90)),
                sent + timedelta(seconds=chance.randrange(99, 9_999)),
            )
            person, failed = 5491150000000 + chance.randrange(rows), number % 50 == 0
            status = "failed" if failed else "read" if number % 3 else "delivered"
            cells = (
                f"wamid.HBgN{number:020d}",
                str(person),
                chance.choice(templates),
                "es_AR",
                "" if number % 4 else f"campaign {number // 10_000}",
                chance.choice(lines),
                status,
                _text(sent),
                "" if failed else _text(delivered),
                _text(read) if status == "read" else "",
                "131026" if failed else "",
                "Message undeliverable" if failed else "",
            )
            out.write(f"{','.join(cells)}\r\n")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows per second, and per second of CPU time of all processes together."""

    rows: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The rates of one table of so many rows and bytes, all of them read; peer: `sqlite-utils insert --csv`."""

    rows: int
    size: int
    reading: Rate
    whole: Rate
    peer: Rate


def measure(directory: Path, rows: int, rounds: int = ROUNDS) -> Figures:
    """Writes the table if it does not exist, and measures everything; the medians of the rounds count."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"table.{rows}.csv"
    if not path.exists():
        write(path, rows)
    readings, imports, peers = [], [], []
    for _ in range(rounds):
        readings.append(_reading(path))
        imports.append(_import(directory, path, rows))
        peers.append(_sqlite_utils(directory / "table.db.peer", path, rows))
    return Figures(rows, path.stat().st_size, _median(readings), _median(imports), _median(peers))


def _median(rates: Sequence[Rate]) -> Rate:
    return Rate(statistics.median(one.rows for one in rates), statistics.median(one.cpu for one in rates))


def _reading(path: Path) -> Rate:
    result = subprocess.run([sys.executable, "-c", _READ, str(path)], check=True, capture_output=True, text=True)
    count, seconds, cpu = map(float, result.stdout.split())
    return Rate(count / seconds, count / cpu)


def _import(directory: Path, path: Path, rows: int) -> Rate:
    """The import into an empty database; its CPU time includes starting the process."""
    for old in directory.glob("table.db*"):
        old.unlink()
    before = _cpu_seconds()
    done = imported(directory / "table.db", path)
    cpu = _cpu_seconds() - before
    if done.events != rows:
        raise ValueError(f"{done.events} of {rows} rows were read")
    for old in directory.glob("table.db*"):
        old.unlink()
    return Rate(done.rate, done.events / cpu)


def _sqlite_utils(database: Path, path: Path, rows: int) -> Rate:
    """`sqlite-utils insert --csv`; the seconds are without its start-up."""
    command = [sys.executable, "-m", "sqlite_utils"]
    database.unlink(missing_ok=True)
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, capture_output=True)
    start_up = time.perf_counter() - began
    began, before = time.perf_counter(), _cpu_seconds()
    subprocess.run([*command, "insert", str(database), "rows", str(path), "--csv"], check=True, capture_output=True)
    taken, cpu = time.perf_counter() - began - start_up, _cpu_seconds() - before
    database.unlink()
    return Rate(rows / max(taken, 1e-3), rows / cpu)


def _cpu_seconds() -> float:
    """CPU time of all processes that this one started and that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(words: Sequence[str]) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks table")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, help="keeps the files there and reuses them")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        one = measure(arguments.directory or Path(scratch), arguments.rows)
    print(f"{one.rows:,} rows, {one.size / one.rows:.0f} bytes each\n")
    print(f"{'':34} {'rows/s':>10} {'of sqlite-utils':>16} {'rows/CPU s':>12} {'of sqlite-utils':>16}")
    for name, rate in (
        ("sqlite-utils insert --csv", one.peer),
        ("saludo, reading alone", one.reading),
        ("saludo import, empty database", one.whole),
    ):
        beside, of_cpu = rate.rows / one.peer.rows, rate.cpu / one.peer.cpu
        print(f"{name:34} {rate.rows:10,.0f} {beside:16.2f} {rate.cpu:12,.0f} {of_cpu:16.2f}")
