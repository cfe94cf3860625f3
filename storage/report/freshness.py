"""When the last import ended. Not in ingest/journal.py, which writes it: a reader need not load the importer."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.database.queries import Queries


def last_import(connection: Queries) -> datetime | None:
    """When the last import ended, or began if it is still running; UTC, None without any import."""
    at = connection.execute("SELECT max(coalesce(finished_at, started_at)) FROM imports").fetchone()[0]
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
