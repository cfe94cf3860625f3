"""What a terminal shows of what the real program sends: after it has changed its size, without colours, in ASCII."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.sessions import Session, Size, session

WORDS = ("--now", "2026-11-20T18:00-03:00")
SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]
# What can be open: the keys that open it, and words by which it is known.
OPEN = {
    "dashboard": (b"", "Last starts"),
    "list": (b"t", "find:"),
    "start": (b"\r", "Timeline"),
    "help": (b"?", "keys"),
}
_COLOR = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("sessions"))


def lines(opened: Session) -> list[str]:
    """What the terminal shows."""
    return [line.rstrip() for line in opened.screen.display]


def shown_anew(opened: Session) -> list[str]:
    """What it shows after everything was sent again."""
    opened.press(b"\x0c")
    opened.settle()
    return lines(opened)


@pytest.mark.parametrize("what", OPEN)
@pytest.mark.long(keep=3)
def test_a_terminal_of_another_size_shows_what_a_fresh_one_would(path: Path, what: str) -> None:
    keys, words = OPEN[what]
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Funnel")
        opened.settle()
        if keys:
            opened.press(keys)
            opened.until(words)
        for sizes in (
            [(80, 24)],
            [(160, 48), (120, 40)],
            [(80, 24), (60, 16), (160, 48), (100, 34)],  # dragged: no size is waited for but the last
            [(50, 12), (120, 40)],
            [(120, 20), (120, 40)],
        ):
            for size in sizes:
                opened.resize(size)
                opened.read(0.01)
            opened.settle()
            found = lines(opened)
            assert found == shown_anew(opened), sizes
            assert any(words in line for line in found), sizes
            opened.resize((120, 40))
            opened.settle()


@pytest.mark.parametrize("what", [("dashboard", "list"), ("help", "start")], ids=" ".join)
def test_below_the_smallest_size_there_is_one_sentence_whatever_is_open(path: Path, what: tuple[str, ...]) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent) as opened:
        opened.until("Funnel")
        opened.settle()
        for one in what:
            opened.press(OPEN[one][0] or b"8")
            opened.settle()
            opened.resize((50, 12))
            opened.settle()
            assert " ".join(lines(opened)).split() == [
                *"saludo needs 60 x 16 cells; this terminal has 50 x 12.".split(),
                *"Enlarge it, or leave with Ctrl+C and run: saludo report".split(),
            ], one
            if one != what[-1]:
                opened.resize((120, 40))
                opened.press(b"\x1b")
                opened.settle()
        opened.press(b"\x03")
        assert opened.ended() == 0


@pytest.mark.parametrize(
    ("flags", "sizes"),
    [
        *(((), SIZES[::3]), ((), SIZES[1:3])),
        *((("--ascii",), SIZES[1::2]), (("--ascii",), SIZES[::2])),
        *((("--theme", "light"), SIZES[::2]), (("--theme", "light"), SIZES[1::2])),
    ],
    ids=str,
)
@pytest.mark.long(keep=2)
def test_without_colours_none_is_sent(path: Path, flags: tuple[str, ...], sizes: list[Size]) -> None:
    keys = (
        b"2",
        b"3",
        b"4",
        b"5\x1b[D",
        b"6",
        b"7",
        b"t",
        b"\x1b",
        b"/line:\t",
        b"\x1b",
        b"/x:\r",
        b"\x1b",
        b"\r",
        b"\x1b",
    )
    more = (b":", b"\x1b", b"?", b"\x1b", b"v", b"T", b"T", b"F", b"\x1b", b"/contact:1\r")
    with session(["-m", "tui", "--db", str(path), *WORDS, *flags], path.parent, SIZES[0], NO_COLOR="1") as opened:
        opened.until("Last starts")
        for size in sizes:
            opened.resize(size)
            opened.settle()
            for key in (*keys, *more):
                opened.press(key)
                opened.settle()
                sequences = re.findall(r"\x1b\[([\d;]*)m", opened.shown)
                codes = [int(code or 0) for sequence in sequences for code in sequence.split(";")]
                assert not _COLOR & set(codes), (size, key, codes)
            assert any("Nothing matches" in line for line in lines(opened)), size
            opened.press(b"xv")  # clears the filter, and goes back to the table of starts
            opened.settle()


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=str)
def test_in_ascii_every_status_has_its_letter_in_every_chart(path: Path, environment: dict[str, str]) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS, "--ascii"], path.parent, (160, 48), **environment) as opened:
        opened.until("Funnel")
        opened.settle()
        found = lines(opened)
    assert all(line.isascii() for line in found)
    text = "\n".join(found)
    assert re.search("F+S+D+R+A+ ", text)
    assert re.search("A+-+ ", text)
    assert re.search("N{9}", text)
    assert "F Failed  S Sent" in text
    assert "Anything v" in text
    (top,) = (place for place, line in enumerate(found) if "5 Daily evolution" in line)
    width = found[top].index("6 Funnel")
    chart = found[top + 2 : top + 12]
    for letter in "FSDRA":
        assert any(letter * 2 in line[:width] for line in chart), letter
    for letter in "SDRA":
        assert any(letter * 3 in line[width:] for line in chart), letter


def test_textures_tell_the_parts_of_every_chart_where_there_is_no_colour(path: Path) -> None:
    with session(["-m", "tui", "--db", str(path), *WORDS], path.parent, (160, 48), NO_COLOR="1") as opened:
        opened.until("Funnel")
        opened.settle()
        text = "\n".join(lines(opened))
    assert re.search("×+F×+░+S░+▒+D▒+▓+R▓+█+A█+", text)
    assert re.search("█+A█+·+–·+", text)
    assert "▒N▒" in text
