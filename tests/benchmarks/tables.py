"""How fast a table with one row a message is read, and how fast it comes into the database.

Reading alone is decoding, cutting into cells and making events; the whole import derives, writes and counts them as
well. Beside both, in the same run: `sqlite-utils insert --csv` of the same file. Rows have an id, a recipient, what was
sent, a status, a time for each step and an error; one in 50 failed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.imports import Imported, imported

ROUNDS = 3
_HEADER = "message_id,to,template,language,campaign,line,status,sent_at,delivered_at,read_at,error_code,error"
_FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)

_READ = """
import sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from storage.sources.opened import Options
from storage.sources.recognition import open_source
with Path(sys.argv[1]).open("rb") as file:
    began = time.perf_counter()
    count = sum(1 for _ in open_source(file, Options(ZoneInfo("UTC"))).items())
    print(count, time.perf_counter() - began)
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
class Figures:
    """The rates of one table.

    Attributes:
        rows: rows of the table.
        size: bytes of it.
        reading: rows per second of reading alone.
        whole: the import into an empty database.
        peer: rows per second of `sqlite-utils insert --csv`.
    """

    rows: int
    size: int
    reading: float
    whole: Imported
    peer: float


def measure(directory: Path, rows: int) -> Figures:
    """Writes the table if it does not exist, and measures everything; the median of some rounds counts."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"table.{rows}.csv"
    if not path.exists():
        write(path, rows)
    readings, imports, peers = [], [], []
    for _ in range(ROUNDS):
        readings.append(_reading(path))
        database = directory / "table.db"
        for old in directory.glob("table.db*"):
            old.unlink()
        imports.append(imported(database, path))
        peers.append(_sqlite_utils(directory / "table.db.peer", path, rows))
    for old in directory.glob("table.db*"):
        old.unlink()
    whole = sorted(imports, key=lambda one: one.seconds)[ROUNDS // 2]
    return Figures(rows, path.stat().st_size, statistics.median(readings), whole, statistics.median(peers))


def _reading(path: Path) -> float:
    result = subprocess.run([sys.executable, "-c", _READ, str(path)], check=True, capture_output=True, text=True)
    count, seconds = result.stdout.split()
    return int(count) / float(seconds)


def _sqlite_utils(database: Path, path: Path, rows: int) -> float:
    """Rows per second of `sqlite-utils insert --csv`, without its start-up."""
    command = [sys.executable, "-m", "sqlite_utils"]
    database.unlink(missing_ok=True)
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, capture_output=True)
    start_up = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run([*command, "insert", str(database), "rows", str(path), "--csv"], check=True, capture_output=True)
    taken = time.perf_counter() - began - start_up
    database.unlink()
    return rows / max(taken, 1e-3)


def run(words: Sequence[str]) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks table")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, help="keeps the files there and reuses them")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        one = measure(arguments.directory or Path(scratch), arguments.rows)
    print(f"{one.rows:,} rows, {one.size / one.rows:.0f} bytes each\n")
    print(f"{'':40} {'rows/s':>10} {'of sqlite-utils':>16}")
    for name, rate in (
        ("sqlite-utils insert --csv", one.peer),
        ("saludo, reading alone", one.reading),
        ("saludo import, empty database", one.whole.rate),
    ):
        print(f"{name:40} {rate:10,.0f} {rate / one.peer:16.2f}")
