"""Finding text in the table, and sorting it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.starts import StartRow
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.app import SaludoApp
from tui.status import StatusLine


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
async def test_n_finds_text_wherever_it_is(path: Path, text: str, contact: str, position: int) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "n", *["space" if sign == " " else sign for sign in text], "enter")
        assert (row(app).contact, app.dashboard.table.cursor) == (contact, position)


async def test_n_goes_on_and_upper_n_goes_back(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "n", *"person", "space", "4", "enter")
        first = row(app)
        await press(pilot, "n")
        second = row(app)
        assert (first.name, second.name) == ("Person 49", "Person 48")
        await press(pilot, "N")
        assert row(app) == first
        await press(pilot, "F", "end", "ctrl+u", *"nobody", "enter")
        assert "»nobody« is not found below" in app.dashboard.query_one(StatusLine).text
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


async def test_the_oldest_first_finds_as_well(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "S")
        assert "oldest first" in screen_text(app)
        assert row(app).contact == "5491155550000"
        await press(pilot, "n", *"person", "space", "1", "enter")
        assert row(app).name == "Person 1"
