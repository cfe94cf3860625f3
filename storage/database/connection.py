"""Opens the SQLite file: its path, connections for reading and writing, and why a file is refused. Knows no table.

Readers never write and never wait for a writer. One writer at a time holds the lock file next to the database.
docs/database.md describes permissions, WAL and the lock file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.database import schema
from storage.database.error_words import NOT_USABLE, WRONG_VALUE, describe
from storage.database.left_wal import belongs_to_another
from storage.database.main_file_record import MainFileRecord
from storage.database.malloc import keep_freed_memory
from storage.database.new_file import create_directory, create_file, remove_directories, remove_files
from storage.database.writer_lock import LockError, resolved, writer_lock
from storage.domain.errors import StorageError
from storage.language.system_errors import system_reason
from storage.language.texts import _

# Without an adapter for None, sqlite3 searches for one each time it binds None, which takes longer than the rest of the
# row. `dict.get` of an empty dict is the fastest callable that returns None.
_no_adapter: dict[None, None] = {}
sqlite3.register_adapter(type(None), _no_adapter.get)

_CACHE = "PRAGMA cache_size = -65536"  # KiB: 64 MiB
_SMALL_CACHE = "PRAGMA cache_size = -8192"  # 8 MiB
_TIMEOUT = 5  # seconds to wait for a lock of SQLite, as a checkpoint holds it for a moment
_HEADER = 100  # bytes, of a SQLite file
_APPLICATION_AND_SCHEMA = (68, 40)  # places of the application id and of the schema's version in the header


class DatabaseError(StorageError):
    """The database cannot be used. The message is one line: the file, what is wrong, and what to do."""


class _Outdated(DatabaseError):
    """The database is empty or of an older version: it cannot be read until a writer upgrades it."""


class _Older(_Outdated):
    """The database is of an older version."""


class _Unfinished(DatabaseError):
    """A writer was killed outside of WAL mode: the file cannot be read until a writer rolls its transaction back."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The only connection that writes; every write is inside `transaction`."""

    connection: sqlite3.Connection
    path: Path  # without links: SQLite's files lie beside it
    record: MainFileRecord

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction: commits at the end, rolls back on any exception."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            with self.changing_file():
                self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def changing_file(self) -> Iterator[None]:
        """For what may change the file itself: a commit, whose checkpoint does, or a copy over it."""
        try:
            self.record.forget()
        except OSError as error:  # else it would seem to be one of the file that is imported
            raise DatabaseError(f"{self.path}: {NOT_USABLE}") from error
        yield
        self.record.keep()

    def checkpoint(self) -> None:
        """Moves all of the WAL into the file, if no reader needs it."""
        with self.changing_file():
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def default_path() -> Path:
    """The database to use without --db: the path in SALUDO_DB, else saludo.db in the user's data directory."""
    if named := os.environ.get("SALUDO_DB"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("saludo", appauthor=False) / "saludo.db"


def exists(path: Path) -> bool:
    """Whether the path is an existing file.

    Raises:
        DatabaseError: The path is a directory or another special file, or cannot be accessed.
    """
    try:
        if path.is_dir():
            raise DatabaseError(
                _("{path}: is a directory; choose a file in it with --db or SALUDO_DB").format(path=path)
            )
        if path.exists() and not path.is_file():
            raise DatabaseError(_("{path}: is not a regular file; choose another file with --db").format(path=path))
        return path.exists()
    except OSError as error:
        raise DatabaseError(_("{path}: cannot be opened ({why})").format(path=path, why=system_reason(error))) from None


def file_of(connection: sqlite3.Connection) -> Path:
    """The file of a connection, without links."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


@contextmanager
def reading(path: Path, *, older: bool = False) -> Iterator[sqlite3.Connection]:
    """A read-only connection, closed with the context; errors of SQLite become DatabaseError.

    Args:
        path: The file.
        older: Whether a database of an older version is read as well, with its own tables.
    """
    connection = open_reader(path, older=older)
    try:
        with _errors(path):
            yield connection
    finally:
        connection.close()


def open_reader(path: Path, *, older: bool = False) -> sqlite3.Connection:
    """A read-only connection, usable by any thread, one at a time; arguments as of `reading`.

    Raises:
        DatabaseError: The file does not exist, is not a database of this program, or has another version.
    """
    if not exists(path):
        raise DatabaseError(_("{path}: database not found; import a file, or try 'saludo demo'").format(path=path))
    with _errors(path):
        file = resolved(path)
        if belongs_to_another(file):
            message = _(
                "{path}: was replaced, and {name}-wal still holds changes of the file before; remove"
                " {name}-wal and {name}-shm, and run the same command again"
            )
            raise DatabaseError(message.format(path=path, name=file.name))
        try:
            return _read_only(path, "mode=ro", older)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
                raise _unfinished(path) from None
            # In WAL mode, even a reader creates files in the directory. If it may not, and no WAL exists, there is no
            # writer either, and the file can be read as immutable.
            effective = os.access in os.supports_effective_ids
            writable = os.access(file.parent, os.W_OK, effective_ids=effective)
            if writable or any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-journal")):
                raise error
            return _read_only(path, "immutable=1", older)


def use_small_cache(connection: sqlite3.Connection) -> None:
    """Limits the memory of a connection that is one of several in a process, and seldom reads the same pages again."""
    connection.execute(_SMALL_CACHE)


def _unfinished(path: Path) -> DatabaseError:
    """The error for a file with a rollback journal: SQLite would roll back before it says whose file it is."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER)
    application, schema_version = (int.from_bytes(header[at : at + 4], "big") for at in _APPLICATION_AND_SCHEMA)
    if application != schema.APPLICATION_ID and (application or schema_version):
        return DatabaseError(
            _("{path}: is a SQLite database of another program; choose another file with --db").format(path=path)
        )
    return _Unfinished(
        _("{path}: an interrupted write must be undone first; run 'saludo check' or any import").format(path=path)
    )


def _read_only(path: Path, mode: str, older: bool) -> sqlite3.Connection:
    keep_freed_memory()
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_TIMEOUT)
    try:
        connection.execute(_CACHE)
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA query_only = ON")
        try:
            check_version(connection, path)
        except _Older:
            if not older:
                raise
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(path: Path, *, unless: Callable[[sqlite3.Connection], bool] | None = None) -> Iterator[Writer]:
    """The database for writing, created if it does not exist, at the current version.

    Args:
        path: The file.
        unless: Asked at the end, also after an error, of a database that this call has created: whether nothing is
            worth keeping. The files and directories that it created are then removed.

    Raises:
        DatabaseError: The file is not a database of this program, cannot be written, or another writer has it. A second
            writer is refused at once and does not wait: an import can take minutes.
    """
    try:
        directories = create_directory(path.parent)
    except OSError as error:
        raise DatabaseError(
            _("{path}: cannot be created ({why})").format(path=path.parent, why=system_reason(error))
        ) from None
    try:
        if exists(path):
            # Refuses a file of another program before a lock file is created next to it.
            with suppress(_Outdated, _Unfinished), reading(path):
                pass
        keep_freed_memory()
        file = resolved(path)
        with _locked(path, file) as record, _errors(path), _opened(file, unless) as connection:
            with suppress(_Outdated):
                check_version(connection, path)
            _set_up(connection)
            record.keep()
            writer = Writer(connection, file, record)
            yield writer
            # A reader keeps the WAL, and SQLite would add what it holds to a file that is copied over this one.
            writer.checkpoint()
            record.forget()
    finally:
        if unless is not None and not os.path.exists(path):
            remove_directories(directories)


@contextmanager
def _opened(path: Path, unless: Callable[[sqlite3.Connection], bool] | None) -> Iterator[sqlite3.Connection]:
    """A connection to a file, which is created if it does not exist, and removed as `writing` says."""
    connection: sqlite3.Connection | None = None
    existed = path.exists()
    if existed and path.stat().st_size > 0:
        unless = None
    try:
        create_file(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=_TIMEOUT)
        yield connection
    finally:
        unwanted = unless is not None and (connection is None or _is_unwanted(connection, unless))
        if connection is not None:
            connection.close()
        if unwanted:
            remove_files(path, existed=existed)


def _is_unwanted(connection: sqlite3.Connection, unless: Callable[[sqlite3.Connection], bool]) -> bool:
    with suppress(sqlite3.Error):
        return unless(connection)
    return False  # what cannot be read may hold something


def _set_up(connection: sqlite3.Connection) -> None:
    """Sets the pragmas of a writer and upgrades the schema."""
    # Takes effect in a new database only. User sets are long: with large pages a report reads fewer, in sequence.
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_CACHE)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint = 4096")
    if connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
        schema.migrate(connection)


@contextmanager
def _locked(path: Path, file: Path) -> Iterator[MainFileRecord]:
    """Holds the writer's lock of the file that the path leads to."""
    with ExitStack() as stack:
        try:
            record = stack.enter_context(writer_lock(file))
        except LockError as error:
            raise DatabaseError(f"{path}: {error}") from None
        yield record


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raises DatabaseError unless the database is one of this version, which an import by another saludo can change."""
    if not connection.execute("PRAGMA schema_version").fetchone()[0]:
        raise _Outdated(_("{path}: is empty; import a file, or try 'saludo demo'").format(path=path))
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise DatabaseError(
            _("{path}: is a SQLite database of another program; choose another file with --db").format(path=path)
        )
    if version > schema.VERSION:
        raise DatabaseError(
            _("{path}: was written by a newer saludo (version {version}); update saludo").format(
                path=path, version=version
            )
        )
    if version < schema.VERSION:
        raise _Older(
            _("{path}: is an older version ({version}); any import upgrades it").format(path=path, version=version)
        )


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and those that a wrong value raises into DatabaseError, one line with the file's name."""
    try:
        yield
    except WRONG_VALUE as error:
        raise DatabaseError(f"{path}: {describe(error)}") from error


def interrupt(connection: sqlite3.Connection) -> None:
    """Stops the statement that the connection executes in another thread; does nothing if it is closed."""
    with suppress(sqlite3.ProgrammingError):
        connection.interrupt()


@contextmanager
def read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A read transaction, or the one that is open: everything read in it is of the same moment."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
