"""Statements that write, with their rows: worked out in one place, and executed in another or by another process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

BulkStatement = tuple[str, list[tuple[Any, ...]]]  # a statement, and the values of each of its rows


def execute(connection: sqlite3.Connection, writes: Iterable[BulkStatement]) -> None:
    """Executes the statements one by one, each with all its rows."""
    for statement, rows in writes:
        connection.executemany(statement, rows)
