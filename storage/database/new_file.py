"""The files and directories that a writer creates for a new database, and how they go again. Knows no SQLite."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

SIDE_FILES = ("-wal", "-shm", "-journal")  # ends of the names that SQLite gives to its files beside a database


def create_directory(directory: Path) -> list[Path]:
    """Creates a private directory and its parents, where they are missing.

    Returns:
        What was created, the deepest first.
    """
    missing = [one for one in (directory, *directory.parents) if not one.exists()]
    for one in reversed(missing):  # `parents=True` would make the others as the umask says
        one.mkdir(mode=0o700, exist_ok=True)
    return missing


def create_file(path: Path) -> None:
    """Creates an empty private file unless it exists."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def remove_files(path: Path, *, existed: bool) -> None:
    """Removes a database that was new, with its files beside it; an empty file that existed is empty again.

    The writer's lock has to be held, and no connection open.
    """
    for end in SIDE_FILES:
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    if existed:
        os.truncate(path, 0)
    else:
        path.unlink(missing_ok=True)
    lock_path(path).unlink(missing_ok=True)


def remove_directories(directories: list[Path]) -> None:
    """Removes directories that are empty, the deepest first."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()


def lock_path(path: Path) -> Path:
    """The lock file of a database's writer."""
    return path.with_name(f"{path.name}.lock")
