"""Measures the export of the TSV, compared with the sqlite3 shell writing the same joined columns in tabs mode.

The shell writes the stored values: epoch times and ids where saludo writes local times and words. It makes no chat
links and does not escape tabs or formulas. Each is a process of its own that writes a file to the same disk.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.report import database
from tests.benchmarks.starts import UNTIL

ROUNDS = 3
# The columns of the TSV in their order, with the contact in place of the chat link.
_SELECT = """
SELECT contacts.customer_id, contacts.label, m.session_start, m.channel_id, m.user_type, templates.name,
       m.status = 0, m.status >= 1, m.status >= 2, m.status >= 3, m.status = 4, m.error_text, m.error_detail,
       m.start_at, m.delivered_at, m.read_at, m.answered_at, m.agent_groups, m.origin, lines.value, m.language,
       m.status, m.failure_code, contacts.label, m.key
FROM messages AS m INDEXED BY starts_by_time
LEFT JOIN templates ON templates.id = m.start_template
LEFT JOIN lines ON lines.id = m.line
LEFT JOIN contacts ON contacts.id = m.contact
WHERE m.origin IS NOT NULL
ORDER BY m.start_at DESC, m.key DESC, m.origin DESC;
"""


class _Taken(NamedTuple):
    """Seconds of one process with its helpers."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Exported:
    """Medians in seconds, by the clock and of processor time; of the shell None if sqlite3 is not installed."""

    ours: float
    shell: float | None
    ours_cpu: float
    shell_cpu: float | None


def measure(path: Path, directory: Path, rounds: int = ROUNDS) -> Exported:
    """Exports the whole database, saludo and the shell in turns.

    Raises:
        AssertionError: the two files have different numbers of lines.
    """
    ours, theirs = list[_Taken](), list[_Taken]()
    mine, other = directory / "export.tsv", directory / "export.shell.tsv"
    for _ in range(rounds):
        command = [sys.executable, "-m", "tui", "export", "--db", str(path), "--now", UNTIL.isoformat()]
        ours.append(_timed([*command, "--filter", "period:all", "--force", "-o", str(mine)]))
        if shutil.which("sqlite3") is not None:
            shell = ["sqlite3", "-readonly", "-batch", "-header", "-tabs", str(path), f".output '{other}'", _SELECT]
            theirs.append(_timed(shell))
    if theirs:
        assert _lines(mine) == _lines(other), "the two files have different numbers of lines"
    mine.unlink()
    other.unlink(missing_ok=True)
    return Exported(
        statistics.median(one.wall for one in ours),
        statistics.median(one.wall for one in theirs) if theirs else None,
        statistics.median(one.cpu for one in ours),
        statistics.median(one.cpu for one in theirs) if theirs else None,
    )


def _timed(command: Sequence[str]) -> _Taken:
    began, before = time.perf_counter(), _cpu()
    subprocess.run(command, check=True, capture_output=True)
    return _Taken(time.perf_counter() - began, _cpu() - before)


def _cpu() -> float:
    """The processor time of all child processes that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def run(words: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks export")
    parser.add_argument("--starts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--directory", type=Path, help="keeps the database there and reuses it")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = arguments.directory or Path(scratch)
        exported = measure(database(directory, arguments.starts), directory, arguments.rounds)
        print(f"{arguments.starts:,} starts, medians of {arguments.rounds}; by the clock, and of processor time")
        print(f"{'saludo export':40} {exported.ours:8.2f} s {exported.ours_cpu:8.2f} s")
        if exported.shell is None or exported.shell_cpu is None:
            print("sqlite3 is not installed: nothing to compare with (apt-get install sqlite3)")
        else:
            print(f"{'sqlite3, tabs mode, the same columns':40} {exported.shell:8.2f} s {exported.shell_cpu:8.2f} s")
            of, of_cpu = exported.ours / exported.shell, exported.ours_cpu / exported.shell_cpu
            print(f"{'times as long':40} {of:8.2f}   {of_cpu:8.2f}")
