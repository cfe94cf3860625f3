"""Kills an import at its n-th call of the system, or lets that call fail, and looks at what is left behind.

Afterwards every command has to work or to say in one line what is wrong, `check` has to find nothing, and the import
that is run again has to give the same report and the same TSV, to the byte, as one that nothing happened to.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.captures import capture
from tests.faults import shim
from tests.faults.commands import forked, numbers_of, saludo
from tests.faults.shim import Fault

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
_EARLIER = ("cloud_statuses.jsonl", "send_log.jsonl")
_IMPORTED = ("cloud_errors.jsonl", "cloud_inbound.jsonl", "starting_causes.tsv", "cloud_bad_items.jsonl")


@dataclass(frozen=True, slots=True)
class Result:
    """What an attack found.

    Attributes:
        tries: how often it was tried.
        took: tries in which the fault happened.
        failures: a line each.
        uncheckable: tries in which evidence was changed into other evidence, so that nothing can tell.
    """

    tries: int
    took: int
    failures: tuple[str, ...]
    uncheckable: int = 0


def _new(database: Path) -> None:
    """No database yet."""


def _wal(database: Path) -> None:
    _import(database, _EARLIER)


def _vacuumed(database: Path) -> None:
    _copied(database, lambda connection: connection.execute("VACUUM INTO ?", (str(database),)))


def _backed_up(database: Path) -> None:
    def back_up(connection: sqlite3.Connection) -> None:
        with sqlite3.connect(database) as target:
            connection.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        target.close()

    _copied(database, back_up)


def _copied(database: Path, copy: Callable[[sqlite3.Connection], object]) -> None:
    source = database.with_name("source.db")
    _wal(source)
    connection = sqlite3.connect(source, isolation_level=None)
    copy(connection)
    connection.close()
    source.unlink()


DATABASES: dict[str, Callable[[Path], None]] = {
    "a new database": _new,
    "a database in WAL mode": _wal,
    "a copy by VACUUM INTO": _vacuumed,
    "a copy by SQLite's backup": _backed_up,
}


def _import(database: Path, names: tuple[str, ...]) -> None:
    done = saludo(database, "import", *(str(capture(name)) for name in names))
    assert done.status == 0, done.err


def kills(calls: int, databases: tuple[str, ...] = tuple(DATABASES)) -> Result:
    """Kills an import into each kind of database at each of its first calls."""
    return _attack(databases, lambda total: [Fault(at) for at in _chosen(calls, total)])


def failing_calls(calls: int, databases: tuple[str, ...] = tuple(DATABASES)) -> Result:
    """Lets each of the first calls of an import fail, once and for good."""
    return _attack(
        databases,
        lambda total: [
            Fault(at, error, on) for at in _chosen(calls, total) for error in ERRORS for on in (False, True)
        ],
    )


def _chosen(most: int, total: int) -> list[int]:
    """Numbers from 1 to `total`, at most so many: the first ones, which set the database up, and some of the others."""
    if total <= most:
        return [*range(1, total + 1)]
    first = most - most // 4
    step = (total - first) / (most - first + 1)
    return [*range(1, first + 1), *(first + int(step * (index + 1)) for index in range(most - first))]


def _attack(databases: tuple[str, ...], faults_of: Callable[[int], list[Fault]]) -> Result:
    tries, took, failures = 0, 0, []
    for name in databases:
        with tempfile.TemporaryDirectory() as directory:
            whole = Path(directory, "whole", "saludo.db")
            whole.parent.mkdir()
            DATABASES[name](whole)
            template = Path(directory, "template")
            shutil.copytree(whole.parent, template)
            total = _count(whole)
            expected = numbers_of(whole)
            for number, fault in enumerate(faults_of(total)):
                attacked = Path(directory, f"{number}")
                shutil.copytree(template, attacked)
                happened, wrong = _try(attacked / "saludo.db", fault, expected, check_first=number % 2 == 0)
                shutil.rmtree(attacked)
                tries, took = tries + 1, took + happened
                failures += [f"{name}, {fault}: {one}" for one in wrong]
    return Result(tries, took, tuple(failures))


def _words() -> tuple[str, ...]:
    return ("import", *(str(capture(name)) for name in _IMPORTED))


def _count(database: Path) -> int:
    """Imports into a database, and counts the calls that touch it."""
    counted = database.with_name("calls")
    status, err = forked(
        partial(shim.arm, database, Fault()),
        database,
        _words(),
        database.with_name("errors"),
        lambda: counted.write_text(str(shim.calls())),
    )
    assert status == 0, err
    return int(counted.read_text())


def _try(database: Path, fault: Fault, expected: object, *, check_first: bool) -> tuple[bool, list[str]]:
    """Whether the fault changed how the import ended, and what is wrong afterwards."""
    status, err = forked(partial(shim.arm, database, fault), database, _words(), database.with_name("errors"))
    return status != 0, [*_wrong_end(status, err, fault), *_wrong_after(database, expected, check_first)]


def _wrong_end(status: int, err: str, fault: Fault) -> Iterator[str]:
    if "Traceback" in err:
        yield f"import printed a traceback: {err[-300:]}"
    if fault.error and status not in (0, 1):
        yield f"import ended with {status}: {err[-300:]}"
    if fault.error and status == 1 and not err.strip().splitlines()[-1].startswith("saludo: "):
        yield f"import did not say why it failed: {err[-300:]}"


def _wrong_after(database: Path, expected: object, check_first: bool) -> Iterator[str]:
    """What is wrong after the import has ended, and after it was run again."""
    for words in (("report",), ("export", "-o", "-"), ("rejects",), ("imports",), ("settings",)):
        if not (done := saludo(database, *words)).is_told:
            yield f"{words[0]} after it: {done.status} {done.err[-300:]}"
    if check_first and database.exists():
        done = saludo(database, "check")
        if done.status != 0:
            yield f"check after it: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}"
    done = saludo(database, *_words())
    if done.status != 0:
        yield f"the import run again: {done.status} {done.err[-300:]}"
    if numbers_of(database) != expected:
        yield "the import run again gives another report or TSV"
    done = saludo(database, "check")
    if done.status != 0:
        yield f"check at the end: {done.status} {done.out.decode()[-300:]} {done.err[-300:]}"
