"""Two commands on one database at the same time: each does its work, or says that another one writes, and afterwards
the database holds what the two leave one after the other."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.captures import Size, write
from tests.faults.commands import numbers_of, saludo
from tests.faults.tally import Result
from tui.commands.cli import run

_LOG = Size(events=1_200, days=6, lines=4, templates=10, contacts=200)
_WAITS = "another import is writing to it"
_Words = tuple[str, ...]
# In any order they leave the same, and each may be run again.
_WRITE: tuple[_Words, ...] = (
    ("import", "first.jsonl"),
    ("import", "second.jsonl"),
    ("settings", "time_zone", "Asia/Kolkata"),
    ("settings", "answer_window", "12"),
    ("check", "--rebuild"),
    ("check",),
)
_READ: tuple[_Words, ...] = (
    ("report",),
    ("export", "-o", "-"),
    ("export", "--people", "-o", "-"),
    ("rejects",),
    ("imports",),
    ("backup", "copy.db"),
)


def side_by_side(tries: int, seed: int = 14) -> Result:
    """Tries so many pairs of commands, each pair about equally often."""
    chance, failures = random.Random(seed), []
    pairs = [(one, other) for one in _WRITE for other in (*_WRITE, *_READ) if one != other]
    chance.shuffle(pairs)
    expected: dict[frozenset[_Words], object] = {}
    with tempfile.TemporaryDirectory() as directory, chdir(directory):
        for number, name in enumerate(("begun.jsonl", "first.jsonl", "second.jsonl")):
            write(Path(name), replace(_LOG, seed=number))
        begun = Path("begun.db")
        assert saludo(begun, "import", "begun.jsonl").status == 0
        for number in range(tries):
            pair = pairs[number % len(pairs)]
            if (key := frozenset(pair)) not in expected:
                expected[key] = _one_after_the_other(begun, pair)
            database = _copied(begun)
            found = [*_together(database, pair, chance.uniform(0, 0.2)), *_wrong_after(database, pair, expected[key])]
            failures += [f"{' '.join(pair[0])} beside {' '.join(pair[1])}: {one}" for one in found]
            _remove(database)
    return Result(tries, tries, tuple(failures))


def _copied(begun: Path) -> Path:
    database = Path("tried", "saludo.db")
    database.parent.mkdir()
    shutil.copy(begun, database)
    return database


def _remove(database: Path) -> None:
    shutil.rmtree(database.parent)
    Path("copy.db").unlink(missing_ok=True)


def _one_after_the_other(begun: Path, pair: tuple[_Words, _Words]) -> object:
    database = _copied(begun)
    for words in pair:
        done = saludo(database, *words)
        assert done.status == 0, done
    numbers = numbers_of(database)
    _remove(database)
    return numbers


def _together(database: Path, pair: tuple[_Words, _Words], delay: float) -> list[str]:
    """Runs both, the second one after some seconds; returns what is wrong with how they end."""
    children = []
    for number, words in enumerate(pair):
        if number:
            time.sleep(delay)
        children.append((_started(database, words, Path(f"errors-{number}")), words, Path(f"errors-{number}")))
    failures = []
    for child, words, errors in children:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = errors.read_text()
        waits = words in _WRITE and status == 1 and _WAITS in told and told.strip().count("\n") == 0
        if status != 0 and not waits:
            failures.append(f"{' '.join(words)} ended with {status}: {told[-300:]}")
    return failures


def _started(database: Path, words: _Words, errors: Path) -> int:
    """Starts a command in a fork; returns its process."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            sys.stderr = errors.open("w", buffering=1)
            status = run(["--db", str(database), *words])
        finally:
            os._exit(status & 0xFF)
    return child


def _wrong_after(database: Path, pair: tuple[_Words, _Words], expected: object) -> list[str]:
    """What is wrong when both have ended, and when those that wait ran again."""
    failures = []
    if (done := saludo(database, "check")).status != 0:
        failures.append(f"check: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}")
    copy = Path("copy.db")
    if copy.exists() and (done := saludo(copy, "check")).status != 0:
        failures.append(f"check of the backup: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}")
    for words in pair:
        if words in _WRITE and (done := saludo(database, *words)).status != 0:
            failures.append(f"{' '.join(words)} run again: {done.status} {done.err[-300:]}")
    if numbers_of(database) != expected:
        failures.append("the report or TSV differs from that of one after the other")
    return failures
