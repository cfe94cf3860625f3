"""Imports of a file in tests, and what the database records of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from storage.database.connection import writing
from storage.ingest import importer
from storage.ingest.importer import Summary, import_path
from storage.sources.opened import Options
from tests.captures import OPTIONS
from tests.databases import create


def run(database: Path, file: Path, options: Options = OPTIONS, each: Callable[[int], None] | None = None) -> Summary:
    """Imports a file; calls `each` with the number of events so far after each batch."""
    create(database)
    with writing(database) as writer:
        importer.prepare(writer)
        return import_path(writer, file, options, lambda position, events: each(events) if each and events else None)


def imports(database: Path) -> list[tuple[Any, ...]]:
    """The imports that a database records: events, new ones, whether finished, position in the file."""
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT events, new, finished_at IS NOT NULL, position FROM imports").fetchall()
