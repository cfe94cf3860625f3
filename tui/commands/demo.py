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
from storage.language.of_process import LANGUAGE
from storage.language.texts import _
from storage.sources.opened import Options
from tui.commands.progress import Bar

_STARTS = 8_000  # as many as are built in a few seconds
DEMO_ZONE = "America/Argentina/Buenos_Aires"
_LANGUAGES = {"pt": "pt-"}  # those with a demo of their own, and what the name of its file has


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

        name = f"demo-{_LANGUAGES.get(LANGUAGE, '')}{datetime.now(UTC):%Y-%m-%d}.db"
        path = user_cache_path("saludo", appauthor=False) / name
        if not _is_readable(path):
            _remove_all(path)
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


def _remove_all(path: Path) -> None:
    for old in path.parent.glob("demo-*.db*"):
        old.unlink(missing_ok=True)


def _show(bar: Bar, before: int, total: int, position: int, events: int) -> None:
    bar.share(_("importing its files"), before + position, total)


def _build(path: Path, bar: Bar) -> None:
    from fixtures import portuguese
    from fixtures.demo_data import write_demo

    with tempfile.TemporaryDirectory() as directory, writing(path) as writer, bar:
        files = write_demo(
            Path(directory), datetime.now(UTC), _STARTS, progress=partial(bar.share, _("inventing a shop"))
        )
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", portuguese.ZONE if portuguese.IS_SPOKEN else DEMO_ZONE)
        prepare(writer)
        options = Options(time_zone=load_settings(writer.connection).zone)
        total = sum(file.stat().st_size for file in files)
        done = 0
        for file in files:
            import_path(writer, file, options, partial(_show, bar, done, total))
            done += file.stat().st_size
        writer.checkpoint()
