"""What records say of messages, as importers write it: rows that nobody changes, found by message, contact and context.

Owns the tables `evidence`, `contact_messages` and `context_messages`. A row of `evidence` is what one batch says of one
message; what several say is merged when they are read, by the rule of SQLite's importer (`Message.merge`). That rule is
commutative, associative and idempotent, so neither the order of inserts nor a repetition matters, and no importer waits
for another. The other two tables are indexes: they name every message that may be meant, and some more.

Knows no contact of several ids, and nothing that follows from messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import astuple

from storage.clickhouse.engine import Engine
from storage.clickhouse.tables import NOW, Table, id_of
from storage.domain.bounded_cache import BoundedCache
from storage.messages.message_row import (
    AT,
    COLUMNS,
    CONTACT,
    CONTEXT,
    DIRECTION,
    HASH,
    KEY,
    Row,
    hash_of,
    message_of_row,
    row_of,
)

_KEPT = 200_000  # hashes of contacts
_FINE = 256  # rows of a granule: messages lie in random places, and a granule is read for each

# `seen_at` counts down from the server's clock (µs), so that of equal rows the one that came first stays.
_FIRST_SEEN = f"UInt64 DEFAULT 18446744073709551615 - {NOW}"
EVIDENCE = Table(
    "evidence",
    (
        ("hash", "UInt32"),  # CRC-32 of the message's key
        ("row", "String CODEC(ZSTD)"),  # JSON: a member of SQLite's `messages` for each column that is known
        ("batch", "UInt64"),  # a random number that names the batch
        ("seen_at", _FIRST_SEEN),
    ),
    ("hash", "cityHash64(row)"),
    version="seen_at",
    shard="hash",
    granularity=_FINE,
)
CONTACT_MESSAGES = Table(
    "contact_messages",
    (("contact", "UInt64"), ("hash", "UInt32")),  # `identity_hash`, and the hash of a message that names this id
    ("contact", "hash"),
    version="",
    shard="contact",
    granularity=_FINE,
)
CONTEXT_MESSAGES = Table(
    "context_messages",
    (("context", "UInt32"), ("hash", "UInt32")),  # hashes of the quoted message and of one that quotes it
    ("context", "hash"),
    version="",
    shard="context",
    granularity=_FINE,
)
TABLES = (EVIDENCE, CONTACT_MESSAGES, CONTEXT_MESSAGES)

# One member for each column; those that are None are left out, so that a later version can add columns.
_Fields = msgspec.defstruct(
    "_Fields",
    [
        (name.strip('"'), tuple[int, str] | None if index == CONTACT else Any, None)
        for index, name in enumerate(COLUMNS)
    ],
    omit_defaults=True,
    gc=False,
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Fields).decode

Identity = tuple[int, str]  # kind (0 wa_id, 1 user_id, 2 customer_id) and text of one id of a contact
MESSAGE_KIND = 3  # in place of a kind: a message without a contact, by its key


@dataclass(slots=True)
class Known:
    """What is known of one message.

    Attributes:
        row: all of it, merged.
        low: the earliest own time (ms) that any of its rows gives.
        high: the latest.
        contacts: the ids that they name.
    """

    row: Row
    low: int
    high: int
    contacts: set[Identity] = field(default_factory=set)


MessageKey = tuple[str, int]  # key and direction


def _hash(identity: Identity) -> int:
    return id_of(f"{identity[0]}:{identity[1]}")


_hashes = BoundedCache(_hash, _KEPT)


def identity_hash(identity: Identity) -> int:
    """The number by which the id of a contact is found."""
    return _hashes[identity]


def text_of(row: Row) -> bytes:
    """A row of a message as it is stored."""
    return _encode(_Fields(*row))


def row_of_text(text: bytes | str) -> Row:
    """The row that `text_of` was given."""
    return astuple(_decode(text))


def insert(engine: Engine, rows: Sequence[Row], batch: int) -> None:
    """Inserts what a batch says of messages, and before it the rows by which they are found.

    Args:
        engine: the database.
        rows: one for each message.
        batch: a random number that names the batch, below 2^64.
    """
    named = [(identity_hash(contact_of(row)), row[HASH]) for row in rows]
    quoted = [(hash_of(row[CONTEXT]), row[HASH]) for row in rows if row[CONTEXT] is not None]
    for table, first, pairs in ((CONTACT_MESSAGES, "contact", named), (CONTEXT_MESSAGES, "context", quoted)):
        engine.insert(table.name, {first: [one for one, _ in pairs], "hash": [hash for _, hash in pairs]})
    texts = [text_of(row) for row in rows]
    columns = {"hash": [row[HASH] for row in rows], "row": texts, "batch": [batch] * len(rows)}
    engine.insert(EVIDENCE.name, columns)


def contact_of(row: Row) -> Identity:
    """The id of the contact that a row names, or the message itself where it names none."""
    contact: Identity | None = row[CONTACT]
    return (MESSAGE_KIND, row[KEY]) if contact is None else contact


def read(engine: Engine, hashes: Iterable[int], without: int | None = None) -> dict[MessageKey, Known]:
    """All messages whose keys have these hashes.

    Args:
        engine: the database.
        hashes: of keys; other keys may have them too.
        without: a batch whose rows are left out; None for none.
    """
    wanted = sorted(set(hashes))
    if not wanted:
        return {}
    others = "" if without is None else f" AND batch <> {without}"
    query = f"SELECT row FROM evidence WHERE hash IN {{hashes:Array(UInt32)}}{others}"
    columns = engine.columns(query, {"hashes": wanted})
    rows: defaultdict[MessageKey, list[Row]] = defaultdict(list)
    for text in columns[0] if columns else ():
        row = row_of_text(text)
        rows[row[KEY], row[DIRECTION]].append(row)
    return {key: known_of(some) for key, some in rows.items()}


def known_of(rows: Sequence[Row]) -> Known:
    """What rows of one message say together."""
    first = rows[0]
    contact = first[CONTACT]
    if len(rows) == 1:
        return Known(first, first[AT], first[AT], set() if contact is None else {contact})
    times = [row[AT] for row in rows]
    return Known(merged(rows), min(times), max(times), {row[CONTACT] for row in rows} - {None})


def merged(rows: Sequence[Row]) -> Row:
    """What several rows of one message say together."""
    first, *rest = rows
    others = [row for row in rest if row != first]
    if not others:
        return first
    message = message_of_row(first)
    for row in others:
        message.merge(message_of_row(row))
    return row_of(message)


def messages_of(engine: Engine, identities: Iterable[int]) -> set[int]:
    """The hashes of the messages that may name these ids (`identity_hash`)."""
    return _indexed(engine, CONTACT_MESSAGES, "contact", "UInt64", identities)


def quoting(engine: Engine, hashes: Iterable[int]) -> set[int]:
    """The hashes of the messages that may quote messages with these hashes."""
    return _indexed(engine, CONTEXT_MESSAGES, "context", "UInt32", hashes)


def _indexed(engine: Engine, table: Table, column: str, type: str, values: Iterable[int]) -> set[int]:
    wanted = sorted(set(values))
    if not wanted:
        return set()
    query = f"SELECT DISTINCT hash FROM {table.name} WHERE {column} IN {{wanted:Array({type})}}"
    return {hash for (hash,) in engine.rows(query, {"wanted": wanted})}
