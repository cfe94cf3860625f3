"""The real program in a real pseudo-terminal: hang-ups in the middle of a save, suspending, odd terminals."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.sessions import session

# Every row of a save takes a while, so that there is a middle of it.
SLOW = """
import sys, time
import storage.table.export_starts as starts
from storage.table.export_lines import StartLines
starts._CHUNK = 1
selected = StartLines.selected
def slowly(*asked):
    for lines in selected(*asked):
        time.sleep(0.1)
        yield lines
StartLines.selected = slowly
from tui.commands.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("how", ["terminal closed", "SIGHUP", "SIGTERM"])
def test_a_hang_up_in_the_middle_of_a_save_leaves_no_half_written_file(tmp_path: Path, how: str) -> None:
    path = scenes.database(tmp_path)
    words = ["-c", SLOW, "--db", str(path), "--now", "2026-11-20T18:00-03:00"]
    with session(words, tmp_path) as opened:
        opened.until("Last starts")
        opened.press(b"w")
        opened.until("so far")
        assert list(tmp_path.glob(".*.part"))
        if how == "terminal closed":
            os.close(opened.terminal)
        else:
            os.kill(opened.process, signal.Signals[how])
        assert opened.ended() in (0, 1, -signal.SIGHUP)
    assert not list(tmp_path.glob(".*.part"))
    assert not list(tmp_path.glob("*.tsv"))


def test_q_restores_the_terminal(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    with session(["-m", "tui", "--db", str(path)], tmp_path) as opened:
        opened.until("Last starts")
        opened.press(b"q")
        assert opened.ended() == 0
        opened.read(0.2)
        assert "\x1b[?1049l" in opened.shown
        assert "\x1b[?25h" in opened.shown


def test_a_dumb_terminal_gets_a_sentence(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    with session(["-m", "tui", "--db", str(path)], tmp_path, TERM="dumb") as opened:
        assert opened.ended() == 1
        opened.read(0.3)
        assert "'saludo report' prints the same numbers" in opened.shown
        assert "\x1b[" not in opened.shown


def test_a_locale_without_utf_8_gets_ascii_only(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    with session(["-m", "tui", "--db", str(path)], tmp_path, LANG="es_AR.ISO-8859-1", LC_ALL="") as opened:
        opened.until("Last starts")
        opened.settle()
        assert opened.shown.isascii()
        assert "----" in opened.shown


def test_over_ssh_the_mouse_is_left_to_the_terminal(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    for environment, listens in (({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False), ({"SSH_CONNECTION": ""}, True)):
        with session(["-m", "tui", "--db", str(path)], tmp_path, (120, 40), **environment) as opened:
            opened.until("Last starts")
            assert ("\x1b[?1003h" in opened.shown) is listens


@pytest.mark.parametrize(
    ("packet", "shown"),
    [(b'/line:"quilmes"', '"quilmes"'), (b"tquickly", "quickly"), (b"/status:failed\rv", "Notifications")],
)
def test_keys_that_come_in_one_packet_are_taken_in_their_order(tmp_path: Path, packet: bytes, shown: str) -> None:
    path = scenes.database(tmp_path)
    words = ["-m", "tui", "--db", str(path), "--now", "2026-11-20T18:00-03:00"]
    with session(words, tmp_path) as opened:
        opened.until("Last starts")
        opened.settle()
        opened.press(packet)
        opened.settle()
        opened.press(b"\x0c")  # draws the whole screen again
        opened.until(shown)


def test_without_colours_series_are_told_by_their_textures(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    with session(["-m", "tui", "--db", str(path), "--now", "2026-11-20T18:00-03:00"], tmp_path, NO_COLOR="1") as opened:
        opened.until("Last starts")
        opened.until("× Failed")
        opened.settle()
        shown = opened.shown
    for code in re.findall(r"\x1b\[([\d;]*)m", shown):
        # Attributes, the default colours and greys are no colours.
        numbers = [int(number) for number in code.split(";") if number]
        assert not set(numbers[:1]) & {*range(31, 37), *range(41, 47), *range(91, 97), *range(101, 107)}, code
        for place, number in enumerate(numbers):
            if number in (38, 48) and numbers[place + 1 : place + 2] == [2]:
                assert len(set(numbers[place + 2 : place + 5])) == 1, code
    for texture in ("×", "░", "▒", "▓", "+"):
        assert texture in shown, texture


def test_no_name_of_a_person_or_file_is_obeyed_by_the_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "\x1b]0;owned\x07\x9b2J\u202e"
    hostile.mkdir()
    path = scenes.database(hostile)
    words = ["-m", "tui", "--db", str(path), "--now", "2026-11-20T18:00-03:00"]
    with session(words, hostile, (160, 48)) as opened:
        opened.until("Last starts")
        opened.settle()
        sent = opened.shown
        for keys in (b"G", b"\r", b"o", b"\x1b", b"w", b"W", b"\x1b", b"?"):
            opened.press(keys)
            opened.settle()
            sent += opened.shown
        path.unlink()
        opened.press(b"\x1b")
        opened.until("database not found")
        sent += opened.shown
    assert "owned" in sent
    assert not re.search("\x1b\\](?!8;|22;)|[\x80-\x9f\u202e]", sent)
