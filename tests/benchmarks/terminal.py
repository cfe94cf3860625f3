"""Measures the dashboard in a pseudo-terminal: time to open, bytes sent, time of a key, memory.

Run: `python -m tests.benchmarks terminal [--db PATH]` (without it, on the demo database). Bytes are exact. Times are
medians and depend on the machine, so the time to open is compared with peers in the same run.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import opening
from tests.benchmarks.session import Answer, Session
from tui.commands.demo import build_demo
from tui.commands.progress import bar_for

ROW_BOUND, FILTER_BOUND = 10.0, 150.0  # ms
_LEAK_LIMIT = 2.0  # MB that the memory may vary after any number of details
_WARM_UP = 50  # details that are opened before the memory is measured, to fill the caches
_CLOSE = b"q"


def run(words: Sequence[str]) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks terminal")
    parser.add_argument("--db", type=Path)
    parser.add_argument(
        "--rounds", type=int, default=11, help="how often each program is opened; 0: the time to open is not measured"
    )
    parser.add_argument("--idle", type=float, default=15.0, help="seconds to watch for bytes while nothing happens")
    parser.add_argument("--details", type=int, default=1000, help="how many starts are opened and closed")
    arguments = parser.parse_args(words)
    path = arguments.db or build_demo(None, bar_for("building the demo"))
    if arguments.rounds:
        opening.show(opening.measure(path, arguments.rounds))
    session = Session(opening.saludo(path))
    try:
        _bytes(session, arguments.idle)
        _keys(session)
        _details(session, arguments.details)
    finally:
        session.close()
    return 0


def _bytes(session: Session, idle: float) -> None:
    _row("first complete screen", session.read(session.started, 1.5), 32_000)
    _row(f"idle for {idle:.0f} s", session.press(b"", least=idle), 0)
    _row("a reload with equal data, and that it is told", session.press(b"r", 1.0), 100)
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
    _row("compare on", session.press(b"m", 1.0), 6_000)
    _row("compare with last year", session.press(b"m", 1.0), 6_000)
    session.press(b"m", 1.0)
    _row("a breakdown, in", session.press(b"b", 1.0), 6_000)
    _row("a breakdown, sorted", session.press(b"s"), 4_000)
    _row("a breakdown, the next dimension", session.press(b"b", 1.0), 6_000)
    _row("a breakdown, out", session.press(b"\x7f", 1.0), 6_000)
    _row("a start's detail, in", session.press(b"\r"), 6_000)
    _row("a start's detail, out", session.press(_CLOSE), 6_000)
    _row("help, in", session.press(b"?"), None)
    _row("help, out", session.press(_CLOSE), None)


def _row(name: str, answer: Answer, most: int | None) -> None:
    size = len(answer.data)
    bound = f"{'':16}" if most is None else f"   at most {most:>6,}  {_verdict(size <= most)}"
    print(f"{name + ', bytes':<44}{size:>8,}{bound:24} {answer.last * 1000:8.0f} ms", flush=True)


def _keys(session: Session) -> None:
    """The time from a key to the last byte that it causes."""
    _time("row down", [session.press(b"j", 0.15).last for _ in range(30)], ROW_BOUND)
    _time("filter change, every panel", [session.press(key, 0.6).last for key in (b"<", b">") * 5], FILTER_BOUND)
    session.press(b"bm", 1.0)
    changes = [session.press(key, 0.6).last for key in (b"<", b">") * 5]
    _time("filter change with a breakdown and a comparison", changes, FILTER_BOUND)
    session.press(b"mm", 1.0)
    session.press(b"\x7f" * 24, 1.0)
    session.press(b"m", 1.0)
    _time("filter change with compare", [session.press(key, 0.6).last for key in (b"<", b">") * 5], FILTER_BOUND)
    session.press(b"mm", 1.0)
    session.press(b"\x7f" * 24, 1.0)


def _time(name: str, seconds: Sequence[float], most: float) -> None:
    median = statistics.median(seconds) * 1000
    print(f"{name + ', median ms':<44}{median:>8.1f}   at most {most:>6.0f}  {_verdict(median <= most)}", flush=True)


def _details(session: Session, count: int) -> None:
    """Opens and closes one start after another, and compares the memory before and after."""
    session.press(b"8g")
    _open_and_close(session, _WARM_UP)
    before = session.resident()
    _open_and_close(session, count)
    after = session.resident()
    print(
        f"{f'memory before {count:,} details, and after, MB':<44}{before:>8.1f}{after:>8.1f}"
        f"   at most +{_LEAK_LIMIT:.0f}  {_verdict(after - before <= _LEAK_LIMIT)}"
    )


def _open_and_close(session: Session, count: int) -> None:
    for turn in range(count):
        session.type(b"\r")
        session.until(lambda sent: "Copy link" in sent)
        # Ten rows down, then ten up, so that each start differs from the one before.
        session.type(b"qj" if turn % 20 < 10 else b"qk")
        session.until(lambda sent: "Filter" in sent)
        session.read(0.0, 0.005)


def _verdict(holds: bool) -> str:
    return "ok" if holds else "OVER"
