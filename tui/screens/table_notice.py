"""The text of a table without rows: why nothing matches, or how to import data. Knows no widget."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database.connection import default_path
from storage.language.texts import _
from tui.data.reading import Snapshot
from tui.words import counted
from tui.words.filter_words import FIELD_WORDS, describe, unknown_words

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


def no_rows(snapshot: Snapshot, can_go_back: bool, path: Path | Address) -> tuple[str, ...]:
    """Why a snapshot has no rows and what to do, in lines; empty if it has rows.

    Args:
        snapshot: what was read.
        can_go_back: whether there is a previous view.
        path: the database.
    """
    if snapshot.pager.count:
        return ()
    if snapshot.empty:
        return (_("This database is empty."), *how_to_import(path))
    without = [
        FIELD_WORDS[name].without.format(starts=counted.starts(count)) for name, count in snapshot.starts_without
    ]
    without = [*map(unknown_words, snapshot.unknown), *without]
    keys = _("x clears every filter, < goes to the previous period.")
    if can_go_back:
        keys = _("x clears every filter, < goes to the previous period, Esc goes back.")
    return (_("Nothing matches: {filter}.").format(filter=describe(snapshot.filter)), *without, keys)


def how_to_import(path: Path | Address) -> tuple[str, ...]:
    """How to import the first data, in lines."""
    named = "" if path == default_path() else f" --db {shlex.quote(str(path))}"
    return (
        "",
        _("Import your files:   {command}").format(command=f"saludo import{named} " + _("FILES")),
        _("Or try the demo:     {command}").format(command="saludo demo"),
    )
