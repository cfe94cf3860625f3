"""Builds the demo database, once a day: imports generated files as `saludo import` does."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from storage.database.connection import DatabaseError, reading, writing
from storage.database.new_file import create_directory
from storage.database.settings import load_settings, store_setting
from storage.ingest.importer import import_path, prepare
from storage.language.texts import _
from storage.sources.opened import Options
from tui.commands.progress import Bar

_STARTS = 8_000  # as many as are built in a few seconds


def build_demo(path: Path | None, bar: Bar) -> Path:
    """Builds the demo database unless it exists.

    Args:
        path: of the database; None for the one of today in the user's cache.
        bar: shows the progress.

    Returns:
        The path of the database.
    """
    if path is None:
        from platformdirs import user_cache_path

        from fixtures.here import HERE

        today = f"{datetime.now(UTC):%Y-%m-%d}"
        path = user_cache_path("saludo", appauthor=False) / f"demo-{HERE.country.lower()}-{today}.db"
        if not _is_readable(path):
            _remove_old(path, today)
    if path.exists():
        return path
    create_directory(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _build(part, bar)
        os.replace(part, path)
    finally:
        for leftover in path.parent.glob(f"{part.name}*"):
            leftover.unlink(missing_ok=True)
    return path


def _is_readable(path: Path) -> bool:
    """Whether the database can be read: another version of saludo may have built it today."""
    try:
        with reading(path):
            return True
    except DatabaseError:
        return False


def _remove_old(path: Path, today: str) -> None:
    """Removes the demos of other days and what is left of this one; those of today in other languages stay."""
    for old in path.parent.glob("demo-*.db*"):
        if today not in old.name or old.name.startswith(path.name):
            old.unlink(missing_ok=True)


def _show(bar: Bar, before: int, total: int, position: int, events: int) -> None:
    bar.share(_("importing its files"), before + position, total)


def _build(path: Path, bar: Bar) -> None:
    from fixtures.demo_data import write_demo
    from fixtures.here import HERE

    with tempfile.TemporaryDirectory() as directory, writing(path) as writer, bar:
        files = write_demo(
            Path(directory), datetime.now(UTC), _STARTS, progress=partial(bar.share, _("inventing a shop"))
        )
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", HERE.zone)
        prepare(writer)
        options = Options(time_zone=load_settings(writer.connection).zone)
        total = sum(file.stat().st_size for file in files)
        done = 0
        for file in files:
            import_path(writer, file, options, partial(_show, bar, done, total))
            done += file.stat().st_size
        writer.checkpoint()
