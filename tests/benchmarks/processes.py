"""What a program and the processes that it starts hold of memory, watched from outside (Linux)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.05  # seconds


@dataclass(slots=True)
class Peak:
    """The most that was held at once by all, and the high-water mark of each process, in MB.

    together: the sum of the shares (PSS: what several map counts once), of the resident sizes where the system tells
    no shares. each: by process, in the order they were seen.
    """

    together: float = 0.0
    each: dict[int, float] = field(default_factory=dict)

    def sample(self, process: int) -> None:
        """Looks at a process and at all that it started."""
        found = _family(process)
        self.together = max(self.together, sum(map(_held, found)))
        for one in found:
            self.each[one] = max(self.each.get(one, 0.0), _high_water(one))


def watched(command: Sequence[str]) -> Peak:
    """Runs a command to its end; raises CalledProcessError where it fails."""
    peak = Peak()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            peak.sample(process.pid)
            time.sleep(_EVERY)
        _, told = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=told)
    return peak


def started(words: Sequence[str]) -> subprocess.Popen[bytes]:
    """A Python that runs by itself, as the leader of a group of its own; what it tells is kept for when it fails."""
    command = [sys.executable, *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def ended(process: subprocess.Popen[bytes]) -> None:
    """Ends what `started` started, with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _family(process: int) -> list[int]:
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [process, *(one for child in children for one in _family(child))]


def _held(process: int) -> float:
    return _field(process, "smaps_rollup", "Pss:") or _field(process, "status", "VmRSS:")


def _high_water(process: int) -> float:
    return _field(process, "status", "VmHWM:")


def _field(process: int, file: str, name: str) -> float:
    """A field of a file of /proc in MB; 0 where there is none, or no such process any more."""
    try:
        for line in Path(f"/proc/{process}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
