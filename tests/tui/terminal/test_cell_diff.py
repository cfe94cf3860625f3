"""What the cell diff sends ends in the same screen as Textual's own display, and an equal frame sends nothing."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tests.tui import scenes
from tests.tui.scenes import dashboard, settle
from tui.terminal.cell_diff import TerminalBuffer, cells_of, pieces_of, supported

_SEQUENCE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\x1b\[(2J|K)|\x1b\]8;[^\x1b]*\x1b\\|([^\x1b]+)")
CONSOLE = Console(force_terminal=True, color_system="256", width=200)
Look = tuple[str, frozenset[str], str, str]  # character, attributes, foreground, background


class Terminal:
    """A terminal that understands just what is sent to it: cursor moves, styles, erasing and characters."""

    def __init__(self, width: int) -> None:
        self.cells: dict[tuple[int, int], Look] = {}
        self._width = width
        self._x = self._y = 0
        self._attributes: frozenset[str] = frozenset()
        self._colors = ["", ""]

    def write(self, text: str) -> None:
        """Takes what a driver would write."""
        assert _SEQUENCE.sub("", text) == "", "a sequence that no terminal was told of"
        for row, column, style, erase, characters in _SEQUENCE.findall(text):
            if row:
                self._y, self._x = int(row) - 1, int(column) - 1
            elif erase == "2J":
                self.cells.clear()
            elif erase == "K":
                assert not self._attributes
                assert self._colors[1] == ""
                for x in range(self._x, self._width):
                    self.cells.pop((self._y, x), None)
            elif characters:
                for part, _ in cells_of(Strip([Segment(characters)])):
                    self.cells[self._y, self._x] = (part, self._attributes, self._colors[0], self._colors[1])
                    self._x += 1
            elif style or text:
                self.style(style)

    def style(self, codes: str) -> None:
        """Takes the codes of SGR."""
        parts = (codes or "0").split(";")
        while parts:
            code = parts.pop(0)
            number = int(code)
            if number == 0:
                self._attributes, self._colors = frozenset(), ["", ""]
            elif number in (38, 48):
                size = 2 if parts[0] == "5" else 4
                self._colors[number == 48] = ";".join([code, *parts[:size]])
                del parts[:size]
            elif number in (39, 49):
                self._colors[number == 49] = ""
            elif 30 <= number <= 37 or 90 <= number <= 97:
                self._colors[0] = code
            elif 40 <= number <= 47 or 100 <= number <= 107:
                self._colors[1] = code
            else:
                self._attributes |= {code}

    def look(self, x: int, y: int) -> Look:
        """What a cell looks like; on a blank only what is seen of its style."""
        return seen(self.cells.get((y, x), (" ", frozenset(), "", "")))


def seen(look: Look) -> Look:
    """A cell as eyes see it: a blank has no foreground, and nothing but a background, reverse or underline shows."""
    character, attributes, foreground, background = look
    if character == " " and not background and not attributes & {"4", "7", "9"}:
        return " ", frozenset(), "", ""
    return character, attributes, foreground, background


def test_this_version_of_textual_is_one_that_the_diff_knows() -> None:
    assert supported()


def test_an_equal_line_sends_nothing_and_a_changed_cell_only_itself() -> None:
    buffer = TerminalBuffer()
    red = Style(color="red")
    line = Strip([Segment("abc ", red), Segment("x" * 36)])
    assert "abc" in buffer.changes([(3, 0, line)], CONSOLE, Size(40, 10))
    assert buffer.changes([(3, 0, line)], CONSOLE, Size(40, 10)) == ""
    other = Strip([Segment("abd ", red), Segment("x" * 36)])
    assert buffer.changes([(3, 0, other)], CONSOLE, Size(40, 10)) == "\x1b[4;3H\x1b[31md\x1b[0m"
    buffer.forget()
    assert "abd" in buffer.changes([(3, 0, other)], CONSOLE, Size(40, 10))


def test_blanks_to_the_edge_are_erased() -> None:
    buffer = TerminalBuffer()
    buffer.changes([(0, 0, Strip([Segment("x" * 40)]))], CONSOLE, Size(40, 10))
    sent = buffer.changes([(0, 0, Strip([Segment("ab" + " " * 38)]))], CONSOLE, Size(40, 10))
    assert sent == "\x1b[1;1Hab\x1b[K"


def test_blanks_before_nothing_but_blanks_are_erased_too() -> None:
    buffer = TerminalBuffer()
    buffer.changes([(0, 0, Strip([Segment("some words" + " " * 10)]))], CONSOLE, Size(20, 1))
    sent = buffer.changes([(0, 0, Strip([Segment(" " * 12)]))], CONSOLE, Size(20, 1))
    assert sent == "\x1b[1;1H\x1b[K"


def test_parts_that_follow_each_other_on_a_line_are_sent_as_one() -> None:
    parts = [(0, 0, Strip([Segment("one")])), (0, 3, Strip([Segment("two")])), (1, 6, Strip([Segment("next line")]))]
    assert TerminalBuffer().changes(parts, CONSOLE, Size(20, 2)) == "\x1b[0m\x1b[2J\x1b[1;1Honetwo\x1b[2;7Hnext line"


def test_a_word_keeps_its_style_over_blanks() -> None:
    line = Strip([Segment("one two", Style(bold=True))])
    assert TerminalBuffer().changes([(0, 0, line)], CONSOLE, Size(40, 10)).endswith("\x1b[1mone two\x1b[0m")


@pytest.mark.parametrize("text", ["a🌸b", "José 🌸 x", "👨‍👩‍👧 fam", "漢字ab", "e\u0301e", "☺️ ok"])
def test_wide_characters_are_never_cut_in_half(text: str) -> None:
    buffer, terminal, fresh = TerminalBuffer(), Terminal(40), Terminal(40)
    terminal.write(buffer.changes([(0, 0, Strip([Segment("漢" * 20)]))], CONSOLE, Size(40, 10)))
    line = Strip([Segment(text)]).adjust_cell_length(40)
    terminal.write(buffer.changes([(0, 0, line)], CONSOLE, Size(40, 10)))
    fresh.write(TerminalBuffer().changes([(0, 0, line)], CONSOLE, Size(40, 10)))
    assert [terminal.look(x, 0) for x in range(40)] == [fresh.look(x, 0) for x in range(40)]


KEYS = (
    *("down", "up", "pagedown", "pageup", "end", "home", "tab", "shift+tab", "enter", "escape", "c", "v", "f", "w"),
    *("p", "o", "t", "l", "u", "x", "slash", "question_mark", "left_square_bracket", "less_than_sign", "right"),
    *("1", "2", "3", "4", "5", "6", "7", "8", "space", "a", "q"),
    *("n", "N", "F", "s", "S", "y", "Y", "T", "r", "colon", "backspace", "greater_than_sign", "right_square_bracket"),
    *("left", "k", "j", "ctrl+d", "ctrl+u", "ctrl+l", "b", "d"),
)


SIZES = ((80, 24), (120, 40), (160, 48), (61, 17), (60, 16), (59, 15))


@pytest.mark.parametrize("seed", [0])
async def test_a_random_walk_of_keys_and_sizes_ends_in_textuals_own_screen(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every frame that the app would send goes to a terminal by the diff; after each key it shows what Textual has."""
    path = scenes.database(tmp_path)
    choice = random.Random(seed)
    async with dashboard(path, (100, 34)) as (app, pilot):
        buffer, terminal = TerminalBuffer(), Terminal(app.size.width)
        steps = 0

        def display(screen: Any, update: Any) -> None:
            if update is not None and not app._batch_count:
                terminal.write(buffer.changes(pieces_of(update), CONSOLE, app.size))

        monkeypatch.setattr(app, "_display", display)
        app.screen.refresh()
        await settle(pilot)
        for _ in range(100):
            if choice.random() < 0.08:
                await pilot.resize_terminal(*choice.choice(SIZES))
                buffer.forget()
                terminal = Terminal(app.size.width)
                app.screen.refresh(layout=True)
            else:
                key = choice.choice(KEYS)
                if key == "q" and app.screen is app.dashboard:
                    continue  # it would end the walk
                await pilot.press(key)
            await settle(pilot)
            _compare(terminal, app)
            steps += 1
        assert steps > 60


def _compare(terminal: Terminal, app: Any) -> None:
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        for x, (character, style) in enumerate(cells_of(strip)):
            own = Terminal(1)
            if style is not None:
                codes = re.findall(r"\x1b\[([\d;]*)m", Strip([Segment("x", style)]).render(CONSOLE))
                own.style(codes[0] if codes else "0")
            expected = seen((character, own._attributes, own._colors[0], own._colors[1]))
            assert terminal.look(x, y) == expected, (x, y)
