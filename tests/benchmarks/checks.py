"""Measures `saludo check` on a large database that is sound: time, CPU time and peak memory of all its processes.

Run: `python -m tests.benchmarks check [--starts N] [--against REV]`. A small log is imported, and its rows are copied
with other keys, contacts and days until there are enough: an import of as many starts would take hours. `against`
measures the same beside another revision.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.builds import Build, other_build, this_build
from tests.benchmarks.captures import Size, write
from tests.benchmarks.processes import watched

_EVENTS = 400_000  # of the log that is imported; about 107,000 starts
_EVENTS_A_START = 3.74
_CONTACTS = 14_000  # that its sends are drawn from; at 10 million starts about a million people
_SPREAD = 31  # days over which the copies are spread
_DAY = 86_400_000  # ms; the zone of the benchmark has no summer time
_ZONE = "America/Argentina/Buenos_Aires"


@dataclass(frozen=True, slots=True)
class Checked:
    """One run: seconds from start to end, and seconds of CPU of all processes together."""

    seconds: float
    cpu: float


def database(build: Build, starts: int) -> Path:
    """A sound database of about so many starts, written by a build below its directory, once."""
    path = build.directory / f"check.{starts}.db"
    if path.exists():
        return path
    events = min(_EVENTS, int(starts * _EVENTS_A_START))
    log, last, part = (build.directory / name for name in ("check.jsonl", "last.jsonl", f"{path.name}.part"))
    write(log, Size(events, contacts=_CONTACTS))
    write(last, Size(8, days=1, first_day=400, seed=3))
    for left in build.directory.glob(f"{part.name}*"):
        left.unlink()
    _run(build, part, "settings", "time_zone", _ZONE)
    _run(build, part, "import", str(log))
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        multiply(connection, starts)
    _run(build, part, "import", str(last))  # refreshes the cube
    part.rename(path)
    return path


def _run(build: Build, path: Path, *words: str) -> None:
    build.run("tui", "--db", str(path), *words)


def multiply(connection: sqlite3.Connection, starts: int) -> None:
    """Copies the messages and contacts of a database until it has about so many starts, and marks its cube as dirty."""
    connection.create_function("crc", 1, zlib.crc32)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = FILE")
    objects = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'messages' AND type <> 'table' AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in objects:
        connection.execute(f"DROP {kind} {name}")
    for number in range(1, round(starts / _count(connection, "messages WHERE origin IS NOT NULL"))):
        _copy(connection, number)
    for _, _, sql in objects:
        connection.execute(sql)
    connection.execute("DELETE FROM dirty")
    connection.execute(
        "INSERT INTO dirty SELECT DISTINCT 0, day, ifnull(line, -1) FROM messages WHERE origin IS NOT NULL"
    )


def _count(connection: sqlite3.Connection, rows: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


def _copy(connection: sqlite3.Connection, number: int) -> None:
    """Copies the first rows once, to contacts of its own and some days later."""
    if number == 1:
        for table in ("contacts", "contact_ids", "messages"):
            connection.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM main.{table}")
    key = f"key || '~{number}'"
    messages, ids, contacts = (
        f"{number} * (SELECT max(id) FROM first_{table})" for table in ("messages", "contact_ids", "contacts")
    )
    _insert(connection, "contacts", {"id": f"id + {contacts}", "label": f"label || '{number:04}'"})
    _insert(
        connection,
        "contact_ids",
        {"id": f"id + {ids}", "contact": f"contact + {contacts}", "text": f"text || '{number:04}'"},
    )
    later = number % _SPREAD
    times = (
        *("at", "accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "given_answered_at"),
        *("session_start", "start_at", "answered_at"),
    )
    changed = {time: f"{time} + {later * _DAY}" for time in times} | {
        "id": f"id + {messages}",
        "key": key,
        "hash": f"crc(CAST({key} AS BLOB))",
        "context": f"context || '~{number}'",
        "contact_id": f"contact_id + {ids}",
        "contact": f"contact + {contacts}",
        "day": f"day + {later}",
    }
    _insert(connection, "messages", changed)


def _insert(connection: sqlite3.Connection, table: str, changed: dict[str, str]) -> None:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    connection.execute(f"INSERT INTO main.{table} SELECT {values} FROM first_{table} ORDER BY id")


def measure(build: Build, path: Path, *options: str) -> Checked:
    """Checks a database in a process of a build."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run(build, path, "check", *options)
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return Checked(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(words: Sequence[str]) -> None:
    """Prints the times of this build, and beside another one if that is asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks check")
    parser.add_argument("--starts", type=int, default=1_000_000)
    parser.add_argument("--against", metavar="REV", help="another revision, measured in the same run")
    parser.add_argument("--rebuild", action="store_true", help="measure check --rebuild as well")
    parser.add_argument("--directory", type=Path, help="keeps builds and databases there and reuses them")
    arguments = parser.parse_args(words)
    options = ((), ("--rebuild",)) if arguments.rebuild else ((),)
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = (arguments.directory or Path(scratch)).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        builds = [this_build(directory)]
        if arguments.against:
            builds.append(other_build(arguments.against, directory))
        paths = {build.name: database(build, arguments.starts) for build in builds}
        for option in options:
            for build in builds:
                one = measure(build, paths[build.name], *option)
                name = " ".join(("check", *option))
                print(f"{name:20} {build.name:10} {one.seconds:8.1f} s, {one.cpu:8.1f} s of CPU", flush=True)
        ours, path = builds[0], paths[builds[0].name]
        peak = watched([str(ours.python), "-m", "tui", "--db", str(path), "check"])
        print(f"{'memory':20} {ours.name:10} {peak.together:8.0f} MB")
