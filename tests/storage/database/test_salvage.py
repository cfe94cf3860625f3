"""A file with damaged pages is made again if no message is lost, and left as it is otherwise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database.salvage import DERIVED, Unreadable, salvage
from storage.messages import store
from tests.captures import capture
from tests.faults.commands import numbers_of, saludo

_PAGE = 16_384


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "saludo.db"
    names = ("cloud_statuses.jsonl", "send_log.jsonl", "cloud_errors.jsonl", "cloud_bad_items.jsonl")
    assert saludo(path, "import", *(str(capture(name)) for name in names)).status == 0
    return path


def spoil(path: Path, *names: str) -> None:
    """Overwrites the first page of tables or indexes."""
    with closing(sqlite3.connect(path)) as connection:
        roots = [
            connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
            for name in names
        ]
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * _PAGE)
            file.write(b"\xff" * _PAGE)


@pytest.mark.parametrize(
    "names",
    [
        ("cells", "details"),
        ("users", "users_by_cell", "dirty"),
        ("rejected_records", "failure_kinds", "lines"),
        ("messages_by_contact", "starts_by_time"),
        ("key_runs",),
        ("key_chunks", "starts_by_notification"),
        ("contacts_by_label", "contact_ids_by_contact", "line_ids_by_line", "cells"),
    ],
    ids=" ".join,
)
@pytest.mark.long(keep=3)
def test_what_is_counted_and_indexes_are_made_again(path: Path, names: tuple[str, ...]) -> None:
    before = numbers_of(path)
    spoil(path, *names)
    assert saludo(path, "check").status == 1
    done = saludo(path, "check", "--rebuild")
    assert (done.status, done.out) == (0, b""), done
    assert numbers_of(path) == before
    assert saludo(path, "check").status == 0


@pytest.mark.parametrize("name", ["messages", "contact_ids", "contacts", "line_ids", "templates"])
def test_a_table_that_nothing_can_replace_is_named_and_the_file_stays(path: Path, name: str) -> None:
    spoil(path, name)
    damaged = path.read_bytes()
    done = saludo(path, "check", "--rebuild")
    assert done.status == 1
    assert f"rows of table {name} are lost; choose a new file" in done.err
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("name", ["settings", "imports", "rejects"])
def test_what_can_be_told_again_is_lost_and_said(path: Path, name: str) -> None:
    saludo(path, "settings", "answer_window", "12")
    spoil(path, name)
    done = saludo(path, "check", "--rebuild")
    assert done.status == 0, done
    assert f"made table {name} again, empty: what it held is lost" in done.err
    assert saludo(path, "check").status == 0


def test_rows_that_an_index_knows_and_the_table_does_not_are_missed(path: Path) -> None:
    """SQLite reads such a table without an error."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        index = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'contacts_by_label'").fetchone()
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'contacts_by_label'")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM contacts WHERE id = 2")
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(Unreadable, match="contacts"),
    ):
        salvage(connection)


def found_and_mended(path: Path, before: object) -> None:
    """`check` finds the damage, and `check --rebuild` mends it: the numbers are those before."""
    assert saludo(path, "check").status == 1
    done = saludo(path, "check", "--rebuild")
    assert done.status == 0, done
    assert numbers_of(path) == before
    assert saludo(path, "check").status == 0


@pytest.mark.parametrize("name", ["contacts", "contact_ids", "line_ids", "templates"])
def test_a_row_whose_id_is_damaged_gets_the_one_that_an_index_knows(path: Path, name: str) -> None:
    """The second row of the table has the id of the first one, so that its rows cannot be copied as they are."""
    before = numbers_of(path)
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        first, second = (id for (id,) in connection.execute(f"SELECT id FROM {name} ORDER BY id LIMIT 2"))
    content = bytearray(path.read_bytes())
    page = (root - 1) * _PAGE
    assert content[page] == 13  # the whole table is one leaf page
    place = page + int.from_bytes(content[page + 10 : page + 12], "big")  # the length of the row, then its id
    assert content[place + 1] == second
    content[place + 1] = first
    path.write_bytes(content)
    found_and_mended(path, before)


@pytest.mark.parametrize("name", ["messages_by_joined", "messages", "cells", "reject_gone"])
@pytest.mark.parametrize("column", ["name", "tbl_name"])
@pytest.mark.long(keep=3)
def test_an_object_under_another_name_is_named_again(path: Path, name: str, column: str) -> None:
    before = numbers_of(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute(f"UPDATE sqlite_schema SET {column} = upper({column}) WHERE name = ?", (name,))
    done = saludo(path, "check", "--rebuild")
    assert done.status == 0, done
    assert numbers_of(path) == before
    assert saludo(path, "check").status == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(f"SELECT 1 FROM sqlite_schema WHERE {column} = upper({column})").fetchone() is None


def test_a_message_whose_derived_columns_are_damaged_is_not_lost(path: Path) -> None:
    """The header of one row says that the time of its start is a longer text than the row has."""
    before = numbers_of(path)
    with closing(sqlite3.connect(path)) as connection:
        (key,) = connection.execute("SELECT key FROM messages WHERE status IS NOT NULL ORDER BY id").fetchone()
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(messages)")]
    content = bytearray(path.read_bytes())
    header = content.rfind(bytes((len(columns) + 1,)), 0, content.find(key.encode()))
    start_at = header + 1 + columns.index("start_at")
    assert content[start_at] == 5  # an integer of six bytes
    content[start_at] = 117  # a text of 52 bytes
    path.write_bytes(content)
    found_and_mended(path, before)


def test_the_derived_columns_are_those_that_are_derived() -> None:
    assert {*DERIVED["messages"]} == {*store.DERIVED}
