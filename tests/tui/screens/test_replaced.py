"""The file under an open dashboard is replaced, cut, removed or of another version: right numbers, or one line."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.database.connection import writing
from tests.databases import NOON, build
from tests.events import send
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tests.tui.screens.test_live import until
from tui.data import reading
from tui.screens.app import SaludoApp
from tui.widgets.status_bar import StatusLine

OTHER_STARTS = 9
Replace = Callable[[Path, Path], object]


def other_database(directory: Path) -> Path:
    (directory / "other").mkdir()
    return build(
        directory / "other" / "saludo.db",
        [send(f"other.{n}", NOON + n, scenes.person(n)) for n in range(OTHER_STARTS)],
    )


def said(app: SaludoApp) -> str:
    return app.dashboard.query_one(StatusLine).text


def set_version(by: int) -> Replace:
    def change(other: Path, path: Path) -> None:
        with writing(path) as writer:
            version = writer.connection.execute("PRAGMA user_version").fetchone()[0]
            writer.connection.execute(f"PRAGMA user_version = {version + by}")

    return change


def of_another_program(other: Path, path: Path) -> None:
    sqlite3.connect(other.with_name("x")).execute("CREATE TABLE t (a)").connection.close()
    os.replace(other.with_name("x"), path)


def restore(other: Path, path: Path) -> None:
    path.unlink()
    shutil.copyfile(other, path)


def make_directory(other: Path, path: Path) -> None:
    path.unlink()
    path.mkdir()


REPLACED: dict[str, Replace] = {
    "cp": lambda other, path: shutil.copyfile(other, path),
    "mv": lambda other, path: os.replace(other, path),
    "restored": restore,
}
BROKEN: dict[str, tuple[Replace, str]] = {
    "deleted": (lambda other, path: path.unlink(), "database not found"),
    "cut": (lambda other, path: os.truncate(path, 40_000), ""),
    "emptied": (lambda other, path: os.truncate(path, 0), "is empty"),
    "overwritten": (lambda other, path: path.write_bytes(b"x" * 100_000), "is not a database"),
    "newer": (set_version(1), "newer saludo"),
    "older": (set_version(-1), "older version"),
    "of another program": (of_another_program, "another program"),
    "a directory": (make_directory, "is a directory"),
}


@pytest.mark.parametrize("how", REPLACED)
async def test_a_replaced_file_is_read_anew(tmp_path: Path, how: str) -> None:
    path, other = scenes.database(tmp_path), other_database(tmp_path)
    async with dashboard(path, (100, 40)) as (app, pilot):
        assert app.dashboard.table.count == scenes.STARTS
        REPLACED[how](other, path)
        await until(pilot, lambda: app.dashboard.table.count == OTHER_STARTS)
        assert said(app).startswith(f"{OTHER_STARTS} starts of {OTHER_STARTS} users")


@pytest.mark.parametrize("how", REPLACED)
async def test_a_filter_right_after_it_counts_the_new_file(tmp_path: Path, how: str) -> None:
    path, other = scenes.database(tmp_path), other_database(tmp_path)
    async with dashboard(path, (100, 40)) as (app, pilot):
        REPLACED[how](other, path)
        await press(pilot, "slash", *"line", "colon", "asterisk", "enter")
        await settle(pilot)
        assert app.dashboard.table.count == OTHER_STARTS
        assert "damaged" not in screen_text(app)


@pytest.mark.parametrize("how", BROKEN)
async def test_a_file_that_cannot_be_read_is_told_until_it_can(tmp_path: Path, how: str) -> None:
    path, other = scenes.database(tmp_path), other_database(tmp_path)
    spare = Path(shutil.copy(other, tmp_path / "spare.db"))
    change, words = BROKEN[how]
    async with dashboard(path, (160, 40)) as (app, pilot):
        change(other, path)
        await until(pilot, lambda: "from before" in said(app))
        assert words in said(app)
        assert "\n" not in said(app)
        await press(pilot, "2", "T")  # another key does not make the numbers new
        assert "from before" in said(app)
        if path.is_dir():
            path.rmdir()
        os.replace(spare, path)
        await until(pilot, lambda: app.dashboard.table.count == OTHER_STARTS)
        assert "from before" not in said(app)


async def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = scenes.database(tmp_path), other_database(tmp_path)
    load, replaced = reading.load_snapshot, False

    def replace_meanwhile(*arguments: object) -> reading.Snapshot:
        nonlocal replaced
        found = load(*arguments)  # type: ignore[arg-type]
        if not replaced:
            shutil.copyfile(other, path)
            replaced = True
        return found

    async with dashboard(path, (100, 40)) as (app, pilot):
        monkeypatch.setattr(reading, "load_snapshot", replace_meanwhile)
        await press(pilot, "r")
        assert app.dashboard.table.count == OTHER_STARTS
