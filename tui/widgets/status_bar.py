"""The last two lines: the status line, and the key bar with unavailable keys in parentheses. Knows no number."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from storage.language.texts import _
from tui.terminal.style import DIM, ERROR, KEY, PLAIN, cut, cut_path, cut_words, key_names, safe
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import Piece, strip
from tui.words.keys import Key, Where
from tui.words.wording import BREADCRUMB_SEPARATOR


def newest_breadcrumbs(text: str, width: int) -> str:
    """The text before the breadcrumbs, and the newest breadcrumbs that fit `width` cells: they matter most."""
    front, gap, trail = text.rpartition("   ")
    steps = trail.split(BREADCRUMB_SEPARATOR)
    while cell_len(text) > width and len(steps) > 1:
        del steps[0]
        text = f"{front}{gap}{BREADCRUMB_SEPARATOR.join(('…', *steps))}"
    return cut_words(text, width)


_FULL_TEXT_HINT = "  " + _("(? for full text)")


class StatusLine(PaintedWidget):
    """One line of text, and on the right how fresh the data is. An error stays until another text is shown."""

    ALLOW_SELECT = False

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._text, self._error, self._right = "", False, ""
        self._ends_in_path = False

    def say(self, text: str, error: bool = False, ends_in_path: bool = False) -> None:
        """Shows a text.

        Args:
            text: one line.
            error: whether it is shown as an error.
            ends_in_path: it ends in a path, which loses its first directories if there is too little room.
        """
        if (text, error) != (self._text, self._error):
            self._text, self._error, self._ends_in_path = text, error, ends_in_path
            self.refresh()

    @property
    def hidden_text(self) -> str:
        """The text if it does not fit the line; otherwise empty."""
        return self._text if cell_len(safe(self._text)) > self.size.width - 2 else ""

    def freshness(self, text: str) -> None:
        """Shows how fresh the data is."""
        if text != self._right:
            self._right = text
            self.refresh()

    @property
    def is_error(self) -> bool:
        """Whether the text is an error."""
        return self._error

    @property
    def text(self) -> str:
        """The whole text, whether it fits or not."""
        return self._text

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        right = cut(self._right, max(0, width // 3))
        room = max(0, width - len(right) - 3)
        shown = safe(self._text)
        if BREADCRUMB_SEPARATOR in shown:
            shown = newest_breadcrumbs(shown, room)
        # A long text matters more than how fresh the data is.
        if cell_len(shown) > room:
            right, room = "", width - 2
        if self.hidden_text and not self._ends_in_path and BREADCRUMB_SEPARATOR not in shown:
            room_for_words = room - len(_FULL_TEXT_HINT)
            words = cut_words(shown, room_for_words)
            # A path can be one long word: show a part of it rather than nothing.
            shown = (words if cell_len(words) > room_for_words // 2 else cut(shown, room_for_words)) + _FULL_TEXT_HINT
        shown = (cut_path if self._ends_in_path else cut)(shown, room)
        left = strip((" ", PLAIN), (shown, ERROR if self._error else PLAIN)).adjust_cell_length(width - len(right) - 1)
        return Strip.join([left, strip((right, DIM), (" ", PLAIN))]).adjust_cell_length(width)


# The actions of keys that a narrow bar leaves out before the others: what people need least to find their way.
_LEFT_OUT_FIRST: tuple[str, ...] = ("funnel", "next_chart", "retry", "clear", "view")
# Left out next: the filter bar names the key of the period; what is found and sorted is the table below.
_LEFT_OUT_NEXT: tuple[str, ...] = ("choose('period')", "sort", "find_next(1)")
_OPEN = ""  # the action of Enter
_ROOMY, _TIGHT = 3, 2  # blanks of a key: before it, before its word, and between it and the next


class KeyBar(PaintedWidget):
    """The keys of the focused widget, as many as fit."""

    ALLOW_SELECT = False

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._keys: tuple[Key, ...] = ()
        self._unavailable: frozenset[Key] = frozenset()
        self._left_out_first: tuple[str, ...] = (*_LEFT_OUT_FIRST, *_LEFT_OUT_NEXT)

    def show(self, keys: Sequence[Key], unavailable: frozenset[Key] = frozenset(), on_rows: bool = False) -> None:
        """Shows other keys.

        Args:
            keys: the keys.
            unavailable: those that are shown in parentheses.
            on_rows: whether the focus is on rows, which people open with Enter without being told.
        """
        left_out_first = (*_LEFT_OUT_FIRST, *((_OPEN,) if on_rows else ()), *_LEFT_OUT_NEXT)
        if (tuple(keys), unavailable, left_out_first) != (self._keys, self._unavailable, self._left_out_first):
            self._keys, self._unavailable, self._left_out_first = tuple(keys), unavailable, left_out_first
            self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        # Keys stand closer together before one that people need is left out.
        needed = [key for key in self._keys if key.action not in _LEFT_OUT_FIRST and key not in self._unavailable]
        blanks = _ROOMY if self._fits(needed, width, _ROOMY) else _TIGHT
        pieces: list[Piece] = []
        used = 0
        for key in self._fitting(width, blanks):
            if used + self._cells_of(key, blanks) > width:
                break
            if key in self._unavailable:
                pieces.append((f"({key_names(key.shown)} {key.bar})", DIM))
            else:
                pieces += [(f" {key_names(key.shown)}", KEY), (f" {key.bar}{' ' * (blanks - _TIGHT)}", DIM)]
            used += self._cells_of(key, blanks)
        return strip(*pieces).adjust_cell_length(width)

    def _fits(self, keys: Sequence[Key], width: int, blanks: int) -> bool:
        return sum(self._cells_of(key, blanks) for key in keys) <= width

    def _cells_of(self, key: Key, blanks: int) -> int:
        """The cells of a key; an unavailable one has parentheses."""
        return len(key_names(key.shown)) + len(key.bar) + (_ROOMY if key in self._unavailable else blanks)

    def _fitting(self, width: int, blanks: int = _ROOMY) -> list[Key]:
        """The keys that fit `width` cells.

        Unavailable keys are left out first, then those of `_LEFT_OUT_FIRST` and `_LEFT_OUT_NEXT`, then the others from
        the last. Keys that work everywhere stay: one of them opens the help, which lists all keys.
        """
        keys = list(self._keys)
        removable = [key for key in reversed(self._keys) if key in self._unavailable]
        removable += sorted(
            (key for key in self._keys if key not in removable and key.action in self._left_out_first),
            key=lambda key: self._left_out_first.index(key.action),
        )
        removable += [key for key in reversed(self._keys) if key not in removable and key.where is not Where.EVERYWHERE]
        for key in removable:
            if self._fits(keys, width, blanks):
                break
            keys.remove(key)
        return keys
