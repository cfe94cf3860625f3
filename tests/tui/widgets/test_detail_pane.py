"""One start that is open over the dashboard: who has the keys, and how it closes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.screens.arrangement import panels
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.words.keys import KEYS, Where

SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("open"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=3)
async def test_what_opens_over_a_start_gives_it_the_keys_back(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        for opens in ("p", "t", "slash", "colon", "F", "W"):
            await press(pilot, "enter")
            start = app.focused
            text = app.dashboard.query_one(DetailPane).text
            await press(pilot, opens)
            assert app.focused is not start, opens
            await press(pilot, "escape")
            assert app.focused is start, opens
            await press(pilot, "n")
            assert app.dashboard.query_one(DetailPane).text != text, opens
            await press(pilot, "escape")
            assert not app.dashboard.query_one(DetailPane).display, opens
            assert app.focused is app.dashboard.table, opens


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=3)
async def test_the_number_of_a_panel_closes_the_start_and_goes_there(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        for number, name in panels().items():
            await press(pilot, "8", "enter", str(number))
            assert not app.dashboard.query_one(DetailPane).display
            assert app.focused is not None
            assert app.focused.id == name
            assert app.focused.visible


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=3)
async def test_another_view_closes_the_start(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size, "status:answered") as (app, pilot):
        view = app.dashboard.view
        for keys in (("u", "down", "enter"), ("less_than_sign",), ("v",), ("s",), ("S",), ("f",), ("x",)):
            await press(pilot, "enter")
            assert app.dashboard.query_one(DetailPane).display, keys
            await press(pilot, *keys)
            assert app.dashboard.view != view, keys
            assert not app.dashboard.query_one(DetailPane).display, keys
            assert app.focused is app.dashboard.table, keys
            await press(pilot, "escape")
            assert app.dashboard.view == view, keys


async def test_a_filter_that_is_typed_over_a_start_shows_its_starts(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "enter", "slash", *"status", "colon", *"failed", "enter")
        assert app.dashboard.view.filter == Filter(statuses=frozenset((StartStatus.FAILED,)))
        assert "Chat link" not in screen_text(app)
        assert app.dashboard.table.count == scenes.FAILED


async def test_escape_closes_a_start_beside_the_table_from_wherever_one_is(path: Path) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        await press(pilot, "enter", "tab", "escape")
        assert not app.dashboard.query_one(DetailPane).display
        assert app.focused is app.dashboard.table


@pytest.mark.parametrize(("half", "size"), [(0, (80, 24)), (1, (160, 48))])
@pytest.mark.long(keep=2)
async def test_no_key_makes_a_start_that_does_not_close(path: Path, half: int, size: tuple[int, int]) -> None:
    keys = {key.keys.split(",")[0] for key in KEYS if key.where is Where.DASHBOARD and key.action} - {"w"}
    async with dashboard(path, size) as (app, pilot):
        for key in sorted(keys)[half::2]:
            await press(pilot, "8", "enter", key)
            for _ in range(4):
                if not app.dashboard.query_one(DetailPane).display:
                    break
                await press(pilot, "escape")
            assert not app.dashboard.query_one(DetailPane).display, key
            for _ in range(3):
                await press(pilot, "escape")
            assert "Last starts" in screen_text(app), key


async def test_a_list_that_is_open_keeps_its_place_when_the_terminal_grows_and_shrinks(path: Path) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        for opens in ("t", "p", "colon"):
            await press(pilot, opens, "down")
            choices = app.dashboard.query_one(ChoiceList)
            for size in ((80, 24), (120, 40), (60, 16), (160, 48)):
                await pilot.resize_terminal(*size)
                await scenes.settle(pilot)
                assert app.focused is choices, (opens, size)
                assert app.screen.region.contains_region(choices.region), (opens, size)
                if opens != "colon":
                    column = app.dashboard.query_one(f"#choose-{choices.field}").region
                    assert choices.region.x <= column.x, (opens, size)
                    assert choices.region.x == column.x or choices.region.right == size[0], (opens, size)
                assert "find:" in screen_text(app).splitlines()[1], (opens, size)
            await press(pilot, "escape")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=3)
async def test_nothing_is_half_covered_by_a_start_and_all_is_back_when_it_closes(
    path: Path, size: tuple[int, int]
) -> None:
    async with dashboard(path, size) as (app, pilot):
        before = screen_text(app)
        await press(pilot, "enter")
        pane = app.dashboard.query_one(DetailPane)
        for widget in app.dashboard.query("Dropdown, Panel, StartsTable"):
            if widget.display and widget.visible and widget.is_on_screen:
                assert not pane.region.intersection(widget.region), widget
        await press(pilot, "escape")
        assert screen_text(app) == before
