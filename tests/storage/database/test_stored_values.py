"""Values that fit their column, and contradict the other columns of the row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from storage.database.stored_values import wrong_values
from tests.captures import CAPTURES, counted, import_all


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("values") / "saludo.db"
    import_all(path, *(CAPTURES / one.name for one in counted()))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_what_imports_write_is_consistent(connection: sqlite3.Connection) -> None:
    assert wrong_values(connection) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("messages SET error_detail = 'x' WHERE failed_at IS NULL", "error beside the other columns"),
        ("messages SET error_rank = NULL WHERE failed_at IS NOT NULL", "error beside the other columns"),
        ("messages SET failed_at = NULL", "error beside the other columns"),
        ("messages SET at = at + 1 WHERE timed", "at beside the other columns"),
        ("messages SET sent_at = at - 1 WHERE timed AND sent_at IS NOT NULL", "at beside the other columns"),
        ("messages SET timed = 0 WHERE session_start IS NULL", "at beside the other columns"),
        ("messages SET at = at + 1 WHERE NOT timed", "at beside the other columns"),
        ("contacts SET name = NULL", "name beside the other columns"),
        ("contacts SET name_at = 7 WHERE name IS NULL", "name beside the other columns"),
    ],
)
def test_a_value_that_contradicts_the_others_is_named(connection: sqlite3.Connection, change: str, told: str) -> None:
    connection.execute("BEGIN")
    try:
        assert connection.execute(f"UPDATE {change}").rowcount > 0
        problems = wrong_values(connection)
    finally:
        connection.execute("ROLLBACK")
    assert problems
    assert all(told in problem for problem in problems)
