"""What the cell diff sends ends in the same screen as Textual's own display, and an equal frame sends nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.tui import scenes
from tests.tui.scenes import dashboard, settle
from tui.display import Shadow, cells_of, pieces_of, supported

_SEQUENCE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|(\n)|([^\x1b\n]+)|(\x1b[^m]*?\\)")
CONSOLE = Console(force_terminal=True, color_system="256", width=200)


class Terminal:
    """A terminal that understands just what is sent to it: cursor moves, colours and characters."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self._x = self._y = 0
        self._style = ""

    def write(self, text: str) -> None:
        """Takes what a driver would write."""
        for row, column, style, newline, characters, _ in _SEQUENCE.findall(text):
            if row:
                self._y, self._x = int(row) - 1, int(column) - 1
            elif newline:
                continue
            elif characters:
                self._put(characters)
            else:
                self._style = "" if style in ("", "0") else style

    def _put(self, text: str) -> None:
        for part, _ in cells_of(Strip([Segment(text)])):
            self.cells[self._y, self._x] = (part, self._style)
            self._x += 1


def test_this_version_of_textual_is_one_that_the_diff_knows() -> None:
    assert supported()


def test_an_equal_line_sends_nothing_and_a_changed_cell_only_itself() -> None:
    shadow = Shadow()
    red = Style(color="red")
    line = Strip([Segment("abc ", red), Segment("x" * 40)])
    assert "abc" in shadow.changes([(3, 0, line)], CONSOLE)
    assert shadow.changes([(3, 0, line)], CONSOLE) == ""
    other = Strip([Segment("abd ", red), Segment("x" * 40)])
    assert shadow.changes([(3, 0, other)], CONSOLE) == "\x1b[4;3H\x1b[31md\x1b[0m"
    shadow.forget()
    assert "abd" in shadow.changes([(3, 0, other)], CONSOLE)


@pytest.mark.parametrize("text", ["a🌸b", "José 🌸 x", "👨‍👩‍👧 fam", "漢字ab", "e\u0301e", "☺️ ok"])
def test_wide_characters_are_never_cut_in_half(text: str) -> None:
    shadow, terminal, fresh = Shadow(), Terminal(), Terminal()
    terminal.write(shadow.changes([(0, 0, Strip([Segment("漢" * 20)]))], CONSOLE))
    line = Strip([Segment(text)]).adjust_cell_length(40)
    terminal.write(shadow.changes([(0, 0, line)], CONSOLE))
    fresh.write(Shadow().changes([(0, 0, line)], CONSOLE))
    assert terminal.cells == fresh.cells
    assert len(cells_of(line)) == 40


KEYS = (
    *("down", "up", "pagedown", "pageup", "end", "home", "tab", "shift+tab", "enter", "escape", "c", "v", "f", "w"),
    *("p", "o", "t", "l", "u", "x", "slash", "question_mark", "left_square_bracket", "less_than_sign", "right"),
    *("1", "2", "3", "4", "5", "6", "7", "8", "space", "a", "q"),
)


@pytest.mark.parametrize("seed", range(3))
async def test_a_random_walk_of_keys_and_sizes_ends_in_textuals_own_screen(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every frame that the app would send goes to a terminal by the diff; after each key it shows what Textual has."""
    path = scenes.database(tmp_path)
    choice = random.Random(seed)
    async with dashboard(path, (100, 34)) as (app, pilot):
        shadow, terminal = Shadow(), Terminal()
        steps = 0

        def display(screen: Any, update: Any) -> None:
            if update is not None and not app._batch_count:
                terminal.write(shadow.changes(pieces_of(update), CONSOLE))

        monkeypatch.setattr(app, "_display", display)
        app.screen.refresh()
        await settle(pilot)
        for _ in range(60):
            if choice.random() < 0.08:
                await pilot.resize_terminal(*choice.choice([(80, 24), (120, 40), (160, 48), (61, 17)]))
                shadow.forget()
                terminal.cells.clear()
                app.screen.refresh(layout=True)
            else:
                key = choice.choice(KEYS)
                if key == "q" and app.screen is app.dashboard:
                    continue  # it would end the walk
                await pilot.press(key)
            await settle(pilot)
            _compare(terminal, app)
            steps += 1
        assert steps > 40


def _compare(terminal: Terminal, app: Any) -> None:
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        for x, (character, style) in enumerate(cells_of(strip)):
            shown, code = terminal.cells[y, x]
            assert shown == character, (y, x)
            assert code == _code(style), (y, x, character)


def _code(style: Style | None) -> str:
    if style is None:
        return ""
    rendered = Strip([Segment("x", style)]).render(CONSOLE)
    found: Iterator[str] = (match[1] for match in re.finditer(r"\x1b\[([\d;]*)m", rendered))
    return next(found, "")
