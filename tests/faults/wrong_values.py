"""Writes wrong values into a database with SQL, where SQLite notices nothing, and judges what they did."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.faults.judgement import EVIDENCE, HARMLESS, build_sound, judge
from tests.faults.tally import Result, Tally

_VALUES: tuple[Any, ...] = (
    *(None, "", "abc", "Mars/Phobos", "12x", "\x1b[31m", b"", b"\x00\xff\xfe", b"abcd" * 30, b"\x3a\x30\x00\x00\x01"),
    *(-1, 0, 9, 2**31, 2**40, -(2**62), 2**63 - 1, 1.5, float("inf")),
)


def wrong_values(tries: int, tally: Tally, seed: int = 14) -> Result:
    """Tries so many random damages, at least one in each column of each table if there are enough tries."""
    with tempfile.TemporaryDirectory() as directory:
        sound = build_sound(Path(directory, "sound.db"))
        columns = _columns(sound.database)
        random.Random(seed).shuffle(columns)
        for number in tally.left(tries):
            table, column = columns[number % len(columns)]
            damaged = Path(directory, f"{number}", "saludo.db")
            damaged.parent.mkdir()
            shutil.copy(sound.database, damaged)
            told = _damage(damaged, table, column, random.Random(f"{seed}, {number}"))
            found = judge(damaged, sound)
            shutil.rmtree(damaged.parent)
            tally.add(
                took=found.kind != HARMLESS,
                failures=[f"{number}, {told}: {one}" for one in found.failures],
                uncheckable=found.kind == EVIDENCE,
            )
    return tally.result


def _columns(database: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [
            (table, column)
            for table in tables
            if table == "sqlite_sequence" or not table.startswith(("sqlite_", "_sqlite"))
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")
        ]


def _damage(database: Path, table: str, column: str, chance: random.Random) -> str:
    """Damages a column in one row or in all, or removes rows; returns what was done."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection, _some_triggers(connection, chance):
        return _damaged(connection, table, column, chance)


@contextmanager
def _some_triggers(connection: sqlite3.Connection, chance: random.Random) -> Iterator[None]:
    """Without all or some of the triggers, as a program writes that does not know them."""
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").fetchall()
    gone = [one for one in triggers if chance.random() < 0.6]
    for name, _ in gone:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _, sql in gone:
        connection.execute(sql)


def _damaged(connection: sqlite3.Connection, table: str, column: str, chance: random.Random) -> str:
    values = [value for (value,) in connection.execute(f'SELECT "{column}" FROM {table} ORDER BY 1')]
    found = chance.choice(values) if values else None
    one = chance.random() < 0.7
    rows, which = (f'"{column}" IS ?', (found,)) if one else ("true", ())
    kind = chance.random()
    if kind < 0.1:
        connection.execute(f"DELETE FROM {table} WHERE {rows}", which)
        return f"{table}: rows with {column} {found!r} removed" if one else f"{table}: all rows removed"
    if kind < 0.5 and values:
        wrong = chance.choice((chance.choice(values), _near(found, chance)))  # values that a record could have said
    else:
        wrong = chance.choice(_VALUES)
    for value in (wrong, b"\xff", 7):
        try:
            connection.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {rows}', (value, *which))
        except (sqlite3.IntegrityError, OverflowError):
            continue
        return f"{table}.{column} = {value!r} where {found!r}" if one else f"{table}.{column} = {value!r} everywhere"
    return f"{table}.{column} takes no such value"


def _near(value: Any, chance: random.Random) -> Any:
    """A value that differs little: by one, or in a letter or byte."""
    if isinstance(value, int | float):
        return value + chance.choice((-1, 1))
    if not value:
        return value
    place = chance.randrange(len(value))
    changed = "x" if isinstance(value, str) else b"\x01"
    return value[:place] + changed + value[place + 1 :]
