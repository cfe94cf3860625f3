"""Kills an import of four processes: all of them, the writer or one of its helpers at random moments, and each helper
at the n-th call by which it speaks with the writer or writes to the disk.

Afterwards everything has to hold that `interruptions` asks for.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from storage.ingest import importer
from tests.benchmarks.captures import Size, write
from tests.faults import shim
from tests.faults.commands import forked, numbers_of, saludo
from tests.faults.shim import Fault
from tests.faults.tally import Result
from tui.commands.cli import run

_LOG, _SMALL_LOG = Size(events=8_000, days=24, contacts=900), Size(events=1_500, days=12, contacts=300)
_MOST_TRIES = 8  # for one that takes effect
# By helper: which of its calls count, and the file that they touch; None: the database's WAL.
_CALLS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "batch_reader": (("write", "pipe:"),),
    "counting_process": (("read", "pipe:"), ("write", "pipe:")),
    "wal_sync": (("read", "pipe:"), ("fdatasync", None)),
}
_VICTIMS = ("all", "batch_reader", "counting_process", "wal_sync", "writer")


def moments(size: int, seed: int = 14) -> Result:
    """Kills until so many kills took effect, evenly for each victim."""
    chance, failures, tries, took = random.Random(seed), [], 0, 0
    with tempfile.TemporaryDirectory() as directory, _many_batches():
        log, whole = Path(directory, "log.jsonl"), Path(directory, "whole.db")
        write(log, _LOG)
        longest = _seconds(whole, log)
        expected = numbers_of(whole)
        while took < size and tries < size * _MOST_TRIES:
            database, victim = Path(directory, f"{tries}", "saludo.db"), _VICTIMS[took % len(_VICTIMS)]
            database.parent.mkdir()
            moment = chance.uniform(0, longest)
            happened = _killed(database, log, victim, moment)
            tries, took = tries + 1, took + happened
            if happened:
                failures += [f"{victim} after {moment:.2f} s: {one}" for one in _failures(database, log, expected)]
            shutil.rmtree(database.parent)
    return Result(tries, took, tuple(failures))


def helper_kills(calls: int) -> Result:
    """Kills each helper process before each of its first calls of each name."""
    failures, tries = [], 0
    with tempfile.TemporaryDirectory() as directory, _many_batches():
        log, whole = Path(directory, "log.jsonl"), Path(directory, "whole.db")
        write(log, _SMALL_LOG)
        _seconds(whole, log)
        expected = numbers_of(whole)
        for helper, call, file in ((helper, *one) for helper, some in _CALLS.items() for one in some):
            for at in range(1, calls + 1):
                database = Path(directory, f"{tries}", "saludo.db")
                database.parent.mkdir()
                log_of_kills = database.with_name("kills")
                fault = Fault(at, part=helper, call=call, told=log_of_kills)
                errors = database.with_name("errors")
                target = file or f"{database}-wal"
                forked(partial(shim.arm, target, fault), database, ("import", str(log)), errors)
                happened = log_of_kills.exists()
                found = _failures(database, log, expected) if happened else []
                shutil.rmtree(database.parent)
                if not happened:  # it makes no more such calls
                    break
                tries += 1
                failures += [f"{helper}, {call} {at}: {one}" for one in found]
    return Result(tries, tries, tuple(failures))


@contextmanager
def _many_batches() -> Iterator[None]:
    """Imports take all processes, and small batches."""
    before = importer._WORTH_A_PROCESS, importer._BATCH
    importer._WORTH_A_PROCESS, importer._BATCH = 0, 500
    try:
        yield
    finally:
        importer._WORTH_A_PROCESS, importer._BATCH = before


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
    if os.waitpid(child, os.WNOHANG)[0]:
        return False
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
    told = database.with_name("errors")  # not there if the import was killed as soon as it began
    errors = told.read_text(errors="replace") if told.exists() else ""
    if "Traceback" in errors:
        failures.append(f"the import printed a traceback: {errors[-400:]}")
    for words in (("report",), ("export", "-o", "-"), ("rejects",), ("imports",), ("settings",)):
        if not (done := saludo(database, *words)).is_told:
            failures.append(f"{words[0]} after it: {done.status} {done.err[-300:]}")
    if (done := saludo(database, "import", str(log))).status != 0:
        failures.append(f"the import run again: {done.status} {done.err[-300:]}")
    if numbers_of(database) != expected:
        failures.append("the import run again gives another report or TSV")
    if (done := saludo(database, "check")).status != 0:
        failures.append(f"check: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}")
    return failures
