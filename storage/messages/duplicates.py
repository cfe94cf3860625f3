"""Makes one message of rows with the same key and direction, which a wrong hash lets an import add.

Knows the rule of merging from `message`, and no timeline: what is derived has to be derived again.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from storage.database.key_runs import KeyRuns
from storage.messages import store
from storage.messages.lines import Lines
from storage.messages.message_row import AT, CONTACT, DIRECTION, KEY, LINE, row_of
from storage.messages.store import DERIVED, Stored

# Two rows with one hash are rare: only their keys are compared.
STORED_TWICE = """
SELECT DISTINCT a.key
FROM temp.repeated_hashes AS one
JOIN temp.repeated_hashes AS other ON other.hash = one.hash AND other.id > one.id
JOIN messages AS a ON a.id = one.id
JOIN messages AS b ON b.id = other.id AND b.key = a.key AND b.direction = a.direction
"""


def find_repeated_hashes(connection: sqlite3.Connection) -> None:
    """Makes the temporary table that STORED_TWICE reads."""
    connection.execute("DROP TABLE IF EXISTS temp.repeated_hashes")
    connection.execute("CREATE TEMP TABLE repeated_hashes (hash, id, PRIMARY KEY (hash, id)) WITHOUT ROWID")
    connection.executemany("INSERT INTO temp.repeated_hashes VALUES (?, ?)", KeyRuns(connection).repeated())


def merge_duplicates(connection: sqlite3.Connection) -> int:
    """Merges messages that are stored twice, inside the caller's transaction; the key index must be right.

    Returns:
        How many rows were removed.
    """
    find_repeated_hashes(connection)
    keys = [key for (key,) in connection.execute(STORED_TWICE)]
    groups: defaultdict[tuple[str, int], list[Stored]] = defaultdict(list)
    for stored in store.by_key(connection, KeyRuns(connection), keys):
        groups[stored.row[KEY], stored.row[DIRECTION]].append(stored)
    names = store.NameIds(connection, Lines(connection))
    removed = []
    for group in groups.values():
        group.sort(key=lambda stored: stored.id)
        store.update(connection, names, [(_merged(group), group[0].derived or (None,) * len(DERIVED))])
        removed += [(stored.id,) for stored in group[1:]]
    connection.executemany("DELETE FROM messages WHERE id = ?", removed)
    return len(removed)


def _merged(group: Sequence[Stored]) -> Stored:
    """One message of several rows, with the first one's id."""
    message = group[0].message
    for stored in group[1:]:
        message.merge(stored.message)
    row = row_of(message)
    line_id, line = next((one.line_id, one.line) for one in group if one.row[LINE] == row[LINE])
    contact_id, contact = next((one.contact_id, one.contact) for one in group if one.row[CONTACT] == row[CONTACT])
    return Stored(group[0].id, line, contact, line_id, contact_id, row, row[AT], group[0].derived)
