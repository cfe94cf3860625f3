"""Filters by dropdown, filter line and keys, and what the screen says if nothing matches."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("dashboard"))


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


async def test_a_mark_wins_over_the_cursor(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "t", "down", "space", "enter")  # the mark moves the cursor on
        assert str(app.dashboard.view.filter) == "period:30d template:order_1"
        await press(pilot, "t", "down", "space", "up", "up", "up", "enter")
        assert str(app.dashboard.view.filter) == f'period:30d template:order_1,"{scenes.PROMO}"'
        await press(pilot, "t", "space", "space", "enter")  # both marks are removed
        assert str(app.dashboard.view.filter) == "period:30d"


async def test_enter_on_another_value_takes_that_one_alone(path: Path) -> None:
    async with dashboard(path, filter="template:order_1") as (app, pilot):
        await press(pilot, "t", "down", "enter")
        assert str(app.dashboard.view.filter) == f'period:30d template:"{scenes.PROMO}"'


async def test_all_but_the_marked_are_chosen_from_a_list(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "t", "down", "space", "exclamation_mark")
        assert "Enter leaves out 1 marked" in screen_text(app)
        await press(pilot, "enter")
        assert str(app.dashboard.view.filter) == "period:30d template:!order_1"
        assert app.dashboard.table.count == scenes.STARTS - 10
        await press(pilot, "t", "exclamation_mark", "enter")
        assert str(app.dashboard.view.filter) == "period:30d template:order_1"
        await press(pilot, "u", "down", "exclamation_mark", "enter")
        assert str(app.dashboard.view.filter) == "period:30d template:order_1 user:!new"


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


async def test_the_filter_line_accepts_the_grammar_and_points_at_a_wrong_word(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "slash", *"status", "colon", *"dad", "enter")
        assert 'at "status:dad"' in app.dashboard.query_one(StatusLine).text
        await press(pilot, "escape", "slash", *"stat", "tab", *"f", "tab", "enter")
        assert str(app.dashboard.view.filter) == "period:30d status:failed"
        assert app.dashboard.table.count == scenes.FAILED


async def test_a_filter_that_matches_nothing_says_what_to_do(path: Path) -> None:
    async with dashboard(path, filter="contact:1") as (app, pilot):
        assert "Nothing matches: Last 30 days, contact 1." in screen_text(app)
        await press(pilot, "x")
        assert app.dashboard.table.count == scenes.STARTS


BURSTS = [
    (["slash", "end", *"line", "colon", *"nobody", "quotation_mark"], "filter-line", 'period:30d line:nobody"'),
    (["t", *"promo", "space", *"50"], "choices", "promo 50"),
    (["t", *"quit"], "choices", "quit"),
    (["W", "end", *"q"], "prompt-line", None),
]


@pytest.mark.parametrize(("keys", "focused", "typed"), BURSTS)
async def test_keys_of_one_packet_act_one_after_another(
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


async def test_enter_at_the_end_of_a_packet_applies_the_typed_filter(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await pilot.press("slash", *"status", "colon", *"failed", "enter", "v")
        await scenes.settle(pilot)
        assert app.dashboard.view.filter.statuses == frozenset((StartStatus.FAILED,))
        assert app.dashboard.view.grouped
