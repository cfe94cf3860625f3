"""`saludo` and `saludo demo`: open the dashboard. Textual is imported only once the terminal can show it."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storage.database.connection import DatabaseError, exists, reading
from storage.database.settings import load_settings
from tui.commands.common import bar, database_of, filter_in, ignore_closed_pipes, interrupted_by_signals, now_of
from tui.commands.output import print_lines

if TYPE_CHECKING:
    from tui.data.preferences import Preferences


def dashboard(arguments: Namespace) -> int:
    """Opens the dashboard on the database; returns the exit status."""
    path = database_of(arguments)
    filter_in(arguments)  # a wrong filter is reported before the dashboard opens
    now = None
    if hasattr(arguments, "now"):
        zone = ZoneInfo("UTC")
        if exists(path):
            with reading(path) as connection:
                zone = load_settings(connection).zone
        now = now_of(arguments, zone)
    return _open(arguments, path, now)


def demo(arguments: Namespace) -> int:
    """Builds the demo database and opens the dashboard on it; returns the exit status."""
    from tui.commands.demo import build_demo

    ignore_closed_pipes()
    with interrupted_by_signals():
        path = build_demo(getattr(arguments, "db", None), bar("building the demo"))
    if arguments.no_open:
        print_lines(str(path))
        return 0
    return _open(arguments, path, None)


def _open(arguments: Namespace, path: Path, now: datetime | None) -> int:
    """Opens the dashboard if the terminal can show it and the database can be read."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise DatabaseError("the dashboard needs a terminal; 'saludo report' prints the same numbers")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise DatabaseError(
            "this terminal (TERM=dumb) cannot show the dashboard; 'saludo report' prints the same numbers"
        )
    if exists(path):
        with reading(path):
            pass
    return _run(arguments, path, now)


def _run(arguments: Namespace, path: Path, now: datetime | None) -> int:
    gc.disable()  # until the first numbers are on the screen, where the dashboard enables it
    from tui.screens.app import run_dashboard

    preferences = _preferences(arguments)
    filter = filter_in(arguments) if hasattr(arguments, "filter") else preferences.filter
    return run_dashboard(path, filter, now, preferences.directory or Path.cwd(), preferences)


def _preferences(arguments: Namespace) -> Preferences:
    """The defaults for the terminal, overridden by the settings file, overridden by the options."""
    from tui.data.preferences import default_file, for_terminal, load
    from tui.words.keys import ids

    found = load(for_terminal(), default_file(), ids())
    flags = {name: getattr(arguments, name) for name in ("theme", "mouse", "ascii") if hasattr(arguments, name)}
    return replace(found, **flags)
