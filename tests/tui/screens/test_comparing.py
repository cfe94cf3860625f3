"""The key that compares: what the screen says of both periods, and that everything on it is of the same days."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from storage.domain.compared_days import Against
from storage.domain.events import ContactIds, Event, Step
from storage.domain.filters import Filter
from storage.table.export import write_tsv
from tests.databases import DAY, NOON, NOW, build, session_of
from tests.events import send, status
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.screens.app import SaludoApp
from tui.widgets.funnel_chart import FunnelChart
from tui.widgets.status_bar import StatusLine
from tui.widgets.tiles import Tiles

SIZES = [(80, 24), (120, 40), (160, 48)]
TODAY = int(NOW.timestamp() * 1000)  # Friday, 20 November


def sends(name: str, at: int, count: int, delivered: int) -> list[Event]:
    events: list[Event] = []
    for number in range(count):
        who = ContactIds(wa_ids=(f"549115556{number:04}",))
        events.append(send(f"{name}{number}", at + number, who))
        if number < delivered:
            events.append(status(Step.DELIVERED, at + number + 1, f"{name}{number}", who))
    return events


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 7 days: 40 sends and 38 delivered after 100 and 50 a week before; today has 5 more."""
    events = [
        *sends("now", NOON, 40, 38),
        *sends("before", NOON - 7 * DAY, 100, 50),
        *sends("year", NOON - 364 * DAY, 60, 57),
        *sends("today", TODAY, 5, 5),
    ]
    return build(tmp_path_factory.mktemp("comparing") / "saludo.db", events)


def said(app: SaludoApp) -> str:
    return app.dashboard.query_one(StatusLine).text


@pytest.mark.parametrize("size", SIZES)
async def test_the_key_compares_with_the_period_before_then_last_year_then_not(
    path: Path, size: tuple[int, int]
) -> None:
    async with dashboard(path, size, "period:7d") as (app, pilot):
        before = screen_text(app)
        await press(pilot, "m")
        text = screen_text(app)
        assert said(app).startswith("14–19 Nov against 7–12 Nov, without today")
        assert "14–19 Nov against 7–12 Nov, without today" in text
        assert text.splitlines()[2].split()[:2] == ["40", "40"]
        assert text.splitlines()[3].split()[:2] == ["-60", "-60"]
        assert "+45.0 p" in text.splitlines()[3]
        assert "─ before" in text
        await press(pilot, "m")
        assert said(app).startswith("14–19 Nov 2026 against 15–20 Nov 2025, without today")
        assert screen_text(app).splitlines()[3].split()[:2] == ["-20", "-20"]
        assert "unclear" in screen_text(app).splitlines()[3]
        await press(pilot, "m")
        assert screen_text(app).splitlines()[:-2] == before.splitlines()[:-2]
        assert said(app).startswith("45 starts")


async def test_the_table_and_what_is_saved_are_of_the_compared_days(path: Path) -> None:
    async with dashboard(path, (120, 40), "period:7d") as (app, pilot):
        assert app.dashboard.table.count == 45
        await press(pilot, "m")
        assert app.dashboard.table.count == 40
        assert "14 Nov – 19 Nov 2026" in screen_text(app)
        await press(pilot, "8", "w")
        saved = Path(said(app).removeprefix("saved "))
    out = io.BytesIO()
    with session_of(path) as session:
        assert write_tsv(session, Filter.parse("since:2026-11-14 until:2026-11-20"), NOW, out) == 40
    assert saved.read_bytes() == out.getvalue()
    saved.unlink()


async def test_the_counts_of_a_list_are_of_the_compared_days(path: Path) -> None:
    async with dashboard(path, (120, 40), "period:7d") as (app, pilot):
        await press(pilot, "m", "t")
        (option,) = (line for line in screen_text(app).splitlines() if "□ promo" in line)
        assert "40" in option.split()


async def test_the_tiles_are_saved_with_the_numbers_before(path: Path) -> None:
    async with dashboard(path, (120, 40), "period:7d") as (app, pilot):
        await press(pilot, "m", "1", "w")
        saved = Path(said(app).removeprefix("saved "))
    header, *rows = (line.split("\t") for line in saved.read_text().splitlines())
    saved.unlink()
    assert header == ["tile", "value", "count", "of", "value before", "count before", "of before"]
    found = {row[0]: row[1:] for row in rows}
    assert found["Starts"] == ["40", "", "", "100", "", ""]
    assert found["Delivered"] == ["0.95", "38", "40", "0.5", "50", "100"]


async def test_enter_opens_the_starts_that_the_compared_number_counts(path: Path) -> None:
    async with dashboard(path, (120, 40), "period:7d") as (app, pilot):
        await press(pilot, "m", "1", "right", "right", "right", "enter")
        assert app.dashboard.table.count == 38
        assert said(app).startswith("14–19 Nov against 7–12 Nov, without today")
        await press(pilot, "escape")
        assert app.dashboard.view.filter == Filter.parse("period:7d")
        assert app.dashboard.view.compare is Against.BEFORE
        await press(pilot, "5", "end", "left", "enter")
        assert app.dashboard.view.filter == Filter.parse("since:2026-11-18 until:2026-11-19")


async def test_the_funnel_is_of_the_compared_days_and_tells_their_changes(path: Path) -> None:
    async with dashboard(path, (160, 48), "period:7d") as (app, pilot):
        await press(pilot, "m")
        funnel = app.dashboard.query_one(FunnelChart)
        assert funnel.note() == "period, 14 Nov – 19 Nov 2026"
        text = "\n".join(line.text for line in funnel._lines(*funnel.size))
        assert "-60" in text  # 40 sent after 100
        assert "-12" in text  # 38 delivered after 50
        assert "+45.0" in text
        await press(pilot, "f")
        assert said(app) == "the funnel is of the compared days; press m until nothing is compared"
        await press(pilot, "m", "m", "f")
        assert funnel.note().startswith("period, 14 Nov – 20 Nov")


async def test_a_funnel_of_one_row_a_step_has_its_changes_beside(path: Path) -> None:
    async with dashboard(path, (80, 24), "period:7d") as (app, pilot):
        await press(pilot, "6", "m")
        head = next(line for line in screen_text(app).splitlines() if "of first" in line)
        assert head.split() == ["count", "change", "of", "prev", "points", "of", "first", "points"]
        (delivered,) = (line for line in screen_text(app).splitlines() if " D Delivered" in line and "%" in line)
        assert delivered.split()[-6:] == ["38", "-12", "95.0%", "+45.0", "95.0%", "+45.0"]


async def test_what_cannot_be_compared_says_why(path: Path) -> None:
    async with dashboard(path, (80, 24), "period:today") as (app, pilot):
        await press(pilot, "m")
        assert said(app).startswith("not compared: no day of this period is over yet")
        assert app.dashboard.query_one(Tiles).previous is None
        await press(pilot, "less_than_sign")
        assert said(app).startswith("19 Nov against 18 Nov")


async def test_the_period_before_is_a_whole_period_before_while_comparing(path: Path) -> None:
    async with dashboard(path, (80, 24), "period:7d") as (app, pilot):
        await press(pilot, "m", "less_than_sign")
        assert str(app.dashboard.view.filter) == "since:2026-11-07 until:2026-11-14"
        assert said(app).startswith("7–13 Nov against 31 Oct–6 Nov")


async def test_a_comparison_of_equal_data_repaints_nothing_more(path: Path) -> None:
    async with dashboard(path, (80, 24), "period:7d") as (app, pilot):
        await press(pilot, "m")
        before = screen_text(app).splitlines()[:-2]
        await press(pilot, "r")
        assert screen_text(app).splitlines()[:-2] == before


async def test_this_week_against_the_last_one_takes_one_key(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "M")
        assert said(app).startswith("16–19 Nov against 9–12 Nov, without today")
        assert screen_text(app).splitlines()[3].split()[:2] == ["-60", "-60"]
        await press(pilot, "escape")
        assert app.dashboard.view.filter == Filter()
        assert app.dashboard.view.compare is None


async def test_on_a_monday_the_last_week_is_compared(path: Path) -> None:
    monday = NOW + timedelta(days=3)
    app = SaludoApp(path, Filter(), lambda: monday, path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "M")
        assert said(app).startswith("16–22 Nov against 9–15 Nov")


async def test_a_breakdown_is_compared_too(path: Path) -> None:
    async with dashboard(path, (120, 40), "period:7d") as (app, pilot):
        await press(pilot, "b", "m")
        (row,) = (line for line in screen_text(app).splitlines() if line.startswith("▸promo"))
        assert row.split()[-1] == "-60"


async def test_a_wide_breakdown_tells_the_points_of_each_rate_and_saves_the_rates_before(path: Path) -> None:
    async with dashboard(path, (160, 48), "period:7d") as (app, pilot):
        await press(pilot, "b", "m")
        lines = screen_text(app).splitlines()
        (row,) = (line for line in lines if line.startswith("▸promo"))
        assert lines[lines.index(row) - 1].split().count("points") == 4
        assert row.split()[4:] == ["38", "95.0%", "+45.0", *["0", "0.0%", "unclear"] * 3, "-60"]
        await press(pilot, "w")
        saved = Path(said(app).removeprefix("saved "))
    header, *rows = (line.split("\t") for line in saved.read_text().splitlines())
    saved.unlink()
    assert dict(zip(header, rows[0], strict=True))["Delivered rate before"] == "0.5000"
