"""Writes wrong values into a database with SQL, where SQLite notices nothing, and judges what they did."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.interruptions import Result
from tests.faults.judgement import EVIDENCE, HARMLESS, build_sound, judge

_VALUES: tuple[Any, ...] = (
    *(None, "", "abc", "Mars/Phobos", "12x", "\x1b[31m", b"", b"\x00\xff\xfe", b"abcd" * 30, b"\x3a\x30\x00\x00\x01"),
    *(-1, 0, 9, 2**31, 2**40, -(2**62), 2**63 - 1, 1.5, float("inf")),
)


def wrong_values(tries: int, seed: int = 14) -> Result:
    """Tries so many random damages, at least one in each column of each table if there are enough tries."""
    chance, failures, kinds = random.Random(seed), [], Counter[str]()
    with tempfile.TemporaryDirectory() as directory:
        sound = build_sound(Path(directory, "sound.db"))
        columns = _columns(sound.database)
        chance.shuffle(columns)
        for number in range(tries):
            table, column = columns[number % len(columns)]
            damaged = Path(directory, f"{number}", "saludo.db")
            damaged.parent.mkdir()
            shutil.copy(sound.database, damaged)
            told = _damage(damaged, table, column, chance)
            judgement = judge(damaged, sound)
            kinds[judgement.kind] += 1
            failures += [f"{told}: {one}" for one in judgement.failures]
            shutil.rmtree(damaged.parent)
    return Result(tries, tries - kinds[HARMLESS], tuple(failures), kinds[EVIDENCE])


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
