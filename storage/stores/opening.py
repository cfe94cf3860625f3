"""Opens a store on a connection of either engine. Loads nothing of ClickHouse for a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from storage.report.read_session import read_session
from storage.stores.interface import Store
from storage.stores.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from storage.clickhouse.engine import Engine

    Connection = sqlite3.Connection | Engine


@contextmanager
def store(connection: Connection) -> Iterator[Store]:
    """One moment of a database.

    Args:
        connection: of SQLite, or the engine of a ClickHouse database.

    Raises:
        EngineError: the database cannot be read, or nothing is published in it.
    """
    if isinstance(connection, sqlite3.Connection):
        with read_session(connection) as session:
            yield SqliteStore(session)
        return
    from storage.published.version_session import session_of_latest
    from storage.stores.version_store import VersionStore

    yield VersionStore(session_of_latest(connection))
