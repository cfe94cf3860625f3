"""The interface to a ClickHouse database, and its errors as one line each. Knows no table.

`Engine` is all that the other modules know of a database. `ClientEngine` implements it over a client of
clickhouse-connect, which speaks HTTP to a server and the same calls to chdb inside this process: parameters, types and
errors are those of one library. `connecting` opens the client.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.external import ExternalData
from clickhouse_connect.driver.query import QueryResult

from storage.clickhouse.long_lists import ListTable, as_tables
from storage.domain.errors import StorageError
from storage.language.texts import _

Answer = TypeVar("Answer")
Parameters = Mapping[str, Any]  # values of {name:Type} in a statement
_WAITS = (0.2, 1.0)  # s before a call is repeated of which no answer came
# ClickHouse's numbers of errors.
_REFUSED_PASSWORD, _NO_DATABASE, _NO_RIGHT, _NO_SPACE = 516, 81, 497, 243
NO_COLUMN, NO_TABLE, TABLE_EXISTS = 47, 60, 57


class EngineError(StorageError):
    """The database did not do what was asked. The message is one line.

    Attributes:
        code: ClickHouse's number of the error; None if no answer came, so that nobody knows whether it was done.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Engine(Protocol):
    """A ClickHouse database. Tables are named without their database. One thread at a time uses it.

    Where no answer comes, a call is repeated: every statement must be one that may happen twice. Every method raises
    EngineError.

    Attributes:
        remembered: what readers keep of what does not change, as long as the connection is open.
    """

    remembered: dict[Any, Any]

    @property
    def name(self) -> str:
        """The address of the database, for messages."""

    def run(self, statement: str, parameters: Parameters | None = None) -> None:
        """Runs a statement that returns nothing."""

    def rows(self, query: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    def columns(self, query: str, parameters: Parameters | None = None) -> list[Sequence[Any]]:
        """The same by column, which costs less; no columns where there are no rows."""

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str = "") -> None:
        """Inserts rows, all or none.

        Args:
            table: where.
            columns: the values of each column, all equally many.
            token: names this insert: a second one with the same token and table changes nothing, while the server
                remembers it (`tables` says for how many inserts). Without one, so does a second insert of equal rows.
        """

    def close(self) -> None:
        """Ends the connection."""


class ClientEngine:
    """An engine over a client of clickhouse-connect."""

    def __init__(self, client: Client, name: str, *, is_embedded: bool = False) -> None:
        """Takes the client over.

        Args:
            client: of a server or of chdb.
            name: the address of the database, for messages.
            is_embedded: whether the engine is inside this process.
        """
        self._client, self._name, self._is_embedded = client, name, is_embedded
        self.remembered: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        return self._name

    def run(self, statement: str, parameters: Parameters | None = None) -> None:
        self._answered(lambda: self._client.command(statement, parameters=dict(parameters or {})))

    def rows(self, query: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._result(query, parameters).result_rows]

    def columns(self, query: str, parameters: Parameters | None = None) -> list[Sequence[Any]]:
        return list(self._result(query, parameters).result_columns)

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str = "") -> None:
        values = list(columns.values())
        if not values or not len(values[0]):
            return
        settings = {"insert_deduplication_token": token} if token else None
        self._answered(
            lambda: self._client.insert(
                table, values, column_names=list(columns), column_oriented=True, settings=settings
            )
        )

    def _result(self, query: str, parameters: Parameters | None) -> QueryResult:
        if not self._is_embedded:
            asked = as_tables(query, parameters or {})
            return self._asked(asked.statement, asked.parameters, _beside(asked.tables))
        # The engine inside this process takes no tables beside a statement, but reads files.
        with ExitStack() as files:

            def written(name: str, table: ListTable) -> str:
                directory = files.enter_context(tempfile.TemporaryDirectory())
                Path(directory, name).write_bytes(table.content)
                return f"file('{directory}/{name}', 'TabSeparated', '{table.structure}')"

            asked = as_tables(query, parameters or {}, written)
            return self._asked(asked.statement, asked.parameters, None)

    def _asked(self, query: str, parameters: Parameters, beside: ExternalData | None) -> QueryResult:
        return self._answered(lambda: self._client.query(query, parameters=dict(parameters), external_data=beside))

    def _answered(self, act: Callable[[], Answer]) -> Answer:
        """The answer to a call, which is repeated where none comes: it may have happened, and can happen twice."""
        for wait in _WAITS:
            try:
                with told_errors(self._name):
                    return act()
            except EngineError as error:
                if error.code is not None:
                    raise
            time.sleep(wait)
        with told_errors(self._name):
            return act()

    def close(self) -> None:
        self._client.close()


def _beside(tables: Mapping[str, ListTable]) -> ExternalData | None:
    """Tables as the client sends them beside a statement."""
    if not tables:
        return None
    sent = ExternalData()
    for name, table in tables.items():
        sent.add_file(file_name=name, data=table.content, fmt="TabSeparated", structure=table.structure)
    return sent


@contextmanager
def told_errors(name: str) -> Iterator[None]:
    """Turns errors of the client into an EngineError.

    Args:
        name: the address of the database.
    """
    try:
        yield
    except ClickHouseError as error:
        raise _told(name, error) from error


def _told(name: str, error: ClickHouseError) -> EngineError:
    code, why = getattr(error, "code", None), _why(error)
    if code == _REFUSED_PASSWORD:
        message = _("{name}: the user or the password is wrong; the password is read from CLICKHOUSE_PASSWORD")
    elif code == _NO_DATABASE:
        message = _("{name}: there is no such database on the server; create it with CREATE DATABASE")
    elif code == _NO_RIGHT:
        message = _("{name}: the user may not do this ({why})")
    elif code == NO_TABLE:
        message = _("{name}: is not a database of saludo yet; import a file first")
    elif code is None and isinstance(error, OperationalError):
        message = _("{name}: the server does not answer ({why})")
    else:
        message = _("{name}: {why}")
    if code == _NO_SPACE:
        why = _("the disk is full; free some space and run the same command again; nothing is lost")
    return EngineError(message.format(name=name, why=why), code)


def _why(error: ClickHouseError) -> str:
    """What ClickHouse says without its prefix, else the system's words for what broke the connection."""
    text = " ".join(str(error).split())
    if said := text.partition("DB::Exception: ")[2]:
        return said
    cause: object = error
    while (deeper := getattr(cause, "reason", None) or getattr(cause, "__cause__", None)) is not None:
        cause = deeper
    return " ".join(str(cause).split()).rpartition("] ")[2]
