"""Describes the machine of a measurement: the processor, and the versions of the programs. Knows no figure."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("duckdb", "sqlite-utils", "msgspec", "pyroaring", "textual")


def machine() -> Iterator[str]:
    """Lines about the machine and its programs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    yield f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, {platform.system()}"
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, sqlite3 shell {_shell()}"
    yield ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _shell() -> str:
    if shutil.which("sqlite3") is None:
        return "not installed"
    result = subprocess.run(["sqlite3", "--version"], capture_output=True, text=True, check=True)
    return result.stdout.split()[0]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
