"""One read transaction and what is read once in it: settings, calendar and cube.

Everything a screen or a command shows at one time comes from one session, so that all numbers belong to the same
moment. Knows no number and no row of the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from storage.database.connection import read_transaction
from storage.report.cube_metrics import Cube
from storage.report.metrics import MetricsSource
from storage.report.recount import Recount
from storage.report.selection import Selection
from storage.report.session import Session


class ReadSession(Session):
    """A connection in a read transaction. Discard it when the transaction ends: the cube caches what it read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection: sqlite3.Connection = connection
        self.cube = Cube(connection)
        self.recount = Recount(connection)

    def renew(self) -> bool:
        """Begins the transaction again, and forgets what was read if another process has committed since.

        Returns:
            Whether nobody has committed: then every transaction that was begun in between reads the same.
        """
        before = self._version()
        self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN")
        if self._version() == before:
            return True
        self.cube, self.recount = Cube(self.connection), Recount(self.connection)
        self.__dict__.pop("settings", None)
        self.__dict__.pop("calendar", None)
        return False

    def _version(self) -> int:
        """Differs from what it was before if another process has committed in the meantime."""
        self.connection.execute("SELECT 1 FROM settings LIMIT 1").fetchone()  # from here on the transaction reads
        version: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def metrics(self, selection: Selection) -> MetricsSource:
        """The source of a selection's counts: the cube, or the messages where the cube does not count by some field."""
        return self.recount if selection.dimensions.needs_recount else self.cube


@contextmanager
def read_session(connection: sqlite3.Connection) -> Iterator[ReadSession]:
    """A session in a read transaction, which may be open already."""
    with read_transaction(connection):
        yield ReadSession(connection)
