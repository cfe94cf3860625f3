"""Ends the dashboard at random moments, in random states and terminals: it has to end soon and restore the terminal."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import termios
import time
from pathlib import Path

from tests.faults.tally import Result
from tests.tui import scenes
from tests.tui.sessions import Session, session

_SECONDS = 1.5  # a second, and half of one for a busy machine
_SIZES = ((120, 40), (80, 24), (60, 16), (0, 0), (0, 24), (80, 0), (1, 1))
_KEYS = (b"", b"?", b"t", b"/line:", b":", b"W", b"w", b"\r", b"nxy\r", b"6\r", b"\x0c" * 40, b"vvvvss", b"y")
_WAYS = ("SIGTERM", "SIGHUP", "SIGINT", "closed", "\x03")


def endings(tries: int, seed: int = 1) -> Result:
    """Tries so many endings.

    Args:
        tries: how many.
        seed: of the random choices.

    Returns:
        The failures say the seed and the number of the try.
    """
    chance = random.Random(seed)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        path = scenes.database(Path(directory))
        for number in range(tries):
            size, keys, way = chance.choice(_SIZES), chance.choice(_KEYS), chance.choice(_WAYS)
            # Half of them while it starts, the others while it does something and nobody reads what it draws.
            delay = chance.uniform(0.2, 1.0) if chance.random() < 0.5 else None
            found = _ended(path, size, keys, way, delay, chance.uniform(0.0, 0.3))
            if found:
                failures.append(f"seed {seed}, try {number}: {size} {keys!r} {way} {delay}: {found}")
    return Result(tries, tries, tuple(failures))


def _ended(path: Path, size: tuple[int, int], keys: bytes, way: str, delay: float | None, pause: float) -> str | None:
    """Ends one dashboard; returns what went wrong."""
    with session(["-m", "tui", "--db", str(path), "--now", str(scenes.NOW)], path.parent, size) as opened:
        if delay is None:
            opened.until("\x1b[?2004h")
            opened.read(0.7)
            os.write(opened.terminal, keys)
            time.sleep(pause)
        else:
            opened.read(delay)
        # Before it shows anything, a key waits for the program, and Python itself answers to a signal.
        starts = "\x1b" not in opened.shown
        _end(opened, "SIGTERM" if way == "\x03" and starts else way)
        try:
            opened.ended(_SECONDS)
        except AssertionError:
            return "still runs"
        if way == "closed":
            return None
        if not termios.tcgetattr(opened.terminal)[3] & termios.ECHO:
            return "the terminal has no echo"
        opened.read(0.05)
        if not starts and "Traceback" in opened.shown:
            return opened.shown[-500:]
    return None


def _end(opened: Session, way: str) -> None:
    if way == "closed":
        os.close(opened.terminal)
    elif way.startswith("SIG"):
        os.kill(opened.process, signal.Signals[way])
    else:
        os.write(opened.terminal, way.encode())
