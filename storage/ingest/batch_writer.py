"""Batches of events into messages, each in a transaction (DESIGN 2.2). Knows no file format.

A batch was merged in memory; it is merged with what the database knows of the same messages, then what follows from it
is derived, and each row is written once. Running an import again is always safe: the same events change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from storage.cube import refresh
from storage.database.connection import Writer
from storage.database.settings import load_settings
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.derivation import Change, ChangeSet, Timelines
from storage.ingest.seen_keys import SeenKeys
from storage.messages import store
from storage.messages.batch_merger import Batch
from storage.messages.identities import Contacts, Lines
from storage.messages.message_row import AT, CONTACT, DIRECTION, HASH, KEY, LINE, Row, message_of_row, row_of
from storage.messages.store import START_ORIGIN, Stored


@dataclass(frozen=True, slots=True)
class Changes:
    """How many messages a batch made, and how many it changed."""

    new: int
    changed: int


class BatchWriter:
    """Writes batches. After an exception it must not be used again: what it remembers was rolled back.

    sharing: how the cube's counting is shared with another process, if it is.
    """

    def __init__(self, writer: Writer, sharing: CubeSharing | None = None) -> None:
        self._connection, self._sharing = writer.connection, sharing
        self._lines = Lines(self._connection)
        self._contacts = Contacts(self._connection)
        self._columns = store.Columns(self._connection, self._lines)
        self._timelines = Timelines(self._connection, load_settings(self._connection), self._columns)
        self._first_id = self._next_id = store.next_id(self._connection)
        self._hashes = SeenKeys(complete=self._next_id == 1)

    def write(self, batch: Batch) -> Changes:
        """Writes one batch inside the caller's transaction."""
        if self._sharing is not None:
            self._sharing.begin()
        self._link(batch)
        touched = self._merge(batch)
        self._add_moved(touched)
        changes = self._timelines.derive(touched)
        if self._sharing is not None:
            self._sharing.count([after for _, after in changes if after[START_ORIGIN] is not None])
        new = self._write(touched, changes)
        if self._sharing is not None:
            self._sharing.refresh()
        else:
            refresh.refresh_batch(self._connection)
        return Changes(new, len(touched.rows) - new)

    def catch_up(self) -> bool:
        """Does what is left to a later batch, inside the caller's transaction; whether there was anything."""
        return self._sharing is not None and self._sharing.catch_up()

    def _link(self, batch: Batch) -> None:
        for line in sorted(batch.lines, key=repr):
            self._lines.link(line)
        references = [reference for reference in batch.references if reference is not None]
        self._contacts.prepare(batch.contacts, references)
        for contact in batch.contacts:
            self._contacts.link(contact)
        self._contacts.link_each(references)
        for reference, name in batch.names.items():
            self._contacts.name(self._contacts.find(reference).owner, name)
        self._contacts.finish()

    def _merge(self, batch: Batch) -> ChangeSet:
        """The batch's messages merged with what is known of them."""
        touched = ChangeSet(fresh_from=self._contacts.fresh_from)
        columns = self._columns
        lines = {text: columns.of_line(text) for text in {row[LINE] for row in batch.rows}}
        people = self._contacts.find_each(batch.references)
        there = self._hashes.take([row[HASH] for row in batch.rows])
        stored = store.like(self._connection, (row for row in batch.rows if row[HASH] in there))
        known = {(one.row[KEY], one.row[DIRECTION]): one for one in stored}
        self._first_id = next_id = self._next_id
        for new, person in zip(batch.rows, batch.people, strict=True):
            before = known.get((new[KEY], new[DIRECTION])) if new[HASH] in there else None
            if before is None:
                line_id, line = lines[new[LINE]]
                contact_id, contact = people[person]
                touched.made(Stored(next_id, line, contact, line_id, contact_id, new, new[AT], None))
                next_id += 1
            else:
                merged = _merged(before.row, new)
                if merged == before.row:
                    continue
                line_id, line = columns.of_line(merged[LINE])
                ((contact_id, contact),) = self._contacts.find_each((merged[CONTACT],))
                row = Stored(before.id, line, contact, line_id, contact_id, merged, merged[AT], before.derived)
                touched.changed(row, before)
        self._next_id = next_id
        return touched

    def _add_moved(self, touched: ChangeSet) -> None:
        """Contacts and lines that turned out to be others': what hangs on them follows from all their messages."""
        for gone, stays in self._contacts.merged:
            touched.gone.add(gone)
            touched.whole.add(stays)
        self._contacts.merged.clear()
        touched.whole -= touched.gone
        if self._lines.merged:
            rows = self._connection.execute(
                "SELECT id, contact FROM messages WHERE line IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(self._lines.merged)),),
            ).fetchall()
            touched.whole |= {contact for _, contact in rows if contact is not None} - touched.gone
            touched.alone |= {id for id, contact in rows if contact is None}
            self._lines.merged.clear()

    def _write(self, touched: ChangeSet, changes: list[Change]) -> int:
        """Writes every row that changed once, with its evidence where that changed; how many are new."""
        rows = touched.rows
        new = [change for change in changes if change[0].id >= self._first_id]
        new.sort(key=lambda change: change[0].id)  # behind each other, rows are written faster and leave no gaps
        changed = [change for change in changes if change[0].id in rows and change[0].id < self._first_id]
        store.insert(self._connection, self._columns, new)
        store.update(self._connection, self._columns, changed)
        self._timelines.write((row, after) for row, after in changes if row.id not in rows)
        return len(new)


def _merged(before: Row, new: Row) -> Row:
    """The row of what both say of one message."""
    if before == new:
        return before
    message = message_of_row(before)
    message.merge(message_of_row(new))
    return row_of(message)


def derive_messages_again(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Derives all messages anew, inside the caller's transaction; what changes is marked as dirty."""
    connection = writer.connection
    columns = store.Columns(connection, Lines(connection))
    Timelines(connection, load_settings(connection), columns).derive_everything(progress)


def derive_again(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """The same, and the cube with it: after a change of settings, or for a rebuild."""
    derive_messages_again(writer, progress)
    refresh.rebuild(writer.connection, progress)
