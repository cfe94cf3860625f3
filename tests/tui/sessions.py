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
# Nothing comes for so long from a program that rests. Longer than any of Textual's timers for a redraw, of 1/60 s;
# behind a lone Esc longer than Textual waits for the rest of a sequence.
_REST, _REST_AFTER_ESC, _REST_UNSEEN = 0.08, 0.25, 0.5


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
        self._rest = _REST
        self._heard = 0  # how often the program had waited when it was last told something

    def resize(self, size: Size) -> None:
        """The terminal gets another size, and cuts off or adds cells before the program knows of it."""
        self.screen.resize(columns=size[0], lines=size[1])
        self.tell_size(size)

    def tell_size(self, size: Size) -> None:
        """The terminal says that it has another size."""
        self._rest, self._heard = _REST, _waits(self.process) or 0
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read(self, seconds: float) -> None:
        """Takes what comes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._take(left) is None:
                return

    def _take(self, seconds: float) -> bool | None:
        """Takes what comes next; False if nothing comes for so long, None if the terminal is gone."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            sent = os.read(self.terminal, 65_536)
        except OSError:
            return None
        self.shown += sent.decode(errors="replace")
        self._stream.feed(sent)
        return True

    def settle(self, seconds: float = 20.0) -> None:
        """Takes what comes until the program has done what it was told to do, and rests."""
        end = time.monotonic() + seconds
        since, waits = time.monotonic(), _waits(self.process)
        while waits == self._heard or time.monotonic() - since < (self._rest if waits else _REST_UNSEEN):
            assert time.monotonic() < end, "it does not rest"
            took, before, waits = self._take(0.02), waits, _waits(self.process)
            if took is None:
                return
            if took or waits == -1 or waits != before:
                since = time.monotonic()

    def until(self, words: str, seconds: float = 20.0) -> None:
        """Waits for words on the screen."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, self.shown[-2000:]
            self.read(0.1)

    def press(self, keys: bytes) -> None:
        """Types keys."""
        self.shown = ""
        self._rest = _REST_AFTER_ESC if keys.endswith(b"\x1b") else _REST
        self._heard = _waits(self.process) or 0
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


def _waits(process: int) -> int | None:
    """How often the main thread has waited, which stays the same while it waits; -1 while a thread works.

    None where the system does not tell: macOS.
    """
    try:
        entries = Path(f"/proc/{process}/task").iterdir()
        threads = {int(entry.name): entry.joinpath("status").read_text() for entry in entries}
        if any("State:\tS" not in status for status in threads.values()):
            return -1
        return int(threads[process].partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    except (OSError, KeyError):
        return None


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
