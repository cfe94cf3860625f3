"""Opening the one SQLite file: where it is, who may write, what is refused. Knows no table but its version.

Readers never write and never wait for a writer; one writer at a time holds a lock file beside the database.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.database import schema
from storage.database.malloc import keep_freed_memory
from storage.domain.errors import StorageError

# Python looks for a way to adapt every None that is bound, and finds none after a search that costs more than the rest
# of the row; told one, it is done at once.
_nothing: dict[None, None] = {}
sqlite3.register_adapter(type(None), _nothing.get)


class DatabaseError(StorageError):
    """The database cannot be used; the message is one line that says why and what to do."""


class _Older(DatabaseError):
    """The database is empty or of an older version: it cannot be read, and a writer brings it up to date."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The one writing connection; every write stands in `transaction`."""

    connection: sqlite3.Connection
    path: Path

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: commits at the end, rolls back on any exception."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise


def default_path() -> Path:
    """The database that is used where none is named: SALUDO_DB, else a file in the user's data directory."""
    if named := os.environ.get("SALUDO_DB"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("saludo", appauthor=False) / "saludo.db"


def exists(path: Path) -> bool:
    """Whether there is a file that may be a database; raises DatabaseError where it cannot be one."""
    try:
        if path.is_dir():
            raise DatabaseError(f"{path}: is a directory; name a file in it with --db or SALUDO_DB")
        if path.exists() and not path.is_file():
            raise DatabaseError(f"{path}: is no regular file; name another with --db")
        return path.exists()
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be opened ({error.strerror})") from None


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection, closed at the end; raises DatabaseError."""
    connection = open_reader(path)
    try:
        with _errors(path):
            yield connection
    finally:
        connection.close()


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection that any one thread at a time may use; raises DatabaseError, also where there is no
    file."""
    if not exists(path):
        raise DatabaseError(f"{path}: there is no database yet; import a file, or try 'saludo demo'")
    with _errors(path):
        try:
            return _read_only(path, "mode=ro")
        except sqlite3.OperationalError as error:
            # To read beside a writer, SQLite writes into the directory; where nobody can, there is none.
            effective = os.access in os.supports_effective_ids
            closed = not os.access(path.absolute().parent, os.W_OK, effective_ids=effective)
            if not closed or path.with_name(f"{path.name}-wal").exists():
                raise error
            return _read_only(path, "immutable=1")


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    keep_freed_memory()
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=5
    )
    try:
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA query_only = ON")
        _check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """The database for writing, made if it is not there, at the current version; raises DatabaseError.

    A second writer is refused at once rather than kept waiting: an import can take minutes.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"{path.parent}: cannot be made ({error.strerror})") from None
    if exists(path):
        # What is not ours is refused before a lock is left beside it.
        with suppress(_Older), reading(path):
            pass
    keep_freed_memory()
    with _lock(path), _errors(path):
        _create(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            with suppress(_Older):
                _check_version(connection, path)
            # Of a new database. Sets of users are long: of large pages a report reads fewer, one after the other.
            connection.execute("PRAGMA page_size = 16384")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA wal_autocheckpoint = 4096")
            if connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
                schema.migrate(connection)
            yield Writer(connection, path)
        finally:
            connection.close()


def _create(path: Path) -> None:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """The writer's lock: a file beside the database, locked by the kernel, so that a dead writer holds nothing."""
    place = path.with_name(path.name + ".lock")
    try:
        handle = os.open(place, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseError(f"{path}: another import is writing to it; wait until it has ended") from None
        yield
    finally:
        os.close(handle)


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if not connection.execute("PRAGMA schema_version").fetchone()[0]:
        raise _Older(f"{path}: is empty; import a file, or try 'saludo demo'")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise DatabaseError(f"{path}: is a SQLite database of another program; name another file with --db")
    if version > schema.VERSION:
        raise DatabaseError(f"{path}: was written by a newer saludo (version {version}); update saludo")
    if version < schema.VERSION:
        raise _Older(f"{path}: is of an older version ({version}); any import brings it up to date")


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """SQLite's errors as one line that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path}: {describe(error)}") from error


def describe(error: sqlite3.Error) -> str:
    """What an error of SQLite means and what to do about it, without the file's name."""
    text = str(error)
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_NOTADB":
        return "is not a database"
    if name.startswith("SQLITE_CORRUPT"):
        return "is damaged; name a new one with --db and import your files into it again"
    if name.startswith("SQLITE_FULL"):
        return "the disk is full; free some room and run the same command again, nothing is lost"
    if name.startswith("SQLITE_IOERR"):
        return "cannot be written or read (a full disk, a limit or a broken device); run the same command again after"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "is locked by another program; try again when that has ended"
    if name.startswith("SQLITE_READONLY"):
        return "is read-only"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened"
    return text


def interrupt(connection: sqlite3.Connection) -> None:
    """Stops what the connection is doing in another thread; nothing where it is closed already."""
    with suppress(sqlite3.ProgrammingError):
        connection.interrupt()


@contextmanager
def read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A read transaction, so that all that is read belongs to the same moment."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
