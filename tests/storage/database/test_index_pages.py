"""Entries that are read from pages are those that SQLite reads, and damage is never taken for them."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database.index_pages import Entries, entries

_PRIME = 2_147_483_647
_WEIGHTS = [(1_234_567, 7_654_321), (2_345_671, 6_543_217), (3_456_712, 5_432_176)]
_VALUES = (
    None,
    0,
    1,
    -1,
    5,
    127,
    128,
    -129,
    40_000,
    2**22,
    2**23,
    -(2**30),
    2**31,
    2**40,
    2**47,
    2**50,
    2**62,
    -(2**62),
)
_PAGE = 512  # so that 3,000 entries have three levels of pages
_SUMS = " + ".join(
    f"ifnull({column} % {_PRIME}, {null}) * {weight}"
    for column, (null, weight) in zip(("a", "b", "id"), _WEIGHTS, strict=True)
)
_OF_SQLITE = f"SELECT sum(m * m % {_PRIME}) FROM (SELECT ({_SUMS}) % {_PRIME} AS m FROM t INDEXED BY i LIMIT -1)"
_ROWS = "SELECT a, b, id FROM t INDEXED BY i ORDER BY a, b, id"


@pytest.fixture(params=[0, 1, 20, 300, 3_000])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return made(tmp_path / "some.db", request.param)


def made(path: Path, rows: int) -> Path:
    chance = random.Random(rows)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")
        connection.execute("CREATE INDEX i ON t (a, b)")
        values = [(chance.choice(_VALUES), chance.choice((*_VALUES, chance.randrange(1_000)))) for _ in range(rows)]
        connection.executemany("INSERT INTO t (a, b) VALUES (?, ?)", values)
    return path


def read(path: Path) -> Entries | None:
    with closing(sqlite3.connect(path)) as connection:
        return entries(connection, "i", _WEIGHTS, _PRIME)


def root(path: Path) -> int:
    """The place of the first page of the index."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'i'").fetchone()
    return int(page - 1) * _PAGE


def test_the_entries_are_those_that_sqlite_reads(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert read(path) == Entries(ascend=True, fingerprint=connection.execute(_OF_SQLITE).fetchone()[0] or 0)


def test_nothing_is_said_while_the_log_holds_pages(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO t (a, b) VALUES (9, 9)")
        assert read(path) is None


@pytest.mark.parametrize("value", [1.5, "x", b"x", 1e300])
def test_nothing_is_said_of_what_is_no_integer(tmp_path: Path, value: object) -> None:
    path = made(tmp_path / "some.db", 3_000)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE t SET b = ? WHERE id = 1500", (value,))
    assert read(path) is None


@pytest.mark.parametrize("rows", [20, 300, 3_000])
def test_two_entries_that_changed_places_do_not_ascend(tmp_path: Path, rows: int) -> None:
    """Those of the first page, be it a leaf or above others."""
    path = made(tmp_path / "some.db", rows)
    data, page = bytearray(path.read_bytes()), root(path)
    first = page + {2: 12, 10: 8}[data[page]]
    if data[page] == 2:  # the pages below stay in their places: only the entries are swapped
        places = [page + int.from_bytes(data[first + 2 * n : first + 2 * n + 2], "big") for n in range(2)]
        children = [bytes(data[place : place + 4]) for place in places]
        for place, child in zip(places, reversed(children), strict=True):
            data[place : place + 4] = child
    data[first : first + 4] = data[first + 2 : first + 4] + data[first : first + 2]
    path.write_bytes(data)
    found = read(path)
    assert found is not None
    assert not found.ascend


@pytest.mark.parametrize("rows", [20, 3_000])
def test_damage_is_never_taken_for_the_entries(tmp_path: Path, rows: int) -> None:
    """Of bits turned anywhere in the file, SQLite reads other entries or the same; those that are read from pages are
    the sound ones only where SQLite reads them too, or finds the pages damaged."""
    path, chance, same = made(tmp_path / "some.db", rows), random.Random(7), 0
    sound, content = read(path), path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        expected = connection.execute(_ROWS).fetchall()
    begin = root(path)
    for _ in range(100):
        data = bytearray(content)
        data[chance.randrange(begin, len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        if read(path) == sound:
            with closing(sqlite3.connect(path)) as connection:
                is_sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
                assert not is_sound or connection.execute(_ROWS).fetchall() == expected
                same += is_sound
    assert same < 100
