"""`R` shows whom to try again and who is left out, `w` there and `P` on the dashboard save people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.domain.events import Event, Failure, Rank, Send, Status, Step
from storage.domain.failures import Reason
from storage.messages.retry_rule import Since
from storage.table.retries import Retries
from tests.databases import HOUR, LINE, NOON, SECOND, build
from tests.tui import scenes
from tests.tui.scenes import dashboard, on_dashboard, person, press, screen_text, settle
from tui.screens.retry_screen import RetryScreen
from tui.widgets.status_bar import StatusLine
from tui.words.retry_words import left_out_words
from tui.words.unavailable import NOTHING_FAILED

# The scene's limits of Meta, persons 5 to 7, are over by now; these are not, and person 5 was reached since.
LATE = scenes.NOW


def history() -> list[Event]:
    now = int(LATE.timestamp() * 1000)
    found: list[Event] = [*scenes.events()]
    for number in (70, 71):
        key, at = f"late.{number}", now - HOUR
        found.append(Send(key, Rank.SEND_LOG, at, LINE, person(number), kind="template", template="x", accepted_at=at))
        found.append(Status(key, Step.FAILED, at + SECOND, LINE, person(number), failure=Failure(131049, "x")))
    again = Send("again", Rank.SEND_LOG, NOON + HOUR, LINE, person(5), kind="template", accepted_at=NOON + HOUR)
    found += [again, Status("again", Step.DELIVERED, NOON + HOUR + SECOND, LINE, person(5))]
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return build(tmp_path / "saludo.db", history())


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (160, 48)])
async def test_r_shows_who_and_when_and_who_not(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "R")
        text = screen_text(app)
        assert "4 people: 2 now, 2 later" in " ".join(text.split())
        assert "5  number no longer exists" in text
        assert "1  reached since" in text
        await press(pilot, "G")
        text = screen_text(app)
        assert "5491155550071" in text
        assert "5491155550006" in text
        assert "5491155550005" not in text
        await press(pilot, "escape")
        assert on_dashboard(app)
        assert app.focused is app.dashboard.table


async def test_names_and_templates_of_people_are_never_markup(path: Path) -> None:
    async with dashboard(path, (160, 48), "template:promo*") as (app, pilot):
        await press(pilot, "R")
        assert "promo [/b] 50%" in screen_text(app)


async def test_whom_to_try_again_is_saved_in_two_keys(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "R", "w")
        assert on_dashboard(app)
        (saved,) = path.parent.glob("retry-*.tsv")
        told = app.dashboard.query_one(StatusLine).text
        assert told == f"6 people left out, saved 4 people to {saved}"
    header, *rows = saved.read_text(encoding="utf-8").splitlines()
    assert header.split("\t")[9] == "Try from"
    assert [row.split("\t")[1][-2:] for row in rows] == ["71", "70", "07", "06"]


async def test_who_did_not_get_it_is_saved_in_three_keys(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "3", "enter", "P")
        (saved,) = path.parent.glob("people-*.tsv")
        assert app.dashboard.query_one(StatusLine).text == f"saved 10 people to {saved}"
    header, *rows = saved.read_text(encoding="utf-8").splitlines()
    assert header.split("\t")[6] == "Status"
    assert {row.split("\t")[6] for row in rows} == {"failed"}
    assert len(rows) == 10


async def test_where_nothing_failed_r_says_so(path: Path) -> None:
    async with dashboard(path, filter="status:answered") as (app, pilot):
        await press(pilot, "R")
        assert on_dashboard(app)
        assert app.dashboard.query_one(StatusLine).text == NOTHING_FAILED


async def test_escape_stops_a_long_search(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = Retries.find

    def slowly(self: Retries, *asked: Any) -> Iterator[Any]:
        for chunk in find(self, *asked):
            for _ in range(40):
                time.sleep(0.05)
                yield chunk[:0]

    monkeypatch.setattr(Retries, "find", slowly)
    async with dashboard(path) as (app, pilot):
        await pilot.press("R")
        await pilot.pause(0.7)
        assert "looking for whom to try again" in app.dashboard.query_one(StatusLine).text
        await pilot.press("j")
        assert app.dashboard.table.cursor == 1
        await pilot.press("escape")
        await settle(pilot)
        assert on_dashboard(app)
        assert app.dashboard.query_one(StatusLine).text == "cancelled"


async def test_the_list_of_another_filter_is_not_shown(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        app.dashboard.parts.retries.look()
        app.dashboard.parts.navigation.go_to(app.dashboard.view.filter.without("period"))
        app.dashboard.parts.navigation.go_to(app.dashboard.view.filter.with_values("status", ["failed"]))
        await settle(pilot)
        assert not isinstance(app.screen, RetryScreen)


def test_the_words_for_who_is_left_out() -> None:
    left_out: dict[Reason | Since, int] = {
        Since.REACHED: 1_200,
        Reason.WINDOW_CLOSED: 3,
        Since.WAITING: 3,
        Since.STOPPED: 2,
        Reason.NUMBER_GONE: 0,
    }
    assert left_out_words(left_out, 2) == [
        "1,200 reached since",
        "3 sent to since, without a result yet",
        "3 24-hour window closed",
        "2 stopped your marketing",
        "2 sends to an unknown contact",
    ]
