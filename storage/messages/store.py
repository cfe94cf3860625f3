"""Reads and writes the rows of table `messages`, with the ids of lines, contacts and templates in place of their names.

`message_row` defines the columns that hold what records say, `DERIVED` the columns that follow from them; this module
passes the values of both on. Knows no merge rule and no definition.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from storage.database.dirty_marks import MARK_DAY
from storage.database.key_runs import KeyRuns
from storage.database.queries import Queries
from storage.domain.bounded_cache import BoundedCache
from storage.messages import message_row
from storage.messages.classify import SURELY_MAKES_KNOWN
from storage.messages.identities import NOT_FOUND, MaybeFound
from storage.messages.lines import Lines
from storage.messages.message import Direction, Message
from storage.messages.message_row import (
    AT,
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
_STARTS_BETWEEN = f"""
SELECT id, {", ".join(DERIVED)} FROM messages INDEXED BY starts_by_time
WHERE origin IS NOT NULL AND start_at >= ? AND start_at < ?
"""
_IDS_AND_NAMES = 9  # columns of _READ before those of a row
_ROW_END = _IDS_AND_NAMES + len(message_row.COLUMNS) - NAMES

_ALL = (*message_row.COLUMNS, *DERIVED, "id")
# Two statements, because binding None to a column takes as long as binding a value, and leaving it out takes no time.
_USUAL_DERIVED = DERIVED.index("failure_code")  # columns before those that few messages use
_NOTHING_DERIVED = (None,) * (len(DERIVED) - _USUAL_DERIVED)
_USUAL = (*message_row.COLUMNS[:USUAL], *DERIVED[:_USUAL_DERIVED], "id")
_INSERT, _INSERT_USUAL = (
    f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for columns in (_ALL, _USUAL)
)
_CACHED_TEMPLATES = 100_000
_UPDATE = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in _ALL[:-1])} WHERE id = ?"
_UPDATE_DERIVED = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in DERIVED)} WHERE id = ?"


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A message with its ids in the database.

    id: `messages.id`. line, contact: ids of the line and contact that it belongs to. line_id, contact_id: ids of the
    names by which its records name them (`line_ids.id`, `contact_ids.id`). row: what its records say. at: its own time,
    ms. derived: its derived columns in the database, None if it is not there yet.
    """

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
        """The message that the row was made of, converted at every call."""
        return message_of_row(self.row)


def by_key(connection: sqlite3.Connection, index: KeyRuns, keys: Iterable[str]) -> Iterator[Stored]:
    """The messages with these keys, in any direction."""
    wanted = {*keys}
    if not wanted:
        return
    found = index.find({hash_of(key) for key in wanted})
    for stored in by_id(connection, chain.from_iterable(found.values())):
        if stored.row[KEY] in wanted:
            yield stored


def by_contact(connection: sqlite3.Connection, contacts: Iterable[int]) -> Iterator[Stored]:
    """All messages of these contacts."""
    return _read(
        connection, "json_each(?) AS wanted CROSS JOIN messages AS m ON m.contact = wanted.value", sorted(contacts)
    )


def by_contact_and_time(connection: sqlite3.Connection, spans: Iterable[tuple[int, int, int]]) -> Iterator[Stored]:
    """The messages of each (contact, low, high) whose own time is low to high, both included, in ms."""
    source = """
        json_each(?) AS wanted CROSS JOIN messages AS m
        ON m.contact = wanted.value ->> 0 AND m.at BETWEEN wanted.value ->> 1 AND wanted.value ->> 2
        """
    return _read(connection, source, sorted(spans))


class First(NamedTuple):
    """The earliest message of a contact: its time, ms, and whether it makes the contact known in any case."""

    contact: int
    at: int
    makes_known: bool


def first_by_contact(connection: sqlite3.Connection, contacts: Iterable[int], join_distance: int) -> Iterator[First]:
    """The earliest message of each contact; any one of those with the same time.

    Args:
        connection: The database.
        contacts: Ids of contacts; those without a message are left out.
        join_distance: How near, in ms, a keyless row must be to a message out to be one start with it; then it depends
            on both whether the message failed.
    """
    rows = connection.execute(
        f"""
        SELECT m.contact, m.at, ({SURELY_MAKES_KNOWN}) AND NOT (m.direction = :out AND EXISTS (
            SELECT 1 FROM messages AS r
            WHERE r.contact = m.contact AND r.at BETWEEN m.at AND m.at + :distance AND r.direction = :row
        ))
        FROM json_each(:contacts) AS wanted CROSS JOIN messages AS m
        ON m.id = (SELECT id FROM messages WHERE contact = wanted.value ORDER BY at LIMIT 1)
        """,
        {
            "contacts": json.dumps(sorted(contacts)),
            "distance": join_distance,
            "out": int(Direction.OUT),
            "row": int(Direction.ROW),
        },
    )
    return (First(contact, at, bool(makes_known)) for contact, at, makes_known in rows)


def next_id(connection: sqlite3.Connection) -> int:
    """The row id of the next new message."""
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()[0])


def by_id(connection: Queries, ids: Iterable[int]) -> Iterator[Stored]:
    """The messages with these row ids."""
    return _read(connection, "json_each(?) AS wanted CROSS JOIN messages AS m ON m.id = wanted.value", sorted(ids))


def starts_between(connection: sqlite3.Connection, span: range) -> Iterator[tuple[int, DerivedColumns]]:
    """The row ids and derived columns of the messages that are starts at one of these times, in ms."""
    rows = connection.execute(_STARTS_BETWEEN, (span.start, span.stop))
    return ((row[0], row[1:]) for row in rows)


def by_joined(connection: Queries, ids: Iterable[int]) -> dict[int, Stored]:
    """The keyless rows that are joined to these messages, by the message's row id."""
    wanted = sorted(ids)
    pairs = connection.execute(
        "SELECT m.id, m.joined FROM json_each(?) AS wanted CROSS JOIN messages AS m ON m.joined = wanted.value",
        (json.dumps(wanted),),
    ).fetchall()
    rows = {stored.id: stored for stored in by_id(connection, [row for row, _ in pairs])}
    return {keyed: rows[row] for row, keyed in pairs}


def by_context(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Stored]:
    """The messages that quote a message with one of these keys."""
    source = "json_each(?) AS wanted CROSS JOIN messages AS m ON m.context = wanted.value AND m.context IS NOT NULL"
    return _read(connection, source, sorted(set(keys)))


def _read(connection: Queries, source: str, wanted: list[Any]) -> Iterator[Stored]:
    if not wanted:
        return iter(())
    cursor = connection.execute(_READ.format(source=source), (json.dumps(wanted),))
    return (_stored(row) for row in cursor)


def _stored(row: tuple[Any, ...]) -> Stored:
    id, line, contact, line_id, contact_id, line_text, kind, text, template = row[:_IDS_AND_NAMES]
    reference = None if kind is None else (kind, text)
    known = (line_text, reference, template, *row[_IDS_AND_NAMES:_ROW_END])
    return Stored(id, line, contact, line_id, contact_id, known, known[AT], row[_ROW_END:])


def insert(connection: sqlite3.Connection, names: NameIds, new: Iterable[tuple[Stored, DerivedColumns]]) -> None:
    """Writes new messages and marks the days of their starts as dirty (storage/database/dirty_marks.py).

    Args:
        connection: The database.
        names: Ids of templates.
        new: Messages with derived columns, in the order of their row ids, all greater than any in the table.
    """
    usual: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    days: set[tuple[int, int | None]] = set()
    template_ids = names.template_ids
    for stored, derived in new:
        row = stored.row
        if row[USUAL:] == NOTHING_UNUSUAL and derived[_USUAL_DERIVED:] == _NOTHING_DERIVED:
            ids = stored.line_id, stored.contact_id, template_ids[row[TEMPLATE]]
            usual.append((*ids, *row[NAMES:USUAL], *derived[:_USUAL_DERIVED], stored.id))
        else:
            others.append(_all_values(names, stored, derived))
        if derived[START_ORIGIN] is not None:
            days.add((derived[DAY], derived[START_LINE]))
    connection.executemany(_INSERT_USUAL, usual)
    connection.executemany(_INSERT, others)
    connection.executemany(MARK_DAY, days)


def update(connection: sqlite3.Connection, names: NameIds, changed: Iterable[tuple[Stored, DerivedColumns]]) -> None:
    """Writes changed messages."""
    connection.executemany(_UPDATE, [_all_values(names, stored, derived) for stored, derived in changed])


def _all_values(names: NameIds, stored: Stored, derived: DerivedColumns) -> tuple[Any, ...]:
    """The values of _ALL."""
    ids = stored.line_id, stored.contact_id, names.template_ids[stored.row[TEMPLATE]]
    return (*ids, *stored.row[NAMES:], *derived, stored.id)


def update_derived(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes derived columns alone: rows of the values of DERIVED and the row id."""
    connection.executemany(_UPDATE_DERIVED, rows)


class NameIds:
    """Finds the ids of lines and templates by their names.

    template_ids: name -> id, inserted if it is new; None -> None.
    """

    def __init__(self, connection: sqlite3.Connection, lines: Lines) -> None:
        self._connection, self._lines = connection, lines
        self.template_ids = BoundedCache(self._template_id, _CACHED_TEMPLATES)

    def _template_id(self, name: str | None) -> int | None:
        if name is None:
            return None
        of_name = "SELECT id FROM templates WHERE name = ?"
        found = self._connection.execute(of_name, (name,)).fetchone()
        if found is None:  # only then: a process that only reads derives as well
            found = self._connection.execute("INSERT INTO templates (name) VALUES (?) RETURNING id", (name,)).fetchone()
        return int(found[0])

    def of_line(self, text: str | None) -> MaybeFound:
        """The ids of a line by one of its texts, which must be linked already."""
        return NOT_FOUND if text is None else self._lines.find(text)
