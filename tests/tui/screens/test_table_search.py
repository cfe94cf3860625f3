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

from storage.domain.events import ContactIds
from storage.messages.contact_texts import ContactTexts
from storage.report.read_session import ReadSession
from storage.table import search
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from storage.table.search import Match
from tests.cubes import sent
from tests.databases import DAY, NOON, build
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.data import finding
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
        await press(pilot, "F", *"nobody")
        assert app.dashboard.query_one(StatusLine).text == 'no match for "nobody"'
        await press(pilot, "enter")
        assert app.dashboard.query_one(StatusLine).text == 'no match for "nobody"'
        assert row(app) == first


async def test_the_table_shows_the_nearest_match_while_it_is_typed_and_esc_goes_back(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "j", "j", "F", *"person", "space")
        assert row(app).name == "Person 102"
        await press(pilot, "4")
        assert row(app).name == "Person 49"
        await press(pilot, "3")
        assert row(app).name == "Person 43"
        await press(pilot, "backspace")
        assert row(app).name == "Person 49"
        await press(pilot, "escape")
        assert app.dashboard.table.cursor == 2
        assert app.dashboard.parts.search.is_running is False


async def test_a_search_goes_on_from_the_other_end_and_says_so(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await press(pilot, "G", "F", *"person", "space", *"104", "enter")
        assert row(app).name == "Person 104"
        words = 'found "person 104" in Person 104, from the top again; n for the next match, N for the previous one'
        assert line.text == words
        await press(pilot, "n")
        assert line.text == '"person 104" has no other match'
        await press(pilot, "F", *"order", "enter", "N")
        assert "from the end again" in line.text


async def test_the_history_of_a_person_is_five_keys_and_the_name_away(tmp_path: Path) -> None:
    lucia = ContactIds(wa_ids=("5491155559999",), name="LUCÍA Gómez")
    history = [
        *(sent(f"o{number}", NOON + number, contact=scenes.person(number)) for number in range(1, 40)),
        sent("l1", NOON - DAY, contact=lucia),
        sent("l2", NOON - 60 * DAY, contact=lucia),
    ]
    async with dashboard(build(tmp_path / "saludo.db", history), (80, 24)) as (app, pilot):
        await press(pilot, "F", *"lucia", "enter", "enter", "enter")  # 4 keys and the name
        assert app.dashboard.view.filter.contact == "5491155559999"
        assert app.dashboard.table.count == 2


async def test_what_was_found_is_highlighted(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "F", *"PERSON", "space", "4", "enter")
        styled = [
            segment.text
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.underline
        ]
        assert "Person 4" in styled
        await press(pilot, "x", "u", "down", "enter")
        assert not any(
            segment.style is not None and segment.style.underline
            for strip in app.screen._compositor.render_strips()
            for segment in strip
        )


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

    def endless(session: ReadSession, *rest: Any, texts: ContactTexts) -> None:
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


async def test_a_search_while_typing_says_that_it_reads_the_names_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow(connection: sqlite3.Connection, *rest: Any, texts: ContactTexts) -> None:
        rest[-1](None)
        goes_on.wait(5)

    monkeypatch.setattr(search, "find", slow)
    monkeypatch.setattr(finding, "_PROGRESS_INTERVAL", 0)
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await pilot.press("n", "q")
        for _ in range(50):
            await pilot.pause(0.02)
            if "searching" in line.text:
                break
        assert line.text == 'searching for "q" …'
        goes_on.set()
        await settle(pilot)
        assert line.text == 'no match for "q"'


async def test_a_search_shows_its_progress_and_a_late_answer_moves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow(connection: sqlite3.Connection, *rest: Any, texts: ContactTexts) -> Match:
        rest[-1](date(2026, 11, 3))
        goes_on.wait(5)
        return Match(Cursor(0, ""), 7)

    monkeypatch.setattr(search, "find", slow)
    monkeypatch.setattr(finding, "_PROGRESS_INTERVAL", 0)
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        app.dashboard.parts.search.text = "ana"  # not typed: each letter would search, and this search heeds nothing
        await pilot.press("n")
        for _ in range(50):
            await pilot.pause(0.02)
            if "3 Nov" in line.text:
                break
        assert line.text == 'searching for "ana" on 3 Nov 2026 …  any key stops'
        await pilot.press("j")
        goes_on.set()
        await settle(pilot)
        assert app.dashboard.table.cursor == 1
