"""The demo database is kept for a day, and built again if it cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import platformdirs
import pytest

from storage.database.connection import reading
from tests.databases import build
from tui.commands import demo
from tui.commands.progress import Bar

SILENT = Bar("building", None, visible=False)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The databases built so far, in an empty cache; each is empty, in place of the real demo."""
    paths: list[Path] = []

    def build_one(path: Path, bar: Bar) -> None:
        build(path)
        paths.append(path)

    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(demo, "_build", build_one)
    return paths


def test_the_demo_is_built_once_a_day(built: list[Path]) -> None:
    first = demo.build_demo(None, SILENT)
    assert demo.build_demo(None, SILENT) == first
    assert len(built) == 1


@pytest.mark.parametrize("version", [1, 99])
def test_a_database_of_another_version_is_built_again(built: list[Path], version: int) -> None:
    path = demo.build_demo(None, SILENT)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    assert demo.build_demo(None, SILENT) == path
    assert len(built) == 2
    with reading(path) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)


def test_a_damaged_or_older_demo_is_removed(built: list[Path], tmp_path: Path) -> None:
    path = demo.build_demo(None, SILENT)
    path.write_bytes(b"no database any more")
    yesterday = tmp_path / "demo-2026-01-01.db"
    yesterday.write_bytes(b"")
    demo.build_demo(None, SILENT)
    with reading(path):
        assert not yesterday.exists()
