"""The contacts by their ids: finds, creates and merges them.

Owns the tables `contacts` and `contact_ids`. Knows nothing of messages, except that each names one id.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from storage.domain.events import ContactIds
from storage.messages.identities import NOT_FOUND, Found, MaybeFound
from storage.messages.message_row import hash_of
from storage.messages.seen_keys import SeenKeys

_CACHE_LIMIT = 120_000  # ids, some 350 bytes each
# SQL: label and customer id of a row of `contacts`. The label is the number, else the user id, else the customer id.
LABEL_AND_CUSTOMER_ID = """
(SELECT text FROM contact_ids WHERE contact = contacts.id ORDER BY kind, replaced, text LIMIT 1),
(SELECT text FROM contact_ids WHERE contact = contacts.id AND kind = 2 ORDER BY replaced, text LIMIT 1)
"""
Name = tuple[int, int, str]  # (rank, time in ms, name): the smallest wins


@dataclass(slots=True)
class _NewContact:
    """A contact that is not in the database yet, with all of its ids."""

    ids: list[tuple[int, str]]
    replaced: set[tuple[int, str]] = field(default_factory=set)
    name: Name | None = None


class Contacts:
    """The contacts by their ids, each an id with its kind (0 wa_id, 1 user_id, 2 customer_id).

    New contacts are collected and written together by `finish`.

    fresh_from: contacts with this id or a greater one were created since the last `prepare`. merged: (contact that was
    removed, contact that it was merged into).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[int, str], Found] = {}
        self._seen: set[ContactIds] = set()
        self._relabel: set[int] = set()
        self._new: dict[int, _NewContact] = {}
        self._single_id: dict[int, tuple[int, str]] = {}  # new contacts with one id so far, as most have
        self._names: list[tuple[int, int, str, int]] = []
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'").fetchone()
        self._next = 1 + (last[0] if last else 0)
        self._next_id = 1 + connection.execute("SELECT coalesce(max(id), 0) FROM contact_ids").fetchone()[0]
        self._ids_written = SeenKeys(complete=self._next_id == 1)
        self.fresh_from = self._next
        self.merged: list[tuple[int, int]] = []

    def prepare(self, contacts: Iterable[ContactIds], ids: Iterable[tuple[int, str]]) -> None:
        """Loads all these ids with one query a kind, before they are linked."""
        self.fresh_from = self._next
        if len(self._found) > _CACHE_LIMIT:
            self._found.clear()
            self._seen.clear()
        found = self._found
        wanted = {id for contact in contacts if contact not in self._seen for id in ids_of(contact) if id not in found}
        wanted |= {id for id in ids if id not in found}
        hashes = [hash_of(text) for _, text in wanted]
        # Those that are new will be written: the next batch looks them up.
        there = self._ids_written.take(hashes)
        wanted = {id for id, hash in zip(wanted, hashes, strict=True) if hash in there}
        for kind in {kind for kind, _ in wanted}:
            rows = self._connection.execute(
                """
                SELECT i.text, i.id, i.contact
                FROM json_each(?) AS wanted
                CROSS JOIN contact_ids AS i ON i.kind = ? AND i.text = wanted.value
                """,
                (json.dumps(sorted(text for known, text in wanted if known == kind)), kind),
            )
            for text, id, contact in rows:
                self._found[kind, text] = Found(id, contact)

    def find(self, id: tuple[int, str]) -> Found:
        """The contact with this id, which must be linked already.

        Raises:
            KeyError: It is not.
        """
        found = self._found.get(id)
        if found is None:
            row = self._connection.execute(
                "SELECT id, contact FROM contact_ids WHERE kind = ? AND text = ?", id
            ).fetchone()
            if row is None:
                raise KeyError(id)
            found = self._found[id] = Found(row[0], row[1])
        return found

    def find_each(self, ids: Iterable[tuple[int, str] | None]) -> list[MaybeFound]:
        """The contact with each of these ids, which must be linked already; None is of no contact."""
        found = self._found
        return [NOT_FOUND if id is None else found.get(id) or self.find(id) for id in ids]

    def link(self, ids: ContactIds) -> None:
        """Makes all ids that a record gives lead to one contact: creates it, or merges those that have them."""
        if ids in self._seen:
            return
        given = ids_of(ids)
        if len(given) <= 1:
            self.link_each(given)
            return
        self._seen.add(ids)
        contact = self.link_together(given)
        if ids.replaced:
            self._replace((0, ids.replaced), contact)
        if ids.replaced_user_id:
            self._replace((1, ids.replaced_user_id), contact)

    def link_together(self, given: Iterable[tuple[int, str]]) -> int:
        """Makes these ids lead to one contact: creates it, or merges those that have them.

        Returns:
            The contact.
        """
        owners = sorted({found.owner for id in given if (found := self._found.get(id)) is not None})
        contact = owners[0] if owners else self._new_contact()
        for owner in owners[1:]:
            self._merge(owner, contact)
        for id in given:
            if id not in self._found:
                self._place(id, contact)
        return contact

    def link_each(self, ids: Iterable[tuple[int, str]]) -> None:
        """Makes each of these ids lead to a contact of its own, if it leads to none yet."""
        found = self._found
        for id in ids:
            if id not in found:
                contact = self._next
                self._next += 1
                self._single_id[contact] = id
                found[id] = Found(self._next_id, contact)
                self._next_id += 1

    def _new_contact(self) -> int:
        contact = self._next
        self._next += 1
        self._new[contact] = _NewContact([])
        return contact

    def _new_of(self, contact: int) -> _NewContact | None:
        """A contact that is not in the database yet; None if it is."""
        if contact in self._single_id:
            self._new[contact] = _NewContact([self._single_id.pop(contact)])
        return self._new.get(contact)

    def _place(self, id: tuple[int, str], contact: int) -> None:
        self._found[id] = Found(self._next_id, contact)
        if (new := self._new_of(contact)) is not None:
            new.ids.append(id)
        else:
            self._connection.execute(
                "INSERT INTO contact_ids (id, kind, text, contact) VALUES (?, ?, ?, ?)", (self._next_id, *id, contact)
            )
            self._relabel.add(contact)
        self._next_id += 1

    def _replace(self, id: tuple[int, str], contact: int) -> None:
        if (new := self._new_of(contact)) is not None:
            new.replaced.add(id)
            return
        self._connection.execute("UPDATE contact_ids SET replaced = 1 WHERE kind = ? AND text = ?", id)
        self._relabel.add(contact)

    def _merge(self, removed: int, kept: int) -> None:
        self._write_new()
        rows = self._connection.execute("SELECT kind, text FROM contact_ids WHERE contact = ?", (removed,)).fetchall()
        self._connection.execute("UPDATE contact_ids SET contact = ? WHERE contact = ?", (kept, removed))
        for kind, text in rows:
            if (found := self._found.get((kind, text))) is not None:
                self._found[kind, text] = Found(found.id, kept)
        name = self._connection.execute(
            "SELECT name_rank, name_at, name FROM contacts WHERE id = ? AND name IS NOT NULL", (removed,)
        ).fetchone()
        if name is not None:
            self.name(kept, name)
        self._connection.execute("DELETE FROM contacts WHERE id = ?", (removed,))
        self.merged.append((removed, kept))
        self._relabel.discard(removed)
        self._relabel.add(kept)

    def forget(self, id: tuple[int, str]) -> None:
        """Drops an id from memory, because its row is removed."""
        self._found.pop(id, None)
        self._seen.clear()

    def name(self, contact: int, name: Name) -> None:
        """Adds a name that a record gives to the contact; the smallest (rank, time, name) counts."""
        if (new := self._new_of(contact)) is not None:
            new.name = name if new.name is None else min(name, new.name)
        else:
            self._names.append((*name, contact))

    def finish(self) -> None:
        """Writes new contacts and the labels of contacts whose ids changed."""
        self._write_new()
        relabel(self._connection, self._relabel)
        self._relabel.clear()

    def _write_new(self) -> None:
        found = self._found
        single_id, new = self._single_id, self._new
        ids = [(found[id].id, *id, contact) for contact, id in single_id.items()]
        ids += [(found[id].id, *id, contact) for contact, one in new.items() for id in one.ids]
        ids.sort()  # in the order of their keys, rows are written faster and leave no gaps
        replaced = [(found[id].id,) for one in new.values() for id in one.replaced]
        # Two statements: binding None to a column takes as long as binding a value, leaving it out takes no time.
        numbers = [(contact, text) for contact, (kind, text) in single_id.items() if kind != 2]
        contacts = [_contact_row(contact, _NewContact([id])) for contact, id in single_id.items() if id[0] == 2]
        contacts += [_contact_row(contact, one) for contact, one in new.items()]
        single_id.clear()
        new.clear()
        self._connection.executemany("INSERT INTO contacts (id, label) VALUES (?, ?)", numbers)
        self._connection.executemany(
            "INSERT INTO contacts (id, label, customer_id, name, name_rank, name_at) VALUES (?, ?, ?, ?, ?, ?)",
            contacts,
        )
        self._connection.executemany("INSERT INTO contact_ids (id, kind, text, contact) VALUES (?, ?, ?, ?)", ids)
        self._connection.executemany("UPDATE contact_ids SET replaced = 1 WHERE id = ?", replaced)
        # Most names are in the database already and change nothing.
        self._connection.executemany(
            """
            UPDATE contacts SET name_rank = ?1, name_at = ?2, name = ?3
            WHERE id = ?4 AND (name IS NULL OR (?1, ?2, ?3) < (name_rank, name_at, name))
            """,
            self._names,
        )
        self._names.clear()


def relabel(connection: sqlite3.Connection, contacts: Iterable[int]) -> None:
    """Writes the labels and customer ids of contacts whose ids changed."""
    connection.executemany(
        f"UPDATE contacts SET (label, customer_id) = (SELECT {LABEL_AND_CUSTOMER_ID}) WHERE id = ?",
        [(contact,) for contact in contacts],
    )


def _contact_row(contact: int, new: _NewContact) -> tuple[int, str, str | None, str | None, int | None, int | None]:
    """The row of a new contact: label, customer id and name."""
    label, customer = label_and_customer_id(new.ids, new.replaced)
    rank, at, name = new.name or (None, None, None)
    return contact, label, customer, name, rank, at


def label_and_customer_id(
    ids: Iterable[tuple[int, str]], replaced: Container[tuple[int, str]]
) -> tuple[str, str | None]:
    """LABEL_AND_CUSTOMER_ID in Python, of the ids of a contact and those of them that were replaced."""
    order = sorted((kind, (kind, text) in replaced, text) for kind, text in ids)
    return order[0][2], next((text for kind, _, text in order if kind == 2), None)


def ids_of(ids: ContactIds) -> list[tuple[int, str]]:
    """All ids that a record gives, as (kind, text)."""
    given = [(0, text) for text in ids.wa_ids if text]
    if ids.replaced and (0, ids.replaced) not in given:
        given.append((0, ids.replaced))
    if ids.user_id:
        given.append((1, ids.user_id))
    given += [(1, text) for text in ids.other_user_ids if text]
    if ids.replaced_user_id and (1, ids.replaced_user_id) not in given:
        given.append((1, ids.replaced_user_id))
    if ids.customer_id:
        given.append((2, ids.customer_id))
    return given
