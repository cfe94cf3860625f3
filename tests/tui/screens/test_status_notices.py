"""What the status line says, and the notices in place of rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tests.tui.screens.test_live import append, until
from tui.widgets.prompt_line import PromptLine
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("dashboard"))


async def test_the_status_line_counts_new_starts_after_a_reload(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path) as (app, pilot):
        assert app.dashboard.query_one(StatusLine).text == "55 starts of 55 users"
        append(path, 2)
        await until(pilot, lambda: app.dashboard.table.count == 57)
        assert app.dashboard.query_one(StatusLine).text == "57 starts of 57 users"


async def test_a_notice_disappears_with_the_next_key_and_an_error_stays(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await press(pilot, "x")
        assert line.text == "no filter is set"
        await press(pilot, "down")
        assert line.text == "55 starts of 55 users"
        app.dashboard.say("it broke", error=True)
        await press(pilot, "down")
        assert line.text == "it broke"


async def test_the_import_hint_names_the_open_database(tmp_path: Path) -> None:
    async with dashboard(tmp_path / "none.db", (120, 40)) as (app, _):
        assert f"saludo import --db {tmp_path / 'none.db'} FILES" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_the_end_of_a_proposed_file_name_is_visible(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "W")
        assert app.dashboard.query_one(PromptLine).value.endswith(screen_text(app).split("\n")[0].strip()[-12:])
        await pilot.resize_terminal(61, 17)
        await scenes.settle(pilot)
        assert screen_text(app).split("\n")[0].strip().endswith(".tsv")
