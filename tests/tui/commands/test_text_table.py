"""Tables for a terminal: aligned in cells, cut to its width, and without control characters."""

from __future__ import annotations

import pytest

from tui.commands import text_table
from tui.commands.text_table import aligned, cells_of

WIDE = "\u6f22"
ROWS = [("FILE", "REASON", "EXCERPT"), (f"a{WIDE}.csv", "no time", "x" * 30), ("b.csv", "e\u0301" * 4, "y")]


def test_columns_begin_in_the_same_cell() -> None:
    lines = aligned(ROWS)
    assert lines[0] == "FILE     REASON   EXCERPT"
    assert lines[1] == f"a{WIDE}.csv  no time  {'x' * 30}"
    assert {cells_of(line[: line.index(last)]) for line, last in zip(lines, ("EXC", "x", "y"), strict=True)} == {18}


@pytest.mark.parametrize("columns", [26, 30, 40, 48, 49, 80])
def test_no_line_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "is_utf8", lambda: True)
    lines = aligned(ROWS, columns)
    assert max(map(cells_of, lines)) <= columns
    assert lines[1].startswith(f"a{WIDE}.csv  no time  xxxxxxx")
    assert ("…" in lines[1]) == (columns < 48)


def test_the_widest_column_is_cut_after_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "is_utf8", lambda: True)
    (line,) = aligned([("f" * 30, "line 2", "r" * 20, "e" * 30)], 50)
    assert line == f"{'f' * 14}…  line 2  {'r' * 14}…  {'e' * 7}…"


def test_a_terminal_without_utf8_gets_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "is_utf8", lambda: False)
    assert aligned([("x" * 30,)], 10) == ["x" * 9 + "~"]


def test_control_characters_are_replaced() -> None:
    (line,) = aligned([("a\x1b[2J", "b\n\u202e\x9b", "c")])
    assert line == "a\ufffd[2J  b\ufffd\ufffd\ufffd  c"
