"""A progress bar on stderr: only on a terminal, and only for jobs of more than half a second."""

from __future__ import annotations

import os
import sys
import time
import unicodedata
from types import TracebackType

from storage.language.conventions import percentage
from storage.language.texts import _
from tui.commands.output import printable
from tui.words.numbers import number

_INTERVAL = 0.1  # seconds between two updates
_DELAY = 0.5  # seconds before the bar appears
_LABEL_WIDTH = 40  # cells


class Bar:
    """One line that shows the progress of one job; draws nothing if stderr is not a terminal."""

    def __init__(self, label: str, total: int | None, visible: bool, which: str = "") -> None:
        self._label, self._total, self._visible, self._which = label, total, visible, which
        self._started = time.monotonic()
        self._drawn = 0.0
        self._begin: int | None = None
        self._shown = False

    def show(self, position: int, items: int) -> None:
        """Shows how much of the total is read, and how many items.

        Args:
            position: bytes read so far. That of the first call is where this run begins: earlier runs read the rest.
            items: read in this run so far.
        """
        begin = self._begin = position if self._begin is None else self._begin
        elapsed = time.monotonic() - self._started
        parts = [number(items), f"{number(round(items / elapsed if elapsed else 0))}/s"]
        if self._total and position > begin:
            share = min(1.0, position / self._total)
            left = round(elapsed * max(0, self._total - position) / (position - begin))
            parts = [_percent(share), *parts, _("{time} left").format(time=f"{left // 60}:{left % 60:02}")]
        self._draw(parts)

    def count(self, done: int, of: int) -> None:
        """Shows that `done` of `of` items are done."""
        counts = _("{count} of {all}").format(count=number(done), all=number(of))
        self._draw([_percent(done / of if of else 1), counts])

    def share(self, what: str, done: int, of: int) -> None:
        """Shows at once what is being done, and how much of it is done."""
        self._draw([what, _percent(done / of if of else 1)], at_once=done == 0)

    def counted(self, done: int, of: int) -> None:
        """Shows that `done` of `of` parts of the cube are counted, after the last record was read."""
        self._draw([_("all read"), _("{share} counted").format(share=_percent(done / of if of else 1))])

    def clear(self) -> None:
        """Removes the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def _draw(self, parts: list[str], at_once: bool = False) -> None:
        now = time.monotonic()
        is_early = now - self._started < _DELAY or now - self._drawn < _INTERVAL
        if not self._visible or (is_early and not at_once):
            return
        self._drawn, self._shown = now, True
        # A line that wraps could not be overwritten.
        label = f"{self._which}{last_cells(self._label, _LABEL_WIDTH)}"
        line = last_cells(f"{label}  {'  '.join(parts)}", _columns() - 1)
        sys.stderr.write(f"\r{line}\x1b[K")
        sys.stderr.flush()


def bar_for(label: str, total: int | None = None, which_one: int = 1, of: int = 1) -> Bar:
    """A bar for one job, or for one of several; `total` in bytes if it is known."""
    which = _("{count} of {all}").format(count=which_one, all=of) + ": " if of > 1 else ""
    return Bar(printable(label), total, sys.stderr is not None and sys.stderr.isatty(), which)


def _percent(share: float) -> str:
    return f"{percentage(share, digits=0):>4}"


def last_cells(text: str, width: int) -> str:
    """The end of a text in at most `width` terminal cells: the end of a path is more useful than its beginning."""
    start, left = len(text), width
    while start > 0:
        left -= 2 if unicodedata.east_asian_width(text[start - 1]) in "WF" else 1
        if left < 0:
            break
        start -= 1
    return text[start:]


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
