"""The mouse: a click moves the cursor, a click on the item under the cursor opens it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from storage.domain.filters import Filter
from tests.tui import scenes
from tests.tui.scenes import dashboard, settle
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_bar import Dropdown
from tui.widgets.proportion_charts import StatusChart
from tui.widgets.starts_table import StartsTable


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("mouse"))


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_click_selects_a_row_and_a_second_click_opens_it(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await pilot.click(StartsTable, offset=(10, 5))
        await settle(pilot)
        assert app.dashboard.table.cursor == 3
        assert not app.dashboard.query_one(DetailPane).display
        await pilot.click(StartsTable, offset=(10, 5))
        await settle(pilot)
        assert app.dashboard.query_one(DetailPane).display


async def test_a_filter_is_chosen_by_two_clicks(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        dropdown = next(one for one in app.dashboard.query(Dropdown) if one.field == "period")
        await pilot.click(dropdown)
        await settle(pilot)
        choices = app.dashboard.query_one(ChoiceList)
        assert choices.display
        await pilot.click(choices, offset=(4, 3))
        await settle(pilot)
        assert not choices.display
        assert app.dashboard.view.filter == Filter.parse("period:7d")


async def test_a_click_selects_a_part_of_a_chart_and_a_double_click_opens_it(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        chart = app.dashboard.query_one(StatusChart)
        places = {chart.item_at(x, y): (x, y) for y in range(chart.size.height) for x in range(chart.size.width)}
        await pilot.click(chart, offset=places[2])
        await settle(pilot)
        assert chart.cursor == 2
        await pilot.double_click(chart, offset=places[2])
        await settle(pilot)
        assert app.dashboard.table.count == scenes.DELIVERED


async def test_the_wheel_moves_the_table(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        table = app.dashboard.table
        for kind, cursor in ((MouseScrollDown, 3), (MouseScrollDown, 6), (MouseScrollUp, 3)):
            await pilot._post_mouse_events([kind], StartsTable, offset=(5, 5), button=0)
            await settle(pilot)
            assert table.cursor == cursor
