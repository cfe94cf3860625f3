"""How fresh the data is: when the last import ended. Apart from `journal`, which writes it: reading stays light."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime


def last_import(connection: sqlite3.Connection) -> datetime | None:
    """When the last import ended (or, of one that goes on, began), UTC; None where there was none."""
    at = connection.execute("SELECT max(coalesce(finished_at, started_at)) FROM imports").fetchone()[0]
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
