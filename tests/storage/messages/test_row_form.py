"""One scan says that a row has not its form exactly where the rules one by one say what is wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import pytest

from storage.database.connection import Writer, writing
from storage.database.settings import load_settings
from storage.database.stored_values import unreadable_texts, wrong_values
from storage.messages.consistency import inconsistencies
from storage.messages.derived_proof import unproven_rows
from tests.captures import CAPTURES, capture, counted, import_all

_VALUES = ("abc", b"\xff", -1, 3, 99, 2**62, 1.5, None, "CAST(x'ff' AS TEXT)")
_ROWS = {
    "a usual send": "direction = 0 AND origin IS NOT NULL AND failed_at IS NULL AND flags = 0",
    "a failed send": "failed_at IS NOT NULL",
    "a platform's row": "direction = 2 AND joined IS NULL AND session_start IS NOT NULL AND flags <> 0",
    "a row of our own TSV": "exported IS NOT NULL",
}


# One file of each kind of rows: each change of one value reads the whole table.
_FILES = ("cloud_statuses.jsonl", "send_log.jsonl", "starting_causes.tsv", "saludo_spanish.tsv")


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    path: Path = tmp_path_factory.mktemp("form") / "saludo.db"
    import_all(path, *(capture(name) for name in _FILES))
    with writing(path) as writer:
        yield writer


def formless(connection: sqlite3.Connection) -> bool:
    """What the scan says."""
    try:
        return unproven_rows(connection, load_settings(connection), lambda: None).formless
    except sqlite3.OperationalError:  # a text that is not UTF-8
        return True


def wrong(connection: sqlite3.Connection) -> bool:
    """What the rules say one by one."""
    try:
        unreadable_texts(connection, ["messages"])
        return bool(wrong_values(connection, ["messages"]) or inconsistencies(connection, of_messages=True))
    except (sqlite3.OperationalError, ValueError):
        return True


def test_what_imports_write_has_its_form(tmp_path: Path) -> None:
    import_all(tmp_path / "saludo.db", *(CAPTURES / one.name for one in counted()))
    with writing(tmp_path / "saludo.db") as writer:
        assert not formless(writer.connection)
        assert not wrong(writer.connection)


@pytest.mark.parametrize("value", _VALUES, ids=repr)
@pytest.mark.long(keep=3)
def test_the_scan_finds_what_the_rules_find(writer: Writer, value: object) -> None:
    """Every value in every column, of one row after another: all pairs of the three would take a minute."""
    connection = writer.connection
    given = value if isinstance(value, str) and value.startswith("CAST") else "?"
    ids = [connection.execute(f"SELECT min(id) FROM messages WHERE {row}").fetchone()[0] for row in _ROWS.values()]
    assert None not in ids
    found = []
    columns = [column for _, column, *_ in connection.execute("PRAGMA table_info(messages)").fetchall()]
    for column, id in zip(columns, islice(cycle(ids), _VALUES.index(value), None), strict=False):
        connection.execute("BEGIN")
        with suppress(sqlite3.IntegrityError):
            connection.execute(
                f'UPDATE messages SET "{column}" = {given} WHERE id = {id}', (value,) if given == "?" else ()
            )
        found.append(formless(connection))
        assert found[-1] == wrong(connection), (column, value)
        connection.execute("ROLLBACK")
    assert any(found)
