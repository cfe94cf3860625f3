"""Filters by dropdown, filter line and keys, and what the screen says if nothing matches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from storage.domain.filters import Filter, fields_by_keyword
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.data.filter_settings import FilterSettings
from tui.data.preferences import Preferences
from tui.screens.app import SaludoApp
from tui.screens.help import help_lines
from tui.widgets.filter_line import FilterLine
from tui.widgets.status_bar import StatusLine
from tui.words.keys import ids


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


@asynccontextmanager
async def with_settings(path: Path, settings: FilterSettings) -> AsyncIterator[tuple[SaludoApp, Pilot[None]]]:
    """The app with filters of the settings file."""
    preferences = Preferences(filters=settings)
    app = SaludoApp(path, settings.everything, lambda: scenes.NOW, path.parent, preferences)
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(pilot)
        yield app, pilot


NAMED = FilterSettings({"lost": "period:7d status:failed", "orders": "template:order_*"}, frozenset(("5491155550001",)))


async def test_excluded_people_are_left_out_until_their_word_is_deleted(path: Path) -> None:
    async with with_settings(path, NAMED) as (app, pilot):
        assert str(app.dashboard.view.filter) == "period:30d contact:!5491155550001"
        assert app.dashboard.table.count == scenes.STARTS - 1
        await press(pilot, "t", "down", "enter", "x")
        assert str(app.dashboard.view.filter) == "period:30d contact:!5491155550001"
        await press(pilot, "slash", "ctrl+u", *"user", "colon", *"new", "enter")
        assert str(app.dashboard.view.filter) == "period:30d user:new"


async def test_a_named_filter_is_chosen_from_the_list_of_periods(path: Path) -> None:
    async with with_settings(path, NAMED) as (app, pilot):
        await press(pilot, "p", *"lost", "enter")
        assert str(app.dashboard.view.filter) == "period:7d status:failed contact:!5491155550001"
        assert app.dashboard.table.count == scenes.FAILED - 1


async def test_a_named_filter_is_completed_and_applied_in_the_filter_line(path: Path) -> None:
    async with with_settings(path, NAMED) as (app, pilot):
        await press(pilot, "slash", "ctrl+u", "at", *"or", "tab")
        assert app.dashboard.query_one(FilterLine).value == "@orders"
        await press(pilot, "enter")
        assert str(app.dashboard.view.filter) == "period:30d template:order_*"


async def test_days_are_typed_as_people_write_them(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "p", *"18", "slash", *"11", "space", *"18", "slash", *"11", "enter")
        assert str(app.dashboard.view.filter) == "since:2026-11-18 until:2026-11-19"
        await press(pilot, "p", *"nov", "enter")
        assert str(app.dashboard.view.filter) == "since:2026-11-01 until:2026-12-01"
        await press(pilot, "slash", "ctrl+u", *"since", "colon", *"yesterday", "enter")
        assert str(app.dashboard.view.filter) == "since:2026-11-19"


async def test_what_is_completed_can_be_followed_by_another_value(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "slash", *"status", "colon", *"f", "tab", "comma", *"se", "tab", "enter")
        assert str(app.dashboard.view.filter) == "period:30d status:failed,sent"


async def test_a_template_that_is_not_there_gets_a_suggestion(path: Path) -> None:
    async with dashboard(path, filter="template:ordr_1") as (app, _):
        assert 'No template is called "ordr_1". Did you mean "order_1"?' in screen_text(app)


async def test_the_next_period_stops_at_today(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "greater_than_sign")
        assert app.dashboard.query_one(StatusLine).text == "the next period begins after today"
        assert app.dashboard.view.filter == Filter()
        await press(pilot, "less_than_sign", "greater_than_sign")
        assert str(app.dashboard.view.filter) == "since:2026-10-22 until:2026-11-21"


async def test_the_palette_finds_an_action_by_what_people_call_it(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        for typed, does in (
            ("export", "Save as TSV"),
            ("fail", "Go to failures"),
            ("group", "Table by template"),
            ("search", "Type a filter"),
            ("exit", "Quit"),
        ):
            await press(pilot, "colon", *typed)
            assert any(does in line for line in screen_text(app).splitlines()[1:4]), typed
            await press(pilot, "escape")


async def test_enter_on_the_palette_goes_to_the_failures(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "colon", *"fail", "enter")
        assert app.focused is not None
        assert app.focused.id == "failures"


async def test_keys_say_what_they_did(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        line = app.dashboard.query_one(StatusLine)
        await press(pilot, "T")
        assert line.text == "theme: dark"
        await press(pilot, "T", "T")
        assert line.text == "theme: the terminal's own colours"
        await press(pilot, "r")
        assert line.text == "read again: nothing has changed"


async def test_the_help_lists_the_grammar_and_the_names_of_key_actions(path: Path) -> None:
    shown = "\n".join(strip.text for strip in help_lines(80, {}))
    assert "field:!a,b    all but these values" in shown
    assert all(f"    {keyword}:" in shown for keyword in fields_by_keyword())
    assert all(id in shown for id in ids())


async def test_a_narrow_key_bar_has_the_keys_to_find_something(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, _):
        bar = screen_text(app).splitlines()[-1]
        assert all(word in bar for word in ("p Period", "n Find", "s Sort", "/ Filter", "w Save", "? Help"))
