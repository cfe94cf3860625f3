"""The dashboard's connection: it is opened again when the file at its path is another one, whatever replaced it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import ANA, BETO, NOON, build
from tests.events import send
from tui.data.reading import Reader, ReadError


def _count(reader: Reader) -> int:
    with reader.connection() as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


def _move(source: Path, target: Path) -> None:
    os.replace(source, target)


def _truncate(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


@pytest.mark.parametrize("replace", [shutil.copyfile, _move, _truncate], ids=["cp", "mv", "write"])
def test_a_file_that_is_replaced_is_opened_again(replace: Callable[[Path, Path], object], tmp_path: Path) -> None:
    database = build(tmp_path / "saludo.db", [send("wamid.1", NOON, ANA)])
    other = build(tmp_path / "other.db", [send(f"wamid.{n}", NOON, BETO) for n in range(500)])
    reader, watcher = Reader(database), Reader(database)
    before = watcher.stamp()
    assert _count(reader) == 1
    replace(other, database)
    assert watcher.stamp() != before
    assert _count(reader) == 500
    reader.close()
    watcher.close()


def test_a_wrong_value_is_one_line(tmp_path: Path) -> None:
    reader = Reader(build(tmp_path / "saludo.db"))
    with pytest.raises(ReadError, match="run 'saludo check'"), reader.connection():
        raise KeyError(-2)
    reader.close()
