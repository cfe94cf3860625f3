"""Which version of the time zone database Python uses: the system's where it has one, else the package `tzdata`.

Governments change their clocks with some months' notice, so an old version puts the starts after a change on a wrong
hour or day. Knows no database of this program.
"""

from __future__ import annotations

import re
import zoneinfo
from importlib.resources import files
from pathlib import Path

FLOOR_YEAR = 2026  # of the package in pyproject.toml
_VERSION = re.compile(r"(\d{4})[a-z]*")
# By name: files beside the zones whose first line holds the version.
_TOLD_IN = ("tzdata.zi", "+VERSION", "version")


def version_of_zone(name: str) -> str | None:
    """The version of the data that Python reads a zone from, such as 2026a; None if nothing tells it.

    Args:
        name: an IANA name.
    """
    for directory in map(Path, zoneinfo.TZPATH):
        if (directory / name).is_file():
            return _told_in(directory)
    try:
        return (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8").split("\n", 1)[0].split()[-1]
    except (ImportError, OSError, IndexError):
        return None


def _told_in(directory: Path) -> str | None:
    for name in _TOLD_IN:
        try:
            with (directory / name).open(encoding="utf-8", errors="replace") as file:
                found = _VERSION.search(file.readline(200))
        except OSError:
            continue
        if found is not None:
            return found[0]
    return None


def is_outdated(version: str) -> bool:
    """Whether a version is of a year before FLOOR_YEAR."""
    found = _VERSION.match(version)
    return found is not None and int(found[1]) < FLOOR_YEAR
