"""Which contacts are to be derived again, and by whom.

Owns the tables `pending_contacts` and `workers`. A contact is pending while it was touched later than it was derived.
Both are times of the server's clock (µs). A worker reads the clock before it reads anything else, and says after it has
written what it derived that the contact was derived at that time. An importer touches a contact after everything that
it has to say of it. So whatever a worker did not see was touched after its time, and the contact stays pending; and a
worker that dies has said nothing, so that others derive its contacts.

Workers share the contacts by their hashes, so that two seldom derive the same; it is no error if they do.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity, identity_hash
from storage.clickhouse.tables import NOW, Kind, Table

_ALIVE = 20_000_000  # µs since a worker was seen, within which it counts as there

PENDING_CONTACTS = Table(
    "pending_contacts",
    (
        ("contact", "UInt64"),  # `identity_hash`
        ("kind", "UInt8"),  # and the id; kind 3: a message without a contact, by its key
        ("text", "String"),
        ("touched_at", f"SimpleAggregateFunction(max, UInt64) DEFAULT {NOW}"),
        ("derived_at", "SimpleAggregateFunction(max, UInt64)"),
    ),
    ("contact", "kind", "text"),
    Kind.AGGREGATING,
    shard="contact",
)
WORKERS = Table(
    "workers",
    (("worker", "UInt64"), ("seen_at", f"SimpleAggregateFunction(max, UInt64) DEFAULT {NOW}"), ("left", "UInt8")),
    ("worker", "left"),
    Kind.AGGREGATING,
    shard="0",
)
TABLES = (PENDING_CONTACTS, WORKERS)


def clock(engine: Engine) -> int:
    """The server's clock, in µs."""
    ((now,),) = engine.rows(f"SELECT {NOW}")
    return int(now)


def touch(engine: Engine, identities: Iterable[Identity]) -> None:
    """Has contacts derived again, by any of their ids; after everything that is new of them is inserted."""
    # A token, as equal rows of another time are not the same insert: the server adds its clock.
    engine.insert(PENDING_CONTACTS.name, _columns_of(sorted(set(identities))), secrets.token_hex())


def touch_all(engine: Engine) -> None:
    """Has everything derived again: after a change of settings, or of lines."""
    engine.run(
        "INSERT INTO pending_contacts (contact, kind, text)"
        " SELECT contact, any(kind), any(text) FROM pending_contacts GROUP BY contact"
        f" SETTINGS insert_deduplication_token = '{secrets.token_hex()}'"
    )


def mark_derived(engine: Engine, identities: Iterable[Identity], at: int) -> None:
    """Says that contacts were derived from everything that was known at a time (µs), and that the result is written."""
    ids = sorted(set(identities))
    times = {"touched_at": [0] * len(ids), "derived_at": [at] * len(ids)}
    engine.insert(PENDING_CONTACTS.name, _columns_of(ids) | times)


def _columns_of(ids: Sequence[Identity]) -> dict[str, list[Any]]:
    return {
        "contact": [identity_hash(id) for id in ids],
        "kind": [kind for kind, _ in ids],
        "text": [text for _, text in ids],
    }


def pending(engine: Engine, most: int, part: int = 0, parts: int = 1) -> list[Identity]:
    """Some ids of contacts that are to be derived.

    Args:
        engine: the database.
        most: at most so many.
        part: only those of this part of all contacts.
        parts: into how many parts they are divided.
    """
    rows = engine.rows(
        """
        SELECT any(kind), any(text) FROM pending_contacts
        WHERE contact % {parts:UInt32} = {part:UInt32}
        GROUP BY contact HAVING max(touched_at) >= max(derived_at) LIMIT {most:UInt32}
        """,
        {"parts": parts, "part": part, "most": most},
    )
    return [(kind, text) for kind, text in rows]


def count_pending(engine: Engine) -> int:
    """How many ids of contacts are to be derived."""
    ((count,),) = engine.rows(
        """
        SELECT count() FROM (
            SELECT contact FROM pending_contacts GROUP BY contact HAVING max(touched_at) >= max(derived_at)
        )
        """
    )
    return int(count)


class Presence:
    """That a worker is there, so that others leave it its part of the contacts."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._worker = engine, secrets.randbits(64)

    def part(self) -> tuple[int, int]:
        """Says that the worker is there; gives which part of how many is its own."""
        self._engine.insert(WORKERS.name, {"worker": [self._worker], "left": [0]}, secrets.token_hex())
        workers = sorted({*others(self._engine), self._worker})
        return workers.index(self._worker), len(workers)

    def leave(self) -> None:
        """Says that the worker is gone."""
        self._engine.insert(WORKERS.name, {"worker": [self._worker], "left": [1]}, secrets.token_hex())


def others(engine: Engine) -> list[int]:
    """The workers that were seen a short time ago and have not left."""
    rows = engine.rows(
        f"""
        SELECT worker FROM workers GROUP BY worker
        HAVING max(left) = 0 AND max(seen_at) > {NOW} - {_ALIVE} ORDER BY worker
        """
    )
    return [worker for (worker,) in rows]
