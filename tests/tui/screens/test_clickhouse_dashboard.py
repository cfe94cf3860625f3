"""The dashboard on a ClickHouse database: the same numbers and rows as on SQLite, and keys that never wait for it."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.clickhouse.address import Address, address_of
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import EngineError
from storage.published import versions
from storage.published.dialect import VersionConnection
from tests.clickhouse_server import Server, running_server
from tests.published import publish
from tests.tui import scenes
from tests.tui.idle import threads
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.widgets.status_bar import StatusLine


@pytest.fixture
def address(tmp_path: Path) -> Address:
    """The small business, in SQLite and in ClickHouse."""
    found = address_of(f"chdb:{tmp_path / 'chdb'}")
    with closing(connect(found, must_exist=False)) as engine:
        publish(scenes.database(tmp_path), engine)
    return found


def _without_freshness(text: str) -> list[str]:
    """The lines of the screen, without how old the numbers are."""
    return [re.sub(r" +published .*", "", line) for line in text.splitlines()]


async def test_keys_show_what_they_show_on_sqlite(address: Address, tmp_path: Path) -> None:
    shown: list[list[list[str]]] = []
    for database in (tmp_path / "saludo.db", address):
        screens = []
        async with dashboard(database, (180, 48), "period:all") as (app, pilot):
            for keys in ("j", "s", "S", "v", "v", "b", "b", "enter", "enter"):
                await press(pilot, keys)
                await settle(pilot)
                screens.append(_without_freshness(screen_text(app)))
        shown.append(screens)
    assert shown[1] == shown[0]
    assert any("Person 1" in line for line in shown[1][0])


async def test_the_version_says_when_it_was_published_and_a_new_one_is_read(address: Address, tmp_path: Path) -> None:
    async with dashboard(address, (180, 48), "period:all") as (app, pilot):
        await settle(pilot)
        assert "published " in screen_text(app)
        stamp = app.dashboard.parts.navigation.stamp
        with app.dashboard.parts.database._reports.connection() as engine:
            assert not isinstance(engine, sqlite3.Connection)
            versions.publish(engine, lambda number: None)
        assert await app.dashboard.parts.database.stamp() != stamp


async def test_the_cursor_moves_while_an_answer_is_slow(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, execute = threading.Event(), VersionConnection.execute

    def slowly(*asked: Any) -> Any:
        answered.wait(10)
        return execute(*asked)

    async with dashboard(address, (180, 48), "period:all") as (app, pilot):
        await settle(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(VersionConnection, "execute", slowly)
            before = app.dashboard.table.cursor
            app.dashboard.parts.navigation.reload()
            await pilot.press("j", "j")
            assert app.dashboard.table.cursor == before + 2
            assert threads().busy  # it still waits for its answer
            answered.set()
            await settle(pilot)


async def test_an_error_of_the_engine_is_one_line(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*asked: Any) -> Any:
        raise EngineError("chdb: the server does not answer")

    async with dashboard(address, (180, 48), "period:all") as (app, pilot):
        await settle(pilot)
        monkeypatch.setattr(VersionConnection, "execute", broken)
        app.dashboard.parts.navigation.reload()
        await settle(pilot)
        assert "does not answer" in app.dashboard.query_one(StatusLine).text


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server over HTTP with the small business."""
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "secret")
    monkeypatch.setattr("storage.clickhouse.engine._WAITS", (0.01,))
    with running_server(tmp_path / "server") as running:
        with closing(connect(address_of(running.address))) as engine:
            publish(scenes.database(tmp_path), engine)
        yield running


async def test_the_cursor_moves_while_a_server_is_slow(server: Server, tmp_path: Path) -> None:
    async with dashboard(address_of(server.address), (180, 48), "period:all", tmp_path) as (app, pilot):
        await settle(pilot)
        server.fault("slow", "FROM v1_")
        before = app.dashboard.table.cursor
        app.dashboard.parts.navigation.reload()
        began = time.monotonic()
        await pilot.press("j", "j")
        assert app.dashboard.table.cursor == before + 2
        assert time.monotonic() - began < 2  # the answer takes 3 s
        assert threads().busy
        await settle(pilot)
        assert server.faults_left() == 0
        assert "Person 1" in screen_text(app)


@pytest.mark.parametrize("match", ["FROM v1_day_counts", "ORDER BY m.start_at DESC"])
async def test_a_server_that_goes_during_a_report_or_a_page_is_one_line(
    server: Server, match: str, tmp_path: Path
) -> None:
    async with dashboard(address_of(server.address), (180, 48), "period:all", tmp_path) as (app, pilot):
        await settle(pilot)
        rows = screen_text(app)
        server.fault("gone", match)
        app.dashboard.parts.navigation.reload()
        await settle(pilot)
        assert "does not answer" in app.dashboard.query_one(StatusLine).text
        await press(pilot, "j")
        assert "Person 1" in rows
        assert "Person 1" in screen_text(app)  # what was read stays
