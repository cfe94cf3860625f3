"""The proof of the indexes finds what SQLite's integrity check finds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import index_proof
from storage.database.index_proof import (
    KEY_INDEX,
    compare,
    damage,
    different,
    full_damage,
    indexes,
    ordered_entries,
    out_of_order,
)
from tests.captures import capture
from tests.storage.ingest.import_runs import run

_FILES = ("cloud_statuses.jsonl", "send_log.jsonl", "cloud_errors.jsonl", "starting_causes.tsv")


@pytest.fixture(params=[0, 1 << 40], ids=["pages", "rows"])
def path(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index_proof, "_WORTH_PAGES", request.param)
    database = tmp_path / "saludo.db"
    for name in _FILES:
        run(database, capture(name))
    return database


def found(database: Path) -> tuple[bool, bool]:
    """Whether the proof finds something, and whether the integrity check does."""
    with closing(sqlite3.connect(database)) as connection:
        ours = indexes(connection)
        proof = bool(damage(connection, 20)) or bool(compare(connection, ours))
        return proof, bool(full_damage(connection, 20))


def without_index(database: Path, name: str, statement: str) -> None:
    """Runs a statement as a program does that does not know the index."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        row = connection.execute("SELECT * FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (name,))
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)


def test_a_sound_database_is_proven_and_no_index_is_sorted(path: Path) -> None:
    assert found(path) == (False, False)
    with closing(sqlite3.connect(path)) as connection:
        for index in indexes(connection):
            plan = str(connection.execute(f"EXPLAIN QUERY PLAN {ordered_entries(index)}").fetchall())
            assert f"INDEX {index.name}" in plan
            assert "TEMP" not in plan


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("messages_by_contact", "DELETE FROM messages WHERE id = 2"),
        ("messages_by_contact", "UPDATE messages SET contact = NULL WHERE id = 2"),
        ("messages_by_contact", "UPDATE messages SET at = at + 1 WHERE id = 3"),
        ("messages_by_context", "UPDATE messages SET context = 'x' WHERE id = 1"),
        ("starts_by_time", "UPDATE messages SET user_type = 1 - user_type WHERE origin IS NOT NULL"),
        ("starts_by_time", "UPDATE messages SET origin = NULL WHERE origin = 0"),
        ("starts_by_notification", "UPDATE messages SET start_template = 9 WHERE origin IS NOT NULL"),
        ("contact_ids_by_contact", "UPDATE contact_ids SET contact = 7 WHERE id = 1"),
        ("contacts_by_label", "UPDATE contacts SET label = 'x' WHERE id = 1"),
    ],
)
@pytest.mark.long(keep=3)
def test_an_index_that_misses_a_change_is_found(path: Path, name: str, statement: str) -> None:
    without_index(path, name, statement)
    assert found(path) == (True, True)


def test_a_wrong_hash_of_a_row_does_not_blame_a_right_key_index(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert not compare(connection, [KEY_INDEX])
        connection.execute("UPDATE messages SET hash = hash + 1 WHERE id = 2")
        assert not compare(connection, [KEY_INDEX])
        assert not different(connection, [KEY_INDEX])


def test_only_the_keys_tell_that_the_key_index_has_the_same_wrong_hash_as_a_row(path: Path) -> None:
    """`saludo check` compares hash and key, and `--rebuild` asks the keys."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE messages SET key = key || '?' WHERE id = 2")
        assert not compare(connection, [KEY_INDEX])
        assert different(connection, [KEY_INDEX])


@pytest.mark.parametrize("name", ["messages_by_contact", "starts_by_time"])
def test_entries_out_of_order_are_found(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    first = (page - 1) * size + 8  # after the header of a leaf page: places of two bytes, one for each entry
    assert data[first - 8] == 10  # the whole index is one leaf page
    data[first : first + 4] = data[first + 2 : first + 4] + data[first : first + 2]
    path.write_bytes(data)
    assert found(path) == (True, True)


@pytest.mark.parametrize("name", ["contact", "at", "start_at", "line", "start_template"])
@pytest.mark.parametrize("value", ["x'00ff'", "'abc'", "1.5", "-1"])
@pytest.mark.long(keep=4)
def test_a_value_of_another_type_leaves_its_index_right(path: Path, name: str, value: str) -> None:
    """SQLite orders numbers, texts and bytes among each other."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE messages SET {name} = {value} WHERE id IN (2, 3)")
    proof, checked = found(path)
    assert proof == checked
    with closing(sqlite3.connect(path)) as connection:
        assert not any(out_of_order(connection, index) for index in indexes(connection))
