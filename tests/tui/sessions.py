"""The real program in a real pseudo-terminal, and what a terminal makes of what it sends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
Size = tuple[int, int]  # columns, rows


class Session:
    """The program in a terminal."""

    def __init__(self, words: list[str], directory: Path, size: Size, **environment: str) -> None:
        self.screen = pyte.Screen(size[0] or 80, size[1] or 24)
        self._stream = pyte.ByteStream(self.screen)
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            for number in (signal.SIGINT, signal.SIGHUP):  # which nohup or a shell in the background has ignored
                signal.signal(number, signal.SIG_DFL)
            os.chdir(directory)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            # These would count more than the terminal's own size.
            inherited = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
            known = {**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **environment}
            os.execve(sys.executable, [sys.executable, *words], known)
        self.shown = ""  # what was sent since the last key

    def resize(self, size: Size) -> None:
        """The terminal gets another size, and cuts off or adds cells before the program knows of it."""
        self.screen.resize(columns=size[0], lines=size[1])
        self.tell_size(size)

    def tell_size(self, size: Size) -> None:
        """The terminal says that it has another size."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read(self, seconds: float) -> None:
        """Takes what comes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    sent = os.read(self.terminal, 65_536)
                except OSError:
                    return
                self.shown += sent.decode(errors="replace")
                self._stream.feed(sent)

    def until(self, words: str, seconds: float = 20.0) -> None:
        """Waits for words on the screen."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, self.shown[-2000:]
            self.read(0.1)

    def press(self, keys: bytes) -> None:
        """Types keys."""
        self.shown = ""
        os.write(self.terminal, keys)

    def ended(self, seconds: float = 15.0) -> int:
        """Waits until the program has ended and returns its exit status; negative: the signal that ended it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self.process = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        raise AssertionError("it did not end")


@contextmanager
def session(words: list[str], directory: Path, size: Size = (120, 40), **environment: str) -> Iterator[Session]:
    """A session that is surely over at the end."""
    opened = Session(words, directory, size, **environment)
    try:
        yield opened
    finally:
        if opened.process:
            os.kill(opened.process, signal.SIGKILL)
            os.waitpid(opened.process, 0)
