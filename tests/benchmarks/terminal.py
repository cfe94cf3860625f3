"""What the dashboard sends to the terminal, in bytes, and how long a key takes to show, under a real pty.

Run: `python -m tests.benchmarks terminal [--db PATH]` (the demo's database where none is named). Bytes are exact; times
are medians and belong to this machine.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_QUIET = 0.5  # seconds without a byte after which a screen is complete


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the bytes, and seconds until the first and the last of them."""

    data: bytes
    first: float
    last: float


class Session:
    """A program in a terminal of its own."""

    def __init__(self, command: Sequence[str], width: int = 120, height: int = 40) -> None:
        self.started = time.perf_counter()
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            for name in ("NO_COLOR", "SSH_CONNECTION"):
                environment.pop(name, None)
            os.execvpe(command[0], list(command), environment)

    def read(self, since: float, quiet: float = _QUIET, least: float = 0.0) -> Answer:
        """Everything until nothing more comes for `quiet` seconds, and at least `least` seconds have passed."""
        data, first, last = b"", 0.0, 0.0
        while True:
            ready, _, _ = select.select([self._terminal], [], [], quiet)
            now = time.perf_counter() - since
            if ready:
                try:
                    chunk = os.read(self._terminal, 65_536)
                except OSError:
                    break
                if not chunk:
                    break
                first = first or now
                data, last = data + chunk, now
            elif now >= least:
                break
        return Answer(data, first, last)

    def press(self, keys: bytes, quiet: float = _QUIET, least: float = 0.0) -> Answer:
        """Types keys and reads what they change."""
        since = time.perf_counter()
        os.write(self._terminal, keys)
        return self.read(since, quiet, least)

    def close(self) -> None:
        """Ends the program."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._terminal)


def _resident(process: int) -> int:
    """Megabytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


def run(arguments: Sequence[str]) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks terminal")
    parser.add_argument("--db", type=Path)
    parser.add_argument("--idle", type=float, default=15.0, help="seconds to watch for bytes while nothing happens")
    path: Path | None = parser.parse_args(arguments).db
    idle: float = parser.parse_args(arguments).idle
    where = ["--db", str(path)] if path else ["demo"]
    session = Session([sys.executable, "-m", "tui", *where])
    try:
        _measure(session, idle)
    finally:
        session.close()
    return 0


def _measure(session: Session, idle: float) -> None:
    _row("first complete screen", session.read(session.started, 1.5), 32_000)
    _row(f"idle for {idle:.0f} s", session.press(b"", least=idle), 0)
    _row("a reload with equal data", session.press(b"r", 1.0), 0)
    _row("window loses and gets focus", session.press(b"\x1b[O\x1b[I"), 0)
    moves = b"".join(b"\x1b[<35;%d;%dM" % (10 + step, 5 + step // 2) for step in range(40))
    _row("40 mouse moves", session.press(moves), 0)
    _row("row down", session.press(b"j"), 500)
    _row("page down", session.press(b"\x1b[6~"), 2_000)
    _row("Tab", session.press(b"\t"), 600)
    session.press(b"8g")
    _row("open a dropdown", session.press(b"u"), 1_000)
    session.press(b"\x1b", 1.0)
    _row("filter change, every panel", session.press(b"<", 1.0), 16_000)
    session.press(b"\x7f", 1.0)
    _row("a start's detail, in", session.press(b"\r"), 6_000)
    _row("a start's detail, out", session.press(b"q"), 6_000)
    _row("help, in", session.press(b"?"), None)
    _row("help, out", session.press(b"q"), None)
    downs = [session.press(b"j", 0.15).first * 1000 for _ in range(30)]
    print(f"{'row down, median ms to the first byte':<40}{statistics.median(downs):>10.1f}")
    changes = [session.press(key, 0.6).last * 1000 for key in (b"<", b">", b"<", b">", b"<", b">")]
    print(f"{'filter change, median ms to the last':<40}{statistics.median(changes):>10.1f}")
    before = _resident(session.process)
    for _ in range(200):
        session.press(b"\r", 0.1)
        session.press(b"\x7f", 0.1)
    print(f"{'memory, MB, before and after 200 details':<40}{before:>10}{_resident(session.process):>10}")


def _row(name: str, answer: Answer, most: int | None) -> None:
    size = len(answer.data)
    bound = "" if most is None else f"{most:>10,}  {'ok' if size <= most else 'OVER'}"
    print(f"{name:<40}{size:>10,}{bound}   {answer.last * 1000:8.0f} ms", flush=True)
