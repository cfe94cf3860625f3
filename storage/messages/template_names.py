"""Gives templates other names: messages and the cube know their ids alone. Knows no format."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping


def rename_templates(connection: sqlite3.Connection, names: Mapping[str, str]) -> None:
    """Renames templates, inside the caller's transaction.

    Args:
        connection: the database.
        names: the name that no template has yet, by the one that it has.
    """
    rows = [(new, old) for old, new in names.items()]
    connection.executemany("UPDATE templates SET name = ? WHERE name = ?", rows)
