"""A message as a row of `messages` and back. Owns the evidence columns; knows no merge rule, and hands the derived
columns on as they are."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from storage.events import Failure
from storage.identities import Contacts, Lines
from storage.messages import Direction, Exported, Message, error_evidence, failure_of
from storage.selection import UNKNOWN_ID

_TEXT_FIELDS = ("kind", "category", "language", "campaign", "context", "channel_id", "agent_groups")

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
    "failure_code",
    "failure_reason",
    "marks",
    "joined",
)
DerivedColumns = tuple[Any, ...]  # the values of DERIVED

_READ = f"""
SELECT m.id, line_ids.line, contact_ids.contact, m.key, m.direction, m.sources, m.at, m.timed, line_ids.text,
       contact_ids.kind, contact_ids.text, templates.name, m.given_origin, m."group",
       m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at, m.given_answered_at, m.session_start,
       m.error_code, m.error_text, m.error_detail, m.error_rank, m.given_new, m.flags, m.exported, m.evidence,
       m.kind, m.category, m.language, m.campaign, m.context, m.channel_id, m.agent_groups,
       {", ".join(f"m.{name}" for name in DERIVED)}
FROM {{source}}
LEFT JOIN line_ids ON line_ids.id = m.line_id
LEFT JOIN contact_ids ON contact_ids.id = m.contact_id
LEFT JOIN templates ON templates.id = m.template
"""

_COLUMNS = (
    "key",
    "direction",
    "hash",
    "sources",
    "at",
    "timed",
    "line_id",
    "contact_id",
    "template",
    "given_origin",
    '"group"',
    "accepted_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "failed_at",
    "given_answered_at",
    "session_start",
    "error_code",
    "error_text",
    "error_detail",
    "error_rank",
    "given_new",
    "flags",
    "exported",
    "evidence",
    *_TEXT_FIELDS,
)
_ALL = (*_COLUMNS, *DERIVED, "id")
_INSERT = f"INSERT INTO messages ({', '.join(_ALL)}) VALUES ({', '.join('?' * len(_ALL))})"
_MARK = f"""
INSERT OR IGNORE INTO dirty
SELECT DISTINCT 0, day, ifnull(line, {UNKNOWN_ID}) FROM messages WHERE id >= ? AND origin IS NOT NULL
"""
_UPDATE = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in _ALL[:-1])} WHERE id = ?"
_UPDATE_DERIVED = f"UPDATE messages SET {', '.join(f'{column} = ?' for column in DERIVED)} WHERE id = ?"


class Stored(NamedTuple):
    """A message with the line and contact that its own evidence names, its own time, ms, and the derived columns that
    it has in the database (None: it is not there yet)."""

    id: int
    line: int | None
    contact: int | None
    message: Message
    at: int
    derived: DerivedColumns | None


def hash_of(key: str) -> int:
    """The number by which a key is found; two keys may share it, so the key is compared as well."""
    return zlib.crc32(key.encode() if key.isascii() else key.encode("utf-8", "surrogatepass"))


def by_key(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Stored]:
    """The messages of these keys, in any direction."""
    wanted = set(keys)
    source = "json_each(?) AS wanted CROSS JOIN messages AS m ON m.hash = wanted.value"
    for stored in _read(connection, source, sorted({hash_of(key) for key in wanted})):
        if stored.message.key in wanted:
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


def first_by_contact(connection: sqlite3.Connection, contacts: Iterable[int]) -> Iterator[First]:
    """One of the earliest messages of each contact."""
    rows = connection.execute(
        """
        SELECT m.contact, m.at, m.direction, m.kind, m."group",
               m.failed_at IS NOT NULL OR m.flags <> 0 OR m.exported IS NOT NULL
        FROM json_each(?) AS wanted CROSS JOIN messages AS m
        ON m.id = (SELECT id FROM messages WHERE contact = wanted.value ORDER BY at LIMIT 1)
        """,
        (json.dumps(sorted(contacts)),),
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
    id, line, contact, key, direction, sources, at, timed, line_text = row[:9]
    contact_kind, contact_text, template, origin, group = row[9:14]
    accepted, sent, delivered, read, failed, answered, session = row[14:21]
    error_code, error_text, error_detail, error_rank, new, flags, exported, evidence = row[21:29]
    message = Message(key, Direction(direction), sources, flags=flags, group=bool(group))
    times = message.times
    for name, time in (
        ("accepted", accepted),
        ("sent", sent),
        ("delivered", delivered),
        ("read", read),
        ("answered", answered),
        ("session", session),
        ("any", at if timed else None),
    ):
        if time is not None:
            times[name] = time
    values = dict(zip(_TEXT_FIELDS, row[29:36], strict=True))
    values |= {"line": line_text, "template": template, "origin": origin, "new": new}
    values["contact"] = None if contact_kind is None else (contact_kind, contact_text)
    exceptions = json.loads(evidence) if evidence else {}
    for name, value in values.items():
        if value is not None:
            rank, time = exceptions.get(name) or _usual(message, name)
            message.fields[name] = (rank, time, value)
    if failed is not None:
        message.fields["error"] = error_evidence(error_rank, failed, Failure(error_code, error_text, error_detail))
    if exported:
        flags, new_at, new, answered_at = json.loads(exported)
        message.exported = Exported(flags, None if new is None else (new_at, new), answered_at)
    return Stored(id, line, contact, message, at, row[36:])


def _usual(message: Message, name: str) -> tuple[int, int]:
    """The (rank, at) that evidence has where no exception is written down."""
    if name == "category":
        return 1, message.times.get("sent", message.at)
    return _usual_rank(message.sources), message.at


def _usual_rank(sources: int) -> int:
    return 0 if sources & 1 else 1 if sources & 2 else 2


def insert(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes new messages and marks the days of their starts as dirty; each row as `Columns.evidence` gives it, the
    derived columns and the row id, which is higher than any there was."""
    if rows:
        connection.executemany(_INSERT, rows)
        connection.execute(_MARK, (min(row[-1] for row in rows),))


def update(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes changed messages; each row as `insert` takes it."""
    connection.executemany(_UPDATE, rows)


def update_derived(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes only derived columns, each row with its id behind them."""
    connection.executemany(_UPDATE_DERIVED, rows)


class Columns:
    """Turns messages into rows: names into the ids of lines, contacts and templates."""

    def __init__(self, connection: sqlite3.Connection, lines: Lines, contacts: Contacts) -> None:
        self._connection = connection
        self._lines, self._contacts = lines, contacts
        self._templates: dict[str, int] = {}

    def template_id(self, name: str) -> int:
        """The id of a template's name, made if it is new."""
        id = self._templates.get(name)
        if id is None:
            self._connection.execute("INSERT INTO templates (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            id = int(self._connection.execute("SELECT id FROM templates WHERE name = ?", (name,)).fetchone()[0])
            self._templates[name] = id
        return id

    def owners(self, message: Message) -> tuple[int | None, int | None]:
        """The line and the contact that the message's own evidence names."""
        line, contact = message.fields.get("line"), message.fields.get("contact")
        return (
            None if line is None else self._lines.find(line[2]).owner,
            None if contact is None else self._contacts.find(contact[2]).owner,
        )

    def evidence(self, message: Message) -> tuple[Any, ...]:
        """The evidence columns of a message."""
        fields, times = message.fields.get, message.times.get
        line, contact, template = fields("line"), fields("contact"), fields("template")
        origin, kind, category, context = fields("origin"), fields("kind"), fields("category"), fields("context")
        language, campaign, error, exported = fields("language"), fields("campaign"), fields("error"), message.exported
        own = times("any")
        at = message.times["session"] if own is None else own
        failure = None if error is None else failure_of(error)
        return (
            message.key,
            int(message.direction),
            hash_of(message.key),
            message.sources,
            at,
            0 if own is None else 1,
            None if line is None else self._lines.find(line[2])[0],
            None if contact is None else self._contacts.find(contact[2])[0],
            None if template is None else self.template_id(template[2]),
            None if origin is None else origin[2],
            1 if message.group else 0,
            times("accepted"),
            times("sent"),
            times("delivered"),
            times("read"),
            None if error is None else error[1],
            times("answered"),
            times("session"),
            *(_NO_FAILURE if failure is None else (failure.code, failure.text, failure.detail)),
            None if error is None else error[0] % 10,
            message.value("new"),
            message.flags,
            None
            if exported is None
            else json.dumps((exported.flags, *(exported.new or (None, None)), exported.answered_at)),
            _exceptions(message, at),
            None if kind is None else kind[2],
            None if category is None else category[2],
            None if language is None else language[2],
            None if campaign is None else campaign[2],
            None if context is None else context[2],
            message.value("channel_id"),
            message.value("agent_groups"),
        )


_NO_FAILURE = (None, None, None)


def _exceptions(message: Message, at: int) -> str | None:
    """What `_usual` would not tell of the evidence, as JSON."""
    rank = _usual_rank(message.sources)
    unusual: dict[str, tuple[int, int]] = {}
    for name, evidence in message.fields.items():
        if name == "category":
            if evidence[:2] != _usual(message, name):
                unusual[name] = evidence[:2]
        elif (evidence[1] != at or evidence[0] != rank) and name != "error":
            unusual[name] = evidence[:2]
    return json.dumps(unusual, separators=(",", ":"), sort_keys=True) if unusual else None
