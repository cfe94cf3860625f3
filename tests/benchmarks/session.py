"""Runs a program in a pseudo-terminal, types keys, and records what it sends and when. Knows no program."""

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

QUIET = 0.5  # seconds without output after which a screen counts as complete
_TIMEOUT = 30.0  # seconds without output after which waiting fails
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])")


@dataclass(frozen=True, slots=True)
class Answer:
    """The output of a program.

    Attributes:
        data: the bytes.
        first: seconds until the first byte.
        last: seconds until the last byte.
    """

    data: bytes
    first: float
    last: float


def words_in(data: bytes) -> str:
    """The text in some output, in the order it was sent, without escape sequences."""
    return _SEQUENCES.sub("", data.decode("utf-8", "replace"))


class Session:
    """A program in a pseudo-terminal.

    Args:
        command: the program and its arguments.
        width: columns of the terminal.
        height: rows of the terminal.
        extra: environment variables to add.
    """

    def __init__(
        self, command: Sequence[str], width: int = 120, height: int = 40, extra: Mapping[str, str] | None = None
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        # The first run may write bytecode files, as if the program was installed.
        for name in ("NO_COLOR", "SSH_CONNECTION", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        environment |= extra or {}
        self.started = time.perf_counter()
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execvpe(command[0], list(command), environment)

    def read(self, since: float, quiet: float = QUIET, least: float = 0.0) -> Answer:
        """Reads until there is no output for `quiet` seconds and at least `least` seconds have passed since `since`."""
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
        """Types keys and reads the output that follows."""
        since = time.perf_counter()
        os.write(self._terminal, keys)
        return self.read(since, quiet, least)

    def type(self, keys: bytes) -> None:
        """Types keys without reading the output."""
        os.write(self._terminal, keys)

    def until(self, *shown: Callable[[str], bool]) -> list[float]:
        """Reads the output until each condition was true, in this order.

        Args:
            shown: conditions on the text that was sent since the last call.

        Returns:
            For each condition, the seconds from the start of the program until it was true.

        Raises:
            TimeoutError: there was no output for 30 s, or the program ended.
        """
        data = b""
        times: list[float] = []
        while len(times) < len(shown):
            ready, _, _ = select.select([self._terminal], [], [], _TIMEOUT)
            now = time.perf_counter() - self.started
            chunk = self._chunk() if ready else b""
            if not chunk:
                raise TimeoutError(f"the text did not come; the last output was: {words_in(data)[-500:]!r}")
            data += chunk
            words = words_in(data)
            while len(times) < len(shown) and shown[len(times)](words):
                times.append(now)
        return times

    def resident(self) -> float:
        """The resident memory of the program, MB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def close(self) -> float:
        """Kills the program.

        Returns:
            The processor time that it took, in seconds, without that of child processes it did not wait for.
        """
        os.kill(self.process, signal.SIGKILL)
        used = os.wait4(self.process, 0)[2]
        os.close(self._terminal)
        return used.ru_utime + used.ru_stime

    def _chunk(self) -> bytes:
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # the program has ended
            return b""
