"""Searching and sorting the table."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from storage.report.read_session import ReadSession
from storage.table import search
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from storage.table.search import Match
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.data import reading
from tui.screens.app import SaludoApp
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("finding"))


def row(app: SaludoApp) -> StartRow:
    """The start under the cursor."""
    found = app.dashboard.table.row()
    assert isinstance(found, StartRow)
    return found


@pytest.mark.parametrize(
    ("text", "contact", "position"),
    [("person 3", "5491155550039", 15), ("0007", "5491155550007", 47), ("PROMO", "5491155550039", 15)],
)
async def test_n_finds_text_in_every_column(path: Path, text: str, contact: str, position: int) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "n", *["space" if sign == " " else sign for sign in text], "enter")
        assert (row(app).contact, app.dashboard.table.cursor) == (contact, position)


async def test_n_finds_the_next_match_and_upper_n_the_previous_one(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "n", *"person", "space", "4", "enter")
        first = row(app)
        await press(pilot, "n")
        second = row(app)
        assert (first.name, second.name) == ("Person 49", "Person 48")
        await press(pilot, "N")
        assert row(app) == first
        await press(pilot, "F", "end", "ctrl+u", *"nobody", "enter")
        assert 'no match for "nobody" below' in app.dashboard.query_one(StatusLine).text
        assert row(app) == first


async def test_sorting_shows_every_start_once_in_each_order(path: Path) -> None:
    keys: dict[str, Callable[[StartRow], Any]] = {
        "template": lambda row: (row.template == "", row.template.lower()),
        "status": lambda row: ["failed", "sent", "delivered", "read", "answered", "received"].index(row.status),
        "contact": lambda row: row.contact,
    }
    async with dashboard(path, (120, 40)) as (app, pilot):
        for order, key in keys.items():
            await press(pilot, "s")
            assert f"by {order}" in screen_text(app)
            pager = app.dashboard.table.pager
            assert pager is not None
            rows = [pager.row(place) for place in range(pager.count)]
            starts = [found for found in rows if isinstance(found, StartRow)]
            assert len({start.cursor for start in starts}) == scenes.STARTS
            assert [key(start) for start in starts] == sorted(key(start) for start in starts)
            await press(pilot, "S")
            assert app.dashboard.table.pager is not None
            assert [app.dashboard.table.pager.row(place) for place in range(pager.count)] == rows[::-1]
            await press(pilot, "S")
        await press(pilot, "s")
        assert app.dashboard.view.by_time


async def test_search_works_with_the_oldest_first(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "S")
        assert "oldest first" in screen_text(app)
        assert row(app).contact == "5491155550000"
        await press(pilot, "n", *"person", "space", "1", "enter")
        assert row(app).name == "Person 1"


async def test_any_key_stops_a_search_and_escape_does_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def endless(session: ReadSession, *rest: Any) -> None:
        try:
            counting = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            session.connection.execute(counting)
        finally:
            stopped.set()

    monkeypatch.setattr(search, "find", endless)
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await press(pilot, "v", "v")
        depth = app.dashboard.parts.navigation.history.depth
        for key in ("escape", "j"):
            stopped.clear()
            await pilot.press("F", "ctrl+u", *"ana", "enter")
            await pilot.pause()
            assert line.text.startswith('searching for "ana"')
            cursor = app.dashboard.table.cursor
            await pilot.press(key)
            await pilot.pause()
            assert line.text == 'search for "ana" stopped'
            assert await asyncio.to_thread(stopped.wait, 5)
            assert app.dashboard.table.cursor == cursor + (key == "j")
            assert app.dashboard.parts.navigation.history.depth == depth


async def test_a_search_shows_its_progress_and_a_late_answer_moves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow(connection: sqlite3.Connection, *rest: Any) -> Match:
        rest[-1](date(2026, 11, 3))
        goes_on.wait(5)
        return Match(Cursor(0, ""), 7)

    monkeypatch.setattr(search, "find", slow)
    monkeypatch.setattr(reading, "_PROGRESS_INTERVAL", 0)
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await pilot.press("F", *"ana", "enter")
        for _ in range(50):
            await pilot.pause(0.02)
            if "3 Nov" in line.text:
                break
        assert line.text == 'searching for "ana" on 3 Nov 2026 …  any key stops'
        await pilot.press("j")
        goes_on.set()
        await settle(pilot)
        assert app.dashboard.table.cursor == 1
