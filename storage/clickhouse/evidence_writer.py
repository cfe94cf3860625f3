"""Writes a batch of merged events as evidence, and touches the contacts that it concerns.

What SQLite's importer looks up, merges and derives at once (storage/ingest/batch_writer.py) is only said here: which
ids are of one contact or line, what the batch knows of each message, and whose timelines it can have changed. A contact
is touched after everything else is inserted, so that who derives it sees all of it (`pending`).

The same batch can be written again, by anybody and at any time: nothing changes. Knows no file format.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import chain

from storage.clickhouse import evidence, identity_links, pending
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity, Known, contact_of
from storage.clickhouse.line_tables import write_lines
from storage.ingest.import_store import Changes
from storage.messages.batch_merger import Batch
from storage.messages.message import Direction
from storage.messages.message_row import AT, CONTACT, CONTEXT, DIRECTION, HASH, KEY, LINE, Row, hash_of

_OUT = int(Direction.OUT)


class EvidenceWriter:
    """Writes the batches of an import. Of lines it remembers what it has written; of all else nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lines: set[tuple[str, str, int]] = set()

    def write(self, batch: Batch) -> Changes:
        """Writes a batch.

        Returns:
            How many messages no other batch had named, and of how many it knew more than they.
        """
        engine, name = self._engine, secrets.randbits(64)
        self._link_lines(batch)
        touched = identity_links.link_contacts(engine, batch.contacts, batch.recipients, batch.names)
        evidence.insert(engine, batch.rows, name)
        others = evidence.read(engine, (row[HASH] for row in batch.rows), without=name)
        before = [others.get((row[KEY], row[DIRECTION])) for row in batch.rows]
        mine = [_together(row, other) for row, other in zip(batch.rows, before, strict=True)]
        touched |= self._link_recipients(mine)
        for message in mine:
            touched |= message.contacts or {contact_of(message.row)}
        touched |= self._touched_by_contexts(mine, others.values())
        pending.touch(engine, touched)
        changed = sum(
            other is not None and other.row != message.row for other, message in zip(before, mine, strict=True)
        )
        return Changes(before.count(None), changed)

    def _link_lines(self, batch: Batch) -> None:
        """Says which ids are of one line."""
        rows = identity_links.line_rows(batch.lines)
        # A line that only an option or a row of a table names is in its row alone.
        rows |= {(text, text, 2) for text in {row[LINE] for row in batch.rows} - {None} - {text for text, *_ in rows}}
        if new := rows - self._lines:
            write_lines(self._engine, new)
            self._lines |= new

    def _link_recipients(self, messages: list[Known]) -> set[Identity]:
        """Makes the ids of each message out one contact; returns these ids."""
        pairs = [
            (first, other)
            for message in messages
            if message.row[DIRECTION] == _OUT and len(message.contacts) > 1
            for first, *others in [sorted(message.contacts)]
            for other in others
        ]
        return identity_links.link_contacts(self._engine, (), pairs, {}) if pairs else set()

    def _touched_by_contexts(self, messages: list[Known], others: Iterable[Known]) -> set[Identity]:
        """The contacts of messages that quote these or are quoted by them: their answers may have changed.

        Args:
            messages: of the batch.
            others: what other batches say of messages with the same keys, in either direction.
        """
        quoted = {hash_of(context) for message in messages if (context := message.row[CONTEXT]) is not None}
        sent = {message.row[HASH] for message in messages if message.row[DIRECTION] == _OUT}
        near = quoted | evidence.quoting(self._engine, sent)
        found = [message for message in others if message.row[HASH] in near]
        found += evidence.read(self._engine, near - {message.row[HASH] for message in messages}).values()
        contacts = (message.contacts or {contact_of(message.row)} for message in found)
        return set(chain.from_iterable(contacts))


def _together(row: Row, others: Known | None) -> Known:
    """What a batch and the others say of a message."""
    if others is None:
        return evidence.known_of([row])
    return Known(
        evidence.merged([others.row, row]),
        min(others.low, row[AT]),
        max(others.high, row[AT]),
        (others.contacts | {row[CONTACT]}) - {None},
    )
