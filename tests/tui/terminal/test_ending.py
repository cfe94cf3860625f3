"""The real program in odd terminals: it always ends soon, restores the terminal, and stops and comes back as a job."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.sessions import ROOT, Session, session

# A graceful or forced end takes less than a second; the rest is for a busy machine.
SOON = 5.0
WORDS = ("--now", "2026-11-20T18:00-03:00")
BASH = ["-c", "import os; os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("ending"))


def end(opened: Session, how: str) -> None:
    """Asks the program to end."""
    if how == "closed":
        os.close(opened.terminal)
    elif how.startswith("SIG"):
        os.kill(opened.process, signal.Signals[how])
    else:
        os.write(opened.terminal, how.encode())


def echoes(opened: Session) -> bool:
    """Whether the terminal shows what is typed, as a shell needs it."""
    return bool(termios.tcgetattr(opened.terminal)[3] & termios.ECHO)


@pytest.mark.parametrize(
    ("size", "how"),
    [
        *(((0, 0), "closed"), ((0, 0), "q"), ((0, 24), "q"), ((0, 0), "SIGTERM"), ((80, 0), "SIGTERM")),
        *(((0, 0), "\x03"), ((0, 0), "SIGHUP"), ((1, 1), "SIGTERM"), ((1, 1), "q")),
    ],
    ids=str,
)
@pytest.mark.long(keep=2)
def test_a_terminal_without_a_size_rests_and_ends(path: Path, size: tuple[int, int], how: str) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent, size) as opened:
        opened.until("Last starts" if size != (1, 1) else "\x1b[?2004h")
        opened.settle()
        opened.shown = ""
        opened.read(0.5)
        assert opened.shown == ""
        end(opened, how)
        assert opened.ended(SOON) in (0, -signal.SIGHUP)
        if how != "closed":
            assert echoes(opened)
            opened.read(0.2)
            assert "\x1b[?1049l" in opened.shown


@pytest.mark.parametrize("size", [(0, 50), (1, 1)], ids=str)
def test_a_size_that_is_lost_and_comes_back_is_drawn_once(path: Path, size: tuple[int, int]) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Last starts")
        for _ in range(5):
            opened.tell_size(size)
            opened.tell_size((100, 40))
        opened.settle()
        opened.shown = ""
        opened.read(0.5)
        assert opened.shown == ""
        end(opened, "q")
        assert opened.ended(SOON) == 0


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP"])
def test_a_terminal_that_reads_nothing_cannot_hold_the_program(path: Path, how: str) -> None:
    """A key cannot end it then: the program waits for the terminal, and reads no key meanwhile."""
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Last starts")
        for _ in range(40):  # each draws the whole screen, and nobody reads it
            os.write(opened.terminal, b"\x0c")
            time.sleep(0.02)
        end(opened, how)
        assert opened.ended(SOON) == 0
        assert echoes(opened)


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_it_starts_ends_it_without_a_traceback(path: Path, how: str) -> None:
    number = signal.Signals[how]
    delays = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
    for delay in delays if how == "SIGINT" else delays[how == "SIGTERM" :: 2]:
        with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
            opened.read(delay)
            end(opened, how)
            status = opened.ended(SOON)
            opened.read(0.1)
            # Until the program's first line runs, Python itself answers to a signal, from 3.13 on in colours.
            if "saludo: " in opened.shown or "\x1b[?" in opened.shown:
                assert status in ((130,) if how == "SIGINT" else (0, 128 + number, -number)), delay
                assert "Traceback" not in opened.shown, opened.shown
            assert echoes(opened)
            if "\x1b[?1049h" in opened.shown:
                assert "\x1b[?1049l" in opened.shown


def test_a_handled_interrupt_in_code_from_a_text_gives_the_status_and_not_the_signal(tmp_path: Path) -> None:
    """As in a dataclass that is made while modules are imported: tui/__main__.py says why it is special."""
    tmp_path.joinpath("interrupted.py").write_text(
        """
import sys
from tui import __main__
from tui.commands import cli


def run(words):
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return 130


cli.run = run
sys.exit(__main__.main())
"""
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    heeding = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    words = [sys.executable, "-c", heeding, sys.executable, "-m", "interrupted"]
    assert subprocess.run(words, env=environment, check=False).returncode == 130


@pytest.mark.parametrize("keys", [b"?", b"t", b"/line:", b":", b"\r", b"W", b"nxy\r"], ids=repr)
@pytest.mark.long(keep=2)
def test_a_signal_while_something_is_open_ends_it(path: Path, keys: bytes) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Last starts")
        opened.press(keys)
        opened.settle()
        end(opened, "SIGTERM")
        assert opened.ended(SOON) == 0
        assert echoes(opened)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize("wrapped", [False, True])
def test_as_a_job_of_a_shell_it_stops_and_comes_back(path: Path, wrapped: bool) -> None:
    command = f"{sys.executable} -m tui --db {path} {' '.join(WORDS)}"
    with session(BASH, path.parent, PYTHONPATH=str(ROOT), PS1="ready> ") as opened:
        opened.until("ready> ")
        opened.press((f"bash -c '{command}; echo over'" if wrapped else command).encode() + b"\r")
        opened.until("Last starts")
        for _ in range(2):
            opened.read(0.5)
            opened.press(b"\x1a")
            opened.until("Stopped")
            opened.press(b"echo $((6 * 7))\r")
            opened.until("42")
            opened.press(b"fg\r")
            opened.until("Last starts")
        opened.press(b"q")
        opened.until("over" if wrapped else "ready> ")
        opened.press(b"exit\r")
        assert opened.ended(SOON) == 0


def test_without_a_shell_that_could_continue_it_it_does_not_stop(path: Path) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Last starts")
        opened.settle()
        opened.press(b"\x1a")
        opened.until("\x1b[?1049l")
        opened.until("Last starts")
        opened.press(b"q")
        assert opened.ended(SOON) == 0
