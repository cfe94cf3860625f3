"""A key that cannot act now is told from the others in the key bar, and says why in the help and when it is pressed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from storage.domain.events import ContactIds, Event, Rank, Send
from tests.databases import LINE, NOON, build
from tests.language_runs import said_in
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.data.worker_messages import SaveEnded
from tui.screens.app import SaludoApp
from tui.widgets.scroll_text import Lines
from tui.widgets.status_bar import KeyBar, StatusLine
from tui.words.keys import Key, Where, bar

NORMAL, WIDE = (150, 40), (160, 48)
FINDING = "search needs single starts by time: press v for single starts, s to sort by time"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("refusals"))


def last_line(app: SaludoApp) -> str:
    """The key bar as it is seen."""
    return screen_text(app).split("\n")[-1]


def said(app: SaludoApp) -> str:
    """The status line."""
    return app.dashboard.query_one(StatusLine).text


CASES: list[tuple[tuple[int, int], tuple[str, ...], str, str, str]] = [
    (NORMAL, (), "escape", "(Esc Back)", "no previous filter; press q to quit"),
    (NORMAL, (), "right_square_bracket", "", "no next filter"),
    (NORMAL, (), "x", "(x Clear)", "no filter is set"),
    (WIDE, (), "c", "(c Chart)", "all charts are on the screen"),
    (NORMAL, ("s",), "N", "", FINDING),
    (NORMAL, ("s",), "F", "", FINDING),
    (NORMAL, ("slash", *"contact", "colon", "1", "enter"), "y", "(Enter Open)", "no item under the cursor"),
    (NORMAL, ("slash", *"contact", "colon", "1", "enter"), "Y", "(Enter Open)", "no item under the cursor"),
    (NORMAL, ("enter",), "b", "(b Previous)", "this is the first start of the table"),
    (NORMAL, ("end", "enter"), "n", "(n Next)", "this is the last start of the table"),
]


@pytest.mark.parametrize(("size", "keys", "key", "shown", "reason"), CASES)
async def test_a_key_that_cannot_act_says_why_in_three_places(
    path: Path, size: tuple[int, int], keys: tuple[str, ...], key: str, shown: str, reason: str
) -> None:
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, *keys)
        assert shown in last_line(app)
        before = app.dashboard.view
        await press(pilot, key)
        assert said(app) == reason
        assert app.dashboard.view == before
        await press(pilot, "question_mark")
        words = " ".join(app.screen.query_one(Lines).text.split())
        assert f"(not now: {reason})" in words


async def test_a_start_of_nobody_has_no_link_and_no_other_starts(tmp_path: Path) -> None:
    start: Event = Send(
        "w", Rank.SEND_LOG, NOON, LINE, ContactIds(), kind="template", template="hello", accepted_at=NOON
    )
    path = build(tmp_path / "saludo.db", [start])
    async with dashboard(path, NORMAL) as (app, pilot):
        await press(pilot, "enter")
        assert "(Enter This person)(y Copy link)" in last_line(app)
        await press(pilot, "y")
        assert "no link to this chat" in said(app)
        await press(pilot, "enter")
        assert said(app) == "the contact of this start is unknown"
        assert app.dashboard.parts.navigation.history.depth == 0


async def test_keys_that_can_act_again_look_like_the_others(path: Path) -> None:
    async with dashboard(path, NORMAL) as (app, pilot):
        await press(pilot, "u", "down", "enter")
        assert " Esc Back  / Filter  p Period  x Clear " in last_line(app)
        await press(pilot, "escape")
        assert "(Esc Back)" in last_line(app)
        assert "(x Clear)" in last_line(app)
        await pilot.resize_terminal(*WIDE)
        await settle(pilot)
        assert "(c Chart)" in last_line(app)


async def test_saving_is_refused_while_something_is_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dashboard(path, NORMAL) as (app, pilot):
        monkeypatch.setattr(app.dashboard.parts.database, "save_rows", lambda *rest: None)  # one that does not end
        await press(pilot, "w")
        assert "(w Save)" in last_line(app)
        assert " Esc Back " in last_line(app)
        await press(pilot, "W")
        assert said(app) == "still saving …; press Esc to cancel"
        app.dashboard.post_message(SaveEnded("saved"))
        await settle(pilot)
        assert " w Save " in last_line(app)


@pytest.mark.parametrize("width", range(20, 130))
def test_where_there_is_no_room_those_that_cannot_act_give_way_and_the_help_stays(width: int) -> None:
    keys = bar(Where.DASHBOARD, Where.EVERYWHERE)
    refused = frozenset(key for key in keys if key.bar in ("Back", "Clear", "Chart"))
    line = KeyBar("a-bar")
    line.show(keys, refused)
    shown = line._fitting(width)

    def room(some: Iterable[Key]) -> int:
        return sum(len(f" {key.shown} {key.bar} ") for key in some)

    assert room(shown) <= width
    assert [key.bar for key in shown][-2:] == ["Help", "Quit"]
    assert shown == [key for key in keys if key in shown]
    left_out = [key for key in keys if key not in shown]
    # No key that can act is left out for one that cannot.
    assert set(left_out) <= refused or not set(shown) & refused


@pytest.mark.parametrize("language", ["en", "es_AR", "pt_BR", "xx"])
def test_saving_and_comparing_have_room_at_80_columns_in_every_language(language: str) -> None:
    code = """
from tui.words.keys import Where, bar
from tui.widgets.status_bar import KeyBar
line, keys = KeyBar("a-bar"), bar(Where.DASHBOARD, Where.EVERYWHERE)
for on_rows in (True, False):
    for filtered in (True, False):
        refused = frozenset(key for key in keys if key.action == "back" and not filtered)
        line.show([key for key in keys if key.action != "funnel"], refused, on_rows)
        print(*(key.action for key in line._fitting(80, 2)), sep=",")
"""
    found = said_in(language, code).splitlines()
    assert len(found) == 4
    for shown in found:
        assert {"save", "compare", "filter_line", "breakdown", "app.help", "app.quit"} <= set(shown.split(","))
