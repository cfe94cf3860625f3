"""How things look: text cut to cells, styles, and the colour, texture and letter of each status.

Knows no widget and no database. Colours are the sixteen of the terminal, so that they fit its palette, light or dark.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.style import Style

from storage.domain.vocabulary import StartStatus
from storage.language.texts import pgettext
from tui.terminal.sanitize import ELLIPSIS
from tui.terminal.sanitize import safe as safe


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, with an ellipsis if it is cut."""
    if width <= 0:
        return ""
    if len(text) <= width and text.isascii():
        return text
    if cell_len(text) <= width:
        return text
    if width == 1:
        return ELLIPSIS
    return chop_cells(text, width - 1)[0] + ELLIPSIS


def cut_words(text: str, width: int) -> str:
    """As `cut`, but between words, for texts of the program; a word is cut only if not even one fits."""
    if cell_len(text) <= width:
        return text
    shorter = text
    while " " in shorter:
        shorter = shorter.rpartition(" ")[0].rstrip(" ,–")
        if cell_len(shorter) < width:
            return shorter + ELLIPSIS
    return cut(text, width)


def cut_path(text: str, width: int) -> str:
    """As `cut`, for text that ends in a path: its first characters are left out, so that the name of the file stays."""
    words, slash, path = text.partition("/")
    room = width - cell_len(words)
    if not slash or cell_len(text) <= width or room < 2:
        return cut(text, width)
    while cell_len(path) >= room:
        path = path[1:]
    return words + ELLIPSIS + path


def fit(text: str, width: int, right: bool = False) -> str:
    """The text in exactly `width` cells, cut or padded; `right` aligns it right."""
    shown = cut(text, width)
    padding = " " * max(0, width - cell_len(shown))
    return padding + shown if right else shown + padding


STATUS_LETTER: dict[StartStatus, str] = {
    StartStatus.FAILED: pgettext("letter", "F"),
    StartStatus.SENT: pgettext("letter", "S"),
    StartStatus.DELIVERED: pgettext("letter", "D"),
    StartStatus.READ: pgettext("letter", "R"),
    StartStatus.ANSWERED: pgettext("letter", "A"),
    StartStatus.RECEIVED: pgettext("letter", "I"),
}
STATUS_COLOR: dict[StartStatus, str] = {
    StartStatus.FAILED: "red",
    StartStatus.SENT: "yellow",
    StartStatus.DELIVERED: "blue",
    StartStatus.READ: "cyan",
    StartStatus.ANSWERED: "green",
    StartStatus.RECEIVED: "magenta",
}
# The numbers that plotext uses for these colours.
COLOR_NUMBER = {"black": 0, "red": 1, "green": 2, "yellow": 3, "blue": 4, "magenta": 5, "cyan": 6}
_TEXTURE: dict[StartStatus, str] = {
    StartStatus.FAILED: "×",
    StartStatus.SENT: "░",
    StartStatus.DELIVERED: "▒",
    StartStatus.READ: "▓",
    StartStatus.ANSWERED: "█",
    StartStatus.RECEIVED: "+",
}

PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(dim=True)
CURSOR = Style(reverse=True)
MATCH = Style(bold=True, underline=True)  # what a search has found; also seen on the selected row
HEADING = Style(bold=True)
FOCUSED = Style(bold=True, color="cyan")
ERROR = Style(bold=True, color="red")
KEY = Style(bold=True, color="cyan")


def colorless() -> bool:
    """Whether the user wants no colours (NO_COLOR is set; https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


class ChartStyle(NamedTuple):
    """How the parts of a chart are distinguished: by colours, without colours by textures, in ASCII by letters.

    Attributes:
        colored: whether colours are used.
        ascii: whether only ASCII characters are used.
    """

    colored: bool
    ascii: bool

    @property
    def solid(self) -> bool:
        """Whether parts are plain blocks of colour."""
        return self.colored and not self.ascii

    def glyph(self, status: StartStatus) -> str:
        """The character that fills the part of a status."""
        if self.solid:
            return "█"
        return STATUS_LETTER[status] if self.ascii else _TEXTURE[status]


_ascii_only = False


def use_ascii(only: bool) -> None:
    """Sets whether the terminal can show only ASCII characters."""
    global _ascii_only
    _ascii_only = only


def chart_style() -> ChartStyle:
    """The style of charts on this terminal."""
    return ChartStyle(not colorless(), _ascii_only)


_SPELLED = str.maketrans({"↑": "Up", "↓": "Down", "←": "Left", "→": "Right", "…": "-"})


# The names on keyboards, by those in `keys.py`.
_ON_KEYBOARDS = {
    "Space": pgettext("key", "Space"),
    "Backspace": pgettext("key", "Backspace"),
    "Home": pgettext("key", "Home"),
    "End": pgettext("key", "End"),
    "PgUp": pgettext("key", "PgUp"),
    "PgDn": pgettext("key", "PgDn"),
}


def key_names(text: str) -> str:
    """The names of keys as they stand on the reader's keyboard.

    In ASCII an arrow is a word, because `v` or `^` could be read as a key.
    """
    shown = " ".join(_ON_KEYBOARDS.get(word, word) for word in text.split(" "))
    return shown.translate(_SPELLED) if _ascii_only else shown


def status_style(status: StartStatus, bold: bool = False) -> Style:
    """The colour of a status, the same on every panel, as a foreground."""
    return Style(bold=bold) if colorless() else Style(color=STATUS_COLOR[status], bold=bold)


def status_fill(status: StartStatus) -> Style:
    """The colour of a status as a background, for text on it."""
    return Style(reverse=True) if colorless() else Style(color="black", bgcolor=STATUS_COLOR[status])
