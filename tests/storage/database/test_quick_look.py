"""The quick look at all columns at once finds every row that the look at each column finds."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from storage.database import stored_values
from storage.database.connection import writing
from storage.database.stored_values import wrong_values
from tests.captures import capture
from tests.storage.ingest.import_runs import run

_VALUES = ("12x", b"\xff", -1, 2**40, 1.5, 0, None)


def test_the_quick_look_finds_what_the_thorough_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "saludo.db"
    for name in ("cloud_statuses.jsonl", "cloud_errors.jsonl", "starting_causes.tsv", "cloud_bad_items.jsonl"):
        run(path, capture(name))
    found = 0
    with writing(path) as writer:
        connection = writer.connection
        assert wrong_values(connection) == []
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for table in ("messages", "contacts", "users", "cells", "imports", "contact_ids"):
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                for value in _VALUES:
                    connection.execute("BEGIN")
                    with suppress(sqlite3.IntegrityError):
                        connection.execute(
                            f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE "{column}" IS'
                            f' (SELECT "{column}" FROM {table} LIMIT 1)',
                            (value,),
                        )
                    quick = wrong_values(connection, [table])
                    with monkeypatch.context() as patch:
                        patch.setattr(stored_values, "_may_be_wrong", lambda *_: True)
                        assert wrong_values(connection, [table]) == quick, (table, column, value)
                    found += bool(quick)
                    connection.execute("ROLLBACK")
    assert found > 100
