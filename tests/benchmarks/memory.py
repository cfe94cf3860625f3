"""Measures peak memory: of the dashboard on a large database, and of an import of 2 GB with all its processes.

Run: `python -m tests.benchmarks memory [--db PATH] [--server STARTS] [--import-bytes N]`. The database is only read.
The log is generated first, always the same, and takes minutes to import. For `--server` the starts are generated inside
ClickHouse, which the server of the tests serves over HTTP; the dashboard is measured, not the server.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.domain.dimension import Dimension
from tests.benchmarks.captures import Size, write
from tests.benchmarks.clickhouse import database as made
from tests.benchmarks.processes import Peak, watched
from tests.benchmarks.session import Session
from tests.benchmarks.starts import UNTIL, template_name
from tests.clickhouse_server import PASSWORD, running_server

TWO_GIGABYTES = 2_000_000_000
_A_LINE = 563  # about so many bytes in a line of the log
QUIET = 1.5  # seconds without output after which a screen counts as complete
_END, _HOME, _PAGE_UP, _PAGE_DOWN = b"\x1b[F", b"\x1b[H", b"\x1b[5~", b"\x1b[6~"


def dashboard(
    database: Path | str,
    quiet: float = QUIET,
    extra: Mapping[str, str] | None = None,
    then: Sequence[bytes] = (),
) -> Peak:
    """The peak memory of the dashboard while it shows both forms of the table, several filters and one start.

    Args:
        extra: environment variables to add.
        then: more keys.
    """
    peak = Peak()
    command = [sys.executable, "-m", "tui", "--db", str(database), "--now", UNTIL.isoformat()]
    session = Session(command, extra=extra)
    try:
        session.read(session.started, quiet)
        peak.sample(session.process)
        for keys in (*_journey(), *then):
            session.press(keys, quiet)
            peak.sample(session.process)
    finally:
        session.close()
    return peak


def beside_server(directory: Path, starts: int, quiet: float = QUIET) -> Peak:
    """The peak memory of the dashboard over a ClickHouse database of so many starts, on a server of its own.

    Args:
        directory: with the database, which is made if it is not there.
    """
    with made(directory, starts):
        pass  # one process at a time has it open
    with running_server(directory / f"chdb-{starts}") as server:
        then = [b"\x1b", b"/\x15period:all\r", *(b"b" for _ in Dimension), b"8", _END, b"n5491\r", b"\x1b", b"\x1b"]
        return dashboard(server.address, quiet, {"CLICKHOUSE_PASSWORD": PASSWORD}, then)


def _journey() -> list[bytes]:
    table = [_END, _PAGE_UP, _HOME, _PAGE_DOWN, _END, _HOME]
    filters = [
        "period:365d",
        f"period:90d template:{template_name(1)}",
        "period:all user:recurrent",
        "since:2025-11-29 until:2026-11-19 template:template_* origin:notification",
        "period:all status:failed",
    ]
    typed = [b"/\x15" + text.encode() + b"\r" for text in filters]
    return [b"8", *table, b"v", *table, *(step for keys in typed for step in (keys, b"8", _END, _HOME)), b"\r", b"8\r"]


def importing(directory: Path, size: int) -> tuple[Peak, int]:
    """Imports a log of about `size` bytes into an empty database.

    Returns:
        The peak memory, and the exact size of the log in bytes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log, database = directory / f"{size}.bytes.jsonl", directory / "peak.db"
    if not log.exists():
        write(log, Size(size // _A_LINE, seed=3))
    for path in directory.glob("peak.db*"):
        path.unlink()
    peak = watched([sys.executable, "-m", "tui", "import", str(log), "--db", str(database), "--json"])
    for path in directory.glob("peak.db*"):
        path.unlink()
    return peak, log.stat().st_size


def describe(peak: Peak) -> str:
    """The peak as text, with the value of each process."""
    each = " + ".join(f"{size:.0f}" for size in peak.each.values())
    return f"{peak.together:.0f} MB together, {each} MB each at its own highest"


def run(words: Sequence[str]) -> None:
    """Measures and prints what the options name."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks memory")
    parser.add_argument("--db", type=Path, help="a database to open the dashboard on, such as one of 10 M starts")
    parser.add_argument("--server", type=int, metavar="STARTS", help="opens it beside a server with so many starts")
    parser.add_argument(
        "--import-bytes", type=int, nargs="?", const=TWO_GIGABYTES, help="imports a log of that size (2 GB)"
    )
    parser.add_argument(
        "--directory", type=Path, help="keeps the log or the database of the server there and reuses it"
    )
    arguments = parser.parse_args(words)
    if arguments.db is not None:
        print(f"dashboard on {arguments.db.name}: {describe(dashboard(arguments.db))}", flush=True)
    if arguments.server is not None:
        with tempfile.TemporaryDirectory() as scratch:
            peak = beside_server(arguments.directory or Path(scratch), arguments.server)
        print(f"dashboard beside a server with {arguments.server:,} starts: {describe(peak)}", flush=True)
    if arguments.import_bytes is not None:
        with tempfile.TemporaryDirectory() as scratch:
            peak, size = importing(arguments.directory or Path(scratch), arguments.import_bytes)
        print(f"import of {size / 1e9:.2f} GB: {describe(peak)}")
