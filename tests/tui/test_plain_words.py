"""What the dashboard says where there is nothing to show, or more than fits: whole words, and nothing untrue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.databases import build
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.choosing import ChoiceList
from tui.detail import _timeline
from tui.options import Option
from tui.refusals import NO_DATA
from tui.status import StatusLine, newest_crumbs


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("words"))


def _without_data(directory: Path, kind: str) -> Path:
    path = directory / "none.db"
    if kind == "empty file":
        path.touch()
    elif kind == "no start":
        build(path, [])
    return path


@pytest.mark.parametrize("kind", ["no file", "empty file", "no start"])
@pytest.mark.parametrize("key", ["p", "d", "w", "W", "slash", "v", "y", "s"])
async def test_without_data_a_key_that_needs_some_says_how_to_import(tmp_path: Path, kind: str, key: str) -> None:
    async with dashboard(_without_data(tmp_path, kind), (80, 24)) as (app, pilot):
        last = screen_text(app).split("\n")[-1]
        assert "(Enter Open)" in last or "Enter" not in last
        assert "(w Save)" in last or "Save" not in last
        await press(pilot, key)
        assert app.dashboard.query_one(StatusLine).text == NO_DATA
        assert app.focused is app.dashboard.table


@pytest.mark.parametrize("kind", ["no file", "no start"])
async def test_without_data_the_status_line_is_not_emptied_by_a_list_that_is_left(tmp_path: Path, kind: str) -> None:
    async with dashboard(_without_data(tmp_path, kind), (80, 24)) as (app, pilot):
        await press(pilot, "colon", "escape")
        assert "no d" in app.dashboard.query_one(StatusLine).text


async def test_a_copied_row_is_shown_without_a_sign_for_its_tabs(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "5", "y")
        said = app.dashboard.query_one(StatusLine).text
        assert said.startswith("sent to the terminal's clipboard: ")
        assert "\ufffd" not in said


def test_a_long_name_in_a_list_keeps_two_cells_from_its_count() -> None:
    line = ChoiceList("x", lambda: None)._option(Option("x", "n" * 80, 123), False, 44).text
    assert line.endswith("…  123 │")


def test_the_time_between_two_steps_is_that_between_the_times_shown() -> None:
    at = datetime(2026, 11, 18, 12, 0, 47, 900_000, tzinfo=UTC)
    first = SimpleNamespace(step="sent", at=at, implied=False)
    ladder = (first, SimpleNamespace(step="read", at=at + timedelta(seconds=3, milliseconds=200), implied=False))
    lines = [line.text for line in _timeline(cast("Any", SimpleNamespace(ladder=ladder, conflict=False)), 80)]
    assert "12:00:47" in lines[1]
    assert "12:00:51  4 s later" in lines[2]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_a_notice_promises_only_what_works_and_breaks_between_words(path: Path, size: tuple[int, int]) -> None:
    filter = "status:failed user:recurrent origin:campaign contact:nobody-of-this-long-name-at-all"
    async with dashboard(path, size, filter) as (app, pilot):
        notice = app.dashboard.table._notice_lines()
        assert not any("…" in text for text, _ in notice)
        assert "Esc" not in " ".join(text for text, _ in notice)
        await press(pilot, "v")
        assert "Esc goes back" in " ".join(text for text, _ in app.dashboard.table._notice_lines())


async def test_a_notice_longer_than_the_table_says_how_much_follows_and_scrolls_to_it(path: Path) -> None:
    filter = "status:failed user:recurrent origin:campaign contact:nobody-of-this-long-name-at-all"
    async with dashboard(path, (60, 16), filter) as (app, pilot):
        table = app.dashboard.table
        assert len(table._notice_lines()) > table.rows
        assert "more line" in screen_text(app)
        await press(pilot, "end")
        assert table._notice_lines()[-1][0] in screen_text(app)


def test_breadcrumbs_lose_their_oldest_steps_first() -> None:
    assert newest_crumbs("5 starts of 5 users   Last 30 days › failed › code 131026", 46) == (
        "5 starts of 5 users   … › failed › code 131026"
    )


async def test_the_failures_say_how_many_more_reasons_follow(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "7")
        panel: Any = app.focused
        panel.report = panel.report._replace(failures=panel.report.failures * 9)
        panel.repaint()
        await press(pilot)
        assert "more below" in screen_text(app)
        await press(pilot, "end")
        assert "more below" not in screen_text(app).split("8 Last")[0]
