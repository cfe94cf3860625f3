"""Reads a ClickHouse database for the screen: the twin of `Reader`, with the same methods. Knows no widget.

A server answers each reader on a connection of its own. The engine inside this process has one connection, which all
readers share, one job at a time: a slow answer lets other jobs wait, but no key, because jobs run in worker threads.
A query cannot be interrupted; a cancelled job ends before its next query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from storage.clickhouse.address import Address
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import Engine, Parameters
from storage.database.error_words import WRONG_VALUE, describe
from storage.domain.errors import StorageError
from storage.published.versions import latest
from tui.data.reading import Cancelled, ReadError, Stamp

_TO_CLOSE = 0.5  # seconds to wait for a running job at the end


class _Connection:
    """A connection that is opened when first used, for one job at a time."""

    def __init__(self, address: Address) -> None:
        self.lock = threading.RLock()
        self._address = address
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self._address)
        return self._engine

    def close(self) -> None:
        """Closes it, unless a job takes too long to wait for."""
        if self.lock.acquire(timeout=_TO_CLOSE):
            try:
                if self._engine is not None:
                    self._engine.close()
                    self._engine = None
            finally:
                self.lock.release()


_shared: dict[Address, _Connection] = {}


class PublishedReader:
    """Reads the latest version for one job at a time."""

    can_interrupt = False

    def __init__(self, address: Address) -> None:
        self.path = address
        own = _Connection(address)
        self._connection = own if address.directory is None else _shared.setdefault(address, own)
        self._version: int | None = None

    @contextmanager
    def connection(self, is_cancelled: Callable[[], bool] = lambda: False) -> Iterator[Engine]:
        """The engine, locked against other threads; arguments and errors as of `Reader.connection`."""
        with self._connection.lock:
            if is_cancelled():
                raise Cancelled
            try:
                engine = self._connection.engine()
                self._version = _number(engine)
                yield _CancelledBetween(engine, is_cancelled)
            except StorageError as error:
                self._connection.close()
                raise ReadError(str(error)) from None
            except WRONG_VALUE as error:
                raise ReadError(f"{self.path}: {describe(error)}") from None

    def stamp(self) -> Stamp | None:
        """A value that differs whenever another version is published; None if it cannot be read."""
        try:
            with self.connection():
                return (self._version or 0,)
        except ReadError:
            return None

    def is_current(self) -> bool:
        """Whether the version that was read is still the latest: its tables may be removed while it is read."""
        read = self._version
        return self.stamp() in (None, (read or 0,))

    def close(self) -> None:
        """Closes the connection, after the job that uses it if that ends soon."""
        self._connection.close()
        _shared.pop(self.path, None)


def _number(engine: Engine) -> int | None:
    version = latest(engine)
    return None if version is None else version.number


class _CancelledBetween:
    """An engine that raises Cancelled before a query whose answer nobody wants any more."""

    def __init__(self, engine: Engine, is_cancelled: Callable[[], bool]) -> None:
        self._engine, self._is_cancelled = engine, is_cancelled
        self.remembered = engine.remembered

    def _wanted(self) -> Engine:
        if self._is_cancelled():
            raise Cancelled
        return self._engine

    @property
    def name(self) -> str:
        return self._engine.name

    def run(self, statement: str, parameters: Parameters | None = None) -> None:
        self._wanted().run(statement, parameters)

    def rows(self, query: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        return self._wanted().rows(query, parameters)

    def columns(self, query: str, parameters: Parameters | None = None) -> list[Sequence[Any]]:
        return self._wanted().columns(query, parameters)

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str = "") -> None:
        self._wanted().insert(table, columns, token)

    def close(self) -> None:
        """The reader closes it."""
