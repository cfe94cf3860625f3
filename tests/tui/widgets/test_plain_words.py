"""What the dashboard says where there is nothing to show, or more than fits: whole words, and nothing untrue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from storage.domain.failures import Reason
from storage.domain.filters import Filter
from storage.report.metrics import FailureCount
from tests.databases import NOW, build
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.data.filter_options import Option
from tui.data.preferences import Preferences
from tui.screens.app import SaludoApp
from tui.terminal.cell_diff import in_ascii
from tui.terminal.style import cut_path
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import _timeline
from tui.widgets.status_bar import StatusLine, newest_breadcrumbs
from tui.widgets.tile_figures import tiles_of
from tui.widgets.tiles import Tiles
from tui.words.keys import Where, commands
from tui.words.unavailable import NO_DATA


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
async def test_without_data_a_key_that_needs_some_says_how_to_import(tmp_path: Path, kind: str) -> None:
    async with dashboard(_without_data(tmp_path, kind), (80, 24)) as (app, pilot):
        last = screen_text(app).split("\n")[-1]
        assert "(Enter Open)" in last or "Enter" not in last
        assert "(w Save)" in last or "Save" not in last
        # The status line is not emptied by a list that is left.
        await press(pilot, "colon", "escape")
        said = app.dashboard.query_one(StatusLine).text
        assert "no data" in said or "database not found" in said or kind == "empty file"
        for key in ("p", "d", "w", "W", "slash", "v", "y", "s"):
            app.dashboard.say("")
            assert app.dashboard.query_one(StatusLine).text != NO_DATA
            await press(pilot, key)
            assert app.dashboard.query_one(StatusLine).text == NO_DATA, key
            assert app.focused is app.dashboard.table, key


async def test_a_copied_row_is_shown_without_a_sign_for_its_tabs(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "5", "y")
        said = app.dashboard.query_one(StatusLine).text
        assert said.startswith("sent to your local clipboard: ")
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
    assert newest_breadcrumbs("5 starts of 5 users   Last 30 days › failed › code 131026", 46) == (
        "5 starts of 5 users   … › failed › code 131026"
    )


async def test_the_failures_say_how_many_more_reasons_follow(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "7")
        panel: Any = app.focused
        panel.report = panel.report._replace(failures=tuple(FailureCount(1, reason, 1, 1) for reason in Reason))
        panel.repaint()
        await press(pilot)
        assert "more below" in screen_text(app)
        await press(pilot, "end")
        assert "more below" not in screen_text(app).split("8 Last")[0]


@pytest.mark.parametrize("width", [60, 61, 72, 80, 120, 160])
async def test_the_cursor_reaches_every_tile_and_is_on_the_screen(path: Path, width: int) -> None:
    async with dashboard(path, (width, 16 if width < 100 else 40)) as (app, pilot):
        await press(pilot, "1")
        tiles = app.dashboard.query_one(Tiles)
        assert tiles.report is not None
        every = tiles_of(tiles.report)
        assert tiles.item_count() == len(every) == 13
        for number, tile in enumerate(every):
            assert tiles.cursor == number
            names, values = screen_text(app).split("\n")[1:3]
            (reverse,) = (part.text for part in tiles.render_line(1) if part.style and part.style.reverse)
            assert reverse.strip().removesuffix(tile.unit) in tile.forms
            assert tile.short in names or tile.name in names
            assert ("‹" in values) is ("Starts" not in names)
            await press(pilot, "right")
        await press(pilot, "home")
        assert screen_text(app).split("\n")[1].split()[0] == "Starts"
        assert ("›" in screen_text(app).split("\n")[2]) is (width < 120)


async def test_enter_on_what_is_shown_already_says_so_and_goes_to_the_table(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "1", "enter")
        assert app.focused is app.dashboard.table
        assert app.dashboard.query_one(StatusLine).text == "the table already shows these starts"
        assert app.dashboard.parts.navigation.history.depth == 0


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_in_the_palette_every_key_is_whole_and_no_word_is_cut(path: Path, size: tuple[int, int]) -> None:
    offered = commands(Where.DASHBOARD, Where.EVERYWHERE)
    sentences = {f"{key.does[0].upper()}{key.does[1:]}": key.shown for key in offered}
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "colon")
        for _ in range(4):
            for line in screen_text(app).split("\n")[2:]:
                inside = line.split("│")[1] if line.startswith("│") else ""
                if not inside.strip():
                    continue
                sentence, shown = inside.strip("▸ ").rsplit("  ", 1)
                text = sentence.strip()
                begin = text if text in sentences else text.removesuffix("…")
                whole = begin if begin in sentences else next(one for one in sentences if one.startswith(begin))
                assert sentences[whole] == shown.strip()
                assert whole == begin or not whole[len(begin)].isalnum(), line
            await press(pilot, "pagedown")


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_what_is_too_long_for_the_status_line_stands_in_the_help(path: Path, size: tuple[int, int]) -> None:
    problems = tuple(f"settings.toml: key number {number} is none that saludo knows" for number in range(5))
    app = SaludoApp(path, Filter(), lambda: NOW, path.parent, Preferences(problems=problems))
    async with app.run_test(size=size) as pilot:
        await scenes.settle(pilot)
        assert screen_text(app).split("\n")[-2].rstrip().endswith("…  (? for full text)")
        await press(pilot, "question_mark")
        text = " ".join(screen_text(app).split())
        assert "; ".join(problems) in text


@given(st.text("/ab日", min_size=1), st.integers(2, 30))
def test_a_path_keeps_its_end(path: str, width: int) -> None:
    shown = cut_path(f"saved /{path}", width)
    assert cell_len(shown) <= width
    if width >= cell_len("saved ") + 4:
        assert shown.endswith(path[-1])


def test_in_ascii_a_letter_stands_without_its_accent() -> None:
    assert "".join(map(in_ascii, "Héctor Ñandú ¿日…")) == "Hector Nandu ??~"


async def test_drawing_the_screen_again_keeps_the_notice(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "x", "ctrl+l")
        assert app.dashboard.query_one(StatusLine).text == "no filter is set"


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_a_chart_that_comes_to_the_screen_offers_to_open_its_bars(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "3", "5")
        assert "Enter Open" in screen_text(app).split("\n")[-1]
        assert "(Enter Open)" not in screen_text(app).split("\n")[-1]


async def test_of_a_long_path_in_an_error_as_much_is_shown_as_fits(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        app.dashboard.say(f"not saved: /{'long-path/' * 20}x.tsv: there is no such directory", error=True)
        await scenes.settle(pilot)
        line = screen_text(app).split("\n")[-2]
        assert line.rstrip().endswith("…  (? for full text)")
        assert "long-path/long-path" in line
