"""A slow save: it shows its progress, never blocks a key, and Escape cancels it and removes its file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from storage.table import export_starts
from storage.table.export_lines import StartLines
from tests.tui import scenes
from tests.tui.scenes import dashboard, screen_text, settle
from tui.widgets.status_bar import StatusLine


async def test_keys_work_during_a_save_and_escape_cancels_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.database(tmp_path)
    selected = StartLines.selected

    def slowly(*asked: Any) -> Iterator[Any]:
        for lines in selected(*asked):
            time.sleep(0.05)
            yield lines

    monkeypatch.setattr(export_starts, "_CHUNK", 1)
    monkeypatch.setattr(StartLines, "selected", slowly)
    before = set(tmp_path.iterdir())
    async with dashboard(path, (180, 48), "period:all") as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await pilot.press("w")
        for _ in range(100):
            await pilot.pause(0.02)
            if "so far" in line.text:
                break
        assert line.text.startswith("saving: ")
        assert line.text.endswith("so far; Esc cancels")
        assert list(tmp_path.glob(".*.part"))
        assert "(w Save)" in screen_text(app)
        view = app.dashboard.view
        await pilot.press("j")
        assert app.dashboard.table.cursor == 1
        assert app.dashboard.parts.saves.progress is not None
        await pilot.press("escape")
        await settle(pilot)
        assert line.text == "not saved: cancelled"
        assert app.dashboard.parts.saves.progress is None
        assert app.dashboard.view == view
        assert " w Save " in screen_text(app)
    left = {place for place in tmp_path.iterdir() if not place.name.startswith("saludo.db")}
    assert left <= before


async def test_the_table_by_notification_is_saved_as_it_is(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path) as (app, pilot):
        await scenes.press(pilot, "v", "w")
        (saved,) = tmp_path.glob("notifications-*.tsv")
        assert app.dashboard.query_one(StatusLine).text == f"saved {saved}"
        await scenes.press(pilot, "W")
        assert "notifications-" in screen_text(app)
    rows = saved.read_text(encoding="utf-8").splitlines()
    assert rows[1].split("\t") == ["2026-11-18", "order_1", "+5491100000002", "10", "10", "0", "5", "0", "0"]


async def test_a_name_that_ends_in_xlsx_is_saved_as_a_workbook(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path, filter="period:all") as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        app.dashboard.parts.saves.save_as("mine.xlsx")
        await settle(pilot)
        assert line.text == f"saved {tmp_path / 'mine.xlsx'}"
        app.dashboard.parts.saves.save_as("mine.xlsx")
        await settle(pilot)
        assert "already exists" in line.text
    assert openpyxl.load_workbook(tmp_path / "mine.xlsx").active["A1"].value == "User id"
