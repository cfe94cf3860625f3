"""Measures the import of hostile input: time for each byte, and the memory of the largest process.

The CPU time is that of the whole command and its helper processes, less that of importing the two records around the
content: that is the start of the program and of a database.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.hostile import Kind, repeated
from tests.benchmarks.hostile_kinds import KINDS, TOLD

RATE, MEMORY = 20.0, 150.0  # MB a second at least, MB at most
_STARTS = 3
_UNIT = 1e6
_CALIBRATED = 5_000_000  # bytes
_LINE = b'{"level":"info","msg":"request %08d took 17 ms"}\n'


@dataclass(frozen=True, slots=True)
class Imported:
    """One import. seconds: of CPU; peak: MB of the largest process; events, rejects: as the command tells them."""

    seconds: float
    peak: float
    events: int
    rejects: int


def run(words: Sequence[str]) -> int:
    """Prints a line for each kind; returns 1 if one is over its limits."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks input", description=__doc__)
    parser.add_argument("kinds", nargs="*", help="words of kinds; those of docs/benchmarks.md if there are none")
    parser.add_argument("--megabytes", type=float, default=60.0)
    parser.add_argument("--all", action="store_true", help="every kind")
    arguments = parser.parse_args(words)
    size, over = int(arguments.megabytes * _UNIT), 0
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        start = start_of(directory)
        print(f"{calibration()}\n")
        print("| kind | MB | seconds | MB/s | peak MB | |\n|---|--:|--:|--:|--:|---|")
        for kind in chosen(arguments.kinds, every=arguments.all):
            one = measure(kind, size, directory)
            seconds = max(one.seconds - start, 0.01)
            holds = size / _UNIT / seconds >= RATE and one.peak <= MEMORY and one.events >= kind.events
            over += not holds
            figures = f"{size / _UNIT:.0f} | {seconds:.2f} | {size / _UNIT / seconds:.0f} | {one.peak:.0f}"
            print(f"| {kind.name} | {figures} | {'' if holds else 'OVER'} |", flush=True)
    return 1 if over else 0


def calibration() -> str:
    """How fast this machine does what needs none of this program's code, in MB a second of CPU."""
    lines = [_LINE % number for number in range(_CALIBRATED // len(_LINE % 0))]
    text = b"".join(lines)
    packed = gzip.compress(text)
    ways: dict[str, Callable[[], object]] = {
        f"json.loads of lines of {len(lines[0])} bytes": lambda: [json.loads(line) for line in lines],
        "their line ends": lambda: text.splitlines(),
        "their gzip": lambda: gzip.decompress(packed),
    }
    return "MB/s: " + ", ".join(f"{name} {len(text) / _UNIT / _seconds(way):.0f}" for name, way in ways.items())


def _seconds(way: Callable[[], object]) -> float:
    """CPU seconds at best."""
    found = []
    for _ in range(_STARTS):
        began = time.process_time()
        way()
        found.append(time.process_time() - began)
    return max(min(found), 1e-9)


def chosen(words: Sequence[str], *, every: bool = False) -> list[Kind]:
    """The kinds with one of these words in their name; without words those of the documents, or every one."""
    if words:
        return [kind for kind in KINDS if any(word in kind.name for word in words)]
    return [kind for kind in KINDS if every or kind.name in TOLD]


def start_of(directory: Path) -> float:
    """CPU seconds of an import of nothing but the records around the content."""
    nothing = Kind("nothing", partial(repeated, b"a"))
    return min(measure(nothing, 1, directory).seconds for _ in range(_STARTS))


def measure(kind: Kind, size: int, directory: Path) -> Imported:
    """Writes a file of a kind and imports it into a new database."""
    path, database, out = directory / "input", directory / "saludo.db", directory / "out"
    kind.write(path, size)
    for old in directory.glob("saludo.db*"):
        old.unlink()
    command = [sys.executable, "-m", "tui", "--db", str(database), "import", "--json", str(path)]
    with out.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.DEVNULL)
        # The child's own usage holds that of its helpers, for which it waits.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    (file,) = json.loads(out.read_text(encoding="utf-8"))["files"]
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Imported(usage.ru_utime + usage.ru_stime, peak, file["events"], file["rejects"])
