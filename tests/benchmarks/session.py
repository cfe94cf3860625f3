"""A program in a pseudo-terminal of its own: what it sends, and when. Knows no program."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

QUIET = 0.5  # seconds without a byte after which a screen is complete
_PATIENCE = 30.0  # seconds after which what is waited for will not come
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the bytes, and seconds until the first and the last of them."""

    data: bytes
    first: float
    last: float


def words_in(data: bytes) -> str:
    """The characters among the bytes, in the order they were sent, without what moves or colours them."""
    return _SEQUENCES.sub("", data.decode("utf-8", "replace"))


class Session:
    """A program in a terminal."""

    def __init__(
        self, command: Sequence[str], width: int = 120, height: int = 40, extra: Mapping[str, str] | None = None
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        # An installed program has its bytecode beside it; the first run may write it here too.
        for name in ("NO_COLOR", "SSH_CONNECTION", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        environment |= extra or {}
        self.started = time.perf_counter()
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execvpe(command[0], list(command), environment)

    def read(self, since: float, quiet: float = QUIET, least: float = 0.0) -> Answer:
        """Everything until nothing more comes for `quiet` seconds, and at least `least` seconds have passed."""
        data, first, last = b"", 0.0, 0.0
        while True:
            ready, _, _ = select.select([self._terminal], [], [], quiet)
            now = time.perf_counter() - since
            if ready:
                if not (chunk := self._chunk()):
                    break
                first = first or now
                data, last = data + chunk, now
            elif now >= least:
                break
        return Answer(data, first, last)

    def press(self, keys: bytes, quiet: float = QUIET, least: float = 0.0) -> Answer:
        """Types keys and reads what they change."""
        since = time.perf_counter()
        os.write(self._terminal, keys)
        return self.read(since, quiet, least)

    def type(self, keys: bytes) -> None:
        """Types keys and leaves what they change to be read."""
        os.write(self._terminal, keys)

    def until(self, *shown: Callable[[str], bool]) -> list[float]:
        """Seconds from the program's exec until each of these is true of the words that it has sent since the last
        call, in this order; raises TimeoutError."""
        data = b""
        times: list[float] = []
        while len(times) < len(shown):
            ready, _, _ = select.select([self._terminal], [], [], _PATIENCE)
            now = time.perf_counter() - self.started
            chunk = self._chunk() if ready else b""
            if not chunk:
                raise TimeoutError(f"it did not come; the last that came: {words_in(data)[-500:]!r}")
            data += chunk
            words = words_in(data)
            while len(times) < len(shown) and shown[len(times)](words):
                times.append(now)
        return times

    def resident(self) -> float:
        """Megabytes of memory that the program holds."""
        status = Path(f"/proc/{self.process}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def close(self) -> None:
        """Ends the program."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._terminal)

    def _chunk(self) -> bytes:
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # the program has ended
            return b""
