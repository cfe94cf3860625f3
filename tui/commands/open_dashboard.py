"""`saludo` and `saludo demo`: open the dashboard. Textual is imported only once the terminal can show it."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storage.database.connection import DatabaseError, exists
from storage.database.settings import load_settings
from storage.language.conventions import use_country_of
from storage.language.texts import _
from tui.commands.common import (
    bar,
    clickhouse_of,
    database_of,
    filter_in,
    filter_settings,
    ignore_closed_pipes,
    interrupted_by_signals,
    now_of,
    reading_queries_of,
)
from tui.commands.output import print_lines

if TYPE_CHECKING:
    from storage.clickhouse.address import Address
    from tui.data.preferences import Preferences


def dashboard(arguments: Namespace) -> int:
    """Opens the dashboard on the database; returns the exit status."""
    _check_filter(arguments)
    return _open(arguments, clickhouse_of(arguments) or database_of(arguments))


def demo(arguments: Namespace) -> int:
    """Builds the demo database and opens the dashboard on it; returns the exit status."""
    from tui.commands.demo import build_demo

    _check_filter(arguments)
    ignore_closed_pipes()
    address = clickhouse_of(arguments) if hasattr(arguments, "db") else None
    own = database_of(arguments) if hasattr(arguments, "db") and address is None else None
    with interrupted_by_signals():
        file = build_demo(own, bar(_("building the demo")))
        path: Path | Address = file
        if address is not None:
            from tui.commands.push_database import copy_to

            copy_to(address, file)
            path = address
    if arguments.no_open:
        print_lines(str(path))
        return 0
    return _open(arguments, path)


def _check_filter(arguments: Namespace) -> None:
    """Reports a wrong filter before anything is built or opened."""
    filter_in(arguments, filter_settings(arguments, lambda problem: None))  # the dashboard tells the problems


def _open(arguments: Namespace, path: Path | Address) -> int:
    """Opens the dashboard if the terminal can show it and the database can be read."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise DatabaseError(_("the dashboard needs a terminal; 'saludo report' prints the same numbers"))
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise DatabaseError(
            _("this terminal (TERM=dumb) cannot show the dashboard; 'saludo report' prints the same numbers")
        )
    zone = ZoneInfo("UTC")
    if not isinstance(path, Path) or exists(path):
        with reading_queries_of(path) as connection:
            zone = load_settings(connection).zone
    use_country_of(zone.key)
    return _run(arguments, path, zone)


def _run(arguments: Namespace, path: Path | Address, zone: ZoneInfo) -> int:
    gc.disable()  # until the first numbers are on the screen, where the dashboard enables it
    from tui.screens.app import run_dashboard

    preferences = _preferences(arguments)
    if not hasattr(arguments, "filter"):
        arguments.filter = preferences.filter
    now = now_of(arguments, zone)
    filter = filter_in(arguments, preferences.filters, now.astimezone(zone).date())
    fixed = now if hasattr(arguments, "now") else None
    return run_dashboard(path, filter, fixed, preferences.directory or Path.cwd(), preferences)


def _preferences(arguments: Namespace) -> Preferences:
    """The defaults for the terminal, overridden by the settings file, overridden by the options."""
    from tui.data.preferences import for_terminal, load
    from tui.data.settings_file import default_file
    from tui.words.keys import ids

    found = load(for_terminal(), default_file(), ids())
    flags = {name: getattr(arguments, name) for name in ("theme", "mouse", "ascii") if hasattr(arguments, name)}
    if hasattr(arguments, "no_exclude"):
        found = replace(found, filters=replace(found.filters, people=frozenset()))
    return replace(found, **flags)
