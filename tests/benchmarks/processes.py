"""Measures the memory of a program and its child processes, by /proc (Linux)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SAMPLE_INTERVAL = 0.05  # seconds


@dataclass(slots=True)
class Peak:
    """Peak memory in MB.

    Attributes:
        together: the largest sum over all processes at one time, of their proportional set sizes (PSS, which counts
            shared memory once), or of their resident sizes if the system has no PSS.
        each: the high-water mark of each process, by process id.
    """

    together: float = 0.0
    each: dict[int, float] = field(default_factory=dict)

    def sample(self, process: int) -> None:
        """Measures a process and its descendants once."""
        found = _process_tree(process)
        self.together = max(self.together, sum(map(_held, found)))
        for one in found:
            self.each[one] = max(self.each.get(one, 0.0), _high_water(one))


def watched(command: Sequence[str]) -> Peak:
    """Runs a command to its end and measures it.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    peak = Peak()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            peak.sample(process.pid)
            time.sleep(_SAMPLE_INTERVAL)
        _, errors = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return peak


def started(words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts Python with these arguments, in a process group of its own; its stderr is a pipe."""
    command = [sys.executable, *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def ended(process: subprocess.Popen[bytes]) -> None:
    """Kills a process that `started` returned, and its descendants."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _process_tree(process: int) -> list[int]:
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [process, *(one for child in children for one in _process_tree(child))]


def _held(process: int) -> float:
    return _field(process, "smaps_rollup", "Pss:") or _field(process, "status", "VmRSS:")


def _high_water(process: int) -> float:
    return _field(process, "status", "VmHWM:")


def _field(process: int, file: str, name: str) -> float:
    """A field of a /proc file in MB; 0 if the field or the process does not exist."""
    try:
        for line in Path(f"/proc/{process}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
