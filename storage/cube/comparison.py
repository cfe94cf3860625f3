"""Compares the whole cube with a recount of `messages`, for `saludo check`. Changes nothing that is stored."""

from __future__ import annotations

import sqlite3

from storage.cube.refresh import Progress, no_progress, rebuild

# By table: how a differing row is named, besides its line and template.
_PLACES = {
    "cells": "day {day}",
    "details": "details, level {level}, block {block}",
    "users": "users, kind {kind}, level {level}, block {block}",
}
_TABLES = (*_PLACES, "dirty")
_KEY_COLUMNS = ("kind", "level", "block", "line", "template", "day")


def differences(connection: sqlite3.Connection, progress: Progress = no_progress) -> list[str]:
    """The cells that differ from a recount, a message each; nothing in the cube may be dirty.

    The recount goes into temporary tables with the names of the real ones, which SQLite prefers to them.
    """
    try:
        for table in _TABLES:
            _create_temporary(connection, table)
        rebuild(connection, progress)
        return [message for table in _PLACES for message in _different_cells(connection, table)]
    finally:
        for table in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _create_temporary(connection: sqlite3.Connection, table: str) -> None:
    """Creates a temporary copy of an empty table, with its indexes."""
    statements = connection.execute(
        "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ? AND type IN ('table', 'index')"
        " AND sql IS NOT NULL ORDER BY type DESC",
        (table,),
    ).fetchall()
    for (statement,) in statements:
        statement = statement.replace("CREATE TABLE ", "CREATE TABLE temp.", 1)
        connection.execute(statement.replace("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX temp.", 1))


def _different_cells(connection: sqlite3.Connection, table: str) -> list[str]:
    names = [name for _, name, *_ in connection.execute(f"PRAGMA main.table_info({table})")]
    columns = ", ".join(name for name in names if name != "id")
    key = [name for name in names if name in _KEY_COLUMNS]
    rows = connection.execute(
        f"""
        SELECT DISTINCT {", ".join(key)} FROM (
            SELECT * FROM (SELECT {columns} FROM main.{table} EXCEPT SELECT {columns} FROM temp.{table})
            UNION ALL
            SELECT * FROM (SELECT {columns} FROM temp.{table} EXCEPT SELECT {columns} FROM main.{table})
        )
        ORDER BY {", ".join(key)}
        """
    )
    messages = []
    for row in rows:
        cell = dict(zip(key, row, strict=True))
        place = _PLACES[table].format(**cell)
        messages.append(f"cell of line {cell['line']}, template {cell['template']}, {place}: differs from its messages")
    return messages
