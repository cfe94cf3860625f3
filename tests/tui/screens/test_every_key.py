"""Every key, under every name, has a visible effect, at a small and at a large size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import scenes
from tests.tui.scenes import dashboard, on_dashboard, press, screen_text, settle
from tui.data.reading import View
from tui.data.view_history import History
from tui.screens.app import SaludoApp
from tui.screens.help import HelpScreen
from tui.screens.retry_screen import RetryScreen
from tui.terminal import browser
from tui.widgets.scroll_text import Lines
from tui.words.keys import KEYS, Key, Where

SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]
HELP, DROPDOWN = "question_mark", "a dropdown"

# What is pressed first, so that a key can act: by the part that listens, and for some keys their own.
BEGIN: dict[Where, tuple[str, ...]] = {
    Where.EVERYWHERE: (),
    Where.DASHBOARD: (),
    Where.PANEL: ("3",),
    Where.TABLE: (),
    Where.DROPDOWN: (DROPDOWN,),
    Where.LIST: ("p",),
    Where.FILTER_LINE: ("slash",),
    Where.PROMPT: ("F",),
    Where.DETAIL: ("enter",),
    Where.TEXT: (HELP,),
    Where.HELP: (HELP,),
    Where.RETRY: ("R",),
    Where.VERSUS: ("b", "space", "space", "equals_sign"),
}
OWN: dict[str, tuple[str, ...]] = {
    "dashboard.back": ("v",),
    "dashboard.forward": ("v", "escape"),
    "dashboard.clear": ("3", "enter"),
    "panel.move-back": ("3", "end"),
    "panel.move-to-first": ("3", "end"),
    "panel.move-on": ("3", "home"),
    "panel.move-to-last": ("3", "home"),
    "table.move-back": ("j",),
    "table.page-back": ("end",),
    "table.move-to-first": ("end",),
    "table.mark": ("b",),
    "list.move-back": ("p", "down"),
    "list.move-back-ten": ("p", "pagedown"),
    "list.mark": ("o", "down"),
    "list.erase": ("t", "p"),
    "list.pick": ("p", "down"),
    "filter-line.complete": ("slash", *"status", "colon", "f"),
    "filter-line.submit-filter": ("slash", *"status", "colon", *"failed"),
    "prompt.submit-text": ("F", *"person"),
    "detail.step-back": ("j", "enter"),
    "text.scroll-back": (HELP, "down"),
    "text.scroll-page-back": (HELP, "end"),
    "text.scroll-to-first": (HELP, "end"),
}


def names(key: Key) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name of a key, and the keys to press before it."""
    for name in key.keys.split(","):
        begin = OWN.get(key.id, BEGIN[key.where])
        if key.action.startswith("panel("):
            begin = ("4",) if name == "3" else ("3",)
        yield name, begin


class Noticed:
    """Effects that the screen does not show."""

    def __init__(self, app: SaludoApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.selectable_count: list[str] = []
        load = app.dashboard.parts.database.load

        def read(*rest: Any) -> None:
            self.selectable_count.append("read")
            load(*rest)

        def opened(link: str) -> bool:
            self.selectable_count.append(link)
            return True

        monkeypatch.setattr(app, "exit", lambda *rest: self.selectable_count.append("left"))
        monkeypatch.setattr(app, "action_suspend_process", lambda: self.selectable_count.append("suspended"))
        monkeypatch.setattr(app, "forget_screen", lambda: self.selectable_count.append("redrawn"))
        monkeypatch.setattr(app.dashboard.parts.database, "load", read)
        monkeypatch.setattr(browser, "is_here", lambda: True)
        monkeypatch.setattr(browser, "open_link", opened)


def seen(app: SaludoApp, noticed: Noticed) -> tuple[Any, ...]:
    """Everything that a key may change."""
    focused = app.focused
    return (
        type(app.screen),
        None if focused is None else focused.id,
        app.dashboard.view,
        app.dashboard.parts.live.paused,
        app.theme,
        screen_text(app),
        tuple(noticed.selectable_count),
    )


async def restore(app: SaludoApp, pilot: Pilot[Any], focus: str = "starts") -> None:
    """Restores the dashboard as it was at the start."""
    if isinstance(app.screen, HelpScreen):
        app.screen.query_one(Lines).action_scroll_to(0)
        await press(pilot, "escape")
    if isinstance(app.screen, RetryScreen):
        await press(pilot, "escape")
    board = app.dashboard
    for widget in ("choices", "filter-line", "prompt-line", "detail"):
        if board.query_one(f"#{widget}").display:
            await press(pilot, "escape")
    assert on_dashboard(app)
    parts = board.parts
    parts.navigation.history, parts.live.paused, parts.saves.progress, parts.search.text = History(), False, None, ""
    parts.breakdowns._marked.clear()
    parts.arrangement.show_chart("daily")
    board.table.action_move_to(0)
    if board.view != View(board.view.filter.parse("period:30d")):
        parts.navigation.load(View(board.view.filter.parse("period:30d")), parts.navigation.anchor)
    parts.key_focus.focus_on(focus)
    await settle(pilot)
    board.show_keys()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=2)
async def test_every_key_does_something(tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.database(tmp_path)
    async with dashboard(path, size) as (app, pilot):
        noticed = Noticed(app, monkeypatch)
        for number, key in enumerate(KEYS):
            if not key.action or number % 2 != SIZES.index(size) % 2:  # each at a small and at a large size
                continue
            for name, begin in names(key):
                await restore(app, pilot)
                if begin[:1] == (DROPDOWN,):
                    await restore(app, pilot, "choose-origin")
                    begin = begin[1:]
                await press(pilot, *[{":": "colon"}.get(one, one) for one in begin])
                before = seen(app, noticed)
                await press(pilot, name)
                assert seen(app, noticed) != before, (key.where, key.id, name, size)
        await restore(app, pilot)


def test_preparations_belong_to_existing_keys() -> None:
    ids = {key.id for key in KEYS}
    assert not set(OWN) - ids
