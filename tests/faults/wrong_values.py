"""Writes wrong values into a database with SQL, where SQLite notices nothing, and runs every command on it.

Each command has to work or to say in one line what is wrong. `check --rebuild` has to mend what follows from the
messages: afterwards `check` either finds nothing or says what is left.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.domain.filters import Filter
from storage.table.pages import StartRow
from tests.captures import capture, counted
from tests.faults.commands import NOW, saludo
from tests.faults.interruptions import Result
from tui.data.reading import Cancelled, Reader, ReadError, View, load_detail, load_snapshot

_VALUES: tuple[Any, ...] = (
    *(None, "", "abc", "Mars/Phobos", "12x", "\x1b[31m", b"", b"\x00\xff\xfe", b"abcd" * 30, b"\x3a\x30\x00\x00\x01"),
    *(-1, 0, 9, 2**31, 2**40, -(2**62), 2**63 - 1, 1.5, float("inf")),
)
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("report", "--filter", "period:all"),
    ("report", "--filter", "period:30d status:failed", "--now", NOW),
    ("export", "--filter", "period:all", "-o", "-"),
    ("export", "--filter", "period:all", "--people", "-o", "-"),
    ("rejects",),
    ("imports",),
    ("settings",),
)
_AFTER: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("import", str(capture("cloud_errors.jsonl")), str(capture("cloud_statuses.jsonl"))),
    ("check", "--rebuild"),
)


def wrong_values(tries: int, seed: int = 14) -> Result:
    """Tries so many random damages, at least one in each column of each table if there are enough tries."""
    chance, failures = random.Random(seed), []
    with tempfile.TemporaryDirectory() as directory:
        sound = Path(directory, "sound.db")
        build_sound(sound)
        columns = _columns(sound)
        chance.shuffle(columns)
        for number in range(tries):
            table, column = columns[number % len(columns)]
            damaged = Path(directory, f"{number}", "saludo.db")
            damaged.parent.mkdir()
            shutil.copy(sound, damaged)
            told = _damage(damaged, table, column, chance)
            failures += [f"{told}: {one}" for one in failures_in_fork(damaged)]
            shutil.rmtree(damaged.parent)
    return Result(tries, tries, tuple(failures))


def build_sound(database: Path) -> None:
    """A database with something in every table, and with a set of users that is stored as a bitmap."""
    many = database.with_name("many.csv")
    rows = (f"wamid.many{n},+54911{n:08},2026-11-17T12:00:00Z,promo,delivered" for n in range(400))
    many.write_text("message_id,recipient,sent_at,template,status\n" + "\n".join(rows) + "\n")
    names = [str(capture(one.name)) for one in counted()]
    done = saludo(database, "import", *names, str(many))
    assert done.status == 0, done.err
    # A sound copy passes; after it every module is loaded, which no fork has to do again.
    copy = database.with_name("copy.db")
    shutil.copy(database, copy)
    assert not [*_failures(copy)]


def _columns(database: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [
            (table, column)
            for table in tables
            if not table.startswith(("sqlite_", "_sqlite"))
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")
        ]


def _damage(database: Path, table: str, column: str, chance: random.Random) -> str:
    """Damages a column in one row or in all, or removes rows; returns what was done."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for name in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            if chance.random() < 0.5:
                connection.execute(f"DROP TRIGGER {name[0]}")
        what, value = chance.random(), chance.choice(_VALUES)
        some = f'"{column}" = (SELECT "{column}" FROM {table} ORDER BY random() LIMIT 1)' if what < 0.7 else "true"
        if what < 0.1:
            connection.execute(f"DELETE FROM {table} WHERE {some}")
            return f"delete from {table} where {column} …"
        for wrong in (value, b"\xff", 7):
            try:
                connection.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {some}', (wrong,))
            except sqlite3.IntegrityError:
                continue
            return f"{table}.{column} = {wrong!r} ({'one' if what < 0.7 else 'all'})"
    return f"{table}.{column} takes no such value"


def failures_in_fork(database: Path) -> list[str]:
    """What is wrong with how the program takes a damaged database; in a fork, so that a crash of it is told."""
    kept = database.with_name("failures")
    child = os.fork()
    if child == 0:
        try:
            kept.write_text("\n".join(line.replace("\n", " | ") for line in _failures(database)))
        except BaseException:
            kept.write_text(traceback.format_exc().replace("\n", " | "))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        return [f"the process ended with {os.waitstatus_to_exitcode(status)}"]
    return kept.read_text().splitlines()


def _failures(database: Path) -> Iterator[str]:
    for words in _COMMANDS:
        if not (done := saludo(database, *words)).is_told:
            yield f"{' '.join(words)}: {done.status} {done.err[-600:]}"
    yield from _failures_of_dashboard(database)
    for words in _AFTER:
        done = saludo(database, *words)
        checked = words[0] == "check" and done.status == 1 and not done.err
        if not done.is_told and not checked and "Traceback" in done.err:
            yield f"{' '.join(words)}: {done.status} {done.err[-600:]}"


def _failures_of_dashboard(database: Path) -> Iterator[str]:
    """What the dashboard reads: views, and the detail of some rows."""
    now = datetime.fromisoformat(NOW)
    reader = Reader(database)
    for text, grouped in (("period:all", False), ("period:all", True), ("period:7d user:new", False)):
        try:
            with reader.connection() as connection:
                view = View(Filter.parse(text), grouped=grouped)
                snapshot = load_snapshot(connection, view, now, lambda report: 0, 20)
                for row in map(snapshot.pager.row, range(20)):
                    if isinstance(row, StartRow):
                        load_detail(connection, row.cursor)
        except (ReadError, Cancelled) as error:
            if "\n" in str(error):
                yield f"dashboard: {error}"
        except Exception:
            yield f"dashboard: {traceback.format_exc()[-600:]}"
    reader.close()
