"""A bit of a row tells texts and bytes apart: a text that became bytes is made again, whichever it is."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.cube import refresh
from storage.database.connection import writing
from storage.ingest.integrity import check, rebuild
from tests.captures import CAPTURES, counted, import_all
from tests.faults.stored_content import evidence, following

_TABLES = ("imports", "rejects", "settings", "messages", "contacts", "contact_ids", "lines", "line_ids", "templates")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("texts") / "saludo.db"
    import_all(path, *(CAPTURES / one.name for one in counted()))
    with writing(path) as writer:
        rebuild(writer, refresh.no_progress)
        assert check(writer, refresh.no_progress) == []
    return path


@pytest.mark.parametrize("table", _TABLES)
@pytest.mark.long(keep=3)
def test_bytes_in_the_place_of_texts_become_texts_again(table: str, sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "saludo.db"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns = [name for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})") if kind == "TEXT"]
        for name in columns:
            of_some = f"{name} = (SELECT max({name}) FROM {table})"
            connection.execute(f"UPDATE {table} SET {name} = CAST({name} AS BLOB) WHERE {of_some}")
    with writing(path) as writer:
        assert check(writer, refresh.no_progress) != []
        assert any(line.startswith(f"{table}, row …: ") for line in rebuild(writer, refresh.no_progress))
        assert check(writer, refresh.no_progress) == []
    assert evidence(path) == evidence(sound)
    assert following(path) == following(sound)
