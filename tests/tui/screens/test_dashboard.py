"""The dashboard by keyboard alone: what each key shows, and that every panel tells the same numbers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from storage.domain.events import ContactIds, Inbound, Origin
from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus
from storage.report.report import load_report
from storage.table.export import write_tsv
from tests.databases import DAY, LINE, NOON, NOW, build, column, session_of
from tests.tui import scenes
from tests.tui.scenes import dashboard, on_dashboard, press, screen_text
from tests.tui.screens.test_live import append, until
from tui.screens.help import HelpScreen
from tui.widgets.detail_pane import DetailPane
from tui.widgets.prompt_line import PromptLine
from tui.widgets.proportions import AnsweredChart, FailuresChart, StatusChart
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
async def test_a_terminal_too_small_says_so(path: Path, size: tuple[int, int]) -> None:
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
        assert "Number no longer exists (code 131026)" in text
        assert "Message undeliverable" in text
        assert "take it off the list" in " ".join(text.split())
        assert "https://wa.me/5491155550004" in text
        await press(pilot, "escape", "escape")
        assert not app.dashboard.query_one(DetailPane).display
        assert app.dashboard.view.filter == Filter()
        assert app.dashboard.table.count == scenes.STARTS


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
    assert saved.read_text().splitlines()[:2] == ["sends by status\tcount\tshare", "Failed\t8\t0.16"]
    saved.unlink()


async def test_every_dropdown_opens_and_takes_a_value(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        for key, typed, expected in (
            ("p", "7", "period:7d"),
            ("o", "mass", "period:7d origin:notification"),
            ("l", "0001", "period:7d origin:notification line:+5491100000001"),
            ("t", "50%", 'period:7d origin:notification line:+5491100000001 template:"promo [/b] 50%"'),
            ("u", "new", 'period:7d origin:notification line:+5491100000001 template:"promo [/b] 50%" user:new'),
        ):
            await press(pilot, key, *[{"%": "percent_sign"}.get(sign, sign) for sign in typed], "enter")
            assert str(app.dashboard.view.filter) == expected
        assert app.dashboard.table.count == 40
        await press(pilot, "escape", "escape", "escape", "escape", "escape")
        assert app.dashboard.view.filter == Filter()
        await press(pilot, "right_square_bracket")
        assert app.dashboard.view.filter.period == Period("7d")


async def test_several_values_are_marked_with_space(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "o", "down", "space", "space", "enter")
        assert sorted(app.dashboard.view.filter.origins) == ["notification", "template"]
        assert app.dashboard.table.count == scenes.SENDS


async def test_a_list_tells_how_many_starts_each_value_has_under_the_other_filters(path: Path) -> None:
    async with dashboard(path, filter="status:failed") as (app, pilot):
        await press(pilot, "t")
        lines = [line for line in screen_text(app).splitlines() if scenes.PROMO in line or "order_1" in line]
        assert any(scenes.PROMO in line and " 8 " in line for line in lines)
        assert any("order_1" in line and " 0 " in line for line in lines)


async def test_a_custom_period_is_typed(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(
            pilot, "p", *"2026", "minus", *"11", "minus", *"19", "space", *"2026", "minus", *"11", "minus", "1", "9"
        )
        await press(pilot, "enter")
        assert str(app.dashboard.view.filter) == "since:2026-11-19 until:2026-11-20"
        assert app.dashboard.table.count == scenes.REFERRED
        await press(pilot, "less_than_sign")
        assert str(app.dashboard.view.filter) == "since:2026-11-18 until:2026-11-19"
        assert app.dashboard.table.count == scenes.SENDS


async def test_the_filter_line_takes_the_grammar_and_points_at_a_wrong_word(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "slash", *"status", "colon", *"dad", "enter")
        assert "»status:dad«" in app.dashboard.query_one(StatusLine).text
        await press(pilot, "escape", "slash", *"stat", "tab", *"f", "tab", "enter")
        assert str(app.dashboard.view.filter) == "period:30d status:failed"
        assert app.dashboard.table.count == scenes.FAILED


async def test_a_filter_that_matches_nothing_says_what_to_do(path: Path) -> None:
    async with dashboard(path, filter="contact:1") as (app, pilot):
        assert "Nothing matches: Last 30 days, contact 1." in screen_text(app)
        await press(pilot, "x")
        assert app.dashboard.table.count == scenes.STARTS


async def test_the_table_grouped_by_notification_opens_its_starts(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "v")
        assert app.dashboard.table.count == 2
        text = screen_text(app)
        assert "Notifications" in text
        row = next(line for line in text.splitlines() if scenes.PROMO in line)
        assert row.split()[-6:] == ["40", "40", "8", "20.0%", "10", "31.2%"]
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


async def test_help_shows_every_key_and_closes(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.query_one(Lines).text
        assert "save as TSV: the starts of this filter" in " ".join(text.split())
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


async def test_hostile_text_is_shown_and_never_obeyed(path: Path) -> None:
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


async def test_an_answered_part_drills_into_those_who_answered(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "2")
        assert isinstance(app.focused, AnsweredChart)
        await press(pilot, "enter")
        assert app.dashboard.table.count == scenes.ANSWERED


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        (("1", "right", "enter"), scenes.SENDS),
        (("1", "end", "enter"), scenes.REFERRED),
        (("3", "enter"), scenes.FAILED),
        (("3", "down", "enter"), scenes.SENT),
        (("3", "down", "down", "enter"), scenes.DELIVERED),
        (("3", "end", "enter"), scenes.ANSWERED),
        (("6", "enter"), scenes.SENDS - scenes.FAILED),
        (("6", "end", "enter"), scenes.ANSWERED),
        (("6", "down", "down", "enter"), scenes.READ + scenes.ANSWERED),
        (("5", "end", "left", "left", "enter"), scenes.SENDS),
        (("5", "end", "left", "enter"), scenes.REFERRED),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_enter_shows_as_many_starts_as_were_under_the_cursor(
    path: Path, keys: tuple[str, ...], count: int, size: tuple[int, int]
) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, *keys)
        assert app.dashboard.table.count == count


BURSTS = [
    (["slash", "end", *"line", "colon", *"nobody", "quotation_mark"], "filter-line", 'period:30d line:nobody"'),
    (["t", *"promo", "space", *"50"], "choices", "promo 50"),
    (["t", *"quit"], "choices", "quit"),
    (["W", "end", *"q"], "prompt-line", None),
]


@pytest.mark.parametrize(("keys", "focused", "typed"), BURSTS)
async def test_keys_of_one_packet_go_where_each_of_them_leads(
    path: Path, keys: list[str], focused: str, typed: str | None
) -> None:
    """A slow link delivers several keys at once: what follows `/` is text, not a command."""
    async with dashboard(path, (80, 24)) as (app, pilot):
        await pilot.press(*keys)
        await scenes.settle(pilot)
        assert app.is_running
        assert app.focused is not None
        assert app.focused.id == focused
        if typed is not None:
            assert getattr(app.focused, "typed", None) == typed or getattr(app.focused, "value", None) == typed
        assert app.dashboard.view.filter == Filter()


async def test_enter_at_the_end_of_a_packet_applies_what_came_before_it(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await pilot.press("slash", *"status", "colon", *"failed", "enter", "v")
        await scenes.settle(pilot)
        assert app.dashboard.view.filter.statuses == frozenset((StartStatus.FAILED,))
        assert app.dashboard.view.grouped


async def test_the_smallest_size_shows_whole_numbers_and_rows(path: Path) -> None:
    async with dashboard(path, (60, 16)) as (app, pilot):
        assert app.dashboard.table.rows >= 3
        await press(pilot, "down", "down")
        assert "▸18 Nov" in screen_text(app) or "▸19 Nov" in screen_text(app)
        tiles = screen_text(app).splitlines()[1:3]
        names = set("Starts Sends Users Sent to Per user Answered Failed Templates Mass Web Ads".split())
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


async def test_the_status_line_counts_what_a_reload_brought(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path) as (app, pilot):
        assert app.dashboard.query_one(StatusLine).text == "55 starts of 55 users"
        append(path, 2)
        await until(pilot, lambda: app.dashboard.table.count == 57)
        assert app.dashboard.query_one(StatusLine).text == "57 starts of 57 users"


async def test_a_start_that_is_open_keeps_its_place_when_the_terminal_grows_and_shrinks(path: Path) -> None:
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


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (160, 48)])
async def test_the_first_frame_shows_the_filter_that_was_asked_for(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size, "period:7d user:new origin:notification") as (app, _):
        bar = screen_text(app).split("\n")[0]
        assert "Last 7" in bar
        assert "New" in bar
        assert "Mass" in bar


@pytest.mark.parametrize("number", "12345678")
@pytest.mark.parametrize(
    "sizes", [[(59, 15), (120, 40)], [(80, 24)], [(60, 16), (160, 48)], [(50, 12), (80, 24)]], ids=str
)
async def test_what_has_the_keys_keeps_them_at_every_size(
    path: Path, number: str, sizes: list[tuple[int, int]]
) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        await press(pilot, number)
        had = app.focused
        for size in sizes:
            await pilot.resize_terminal(*size)
            await scenes.settle(pilot)
        assert app.focused is had
        assert had is not None
        assert had.is_on_screen
        assert f"▸{number}" in screen_text(app) or number == "1"


async def test_a_notice_goes_with_the_next_key_and_an_error_stays(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await press(pilot, "x")
        assert line.text == "no filter is set"
        await press(pilot, "down")
        assert line.text == "55 starts of 55 users"
        app.dashboard.say("it broke", error=True)
        await press(pilot, "down")
        assert line.text == "it broke"


@pytest.mark.parametrize("keys", [("enter",), ("7", "enter"), ("2", "enter"), ("5", "enter"), ("6", "f", "enter")])
async def test_enter_where_nothing_is_says_so(path: Path, keys: tuple[str, ...]) -> None:
    async with dashboard(path, (80, 24), "contact:1") as (app, pilot):
        await press(pilot, *keys)
        said = app.dashboard.query_one(StatusLine).text
        assert said in ("no item under the cursor", "no starts: the count is 0")
        assert app.dashboard.view.filter == Filter.parse("contact:1")


async def test_the_order_stands_in_the_heading_of_the_table_and_not_of_the_notifications(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "s", "S")
        assert "8 Starts, by template from the end" in screen_text(app)
        await press(pilot, "v")
        assert "8 Notifications" in screen_text(app)
        assert "by template" not in screen_text(app)


async def test_f_shows_the_funnel_where_it_is_not_on_the_screen(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "f")
        assert "6 Funnel  period" in screen_text(app)


async def test_an_empty_funnel_keeps_its_steps(path: Path) -> None:
    async with dashboard(path, (120, 40), "contact:1") as (app, _):
        text = screen_text(app)
        assert "No sends in this period." in text
        for step in ("S Sent", "D Delivered", "R Read", "A Answered"):
            assert step in text


async def test_the_way_to_import_names_the_database_that_is_open(tmp_path: Path) -> None:
    async with dashboard(tmp_path / "none.db", (120, 40)) as (app, _):
        assert f"saludo import --db {tmp_path / 'none.db'} FILES" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_the_end_of_a_proposed_name_is_in_view(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "W")
        assert app.dashboard.query_one(PromptLine).value.endswith(screen_text(app).split("\n")[0].strip()[-12:])
        await pilot.resize_terminal(61, 17)
        await scenes.settle(pilot)
        assert screen_text(app).split("\n")[0].strip().endswith(".tsv")
