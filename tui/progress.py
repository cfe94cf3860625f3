"""A progress bar on stderr, drawn only on a terminal and only for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_EVERY = 0.1  # seconds
_QUIET = 0.5  # seconds


class Bar:
    """One line that shows how far something is; nothing at all where stderr is no terminal."""

    def __init__(self, label: str, total: int | None, visible: bool) -> None:
        self._label, self._total, self._visible = label, total, visible
        self._started = time.monotonic()
        self._drawn = 0.0
        self._begin: int | None = None
        self._shown = False

    def show(self, position: int, items: int) -> None:
        """How many bytes are read of `total`, and how many items came of them. Where the first call says it begins,
        all before was read another time."""
        begin = self._begin = position if self._begin is None else self._begin
        elapsed = time.monotonic() - self._started
        parts = [f"{items:,}", f"{items / elapsed if elapsed else 0:,.0f}/s"]
        if self._total and position > begin:
            share = min(1.0, position / self._total)
            left = elapsed * max(0, self._total - position) / (position - begin)
            parts = [f"{share:4.0%}", *parts, f"{left / 60:.0f}:{left % 60:02.0f} left"]
        self._draw(parts)

    def count(self, done: int, of: int) -> None:
        """How many of how many are done."""
        self._draw([f"{done / of if of else 1:4.0%}", f"{done:,} of {of:,}"])

    def clear(self) -> None:
        """Takes the line away."""
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

    def _draw(self, parts: list[str]) -> None:
        now = time.monotonic()
        if not self._visible or now - self._started < _QUIET or now - self._drawn < _EVERY:
            return
        self._drawn, self._shown = now, True
        sys.stderr.write(f"\r{self._label}  {'  '.join(parts)}\x1b[K")
        sys.stderr.flush()


def bar_for(label: str, total: int | None = None) -> Bar:
    """A bar for one job; `total` in bytes where it is known."""
    shown = "".join(character if character.isprintable() else "?" for character in label)[-40:]
    return Bar(shown, total, sys.stderr is not None and sys.stderr.isatty())
