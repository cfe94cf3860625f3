"""Marks of all days are the same, whether every start is read or the first of each quarter of an hour."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from storage.database.connection import writing
from storage.database.dirty_marks import MARK_ALL_DAYS, MARK_ALL_STARTS
from storage.database.unknown_ids import UNKNOWN_ID
from storage.domain.calendar import QUARTER
from tests.cubes import temporary_database

_DAY = 96 * QUARTER
_EDGES = (-_DAY, -QUARTER, -QUARTER - 1, -QUARTER + 1, -1, 0, 1, QUARTER - 1, QUARTER, _DAY - 1, _DAY, 20_000 * _DAY)
_TIMES = st.one_of(st.sampled_from(_EDGES), st.integers(-3 * _DAY, 3 * _DAY), st.integers(-(1 << 40), 1 << 41))


def _fill(connection: sqlite3.Connection, starts: list[tuple[int, int | None]], offset: int) -> None:
    """Starts (time in ms, line) of a zone with an offset in ms, each beside a message that is none."""
    connection.executemany("INSERT INTO lines (label, value) VALUES (?, ?)", [("a", "a"), ("b", "b")])
    rows = [(at, line, (at + offset) // _DAY, origin) for at, line in starts for origin in (0, None)]
    connection.executemany(
        """
        INSERT INTO messages (key, direction, hash, sources, at, timed, start_at, line, day, origin)
        VALUES ('key', 0, 0, 1, 0, 1, ?, ?, ?, ?)
        """,
        [(at if origin is not None else at - 9 * _DAY, line, day, origin) for at, line, day, origin in rows],
    )


def _marked(connection: sqlite3.Connection, statement: str) -> set[tuple[int, int, int]]:
    connection.execute("DELETE FROM dirty")
    connection.execute(statement)
    return {*connection.execute("SELECT level, block, line FROM dirty")}


@given(st.lists(st.tuples(_TIMES, st.sampled_from((1, 2, None))), max_size=12), st.integers(-48, 56))
def test_every_day_with_a_start_is_marked_for_every_line(starts: list[tuple[int, int | None]], quarters: int) -> None:
    with temporary_database() as path, writing(path) as writer, writer.transaction() as connection:
        _fill(connection, starts, quarters * QUARTER)
        exact, every_line = _marked(connection, MARK_ALL_STARTS), _marked(connection, MARK_ALL_DAYS)
    days = {day for _, day, _ in exact}
    assert every_line == {(0, day, line) for day in days for line in (1, 2, UNKNOWN_ID)}
    assert exact <= every_line
