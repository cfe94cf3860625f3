"""A new chart is one class and one entry in the list: nothing else has to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin
from storage.report.report import Report
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.widgets import charts
from tui.widgets.proportion_charts import Part, Proportions, neutral_part


class OriginsChart(Proportions):
    """Starts by what started them."""

    key = "origins"
    number = 9
    title = "Starts by origin"
    row = "pair"
    narrow_order = 6

    def whole(self, report: Report) -> list[Part]:
        return [neutral_part(origin.value[0].upper(), origin.value, count) for origin, count in report.origins.items()]

    def drill_filter(self, filter: Filter) -> Filter | None:
        return filter.with_values("origin", [list(Origin)[self.cursor]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return scenes.database(tmp_path)


@pytest.fixture(autouse=True)
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "CHARTS", (*charts.CHARTS, OriginsChart))


async def test_it_is_on_a_wide_screen_with_its_numbers(path: Path) -> None:
    async with dashboard(path, (200, 48)) as (app, _):
        text = screen_text(app)
        assert "9 Starts by origin" in text
        assert "notification" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 48)])
async def test_its_number_goes_there_enter_drills_and_w_saves(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "9")
        assert app.focused is not None
        assert app.focused.id == "origins"
        assert "Starts by origin" in screen_text(app)
        await press(pilot, "w")
        (saved,) = path.parent.glob("*.tsv")
        assert saved.read_text().splitlines()[2].split("\t")[:2] == ["notification", "40"]
        await press(pilot, "down", "enter")
        assert app.dashboard.view.filter.origins == frozenset((Origin.NOTIFICATION,))


async def test_c_comes_to_it_where_one_chart_has_room(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        for _ in range(len(charts.CHARTS)):
            await press(pilot, "c")
            if "Starts by origin" in screen_text(app):
                return
        pytest.fail("the chart never came")
