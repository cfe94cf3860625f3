"""Write statements as values: one process computes them, another executes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

BulkStatement = tuple[str, list[tuple[Any, ...]]]  # SQL with placeholders, and the values of each execution


def execute(connection: sqlite3.Connection, statements: Iterable[BulkStatement]) -> None:
    """Executes the statements in order, each once for each of its rows."""
    for sql, rows in statements:
        connection.executemany(sql, rows)
