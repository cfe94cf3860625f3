"""Copies of any length arrive at the outer terminal through real tmux, GNU screen and mosh, or are said not to."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.sessions import Session, session
from tui.terminal.clipboard import MAX_LENGTH, MOSH_LENGTH, Form, Route, Tmux, route, sequence

LENGTHS = (1, 300, 560, 570, 580, 700, 2_000, 12_000, MAX_LENGTH // 4 * 3)
# Copies one text after the other as the dashboard does, and then says so.
COPIES = f"""
import os, sys, time
from tui.terminal import clipboard, tmux
way = tmux.route()
for length in {LENGTHS}:
    try:
        os.write(1, clipboard.sequence("x" * length, way.forms, way.longest).encode())
    except clipboard.TooLong as error:
        print(error)
    time.sleep(0.3)
print("missing:", way.missing or "nothing", ".")
time.sleep(30)
"""
PLACED = re.compile(r"\x1b\]52;c?;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
needs_screen = pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed")
needs_mosh = pytest.mark.skipif(
    not all(map(shutil.which, ("mosh-server", "mosh-client", "tmux"))), reason="mosh or tmux is not installed"
)


def placed(opened: Session) -> set[int]:
    """The lengths of the texts that reached the clipboard of the terminal."""
    found = [base64.b64decode(packed) for packed in PLACED.findall(opened.shown)]
    assert all(set(text) <= {ord("x")} for text in found)
    return {len(text) for text in found if text}


def copying(directory: Path) -> str:
    """The shell command that copies."""
    (directory / "copies.py").write_text(COPIES)
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(directory / 'copies.py'))}"


def in_tmux(directory: Path, command: str, *settings: str) -> list[str]:
    """The words that run a shell command in a tmux of its own."""
    (directory / "tmux.conf").write_text("".join(f"{line}\n" for line in ("set -g status off", *settings)))
    words = ["tmux", "-S", str(directory / "s"), "-f", str(directory / "tmux.conf"), "new-session", command]
    return ["-c", f"import os; os.execvp('tmux', {words!r})"]


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("t")  # short: the path of a socket has a limit
    yield path
    if (path / "s").exists():
        os.system(f"tmux -S {shlex.quote(str(path / 's'))} kill-server 2>/dev/null")


@needs_tmux
@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (("set -s set-clipboard on", "set -g allow-passthrough off"), "nothing"),
        (("set -s set-clipboard external", "set -g allow-passthrough on"), "nothing"),
        (("set -s set-clipboard on", "set -g allow-passthrough on"), "nothing"),
        (("set -s set-clipboard external", "set -g allow-passthrough off"), "set-clipboard on"),
        (("set -s set-clipboard off", "set -g allow-passthrough off"), "set-clipboard on"),
    ],
    ids=str,
)
def test_in_tmux(directory: Path, settings: tuple[str, ...], missing: str) -> None:
    with session(in_tmux(directory, copying(directory), *settings), directory, (200, 24)) as opened:
        opened.until("missing:")
        opened.read(0.5)
        assert placed(opened) == (set(LENGTHS) if missing == "nothing" else set())
        assert missing in opened.shown


@needs_tmux
def test_in_tmux_on_a_terminal_without_a_clipboard(directory: Path) -> None:
    words = in_tmux(directory, copying(directory), "set -s set-clipboard on", "set -g allow-passthrough off")
    with session(words, directory, (200, 24), TERM="vt100") as opened:
        opened.until("missing:")
        opened.read(0.5)
        assert "allow-passthrough on" in opened.shown
        assert not placed(opened)


@needs_screen
def test_in_screen(directory: Path) -> None:
    sockets = directory / "screens"
    sockets.mkdir(mode=0o700)
    words = ["screen", "-c", "/dev/null", "sh", "-c", copying(directory)]
    start = ["-c", f"import os; os.execvp('screen', {words!r})"]
    with session(start, directory, (120, 24), SCREENDIR=str(sockets)) as opened:
        opened.until("missing:")
        opened.read(0.5)
        assert placed(opened) == set(LENGTHS)
        assert not any("eHh4" in line for line in opened.screen.display)


@needs_mosh
@pytest.mark.parametrize("passes", [True, False])
def test_in_tmux_inside_mosh(directory: Path, passes: bool) -> None:
    """As with every text that mosh cuts off: 16,384 bytes of a sequence pass."""
    (directory / "tmux.conf").write_text(
        f"set -g status off\nset -s set-clipboard on\nset -g allow-passthrough {'on' if passes else 'off'}\n"
    )
    inner = ["tmux", "-S", str(directory / "s"), "-f", str(directory / "tmux.conf"), "new-session", copying(directory)]
    start = f"""
import os, re, subprocess
words = ["mosh-server", "new", "-i", "127.0.0.1", "-l", "LANG=C.UTF-8", "--", *{inner!r}]
told = subprocess.run(words, capture_output=True, text=True)
port, key = re.search("MOSH CONNECT (\\\\d+) (\\\\S+)", told.stdout).groups()
os.environ["MOSH_KEY"] = key
os.execvp("mosh-client", ["mosh-client", "127.0.0.1", port])
"""
    with session(["-c", start], directory, (200, 24)) as opened:
        opened.until("missing:", 30)
        opened.read(1.0)
        if passes:
            assert max(placed(opened)) == 12_000  # mosh sends states: what was copied last is what counts
            assert "more than mosh takes" in opened.shown
        else:
            assert "allow-passthrough on" in opened.shown
            assert not placed(opened)


@pytest.mark.parametrize(
    ("environment", "tmux", "expected"),
    [
        ({"TERM": "xterm-256color"}, None, Route()),
        ({"TERM": "screen-256color"}, None, Route((Form.SCREEN,))),
        ({"TERM": "xterm", "STY": "1.pts"}, None, Route((Form.SCREEN,))),
        ({"TERM": "tmux-256color"}, None, Route((Form.TMUX, Form.PLAIN))),
        ({"TERM": "screen", "TMUX": "/s,1,0"}, None, Route((Form.TMUX, Form.PLAIN))),
        ({"TERM": "screen", "TMUX": "/s,1,0"}, Tmux(True, True, False, True), Route((Form.TMUX,), longest=MOSH_LENGTH)),
        ({"TERM": "screen", "TMUX": "/s,1,0"}, Tmux(True, False), Route((Form.PLAIN,))),
    ],
    ids=str,
)
def test_the_form_follows_what_is_on_the_way(environment: dict[str, str], tmux: Tmux | None, expected: Route) -> None:
    assert route(environment, tmux) == expected


@pytest.mark.parametrize(
    "environment", [{"TERM": "linux"}, {"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"}], ids=str
)
def test_a_terminal_without_a_clipboard_is_told(environment: dict[str, str]) -> None:
    assert route(environment).missing
    assert sequence("x", route(environment).forms) == ""


@needs_tmux
def test_the_dashboard_says_which_setting_is_missing(directory: Path) -> None:
    path = scenes.database(directory)
    command = f"{sys.executable} -m tui --db {path} --now 2026-11-20T18:00-03:00"
    words = in_tmux(directory, command, "set -s set-clipboard off", "set -g allow-passthrough off")
    with session(words, directory, (160, 40)) as opened:
        opened.until("Last starts")
        opened.read(0.5)
        opened.press(b"y")
        opened.until("not copied: this needs: tmux set -s set-clipboard on")


@pytest.mark.parametrize("keys", [b"\x1b[25~", b"\x1b[31~", b"\x1b[32~", b"\x1b[33~", b"\x1b[34~"], ids=repr)
@pytest.mark.long(keep=3)
def test_shift_with_a_function_key_is_no_character(tmp_path: Path, keys: bytes) -> None:
    path = scenes.database(tmp_path)
    with session(["-m", "tui", "--db", str(path), "--now", "2026-11-20T18:00-03:00"], tmp_path) as opened:
        opened.until("Last starts")
        opened.settle()
        opened.press(keys)
        opened.settle()
        assert opened.shown == ""
        opened.press(b" ")
        opened.until("paused")
