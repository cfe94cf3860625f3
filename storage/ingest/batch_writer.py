"""Writes a batch of merged events: merges it with what the database knows, derives what follows, writes each row once.

Writing the same events again changes nothing. The rules of merging are in `docs/definitions.md`. Knows no file format.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from storage.cube import refresh
from storage.database.connection import Writer
from storage.database.key_runs import KeyRuns
from storage.database.settings import load_settings
from storage.ingest.change_set import ChangeSet
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.derivation import Change, Derivation
from storage.ingest.import_store import Changes
from storage.messages import store
from storage.messages.batch_merger import Batch
from storage.messages.contacts import Contacts
from storage.messages.lines import Lines
from storage.messages.message import Direction
from storage.messages.message_row import AT, CONTACT, DIRECTION, HASH, KEY, LINE, Row, message_of_row, row_of
from storage.messages.store import Stored

_OUT = int(Direction.OUT)


class BatchWriter:
    """Writes batches. After an exception it must not be used again: what it remembers was rolled back."""

    def __init__(self, writer: Writer, sharing: CubeSharing | None = None) -> None:
        """Prepares for the batches of one import.

        Args:
            writer: the database.
            sharing: how counting is shared with another process; None if it is not.
        """
        self._connection, self._sharing = writer.connection, sharing
        self._lines = Lines(self._connection)
        self._contacts = Contacts(self._connection)
        self._name_ids = store.NameIds(self._connection, self._lines)
        self._keys = KeyRuns(self._connection)
        self._timelines = Derivation(self._connection, load_settings(self._connection), self._name_ids, self._keys)
        self._first_id = self._next_id = store.next_id(self._connection)
        self._written = False

    def share(self, sharing: CubeSharing | None) -> None:
        """From now on, shares the counting in another way."""
        self._sharing = sharing

    def write(self, batch: Batch) -> Changes:
        """Writes a batch inside the caller's transaction."""
        if self._sharing is not None:
            self._sharing.begin()
        if not self._written:  # a writer that does not know the key index may have added messages
            self._keys.cover()
            self._written = True
        self._link(batch)
        change_set = self._merge(batch)
        self._add_moved(change_set)
        changes = self._timelines.derive(change_set)
        if self._sharing is not None:
            self._sharing.count(changes)
        new = self._write(change_set, changes)
        if self._sharing is not None:
            self._sharing.refresh()
        else:
            refresh.refresh_batch(self._connection)
        return Changes(new, len(change_set.rows) - new)

    def catch_up(self) -> bool:
        """Makes a coarse block of the cube inside the caller's transaction; whether there was one to make."""
        return self._sharing is not None and self._sharing.catch_up()

    def _link(self, batch: Batch) -> None:
        for line in sorted(batch.lines, key=repr):
            self._lines.link(line)
        references = [reference for reference in batch.references if reference is not None]
        recipients = batch.recipients
        self._contacts.prepare(batch.contacts, chain(references, chain.from_iterable(recipients)))
        for pair in recipients:
            self._contacts.link_together(pair)
        for contact in batch.contacts:
            self._contacts.link(contact)
        self._contacts.link_each(references)
        for reference, name in batch.names.items():
            self._contacts.name(self._contacts.find(reference).owner, name)
        self._contacts.finish()

    def _merge(self, batch: Batch) -> ChangeSet:
        """Merges the batch's messages with those of the database."""
        change_set = ChangeSet(fresh_from=self._contacts.fresh_from)
        name_ids = self._name_ids
        lines = {text: name_ids.of_line(text) for text in {row[LINE] for row in batch.rows}}
        there = self._keys.find([row[HASH] for row in batch.rows])
        known = self._known(there)
        if self._link_recipients(batch, known):
            known = self._known(there)
        people = self._contacts.find_each(batch.references)
        self._first_id = next_id = self._next_id
        for new, person in zip(batch.rows, batch.people, strict=True):
            before = known.get((new[KEY], new[DIRECTION])) if new[HASH] in there else None
            if before is None:
                line_id, line = lines[new[LINE]]
                contact_id, contact = people[person]
                change_set.made(Stored(next_id, line, contact, line_id, contact_id, new, new[AT], None))
                next_id += 1
            else:
                merged = _merged(before.row, new)
                if merged == before.row:
                    continue
                line_id, line = name_ids.of_line(merged[LINE])
                ((contact_id, contact),) = self._contacts.find_each((merged[CONTACT],))
                row = Stored(before.id, line, contact, line_id, contact_id, merged, merged[AT], before.derived)
                change_set.changed(row, before)
        self._next_id = next_id
        return change_set

    def _known(self, there: Mapping[int, Iterable[int]]) -> dict[tuple[str, int], Stored]:
        """The messages whose keys have the hash of one of the batch, by key and direction.

        Args:
            there: Their row ids by hash.
        """
        stored = store.by_id(self._connection, chain.from_iterable(there.values()))
        return {(one.row[KEY], one.row[DIRECTION]): one for one in stored}

    def _link_recipients(self, batch: Batch, known: dict[tuple[str, int], Stored]) -> bool:
        """Makes the ids of one message out one contact, where the batch names another id than the database.

        Returns:
            Whether contacts were merged.
        """
        if not known:
            return False
        before = len(self._contacts.merged)
        for row in batch.rows:
            new = row[CONTACT]
            if new is None or row[DIRECTION] != _OUT:
                continue
            stored = known.get((row[KEY], _OUT))
            old = None if stored is None else stored.row[CONTACT]
            if old is not None and old != new:
                self._contacts.find(old)
                self._contacts.link_together((old, new))
        self._contacts.finish()
        return len(self._contacts.merged) > before

    def _add_moved(self, change_set: ChangeSet) -> None:
        """Adds contacts and lines that were merged: they are derived from all their messages."""
        for merged_away, stays in self._contacts.merged:
            change_set.merged_away.add(merged_away)
            change_set.rederive.add(stays)
        self._contacts.merged.clear()
        change_set.rederive -= change_set.merged_away
        if self._lines.merged:
            rows = self._connection.execute(
                "SELECT id, contact FROM messages WHERE line IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(self._lines.merged)),),
            ).fetchall()
            change_set.rederive |= {contact for _, contact in rows if contact is not None} - change_set.merged_away
            change_set.contactless |= {id for id, contact in rows if contact is None}
            self._lines.merged.clear()

    def _write(self, change_set: ChangeSet, changes: list[Change]) -> int:
        """Writes every row that changed once; gives how many are new."""
        rows = change_set.rows
        new = [change for change in changes if change[0].id >= self._first_id]
        new.sort(key=lambda change: change[0].id)  # rows in order of id are written faster and leave no gaps
        changed = [change for change in changes if change[0].id in rows and change[0].id < self._first_id]
        store.insert(self._connection, self._name_ids, new)
        self._keys.add((row.row[HASH], row.id) for row, _ in new)
        store.update(self._connection, self._name_ids, changed)
        self._timelines.write((row, after) for row, after in changes if row.id not in rows)
        return len(new)


def _merged(before: Row, new: Row) -> Row:
    """The merged row of two rows of one message."""
    if before == new:
        return before
    message = message_of_row(before)
    message.merge(message_of_row(new))
    return row_of(message)


def derivation_of(connection: sqlite3.Connection) -> Derivation:
    """What derives messages of the database again."""
    return Derivation(connection, load_settings(connection), store.NameIds(connection, Lines(connection)))


def derive_again(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Derives all messages and the cube again: after a change of settings, or to rebuild."""
    derivation_of(writer.connection).derive_everything(progress)  # triggers mark what changes as dirty
    refresh.rebuild(writer.connection, progress)
