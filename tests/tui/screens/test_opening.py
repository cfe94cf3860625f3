"""Enter and what it opens: the starts behind a number, one start in detail; the table and its ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus
from storage.report.report import load_report
from tests.databases import NOW, session_of
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.widgets.detail_pane import DetailPane
from tui.widgets.failures_chart import FailuresChart
from tui.widgets.proportion_charts import AnsweredChart
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("dashboard"))


async def test_enter_on_a_failure_shows_its_starts_then_one_in_detail_and_back(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "7")
        assert isinstance(app.focused, FailuresChart)
        await press(pilot, "enter")
        view = app.dashboard.view.filter
        assert (view.statuses, view.failures) == (frozenset((StartStatus.FAILED,)), frozenset(("131026",)))
        assert app.dashboard.table.count == 5
        await press(pilot, "enter")
        assert app.dashboard.query_one(DetailPane).display
        text = app.dashboard.query_one(DetailPane).text
        assert "Message undeliverable (code 131026)" in text
        assert "Message undeliverable" in text
        assert "Reach the person by another channel," in " ".join(text.split())
        assert "https://wa.me/5491155550004" in text
        await press(pilot, "escape", "escape")
        assert not app.dashboard.query_one(DetailPane).display
        assert app.dashboard.view.filter == Filter()
        assert app.dashboard.table.count == scenes.STARTS


async def test_the_table_grouped_by_notification_opens_its_starts(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "v")
        assert app.dashboard.table.count == 2
        text = screen_text(app)
        assert "Notifications" in text
        row = next(line for line in text.splitlines() if scenes.PROMO in line)
        assert row.split()[-8:] == ["40", "40", "32", "22", "10", "31.2%", "8", "20.0%"]
        await press(pilot, "down", "enter")
        assert app.dashboard.table.count == 40
        await press(pilot, "escape")
        assert app.dashboard.table.cursor == 1


async def test_the_detail_steps_through_the_table_and_shows_a_persons_starts(path: Path) -> None:
    async with dashboard(path, filter="status:answered") as (app, pilot):
        await press(pilot, "enter")
        assert app.dashboard.query_one(DetailPane).display
        first = app.dashboard.query_one(DetailPane).text
        assert "3 min 55 s later" in first
        assert "Answered" in first
        await press(pilot, "n")
        assert app.dashboard.query_one(DetailPane).text != first
        await press(pilot, "b")
        assert app.dashboard.query_one(DetailPane).text == first
        await press(pilot, "enter")
        assert not app.dashboard.query_one(DetailPane).display
        assert str(app.dashboard.view.filter) == "period:all contact:5491155550017"
        assert app.dashboard.table.count == 1


async def test_the_table_goes_to_both_ends_and_draws_every_row_once(path: Path) -> None:
    with session_of(path) as session:
        count = load_report(session, Filter(), NOW).starts
    seen: list[str] = []
    async with dashboard(path, (80, 24)) as (app, pilot):
        table = app.dashboard.table
        for place in range(count):
            assert table.cursor == place
            row = table.row()
            assert row is not None
            seen.append(repr(row))
            await pilot.press("j")
        assert table.cursor == count - 1
        await press(pilot, "g")
        assert table.cursor == 0
        await press(pilot, "G", "pageup")
        assert table.cursor < count - 1
    assert len(set(seen)) == count


async def test_an_answered_part_drills_into_those_who_answered(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "2")
        assert isinstance(app.focused, AnsweredChart)
        await press(pilot, "enter")
        assert app.dashboard.table.count == scenes.ANSWERED


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_enter_shows_as_many_starts_as_the_number_under_the_cursor(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        for keys, count in (
            (("1", "home", "right", "enter"), scenes.SENDS),
            (("1", "end", "enter"), scenes.REFERRED),
            (("3", "home", "enter"), scenes.FAILED),
            (("3", "home", "down", "enter"), scenes.SENT),
            (("3", "home", "down", "down", "enter"), scenes.DELIVERED),
            (("3", "end", "enter"), scenes.ANSWERED),
            (("6", "home", "enter"), scenes.SENDS - scenes.FAILED),
            (("6", "end", "enter"), scenes.ANSWERED),
            (("6", "home", "down", "down", "enter"), scenes.READ + scenes.ANSWERED),
            (("5", "end", "left", "left", "enter"), scenes.SENDS),
            (("5", "end", "left", "enter"), scenes.REFERRED),
        ):
            await press(pilot, *keys)
            assert app.dashboard.table.count == count, keys
            await press(pilot, "escape")
            assert app.dashboard.table.count == scenes.STARTS, keys


async def test_an_open_start_keeps_its_place_when_the_terminal_is_resized(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "enter")
        for size, beside in (((160, 48), True), ((80, 24), False), ((120, 40), True)):
            await pilot.resize_terminal(*size)
            await scenes.settle(pilot)
            await press(pilot, "n")
            text = screen_text(app)
            assert "Chat link" in text or not beside
            assert ("Daily evolution" in text) is beside
        await press(pilot, "escape")
        assert "Funnel" in screen_text(app)


async def test_enter_on_nothing_says_why(path: Path) -> None:
    async with dashboard(path, (80, 24), "contact:1") as (app, pilot):
        for keys in (("enter",), ("7", "enter"), ("2", "enter"), ("5", "enter"), ("6", "f", "enter")):
            app.dashboard.say("")
            await press(pilot, "8", *keys)
            said = app.dashboard.query_one(StatusLine).text
            assert said in ("no item under the cursor", "no starts: the count is 0"), keys
            assert app.dashboard.view.filter == Filter.parse("contact:1"), keys


async def test_the_heading_names_the_order_of_starts_but_not_of_notifications(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "s", "S")
        assert "8 Starts, by template from the end" in screen_text(app)
        await press(pilot, "v")
        assert "8 Notifications" in screen_text(app)
        assert "by template" not in screen_text(app)
