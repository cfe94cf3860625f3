"""The progress bar: one line that is overwritten, for any file name and terminal width."""

from __future__ import annotations

import io
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from tui.commands import demo, progress
from tui.commands.progress import Bar, bar_for, last_cells

WIDE = "\u6f22"


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def watch(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in place of stderr, on which the bar draws at once and every time."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_DELAY", 0)
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    return terminal


def cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


@pytest.mark.parametrize("columns", [10, 40, 80, 200])
@pytest.mark.parametrize(
    "name",
    ["a.jsonl", "/a/long/way/" * 9 + "to.jsonl", WIDE * 90, "x\x1b[2J\n\u202ey"],
    ids=["short", "long", "wide", "controls"],
)
def test_the_bar_stays_on_its_line(name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    monkeypatch.setattr(progress, "_columns", lambda: columns)
    with bar_for(name, 10**12) as bar:
        bar.show(0, 0)
        bar.show(123_456_789, 1_000_000)
    before, *drawn, cleared = terminal.getvalue().split("\r")
    assert (before, len(drawn), cleared) == ("", 2, "\x1b[K")
    for line in drawn:
        text = line.removesuffix("\x1b[K")
        assert text.isprintable()
        assert 0 < cells(text) < columns


def test_the_time_left_is_in_minutes_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    bar = Bar("file", 300, visible=True)
    now[0] = 100.5
    bar.show(0, 0)
    now[0] = 159.6
    bar.show(100, 5_000)
    assert terminal.getvalue().endswith("\rfile   33%  5,000  84/s  1:59 left\x1b[K")


def test_counting_after_the_last_record_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    Bar("file", 300, visible=True).counted(3, 12)
    assert terminal.getvalue().endswith("\rfile  all read   25% counted\x1b[K")


def test_of_several_files_the_bar_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    bar_for("/a/long/way/" * 9 + "to.jsonl", 300, 2, 12).show(0, 0)
    assert terminal.getvalue().startswith("\r2 of 12: ")
    assert "to.jsonl  0" in terminal.getvalue()
    bar_for("only.jsonl", 300).show(0, 0)
    assert "\ronly.jsonl  0" in terminal.getvalue()


def test_nothing_is_drawn_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_DELAY", 0)
    bar_for("file", 10).show(5, 5)
    assert capsys.readouterr() == ("", "")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        bar_for("file", 10).show(5, 5)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("width", "shown"),
    [(0, ""), (1, "d"), (2, "d"), (3, f"{WIDE}d"), (4, f"b{WIDE}d"), (9, f"ab{WIDE}d")],
)
def test_the_end_of_a_text_in_cells(width: int, shown: str) -> None:
    assert last_cells(f"ab{WIDE}d", width) == shown


def test_the_demo_shows_from_the_beginning_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(demo, "_STARTS", 60)
    monkeypatch.setattr(progress, "_DELAY", 1_000)  # only what is shown at once
    demo.build_demo(tmp_path / "demo.db", bar_for("building the demo"))
    first = terminal.getvalue().split("\r")[1]
    assert first.startswith("building the demo  inventing a shop    0%")
