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
from functools import partial
from pathlib import Path
from unittest.mock import patch

from tests.captures import capture
from tests.earlier_versions import unpack_database
from tests.faults import shim
from tests.faults.commands import forked, numbers_of, saludo
from tests.faults.left_state import left_by
from tests.faults.shim import Fault
from tests.faults.tally import Result, Tally

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
KILLED_AT = ("open", "pwrite", "fsync", "fdatasync", "ftruncate", "unlink")  # SQLite's only calls that change a file
FAILING = ("pwrite", "fsync", "fdatasync", "ftruncate")
_EARLIER = ("cloud_statuses.jsonl", "send_log.jsonl")
_IMPORTED = ("cloud_errors.jsonl", "cloud_inbound.jsonl", "starting_causes.tsv", "cloud_bad_items.jsonl")


_NOW = 1_795_014_000_000  # ms: when each disturbed import starts, so that equal faults leave equal files


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


def _version_5(database: Path) -> None:
    unpack_database(5, database)


DATABASES: dict[str, Callable[[Path], None]] = {
    "a new database": _new,
    "a database in WAL mode": _wal,
    "a copy by VACUUM INTO": _vacuumed,
    "a copy by SQLite's backup": _backed_up,
    "a database of version 5": _version_5,
}

KILLED_IN = ("a new database", "a database in WAL mode", "a copy by VACUUM INTO", "a database of version 5")


def _import(database: Path, names: tuple[str, ...]) -> None:
    done = saludo(database, "import", *(str(capture(name)) for name in names))
    assert done.status == 0, done.err


def kills(calls: int, tally: Tally, databases: tuple[str, ...] = KILLED_IN) -> Result:
    """Kills an import into each kind of database before each of the first calls of each name."""
    return _attack(
        databases, KILLED_AT, tally, lambda call, total: [Fault(at, call=call) for at in _first(calls, total)]
    )


def failing_calls(calls: int, tally: Tally, databases: tuple[str, ...] = KILLED_IN) -> Result:
    """Lets each of the first writes and syncs of an import fail, once and for good."""
    return _attack(
        databases,
        FAILING,
        tally,
        lambda call, total: [
            Fault(at, error, on, call=call) for at in _first(calls, total) for error in ERRORS for on in (False, True)
        ],
    )


def _first(most: int, total: int) -> range:
    return range(1, min(most, total) + 1)


def _attack(
    databases: tuple[str, ...], names: tuple[str, ...], tally: Tally, faults_of: Callable[[str, int], list[Fault]]
) -> Result:
    tried = 0  # before this kind of database
    for name in databases:
        with tempfile.TemporaryDirectory() as directory:
            template = Path(directory, "template")
            template.mkdir()
            DATABASES[name](template / "saludo.db")
            whole = Path(directory, "whole", "saludo.db")
            totals = _count(template, whole, names)
            attacked = _Attacked(template, Path(directory, "attacked"), numbers_of(whole))
            faults = [fault for call, total in totals.items() for fault in faults_of(call, total)]
            for number in tally.left(tried + len(faults)):
                fault = faults[number - tried]
                happened, wrong = attacked.try_with(fault)
                tally.add(took=happened, failures=[f"{name}, {fault}: {one}" for one in wrong])
            tried += len(faults)
    return tally.result


class _Attacked:
    """Tries faults on copies of one directory with a database.

    What follows is tried twice for the same files that were left, with `check` first and with the import first.

    Args:
        template: the directory.
        copy: where it is copied to.
        expected: report and TSV after an import that nothing happened to.
    """

    def __init__(self, template: Path, copy: Path, expected: object) -> None:
        self._template, self._copy, self._expected = template, copy, expected
        self._found: dict[tuple[str, bool], list[str]] = {}

    def try_with(self, fault: Fault) -> tuple[bool, list[str]]:
        """Whether the fault changed how the import ended, and what is wrong afterwards."""
        shutil.copytree(self._template, self._copy)
        database = self._copy / "saludo.db"
        status, err = forked(partial(_arm, database, fault), database, _words(), database.with_name("errors"))
        left = left_by(database)
        check_first = (left, True) not in self._found
        if (left, check_first) not in self._found:
            self._found[left, check_first] = [*_wrong_after(database, self._expected, check_first)]
        shutil.rmtree(self._copy)
        return status != 0, [*_wrong_end(status, err, fault), *self._found[left, check_first]]


def _arm(database: Path, fault: Fault) -> None:
    """What a fork does before the import."""
    patch("storage.ingest.journal.now_ms", lambda: _NOW).start()
    shim.arm(database, fault)


def _words() -> tuple[str, ...]:
    return ("import", *(str(capture(name)) for name in _IMPORTED))


def _count(template: Path, database: Path, names: tuple[str, ...]) -> dict[str, int]:
    """Imports into a copy of a database, and counts the calls of each name that touch it."""
    shutil.copytree(template, database.parent)
    counted = database.with_name("calls")
    status, err = forked(
        partial(_arm, database, Fault()),
        database,
        _words(),
        database.with_name("errors"),
        lambda: counted.write_text(" ".join(str(shim.calls(name)) for name in names)),
    )
    assert status == 0, err
    return dict(zip(names, map(int, counted.read_text().split()), strict=True))


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
