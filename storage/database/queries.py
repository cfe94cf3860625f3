"""What the shared statements of a report need of a connection: SQLite's own has it, and so has that of ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """The rows of a statement, read once."""

    def fetchone(self) -> Any:
        """The next row; None after the last one."""

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """The next rows, at most so many; none after the last one."""

    def fetchall(self) -> list[Any]:
        """All other rows."""

    def __iter__(self) -> Iterator[Any]: ...


class Queries(Protocol):
    """A connection that reads."""

    def execute(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ..., /) -> Rows:
        """Runs a statement with the values of its parameters."""
