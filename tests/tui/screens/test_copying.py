"""Copying to the terminal's clipboard, opening links, saving under a name, the palette, and the pause."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tests.tui.screens.test_live import append
from tui.terminal import browser, clipboard
from tui.widgets.status_bar import StatusLine


def unpacked(sequence: str) -> str:
    """The text that an OSC 52 sequence puts on the clipboard."""
    assert sequence.startswith("\x1b]52;c;")
    return base64.b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode()


def test_a_terminal_gets_a_plain_sequence() -> None:
    assert unpacked(clipboard.sequence("José 🌸")) == "José 🌸"


def test_tmux_gets_a_passthrough_sequence() -> None:
    assert clipboard.sequence("x", (clipboard.Form.TMUX,)) == "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\"


@pytest.mark.parametrize("length", [1, 560, 2000, 56_000])
def test_gnu_screen_gets_chunks_that_it_passes_on(length: int) -> None:
    sequence = clipboard.sequence("x" * length, (clipboard.Form.SCREEN,))
    chunks = [chunk.removeprefix("\x1bP") for chunk in sequence.split("\x1b\\")[:-1]]
    assert max(map(len, chunks)) < 768
    assert unpacked("".join(chunks)) == "x" * length


def test_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(clipboard.TooLong, match="w saves them"):
        clipboard.sequence("x" * 60_000)


def test_there_is_no_browser_over_ssh() -> None:
    assert not browser.is_here({"SSH_CONNECTION": "1", "DISPLAY": ":0"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return scenes.database(tmp_path)


async def sent(app: Any, pilot: Any, *keys: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the keys put on the clipboard."""
    found: list[str] = []
    monkeypatch.setattr(app._driver, "write", lambda data: found.append(data) if "]52;" in data else None)
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    await press(pilot, *keys)
    return [unpacked(data) for data in found]


async def test_y_copies_the_item_under_the_cursor(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dashboard(path, filter="status:failed") as (app, pilot):
        assert await sent(app, pilot, "y", monkeypatch=monkeypatch) == ["5491155550007"]
        assert "sent to your local clipboard: 5491155550007" in app.dashboard.query_one(StatusLine).text
        row = (await sent(app, pilot, "Y", monkeypatch=monkeypatch))[0].split("\t")
        assert row[1:3] == ["failed", "5491155550007"]
        assert row[-2:] == ["limit_reached", "131049"]
        assert await sent(app, pilot, "3", "y", monkeypatch=monkeypatch) == ["Failed\t8\t1.0"]
        assert len((await sent(app, pilot, "Y", monkeypatch=monkeypatch))[0].splitlines()) == 6
        link = await sent(app, pilot, "8", "enter", "y", monkeypatch=monkeypatch)
        assert link == ["https://wa.me/5491155550007"]


async def test_o_opens_the_chat_if_there_is_a_browser(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_link(link: str) -> bool:
        opened.append(link)
        return True

    monkeypatch.setattr(browser, "open_link", open_link)
    async with dashboard(path, filter="status:failed") as (app, pilot):
        monkeypatch.setattr(browser, "is_here", lambda: False)
        await press(pilot, "enter", "o")
        assert opened == []
        assert "no browser on this machine" in app.dashboard.query_one(StatusLine).text
        monkeypatch.setattr(browser, "is_here", lambda: True)
        await press(pilot, "o")
        assert opened == ["https://wa.me/5491155550007"]


async def test_upper_w_saves_under_a_typed_name(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "W", "ctrl+a", "ctrl+k", *"mine", "enter")
        assert app.dashboard.query_one(StatusLine).text == f"saved {path.parent / 'mine'}"
        assert len((path.parent / "mine").read_text().splitlines()) == 1 + scenes.STARTS
        await press(pilot, "W", "ctrl+a", "ctrl+k", *"mine", "enter")
        assert "already exists" in app.dashboard.query_one(StatusLine).text
        await press(pilot, "W", "escape")
        assert app.focused is app.dashboard.table


async def test_the_palette_finds_and_runs_a_command(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "colon", *"notification")
        assert "Table: by notification, or start by start" in screen_text(app)
        await press(pilot, "enter")
        assert app.dashboard.view.grouped


async def test_space_pauses_live_updates(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "space")
        append(path, 2)
        await pilot.pause(1.5)
        await settle(pilot)
        assert app.dashboard.table.count == scenes.STARTS
        assert "paused" in app.dashboard.query_one(StatusLine).text
        await press(pilot, "r")
        assert app.dashboard.table.count == scenes.STARTS + 2


async def test_no_key_of_the_dashboard_fails_on_any_panel(path: Path) -> None:
    """No key may fail on any panel."""
    keys = ("x", "v", "f", "c", "r", "y", "Y", "T", "space", "left_square_bracket", "right_square_bracket", "k", "j")
    async with dashboard(path, (80, 24)) as (app, pilot):
        for panel in "12345678":
            await press(pilot, panel, *keys)
        assert app.is_running
