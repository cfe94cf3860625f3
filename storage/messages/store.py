"""The rows of `messages`: reads and writes them, their names as numbers. Knows no merge rule; what the evidence columns
hold is `evidence_row`'s, and the derived columns are handed on as they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from storage.database.dirty_marks import MARK_DAY
from storage.domain.bounded_cache import BoundedCache
from storage.messages import message_row
from storage.messages.identities import NOWHERE, Lines, Owned
from storage.messages.message import Direction, Message
from storage.messages.message_row import (
    AT,
    HASH,
    KEY,
    NAMES,
    NOTHING_UNUSUAL,
    TEMPLATE,
    USUAL,
    Row,
    hash_of,
    message_of_row,
)

DERIVED = (
    "line",
    "contact",
    "start_template",
    "start_at",
    "day",
    "origin",
    "user_type",
    "status",
    "answered_at",
    "marks",
    "failure_code",
    "failure_reason",
    "joined",
)
DerivedColumns = tuple[Any, ...]  # the values of DERIVED
START_LINE, DAY, START_ORIGIN, CODE, REASON = map(
    DERIVED.index, ("line", "day", "origin", "failure_code", "failure_reason")
)

_READ = f"""
SELECT m.id, line_ids.line, contact_ids.contact, m.line_id, m.contact_id,
       line_ids.text, contact_ids.kind, contact_ids.text, templates.name,
       {", ".join(f"m.{name}" for name in message_row.COLUMNS[NAMES:])},
       {", ".join(f"m.{name}" for name in DERIVED)}
FROM {{source}}
LEFT JOIN line_ids ON line_ids.id = m.line_id
LEFT JOIN contact_ids ON contact_ids.id = m.contact_id
LEFT JOIN templates ON templates.id = m.template
"""
_EVIDENCE_END = 9 + len(message_row.COLUMNS) - NAMES  # in a row of _READ

_ALL = (*message_row.COLUMNS, *DERIVED, "id")
# A column left out of a statement takes no time; one that is bound to nothing takes the most.
_USUAL_DERIVED = DERIVED.index("failure_code")  # columns before those that hardly any message has
_NOTHING_DERIVED = (None,) * (len(DERIVED) - _USUAL_DERIVED)
_USUAL = (*message_row.COLUMNS[:USUAL], *DERIVED[:_USUAL_DERIVED], "id")
_INSERT, _INSERT_USUAL = (
    f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for columns in (_ALL, _USUAL)
)
_TEMPLATES_KEPT = 100_000
_UPDATE = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in _ALL[:-1])} WHERE id = ?"
_UPDATE_DERIVED = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in DERIVED)} WHERE id = ?"


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A message's row of evidence with the line and contact that it names itself, the ids of those names, its own time,
    ms, and the derived columns that it has in the database (None: it is not there yet)."""

    id: int
    line: int | None
    contact: int | None
    line_id: int | None
    contact_id: int | None
    row: Row
    at: int
    derived: DerivedColumns | None

    @property
    def message(self) -> Message:
        """The message, made of its row every time."""
        return message_of_row(self.row)


def by_key(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Stored]:
    """The messages of these keys, in any direction."""
    return _by_hash(connection, {key: hash_of(key) for key in keys})


def like(connection: sqlite3.Connection, rows: Iterable[Row]) -> Iterator[Stored]:
    """The messages that have the keys of these rows, in any direction."""
    return _by_hash(connection, {row[KEY]: row[HASH] for row in rows})


def _by_hash(connection: sqlite3.Connection, hashes: dict[str, int]) -> Iterator[Stored]:
    source = "json_each(?) AS wanted CROSS JOIN messages AS m ON m.hash = wanted.value"
    for stored in _read(connection, source, sorted({*hashes.values()})):
        if stored.row[KEY] in hashes:
            yield stored


def by_contact(connection: sqlite3.Connection, contacts: Iterable[int]) -> Iterator[Stored]:
    """All messages of these contacts."""
    return _read(
        connection, "json_each(?) AS wanted CROSS JOIN messages AS m ON m.contact = wanted.value", sorted(contacts)
    )


def by_contact_and_time(connection: sqlite3.Connection, spans: Iterable[tuple[int, int, int]]) -> Iterator[Stored]:
    """The messages of each (contact, low, high) whose own time, ms, is one of [low, high]."""
    source = """
        json_each(?) AS wanted CROSS JOIN messages AS m
        ON m.contact = wanted.value ->> 0 AND m.at BETWEEN wanted.value ->> 1 AND wanted.value ->> 2
        """
    return _read(connection, source, sorted(spans))


class First(NamedTuple):
    """What tells of a contact's earliest message whether the contact was known by it."""

    contact: int
    at: int
    direction: int
    kind: str | None
    group: int
    doubtful: int  # something says that it failed, or might


def first_by_contact(connection: sqlite3.Connection, contacts: Iterable[int], join_distance: int) -> Iterator[First]:
    """One of the earliest messages of each contact.

    join_distance: how far, ms, from it a keyless row may lie that is one start with it, and says more of it.
    """
    rows = connection.execute(
        """
        SELECT m.contact, m.at, m.direction, m.kind, m."group",
               m.failed_at IS NOT NULL OR m.flags <> 0 OR m.exported IS NOT NULL OR EXISTS (
                   SELECT 1 FROM messages AS r
                   WHERE r.contact = m.contact AND r.at BETWEEN m.at AND m.at + :distance AND r.direction = :row
               )
        FROM json_each(:contacts) AS wanted CROSS JOIN messages AS m
        ON m.id = (SELECT id FROM messages WHERE contact = wanted.value ORDER BY at LIMIT 1)
        """,
        {"contacts": json.dumps(sorted(contacts)), "distance": join_distance, "row": int(Direction.ROW)},
    )
    return (First(*row) for row in rows)


def next_id(connection: sqlite3.Connection) -> int:
    """The row id that the next new message gets."""
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()[0])


def by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> Iterator[Stored]:
    """The messages of these row ids."""
    return _read(connection, "json_each(?) AS wanted CROSS JOIN messages AS m ON m.id = wanted.value", sorted(ids))


def by_joined(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Stored]:
    """The keyless rows that are one start with these messages, by the message's row id."""
    wanted = sorted(ids)
    pairs = connection.execute(
        "SELECT m.id, m.joined FROM json_each(?) AS wanted CROSS JOIN messages AS m ON m.joined = wanted.value",
        (json.dumps(wanted),),
    ).fetchall()
    rows = {stored.id: stored for stored in by_id(connection, [row for row, _ in pairs])}
    return {keyed: rows[row] for row, keyed in pairs}


def by_context(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Stored]:
    """The messages that name one of these keys as their context."""
    source = "json_each(?) AS wanted CROSS JOIN messages AS m ON m.context = wanted.value AND m.context IS NOT NULL"
    return _read(connection, source, sorted(set(keys)))


def _read(connection: sqlite3.Connection, source: str, wanted: list[Any]) -> Iterator[Stored]:
    if not wanted:
        return iter(())
    cursor = connection.execute(_READ.format(source=source), (json.dumps(wanted),))
    return (_stored(row) for row in cursor)


def _stored(row: tuple[Any, ...]) -> Stored:
    id, line, contact, line_id, contact_id, line_text, kind, text, template = row[:9]
    reference = None if kind is None else (kind, text)
    evidence = (line_text, reference, template, *row[9:_EVIDENCE_END])
    return Stored(id, line, contact, line_id, contact_id, evidence, evidence[AT], row[_EVIDENCE_END:])


def insert(connection: sqlite3.Connection, columns: Columns, new: Iterable[tuple[Stored, DerivedColumns]]) -> None:
    """Writes new messages, whose row ids are higher than any there was, and marks the days of their starts as dirty."""
    usual: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    days: set[tuple[int, int | None]] = set()
    template_ids = columns.template_ids
    for stored, derived in new:
        row = stored.row
        if row[USUAL:] == NOTHING_UNUSUAL and derived[_USUAL_DERIVED:] == _NOTHING_DERIVED:
            template = template_ids[row[TEMPLATE]]
            names = stored.line_id, stored.contact_id, template
            usual.append((*names, *row[NAMES:USUAL], *derived[:_USUAL_DERIVED], stored.id))
        else:
            others.append(_whole(columns, stored, derived))
        if derived[START_ORIGIN] is not None:
            days.add((derived[DAY], derived[START_LINE]))
    connection.executemany(_INSERT_USUAL, usual)
    connection.executemany(_INSERT, others)
    connection.executemany(MARK_DAY, days)


def update(connection: sqlite3.Connection, columns: Columns, changed: Iterable[tuple[Stored, DerivedColumns]]) -> None:
    """Writes changed messages."""
    connection.executemany(_UPDATE, [_whole(columns, stored, derived) for stored, derived in changed])


def _whole(columns: Columns, stored: Stored, derived: DerivedColumns) -> tuple[Any, ...]:
    """A message as the values of _ALL."""
    names = stored.line_id, stored.contact_id, columns.template_ids[stored.row[TEMPLATE]]
    return (*names, *stored.row[NAMES:], *derived, stored.id)


def update_derived(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes only derived columns, each row with its id behind them."""
    connection.executemany(_UPDATE_DERIVED, rows)


class Columns:
    """Turns names into the ids of lines and templates.

    template_ids: the ids of templates by their names, made where they are new; of no name, none.
    """

    def __init__(self, connection: sqlite3.Connection, lines: Lines) -> None:
        self._connection, self._lines = connection, lines
        self.template_ids = BoundedCache(self._template_id, _TEMPLATES_KEPT)

    def _template_id(self, name: str | None) -> int | None:
        if name is None:
            return None
        self._connection.execute("INSERT INTO templates (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        return int(self._connection.execute("SELECT id FROM templates WHERE name = ?", (name,)).fetchone()[0])

    def of_line(self, text: str | None) -> Owned:
        """Where the text of a line leads, which has been linked before."""
        return NOWHERE if text is None else self._lines.find(text)
