"""What the dashboard shows while other processes write: new data, a missing and a damaged database."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot

from storage.database.connection import reading, writing
from storage.domain.events import Inbound, Origin
from storage.ingest.batch_writer import BatchWriter
from storage.messages.batch_merger import Merger
from storage.report.freshness import last_import
from tests.databases import DAY, LINE, NOON, ZONE
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.screens.database_worker import DatabaseWorker
from tui.screens.status_notices import StatusNotices
from tui.widgets.status_bar import StatusLine


def append(path: Path, count: int, at: int = NOON + DAY + 60_000) -> None:
    """Imports so many referred starts, newer than all others."""
    merger = Merger()
    for number in range(count):
        key = f"new.{at}.{number}"
        merger.add(Inbound(key, "text", at + number, LINE, scenes.person(200 + number), origin=Origin.WEBCHAT))
    with writing(path) as writer, writer.transaction():
        BatchWriter(writer).write(merger.batch())


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """Waits until a condition holds, at most some seconds."""
    for _ in range(80):
        await settle(pilot)
        if true():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the condition did not become true in time")


async def test_an_import_is_shown_and_the_cursor_stays_on_its_row(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path, (100, 34)) as (app, pilot):
        table = app.dashboard.table
        await press(pilot, *["down"] * 30)
        row, top = table.row(), table.top
        append(path, 3)
        await until(pilot, lambda: table.count == scenes.STARTS + 3)
        assert table.row() == row
        assert (table.cursor, table.top) == (33, top + 3)
        assert "58" in screen_text(app)


async def test_a_slow_first_report_shows_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.database(tmp_path)
    words: list[str] = []
    monkeypatch.setattr(DatabaseWorker, "read_at_once", lambda self, view: None)
    monkeypatch.setattr(StatusNotices, "say", lambda self, text, error=False: words.append(text))
    async with dashboard(path, (100, 34)) as (app, _):
        assert words[0] == "loading …"
        assert app.dashboard.table.count == scenes.STARTS


async def test_at_the_newest_row_new_rows_appear_above(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path, (100, 34)) as (app, pilot):
        append(path, 1)
        await until(pilot, lambda: app.dashboard.table.count == scenes.STARTS + 1)
        assert (app.dashboard.table.top, app.dashboard.table.cursor) == (0, 0)
        row = app.dashboard.table.row()
        assert row is not None
        assert "5491155550200" in screen_text(app)


async def test_a_reload_with_equal_data_draws_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path, (160, 48)) as (app, pilot):
        await settle(pilot)
        updates: list[object] = []

        def display(screen: object, renderable: object) -> None:
            if renderable is not None:
                updates.append(renderable)

        monkeypatch.setattr(app, "_display", display)
        app.dashboard.parts.navigation.reload()  # as a live update does; the key r says that nothing has changed
        await settle(pilot)
        assert updates == []


async def test_without_a_database_the_screen_says_what_to_do_and_shows_one_that_appears(tmp_path: Path) -> None:
    path = tmp_path / "saludo.db"
    async with dashboard(path) as (app, pilot):
        assert "import a file, or try 'saludo demo'" in app.dashboard.query_one(StatusLine).text
        assert "saludo import" in screen_text(app)
        scenes.database(tmp_path)
        await until(pilot, lambda: app.dashboard.table.count == scenes.STARTS)
        assert not app.dashboard.query_one(StatusLine).is_error


async def test_an_empty_database_says_how_to_import(tmp_path: Path) -> None:
    path = tmp_path / "saludo.db"
    with writing(path):
        pass
    async with dashboard(path) as (app, _):
        text = screen_text(app)
    assert "This database is empty." in text
    assert "saludo demo" in text


async def test_the_status_line_says_when_the_data_is_from(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    file = tmp_path / "hooks.jsonl"
    status = {"id": "wamid.000", "status": "sent", "timestamp": "1795194000", "recipient_id": "5491155550000"}
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"}, "statuses": [status]}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    file.write_text(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}) + "\n")
    async with dashboard(path, (120, 40)) as (app, pilot):
        assert "data up to" not in screen_text(app)
        command = [sys.executable, "-m", "tui", "--db", str(path), "import", str(file)]
        await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        await until(pilot, lambda: "data up to" in screen_text(app))
        with reading(path) as connection:
            imported = last_import(connection)
        assert imported is not None
        there = imported.astimezone(ZoneInfo(ZONE))
        assert f"data up to {there.day} {there:%b} {there:%H:%M}" in screen_text(app)


async def test_a_damaged_database_keeps_the_last_numbers_and_shows_an_error(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path) as (app, pilot):
        path.write_bytes(b"this is no database any more " * 500)
        for name in ("saludo.db-wal", "saludo.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        await press(pilot, "p", "7", "enter")
        line = app.dashboard.query_one(StatusLine)
        assert line.is_error
        assert "not a database" in line.text or "damaged" in line.text
        assert "numbers shown are from before" in line.text
        assert "55" in screen_text(app)
