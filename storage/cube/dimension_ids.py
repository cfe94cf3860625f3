"""Which lines and templates a cell may have. Apart from the counters, so that reading a report loads no counting."""

from __future__ import annotations

from storage.database.queries import Queries
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID


def all_lines(connection: Queries) -> set[int]:
    """The ids of all lines that a cell may have, with UNKNOWN_ID and without ALL."""
    return {UNKNOWN_ID, *(id for (id,) in connection.execute("SELECT id FROM lines"))}


def all_templates(connection: Queries) -> set[int]:
    """The ids of all templates that a cell may have, with UNKNOWN_ID and NO_TEMPLATE and without ALL."""
    return {UNKNOWN_ID, NO_TEMPLATE, *(id for (id,) in connection.execute("SELECT id FROM templates"))}
