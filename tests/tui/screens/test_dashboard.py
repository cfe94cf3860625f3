"""The dashboard as a whole: what each size shows, and that tiles, charts, table and files show the same numbers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from storage.domain.events import ContactIds, Inbound, Origin
from storage.table.export import write_tsv
from tests.databases import DAY, LINE, NOON, NOW, build, column, session_of
from tests.tui import scenes
from tests.tui.scenes import dashboard, on_dashboard, press, screen_text
from tui.screens.help import HelpScreen
from tui.widgets.detail_pane import DetailPane
from tui.widgets.proportion_charts import StatusChart
from tui.widgets.scroll_text import Lines
from tui.widgets.starts_table import StartsTable
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("dashboard"))


SIZES = [(80, 24), (100, 34), (120, 40), (160, 48)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_filters_tiles_a_chart_and_the_table(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, _):
        text = screen_text(app)
    for words in ("Last 30 days", "All templates", "Daily evolution", "Last starts", "55", "16.0%", "q Quit"):
        assert words in text, words
    assert max(map(len, text.splitlines())) <= size[0]


@pytest.mark.parametrize("size", [(59, 30), (120, 15), (20, 5)])
async def test_a_terminal_that_is_too_small_shows_the_needed_size(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        assert "saludo needs 60 x 16" in screen_text(app).replace("\n", " ") or size[0] < 30
        await pilot.resize_terminal(120, 40)
        await scenes.settle(pilot)
        assert "Last starts" in screen_text(app)


async def test_tiles_charts_table_and_tsv_agree(path: Path) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        await press(pilot, "w")
        assert app.dashboard.snapshot is not None
        report = app.dashboard.snapshot.report
        table = app.dashboard.table
        assert table.count == report.starts == scenes.STARTS
        status = {part.name: part.count for part in app.dashboard.query_one(StatusChart).whole(report)}
    assert status == {
        "Failed": scenes.FAILED,
        "Sent": scenes.SENT,
        "Delivered": scenes.DELIVERED,
        "Read": scenes.READ,
        "Answered": scenes.ANSWERED,
    }
    saved = next(path.parent.glob("period-30d-*.tsv"))
    lines = saved.read_text().splitlines()
    assert len(lines) == 1 + scenes.STARTS
    saved.unlink()


async def test_w_saves_the_bytes_that_export_writes(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "t", *"promo", "enter", "3", "enter")
        assert app.dashboard.view.filter.templates == frozenset((scenes.PROMO,))
        assert isinstance(app.focused, StartsTable)
        await press(pilot, "w")
        said = app.dashboard.query_one(StatusLine).text
        filter = app.dashboard.view.filter
    saved = Path(said.removeprefix("saved "))
    out = io.BytesIO()
    with session_of(path) as session:
        assert write_tsv(session, filter, NOW, out) == 8
    assert saved.read_bytes() == out.getvalue()
    assert saved.stat().st_mode & 0o777 == 0o600
    rows = [line.split("\t") for line in saved.read_text().splitlines()]
    assert column([dict(zip(rows[0], row, strict=True)) for row in rows[1:]], "Status") == ["failed"] * 8
    saved.unlink()


async def test_a_chart_saves_its_own_figures(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "3", "w")
        saved = Path(app.dashboard.query_one(StatusLine).text.removeprefix("saved "))
    assert saved.read_text().splitlines()[:2] == ["sends by furthest step\tcount\tshare", "Failed\t8\t0.16"]
    saved.unlink()


async def test_help_shows_every_key_and_closes(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.query_one(Lines).text
        assert "save as TSV what the table shows" in " ".join(text.split())
        assert "What the numbers mean" in text
        await press(pilot, "q")
        assert on_dashboard(app)
        await press(pilot, "q")
    assert app.return_code == 0


async def test_resizing_keeps_focus_cursor_and_scroll(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, *["down"] * 20)
        before = app.dashboard.table.cursor
        for size in ((80, 24), (160, 48), (100, 34)):
            await pilot.resize_terminal(*size)
            await scenes.settle(pilot)
            assert (app.dashboard.table.cursor, app.focused) == (before, app.dashboard.table)
            assert "▸18 Nov" in screen_text(app)


async def test_hostile_text_is_shown_as_text(path: Path) -> None:
    async with dashboard(path, (160, 48), filter="status:failed") as (app, pilot):
        await press(pilot, "end")
        text = screen_text(app)
        assert "owned" in text
        await press(pilot, "enter")
        detail = app.dashboard.query_one(DetailPane).text
        assert "[red]Eva[/red]" in detail
        assert "[bold]In their words[/]" in detail
        for shown in (text, detail):
            assert not set(shown) & {"\x1b", "\x07", "\t", "\u202e"}


async def test_the_smallest_size_shows_whole_numbers_and_rows(path: Path) -> None:
    async with dashboard(path, (60, 16)) as (app, pilot):
        assert app.dashboard.table.rows >= 3
        await press(pilot, "down", "down")
        assert "▸18 Nov" in screen_text(app) or "▸19 Nov" in screen_text(app)
        tiles = screen_text(app).splitlines()[1:3]
        names = set(
            "Starts Sends Users answered Delivered Read Answered Failed Sent to Per user Single Mass Web Ads".split()
        )
        assert set(tiles[0].split()) <= names
        assert "55" in tiles[1].split()


async def test_wide_characters_are_whole_over_what_they_cover(tmp_path: Path) -> None:
    wide = "日本語テンプレート日本語テンプレート"
    who = ContactIds(wa_ids=("5491155559999",), name=wide)
    event = Inbound("wide", "text", NOON + 2 * DAY, LINE, who, origin=Origin.CAMPAIGN)
    path = build(tmp_path / "wide.db", [*scenes.events(), event])
    for size in ((80, 24), (120, 40), (160, 48)):
        async with dashboard(path, size) as (app, pilot):
            await press(pilot, "enter")
            assert wide in screen_text(app)
            await press(pilot, "escape")
            assert "Daily evolution" in screen_text(app)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (160, 48)])
async def test_the_first_frame_shows_the_filter_that_was_asked_for(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size, "period:7d user:new origin:notification") as (app, _):
        bar = screen_text(app).split("\n")[0]
        assert "Last 7" in bar
        assert "New" in bar
        assert "Mass" in bar


@pytest.mark.parametrize("number", "1368")
@pytest.mark.long(keep=2)
async def test_resizing_keeps_the_focus(path: Path, number: str) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        for sizes in ([(59, 15), (120, 40)], [(80, 24)], [(60, 16), (160, 48)], [(50, 12), (80, 24)]):
            await pilot.resize_terminal(160, 48)
            await press(pilot, number)
            had = app.focused
            for size in sizes:
                await pilot.resize_terminal(*size)
                await scenes.settle(pilot)
            assert app.focused is had, sizes
            assert had is not None
            assert had.is_on_screen, sizes
            assert f"▸{number}" in screen_text(app) or number == "1", sizes


async def test_f_shows_the_funnel_if_it_is_not_on_the_screen(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "f")
        assert "6 Funnel  period" in screen_text(app)


async def test_an_empty_funnel_keeps_its_steps(path: Path) -> None:
    async with dashboard(path, (120, 40), "contact:1") as (app, _):
        text = screen_text(app)
        assert "No sends in this period." in text
        for step in ("S Sent", "D Delivered", "R Read", "A Answered"):
            assert step in text
