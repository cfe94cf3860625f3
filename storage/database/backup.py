"""Copies a database with SQLite's online backup, while others read and write it. Knows no table.

The copy is made in one read transaction: it is the database of one moment, and what a writer commits meanwhile neither
gets into it nor makes SQLite begin again. The writer goes on; its WAL grows until the copy is complete.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage.database.complete_file import complete_file, refuse_replacing
from storage.database.connection import read_transaction, reading
from storage.database.error_words import describe
from storage.database.new_file import SIDE_FILES, create_directory, lock_path, remove_directories
from storage.database.writer_lock import has_unfinished, resolved
from storage.domain.errors import StorageError
from storage.language.system_errors import system_reason
from storage.language.texts import _

_PAGES_AT_ONCE = 256  # 4 MB; between two steps progress is shown and Ctrl+C takes effect
# The names of the errors that come from reading the database; all others come from writing the copy.
_OF_THE_DATABASE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_BUSY")


class BackupError(StorageError):
    """The copy cannot be made; the message is one line."""


def back_up(path: Path, target: Path, *, replace: bool, progress: Callable[[int, int], None]) -> int:
    """Copies a database to a file of mode 0600, which appears complete or not at all.

    Directories that are missing are created with mode 0700, and go again after an error.

    Args:
        path: the database; one of an older version is copied as it is.
        target: the copy.
        replace: whether an existing file is replaced.
        progress: called with (bytes copied, bytes in all).

    Returns:
        The size of the copy in bytes.

    Raises:
        StorageError: the database cannot be read, the copy cannot be written, or must not be.
    """
    with reading(path, older=True) as source:
        _refuse_own_files(path, target)
        refuse_replacing(target, replace=replace)
        _refuse_leftovers(target)
        try:
            directories = create_directory(target.parent)
        except OSError as error:
            raise BackupError(
                _("{path}: cannot be created ({why})").format(path=target.parent, why=system_reason(error))
            ) from None
        try:
            with complete_file(target, replace=replace, synced=True) as temporary:
                _copy(source, temporary, target, progress)
        except BaseException:
            remove_directories(directories)
            raise
    return target.stat().st_size


def _refuse_own_files(path: Path, target: Path) -> None:
    """Raises BackupError if the copy would replace the database or a file beside it."""
    file = resolved(path)
    own = {file, lock_path(file), *(file.with_name(f"{file.name}{end}") for end in SIDE_FILES)}
    if resolved(target) in own or (target.exists() and any(one.exists() and one.samefile(target) for one in own)):
        raise BackupError(_("{path}: is the database itself or belongs to it; choose another name").format(path=target))


def _refuse_leftovers(target: Path) -> None:
    """Raises BackupError if SQLite would apply what lies beside the copy to it."""
    if has_unfinished(target):
        raise BackupError(
            _(
                "{path}: a -wal or -journal file of another database lies beside it; choose another name, or remove it"
            ).format(path=target)
        )


def _copy(source: sqlite3.Connection, temporary: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    page_size = int(source.execute("PRAGMA page_size").fetchone()[0])

    def show(_: int, left: int, pages: int) -> None:
        progress((pages - left) * page_size, pages * page_size)

    with closing(sqlite3.connect(temporary, isolation_level=None)) as copy, read_transaction(source):
        copy.execute("PRAGMA journal_mode = OFF")  # after an error the file goes; at the end it is synced
        copy.execute("PRAGMA synchronous = OFF")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the transaction begins with what it reads
        try:
            source.backup(copy, pages=_PAGES_AT_ONCE, progress=show)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(_OF_THE_DATABASE):
                raise
            raise BackupError(f"{target}: {describe(error)}") from None
