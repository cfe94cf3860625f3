"""The table in another order than by time: by template, status or contact, and within these the newest first.

Only the order of time has an index for every filter; here SQLite looks at all starts of the filter and keeps the page.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from storage.positions import ids_at
from storage.selection import Selection


class Order(StrEnum):
    """What the table is sorted by."""

    TIME = "time"
    TEMPLATE = "template"
    STATUS = "status"
    CONTACT = "contact"


_BY = {
    Order.TEMPLATE: "t.name IS NULL, t.name COLLATE NOCASE, t.name",
    Order.STATUS: "m.status",
    Order.CONTACT: "c.label IS NULL, c.label",
}


def sorted_ids(
    connection: sqlite3.Connection, selection: Selection, order: Order, position: int, limit: int
) -> list[int]:
    """The row ids from a position on."""
    if order is Order.TIME:
        return ids_at(connection, selection, position, limit)
    rows = connection.execute(
        f"""
        SELECT m.id FROM messages AS m INDEXED BY starts_by_time
        LEFT JOIN templates AS t ON t.id = m.start_template
        LEFT JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.timed}
        ORDER BY {_BY[order]}, m.start_at DESC, m.key DESC, m.origin DESC LIMIT :limit OFFSET :offset
        """,
        selection.parameters | {"limit": limit, "offset": position},
    )
    return [id for (id,) in rows]
