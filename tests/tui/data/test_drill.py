"""Drilling at every size: where one is, what the numbers add up to, what a slow database does to the keys."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from storage.domain.events import Event, Failure, Inbound, Rank, Send, Status, Step
from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus
from tests.databases import DAY, HOUR, LINE, NOON, SECOND, build
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tests.tui.screens.test_live import until
from tui.data import reading
from tui.widgets.failures_chart import FailuresChart
from tui.widgets.panel import Panel
from tui.widgets.proportion_charts import Proportions
from tui.widgets.status_bar import StatusLine
from tui.words.filter_words import breadcrumbs

SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("drilling"))


def test_breadcrumbs_say_what_each_step_added() -> None:
    texts = ("period:30d", "period:30d template:promo", "period:30d template:promo status:failed", "period:7d")
    filters = [Filter.parse(text) for text in texts]
    assert breadcrumbs(filters[:3]) == "Last 30 days › template promo › failed"
    assert breadcrumbs(filters) == "Last 7 days"
    assert breadcrumbs([filters[1], filters[0]]) == "Last 30 days"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=2)
async def test_every_part_of_every_panel_drills_to_its_number(path: Path, size: tuple[int, int]) -> None:
    expected = {
        "3": [scenes.FAILED, scenes.SENT, scenes.DELIVERED, scenes.READ, scenes.ANSWERED],
        "6": [scenes.SENDS - scenes.FAILED, scenes.ANSWERED + scenes.READ + scenes.DELIVERED, 22, scenes.ANSWERED],
        "7": [5, 3],
    }
    async with dashboard(path, size) as (app, pilot):
        for panel, counts in expected.items():
            for part, count in enumerate(counts):
                await press(pilot, panel, "home", *["down"] * part, "enter")
                assert app.dashboard.table.count == count, (panel, part)
                assert f"{count} start" in app.dashboard.query_one(StatusLine).text
                await press(pilot, "escape")
                assert app.dashboard.table.count == scenes.STARTS


async def test_breadcrumbs_are_shown_while_drilling(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        assert app.dashboard.query_one(StatusLine).text == "55 starts of 55 users"
        await press(pilot, "7", "enter")
        said = app.dashboard.query_one(StatusLine).text
        assert said == "5 starts of 5 users   Last 30 days › failed by code 131026"


def _sent(key: str, at: int, person: int) -> Send:
    return Send(key, Rank.SEND_LOG, at, LINE, scenes.person(person), kind="template", template=scenes.PROMO)


@pytest.fixture
def again(tmp_path: Path) -> Path:
    """The small business, which sends once more to three people who answered: two of them only read it, one fails; and
    two more to whom it has not sent yet, and one who wrote before, who do not answer."""
    later = NOON + 3 * HOUR
    events: list[Event] = [*scenes.events()]
    events.append(Inbound("in.before", "text", NOON - DAY, LINE, scenes.person(70)))
    for person in (8, 9, 10, 60, 61, 70):
        key = f"wamid.again.{person}"
        events.append(_sent(key, later, person))
        if person == 10:
            events.append(Status(key, Step.FAILED, later + SECOND, LINE, failure=Failure(131049, "x", "y")))
        else:
            events.append(Status(key, Step.READ, later + SECOND, LINE))
    return build(tmp_path / "again.db", events)


async def test_where_a_number_of_users_has_starts_of_more_users_the_status_line_says_whose(again: Path) -> None:
    async with dashboard(again, (120, 40)) as (app, pilot):
        for keys, pressed, users, words in (
            (("2", "home"), scenes.ANSWERED, scenes.ANSWERED, ""),
            (("2", "end"), 35, 37, ": 35 never answered, 2 answered another time"),
            (("4", "home"), 49, 49, ""),
            (("4", "end"), 1, 3, ": 1 recurrent in all, 2 once new"),
        ):
            await press(pilot, *keys)
            panel = app.dashboard.focused
            assert isinstance(panel, Proportions), keys
            assert panel.report is not None
            assert panel.whole(panel.report)[panel.cursor].count == pressed, keys
            await press(pilot, "enter")
            said = app.dashboard.query_one(StatusLine).text
            assert f" of {users} users{words}   Last 30 days" in said, keys
            await press(pilot, "slash", "escape")
            assert app.dashboard.query_one(StatusLine).text == said, keys
            await press(pilot, "v")
            assert f" of {users} users   Last 30 days" in app.dashboard.query_one(StatusLine).text, keys
            await press(pilot, "escape", "escape")
            assert app.dashboard.table.count == scenes.STARTS + 6, keys


@pytest.mark.parametrize(
    ("filter", "keys"),
    [
        ("status:failed", ("3", "end")),
        ("status:failed", ("2",)),
        ("status:failed", ("6",)),
        ("origin:campaign", ("1", "right")),
        ("user:new", ("4", "down")),
    ],
)
async def test_enter_on_what_the_filter_excludes_shows_nothing_else(
    path: Path, filter: str, keys: tuple[str, ...]
) -> None:
    async with dashboard(path, (120, 40), filter) as (app, pilot):
        await press(pilot, *keys, "enter")
        assert app.dashboard.view.filter == Filter.parse(filter)
        assert app.dashboard.query_one(StatusLine).text == "no starts: the count is 0"


async def test_going_back_puts_the_cursor_where_it_was_in_the_panel(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        for panel, part in (("1", 1), ("3", 3), ("5", 27), ("6", 2), ("7", 1)):
            await press(pilot, panel, "home", *["down"] * part)
            chart = app.focused
            assert isinstance(chart, Panel), panel
            await press(pilot, "enter")
            assert app.dashboard.table.has_focus, panel
            await press(pilot, "escape")
            assert chart.has_focus, panel
            assert chart.cursor == part, panel


async def test_a_filter_that_matches_nothing_says_which_part_to_loosen(path: Path) -> None:
    async with dashboard(path, (120, 40), filter="template:order_1 status:failed") as (app, _):
        text = screen_text(app)
    assert "Nothing matches: Last 30 days, template order_1, failed." in text
    assert "Without the template there would be 8 starts." in text
    assert "Without the status there would be 10 starts." in text
    assert "Without Last 30 days" not in text


async def test_the_cursor_moves_while_a_query_is_slow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No frame waits for a query."""
    slow = reading.load_snapshot

    def slowly(*arguments: Any) -> reading.Snapshot:
        time.sleep(2.0)
        return slow(*arguments)

    async with dashboard(path, (120, 40)) as (app, pilot):
        monkeypatch.setattr(reading, "load_snapshot", slowly)
        await pilot.press("less_than_sign")
        started = time.monotonic()
        for _ in range(5):
            await pilot.press("j")
        assert app.dashboard.table.cursor == 5
        assert time.monotonic() - started < 1.9
        assert app.dashboard.snapshot is not None
        assert app.dashboard.snapshot.view.filter == Filter()
        await settle(pilot)


async def test_a_newer_filter_makes_an_older_answer_stale(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    async with dashboard(path, (120, 40)) as (app, pilot):
        show = app.dashboard.show_snapshot

        def watched(*arguments: Any) -> None:
            shown.append(str(arguments[0].view.filter))
            show(*arguments)

        monkeypatch.setattr(app.dashboard, "show_snapshot", watched)
        app.dashboard.parts.navigation.go_to(Filter(statuses=frozenset((StartStatus.READ,))))
        app.dashboard.parts.navigation.go_to(Filter(statuses=frozenset((StartStatus.FAILED,))))
        await settle(pilot)
        assert shown[-1] == "period:30d status:failed"
        assert app.dashboard.table.count == scenes.FAILED


async def test_another_process_that_imports_shows_up(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    webhook = (
        '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":'
        '{"messaging_product":"whatsapp","metadata":{"display_phone_number":"5491100000001","phone_number_id":"1"},'
        '"messages":[{"id":"wamid.new","from":"5491105559999","timestamp":"1795194000","type":"text",'
        '"text":{"body":"x"},"referral":{"source_type":"ad"}}]}}]}]}\n'
    )
    (tmp_path / "hooks.jsonl").write_text(webhook)
    async with dashboard(path, (120, 40)) as (app, pilot):
        command = [sys.executable, "-m", "tui", "--db", str(path), "import", str(tmp_path / "hooks.jsonl")]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        assert b"1 new" in done.stderr
        await until(pilot, lambda: app.dashboard.table.count == scenes.STARTS + 1)
        assert "5491105559999" in screen_text(app)


async def test_every_reason_of_failure_drills_to_its_own_sends(tmp_path: Path) -> None:
    """A reason with several codes, one without, and a code with two reasons."""
    failures = [Failure(131026, "a"), Failure(131026, "a"), Failure(1013, "a"), Failure(None, "El número ya no existe")]
    failures += [Failure(100, "x"), Failure(100, "Invalid parameter"), Failure(100, "Invalid parameter")]
    events: list[Event] = [*scenes.events()]
    for place, failure in enumerate(failures):
        events.append(_sent(f"failed.{place}", NOON + HOUR, 200 + place))
        events.append(Status(f"failed.{place}", Step.FAILED, NOON + HOUR + SECOND, LINE, failure=failure))
    async with dashboard(build(tmp_path / "failures.db", events), (120, 40)) as (app, pilot):
        await press(pilot, "c", "7")  # alone in its place, where the codes have room
        chart = app.dashboard.query_one(FailuresChart)
        assert chart.report is not None
        rows = chart._all()
        assert len(rows) == 7
        assert sum(row.sends for row in rows if not row.inner) == chart.report.status.failed
        for place, row in enumerate(rows):
            await press(pilot, "7", "home", *["down"] * place, "enter")
            assert app.dashboard.table.count == row.sends, row
            await press(pilot, "escape")
