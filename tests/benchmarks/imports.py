"""How fast a log comes into the database, beside what it cannot be faster than and what people use: typed decoding of
the same lines with msgspec that keeps nothing, and `sqlite-utils insert --nl` of the same facts as flat rows.

The peers are measured in the same run, decoding before and after, so that a machine's moods show.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.captures import Size, write

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
    """What an import needs of a webhook or of a send."""

    entry: list[_Entry] | None = None
    at: int | None = None
    phone_number_id: Text = None
    request: _Request | None = None
    response: _Response | None = None


def decode(path: Path) -> float:
    """Lines a second of decoding into types and forgetting."""
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
from storage.database import writing
from storage.importing import import_path, prepare
from storage.sources import Options
with writing(Path(sys.argv[1])) as writer:
    prepare(writer)
    began = time.perf_counter()
    summary = import_path(writer, Path(sys.argv[2]), Options(ZoneInfo("UTC")), lambda position, events: None)
    print(summary.events, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """One import in a process of its own: events, seconds, and the process's peak of memory in MB."""

    events: int
    seconds: float
    peak: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def imported(database: Path, log: Path) -> Imported:
    """Imports a log, everything derived and written at the end."""
    result = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(database), str(log)], check=True, capture_output=True, text=True
    )
    events, seconds, peak = result.stdout.split()
    return Imported(int(events), float(seconds), float(peak) / 1024)


def sqlite_utils(database: Path, rows: Path, count: int) -> float:
    """Rows a second of `sqlite-utils insert --nl`, its start-up taken off."""
    command = [sys.executable, "-m", "sqlite_utils"]
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, capture_output=True)
    start_up = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run([*command, "insert", str(database), "events", str(rows), "--nl"], check=True, capture_output=True)
    return count / (time.perf_counter() - began - start_up)


def run(words: Sequence[str]) -> None:
    """Builds the log, measures, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks import")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="also imports the next days' log into a copy of this database")
    parser.add_argument("--directory", type=Path, help="keeps the files there, and uses them again")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = arguments.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        log, rows = directory / f"{arguments.events}.jsonl", directory / f"{arguments.events}.rows.jsonl"
        if not log.exists():
            write(log, Size(arguments.events), rows)
        database = directory / "imported.db"
        for path in directory.glob("imported.db*"):
            path.unlink()
        before = decode(log)
        first = imported(database, log)
        again = imported(database, log)
        reread = _reread(database, log)
        bare = (before + decode(log)) / 2
        peer = sqlite_utils(directory / "imported.db.peer", rows, first.events)
        print(f"{first.events:,} events, {log.stat().st_size / first.events:.0f} bytes each\n")
        print(f"{'':50} {'events/s':>10} {'of decoding':>12} {'of sqlite-utils':>16} {'peak MB':>8}")
        _line("msgspec, typed, keeps nothing", bare, bare, peer)
        _line("sqlite-utils insert --nl", peer, bare, peer)
        _line("saludo import, empty database", first.rate, bare, peer, first.peak)
        if arguments.into is not None:
            _line("saludo import, into a large one", _into(arguments, directory), bare, peer)
        _line("saludo import, the same through a pipe", reread, bare, peer)
        print(f"{'saludo import, the same file: times as fast':50} {first.seconds / again.seconds:10,.0f}")
        size = database.stat().st_size
        print(f"{'database':50} {size / 1e6:10,.0f} MB, {size / first.events:.0f} bytes an event")


def _into(arguments: argparse.Namespace, directory: Path) -> float:
    copy, log = directory / "imported.db.large", directory / f"{arguments.events}.next.jsonl"
    shutil.copy(arguments.into, copy)
    if not log.exists():
        write(log, Size(arguments.events, days=30, first_day=365, seed=2))
    return imported(copy, log).rate


def _reread(database: Path, log: Path) -> float:
    """Events a second of what is all known: a file would be passed over, a pipe is read whatever it holds."""
    command = _IMPORT.replace("import_path(writer, Path(sys.argv[2])", "import_stream(writer, sys.stdin.buffer, '-'")
    command = command.replace("import import_path", "import import_stream")
    with log.open("rb") as stdin:
        result = subprocess.run(
            [sys.executable, "-c", command, str(database)], check=True, capture_output=True, text=True, stdin=stdin
        )
    events, seconds, _ = result.stdout.split()
    return int(events) / float(seconds)


def _line(name: str, rate: float, bare: float, peer: float, peak: float | None = None) -> None:
    memory = "" if peak is None else f"{peak:8.0f}"
    print(f"{name:50} {rate:10,.0f} {f'1/{bare / rate:.1f}':>12} {rate / peer:16.1f} {memory}")
