"""The last two lines: what happened or where one is, and the keys that work here; in parentheses those that cannot act
just now. Knows no number."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from tui.terminal.style import DIM, ERROR, KEY, PLAIN, cut, cut_path, cut_words, key_names, safe
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import Piece, strip
from tui.words.keys import Key, Where
from tui.words.wording import CRUMB


def newest_crumbs(text: str, width: int) -> str:
    """What stands before the breadcrumbs, and as many of these as fit, the newest ones: where one is matters most."""
    front, gap, way = text.rpartition("   ")
    steps = way.split(CRUMB)
    while cell_len(text) > width and len(steps) > 1:
        del steps[0]
        text = f"{front}{gap}{CRUMB.join(('…', *steps))}"
    return cut_words(text, width)


_MORE = "  (? tells all)"


class StatusLine(PaintedWidget):
    """One line of words, and on the right how fresh the data is; an error stays until something else is said."""

    ALLOW_SELECT = False

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._text, self._error, self._right = "", False, ""
        self._ends_in_path = False

    def say(self, text: str, error: bool = False, ends_in_path: bool = False) -> None:
        """Says something; of a path at its end the file's name matters most."""
        if (text, error) != (self._text, self._error):
            self._text, self._error, self._ends_in_path = text, error, ends_in_path
            self.refresh()

    @property
    def hidden_text(self) -> str:
        """What it says, where there is too little room for it."""
        return self._text if cell_len(safe(self._text)) > self.size.width - 2 else ""

    def freshness(self, text: str) -> None:
        """Says how fresh the data is."""
        if text != self._right:
            self._right = text
            self.refresh()

    @property
    def is_error(self) -> bool:
        """Whether what it says is an error."""
        return self._error

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        right = cut(self._right, max(0, width // 3))
        room = max(0, width - len(right) - 3)
        said = safe(self._text)
        if CRUMB in said:
            said = newest_crumbs(said, room)
        # Some words matter more than how fresh the data is.
        if cell_len(said) > room:
            right, room = "", width - 2
        if self.hidden_text and not self._ends_in_path and CRUMB not in said:
            room_for_words = room - len(_MORE)
            words = cut_words(said, room_for_words)
            # A path can be one long word: better a part of it than nothing.
            said = (words if cell_len(words) > room_for_words // 2 else cut(said, room_for_words)) + _MORE
        said = (cut_path if self._ends_in_path else cut)(said, room)
        left = strip((" ", PLAIN), (said, ERROR if self._error else PLAIN)).adjust_cell_length(width - len(right) - 1)
        return Strip.join([left, strip((right, DIM), (" ", PLAIN))]).adjust_cell_length(width)


class KeyBar(PaintedWidget):
    """The keys that work here, as many as fit."""

    ALLOW_SELECT = False

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._keys: tuple[Key, ...] = ()
        self._refused: frozenset[Key] = frozenset()

    def show(self, keys: Sequence[Key], refused: frozenset[Key] = frozenset()) -> None:
        """Shows other keys; the refused ones cannot act now."""
        if (tuple(keys), refused) != (self._keys, self._refused):
            self._keys, self._refused = tuple(keys), refused
            self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        pieces: list[Piece] = []
        used = 0
        for key in self._fitting(width):
            if used + _size(key) > width:
                break
            if key in self._refused:
                pieces.append((f"({key_names(key.shown)} {key.bar})", DIM))
            else:
                pieces += [(f" {key_names(key.shown)}", KEY), (f" {key.bar} ", DIM)]
            used += _size(key)
        return strip(*pieces).adjust_cell_length(width)

    def _fitting(self, width: int) -> list[Key]:
        """The keys that there is room for: those that cannot act give way first, the last of them before the others;
        what holds everywhere, such as the help that shows all keys, stays."""
        keys = list(self._keys)
        give_way = [key for key in reversed(self._keys) if key in self._refused]
        give_way += [key for key in reversed(self._keys) if key not in give_way and key.where is not Where.EVERYWHERE]
        for key in give_way:
            if sum(map(_size, keys)) <= width:
                break
            keys.remove(key)
        return keys


def _size(key: Key) -> int:
    return len(key_names(key.shown)) + len(key.bar) + 3
