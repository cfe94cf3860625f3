"""Measures the import of a log, compared with a lower bound and with a common tool.

The lower bound is typed decoding of the same lines with msgspec, which keeps nothing. The tool is `sqlite-utils insert
--nl` of the same lines as flat rows: with every leaf as a column (tests/benchmarks/flattened.py), and with only the
eight facts that a report needs. All are measured in the same run. Decoding and the import into an empty database take
turns and their medians count, because the speed of a shared machine changes slowly.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.captures import Size, write

ROUNDS = 3

Text = str | None


class _Named(msgspec.Struct):
    name: Text = None


class _Identified(msgspec.Struct):
    id: Text = None


class _Error(msgspec.Struct):
    code: int | None = None
    title: Text = None


class _Pricing(msgspec.Struct):
    category: Text = None


class _Status(msgspec.Struct):
    id: Text = None
    status: Text = None
    timestamp: Text = None
    recipient_id: Text = None
    pricing: _Pricing | None = None
    errors: list[_Error] | None = None


class _Message(msgspec.Struct):
    id: Text = None
    from_: Text = msgspec.field(default=None, name="from")
    timestamp: Text = None
    type: Text = None
    context: _Identified | None = None


class _Person(msgspec.Struct):
    wa_id: Text = None
    profile: _Named | None = None


class _Metadata(msgspec.Struct):
    phone_number_id: Text = None
    display_phone_number: Text = None


class _Value(msgspec.Struct):
    metadata: _Metadata | None = None
    statuses: list[_Status] | None = None
    messages: list[_Message] | None = None
    contacts: list[_Person] | None = None


class _Change(msgspec.Struct):
    value: _Value


class _Entry(msgspec.Struct):
    changes: list[_Change]


class _Request(msgspec.Struct):
    to: Text = None
    type: Text = None
    template: _Named | None = None
    biz_opaque_callback_data: Text = None


class _Response(msgspec.Struct):
    messages: list[_Identified] | None = None


class _Line(msgspec.Struct):
    """The parts of a webhook or of a send record that an import needs."""

    entry: list[_Entry] | None = None
    at: int | None = None
    phone_number_id: Text = None
    request: _Request | None = None
    response: _Response | None = None


def decode(path: Path) -> float:
    """Decodes the lines into typed objects and drops them; returns lines per second."""
    decoder = msgspec.json.Decoder(_Line)
    count, began = 0, time.perf_counter()
    with path.open("rb") as lines:
        for line in lines:
            decoder.decode(line)
            count += 1
    return count / (time.perf_counter() - began)


_IMPORT = """
import resource, sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from storage.database.connection import writing
from storage.ingest.importer import import_path, prepare
from storage.sources.opened import Options
with writing(Path(sys.argv[1])) as writer:
    prepare(writer)
    began = time.perf_counter()
    summary = import_path(writer, Path(sys.argv[2]), Options(ZoneInfo("UTC")), lambda position, events: None)
    print(summary.events, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """One import in its own process.

    Attributes:
        peak: the peak memory of the process, MB.
    """

    events: int
    seconds: float
    peak: float

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds


def imported(database: Path, log: Path) -> Imported:
    """Imports a log completely, the cube included, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(database), str(log)], check=True, capture_output=True, text=True
    )
    events, seconds, peak = result.stdout.split()
    return Imported(int(events), float(seconds), float(peak) / 1024)


def sqlite_utils(database: Path, rows: Path, count: int) -> float:
    """Runs `sqlite-utils insert --nl --alter`; returns rows per second, without its start-up time."""
    command = [sys.executable, "-m", "sqlite_utils"]
    database.unlink(missing_ok=True)
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, capture_output=True)
    start_up = time.perf_counter() - began
    insert = ["insert", str(database), "events", str(rows), "--nl", "--alter"]
    began = time.perf_counter()
    subprocess.run([*command, *insert], check=True, capture_output=True)
    taken = time.perf_counter() - began - start_up
    database.unlink()
    return count / taken


@dataclass(frozen=True, slots=True)
class Figures:
    """Events per second of saludo and of the peers, and sizes.

    Attributes:
        size: bytes of the log.
        first: the import into an empty database.
        again: seconds of importing the same file again.
        piped: events per second of importing the same events again from a pipe.
        large: events per second of an import into a copy of a large database.
        stored: bytes of the database.
    """

    events: int
    size: int
    decoding: float
    flattened: float
    facts: float
    first: Imported
    again: float
    piped: float
    large: float | None
    stored: int


def measure(directory: Path, count: int, into: Path | None = None) -> Figures:
    """Writes the logs if they do not exist, and measures everything.

    Args:
        directory: where logs and databases are written.
        count: events in the log.
        into: a large database, whose copy is imported into.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log, facts, flattened = (directory / f"{count}{end}.jsonl" for end in ("", ".facts", ".flattened"))
    if not all(path.exists() for path in (log, facts, flattened)):
        write(log, Size(count), facts, flattened)
    database = directory / "imported.db"
    decodings, imports = [decode(log)], []
    for _ in range(ROUNDS):
        for path in directory.glob("imported.db*"):
            path.unlink()
        imports.append(imported(database, log))
        decodings.append(decode(log))
    first = sorted(imports, key=lambda one: one.seconds)[ROUNDS // 2]
    again = imported(database, log)
    piped = _reread(database, log)
    peer = directory / "imported.db.peer"
    return Figures(
        first.events,
        log.stat().st_size,
        statistics.median(decodings),
        sqlite_utils(peer, flattened, first.events),
        sqlite_utils(peer, facts, first.events),
        first,
        again.seconds,
        piped,
        None if into is None else _into(into, directory, count),
        database.stat().st_size,
    )


def run(words: Sequence[str]) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks import")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="also imports the log of the next month into a copy of this database")
    parser.add_argument("--directory", type=Path, help="keeps the files there and reuses them")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        one = measure(arguments.directory or Path(scratch), arguments.events, arguments.into)
    print(f"{one.events:,} events, {one.size / one.events:.0f} bytes each\n")
    print(f"{'':50} {'events/s':>10} {'of decoding':>12} {'of sqlite-utils':>16} {'peak MB':>8}")
    _line("msgspec, typed, keeps nothing", one.decoding, one)
    _line("sqlite-utils insert --nl, flattened", one.flattened, one)
    _line("sqlite-utils insert --nl, eight facts", one.facts, one)
    _line("saludo import, empty database", one.first.rate, one, one.first.peak)
    if one.large is not None:
        _line("saludo import, into a large one", one.large, one)
    _line("saludo import, the same through a pipe", one.piped, one)
    print(f"{'saludo import, the same file: times as fast':50} {one.first.seconds / one.again:10,.0f}")
    print(f"{'database':50} {one.stored / 1e6:10,.0f} MB, {one.stored / one.events:.0f} bytes an event")


def _into(large: Path, directory: Path, count: int) -> float:
    copy, log = directory / "imported.db.large", directory / f"{count}.next.jsonl"
    shutil.copy(large, copy)
    if not log.exists():
        write(log, next_days(count))
    rate = imported(copy, log).rate
    for path in directory.glob("imported.db.large*"):
        path.unlink()
    return rate


def next_days(count: int) -> Size:
    """The size of the log of the month after the year."""
    return Size(count, days=30, first_day=365, seed=2)


def _reread(database: Path, log: Path) -> float:
    """Events per second of known events, read from a pipe: a known file would be skipped."""
    command = _IMPORT.replace("import_path(writer, Path(sys.argv[2])", "import_stream(writer, sys.stdin.buffer, '-'")
    command = command.replace("import import_path", "import import_stream")
    with log.open("rb") as stdin:
        result = subprocess.run(
            [sys.executable, "-c", command, str(database)], check=True, capture_output=True, text=True, stdin=stdin
        )
    events, seconds, _ = result.stdout.split()
    return int(events) / float(seconds)


def _line(name: str, rate: float, beside: Figures, peak: float | None = None) -> None:
    memory = "" if peak is None else f"{peak:8.0f}"
    of_decoding = f"1/{beside.decoding / rate:.1f}"
    print(f"{name:50} {rate:10,.0f} {of_decoding:>12} {rate / beside.flattened:16.1f} {memory}")
