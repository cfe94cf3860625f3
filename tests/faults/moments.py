"""Kills an import of four processes at random moments: all of them, the writer, or one of its helpers.

Afterwards everything has to hold that `interruptions` asks for.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from storage.ingest import importer
from tests.benchmarks.captures import Size, write
from tests.faults.commands import numbers_of, saludo
from tests.faults.interruptions import Result
from tui.commands.cli import run

_LOG = Size(events=8_000, days=24, contacts=900)
_VICTIMS = ("all", "batch_reader", "counting_process", "wal_sync", "writer")


def moments(tries: int, seed: int = 14) -> Result:
    """Tries so many moments, evenly for each victim."""
    chance, failures, took = random.Random(seed), [], 0
    importer._WORTH_A_PROCESS, importer._BATCH = 0, 500
    with tempfile.TemporaryDirectory() as directory:
        log, whole = Path(directory, "log.jsonl"), Path(directory, "whole.db")
        write(log, _LOG)
        longest = _seconds(whole, log)
        expected = numbers_of(whole)
        for number in range(tries):
            database, victim = Path(directory, f"{number}", "saludo.db"), _VICTIMS[number % len(_VICTIMS)]
            database.parent.mkdir()
            moment = chance.uniform(0, longest)
            took += _killed(database, log, victim, moment)
            failures += [f"{victim} after {moment:.2f} s: {one}" for one in _failures(database, log, expected)]
            for file in database.parent.iterdir():
                file.unlink()
    return Result(tries, took, tuple(failures))


def _seconds(database: Path, log: Path) -> float:
    """How long an import takes that nothing happens to."""
    start = time.monotonic()
    done = saludo(database, "import", str(log))
    assert done.status == 0, done.err
    return time.monotonic() - start


def _killed(database: Path, log: Path, victim: str, moment: float) -> bool:
    """Starts an import in a process group of its own and kills a part of it; whether that part was there."""
    child = os.fork()
    if child == 0:
        os.setsid()
        descriptor = os.open(database.with_name("errors"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        status = 1
        try:
            status = run(["--db", str(database), "import", str(log)])
        finally:
            os._exit(status & 0xFF)
    time.sleep(moment)
    found = [child] if victim in ("all", "writer") else _helpers(child, victim)
    for process in found:
        with suppress(ProcessLookupError):
            (os.killpg if victim == "all" else os.kill)(process, signal.SIGKILL)
    os.waitpid(child, 0)
    return bool(found)


def _helpers(parent: int, name: str) -> list[int]:
    """The processes of that module that the parent has started."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            process = int(entry.name)
            if int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1]) == parent and name.encode() in (
                entry.joinpath("cmdline").read_bytes()
            ):
                found.append(process)
    return found


def _failures(database: Path, log: Path, expected: object) -> list[str]:
    failures = []
    errors = database.with_name("errors").read_text(errors="replace")
    if "Traceback" in errors:
        failures.append(f"the import printed a traceback: {errors[-400:]}")
    for words in (("report",), ("export", "-o", "-")):
        if not (done := saludo(database, *words)).is_told:
            failures.append(f"{words[0]} after it: {done.status} {done.err[-300:]}")
    if (done := saludo(database, "import", str(log))).status != 0:
        failures.append(f"the import run again: {done.status} {done.err[-300:]}")
    if numbers_of(database) != expected:
        failures.append("the import run again gives another report or TSV")
    if (done := saludo(database, "check")).status != 0:
        failures.append(f"check: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}")
    return failures
