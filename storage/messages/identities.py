"""Lines and contacts known by several ids: finds, makes and joins them (ids seen together are one, whenever that
comes).

Owns `lines`, `line_ids`, `contacts` and `contact_ids`. Knows nothing of messages but that they name an id.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.domain.events import ContactIds, LineIds

_CACHE_LIMIT = 120_000  # ids, some 350 bytes each
Name = tuple[int, int, str]  # (rank, at, name): the smallest wins


class Found(NamedTuple):
    """Where an id leads: the id's own row, and the line or contact that it is of."""

    id: int
    owner: int


# The id of a name, and the line or the contact that it is of; nothing of no name.
Owned = Found | tuple[None, None]
NOWHERE = None, None


class Lines:
    """The lines by the texts they are known by; one name space for numbers, identifiers and names."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[str, Found] = {}
        self._kinds: dict[str, int] = {}
        self._seen: set[LineIds] = set()
        self.merged: set[int] = set()

    def find(self, text: str) -> Found:
        """Where the text leads; it has been linked before."""
        found = self._found.get(text)
        return found if found is not None else self._load(text)

    def _load(self, text: str) -> Found:
        row = self._connection.execute("SELECT id, line, kind FROM line_ids WHERE text = ?", (text,)).fetchone()
        if row is None:
            raise KeyError(text)
        self._kinds[text] = row[2]
        self._found[text] = Found(row[0], row[1])
        return self._found[text]

    def link(self, ids: LineIds) -> None:
        """Makes sure that all the texts given lead to one line."""
        if ids in self._seen:
            return
        self._seen.add(ids)
        given = [(kind, text) for kind, text in enumerate((ids.number, ids.identifier, ids.name)) if text]
        if not given:
            return
        owners = sorted({found.owner for kind, text in given if (found := self._known(text)) is not None})
        line = owners[0] if owners else self._new_line()
        changed = len(owners) > 1
        for owner in owners[1:]:
            self._merge(owner, line)
        for kind, text in given:
            changed |= self._place(kind, text, line)
        if changed:
            self._relabel(line)

    def _known(self, text: str) -> Found | None:
        try:
            return self.find(text)
        except KeyError:
            return None

    def _new_line(self) -> int:
        cursor = self._connection.execute("INSERT INTO lines (label, value) VALUES ('', '')")
        return int(cursor.lastrowid or 0)

    def _merge(self, owner: int, line: int) -> None:
        self._connection.execute("UPDATE line_ids SET line = ? WHERE line = ?", (line, owner))
        self._connection.execute("DELETE FROM lines WHERE id = ?", (owner,))
        self._found = {
            text: Found(found.id, line) if found.owner == owner else found for text, found in self._found.items()
        }
        self.merged |= {owner, line}

    def _place(self, kind: int, text: str, line: int) -> bool:
        """Writes the id down; whether that changed anything."""
        known = self._known(text)
        if known is None:
            cursor = self._connection.execute(
                "INSERT INTO line_ids (text, kind, line) VALUES (?, ?, ?)", (text, kind, line)
            )
            self._found[text] = Found(int(cursor.lastrowid or 0), line)
            self._kinds[text] = kind
            return True
        if kind < self._kinds[text]:
            self._connection.execute("UPDATE line_ids SET kind = ? WHERE id = ?", (kind, known.id))
            self._kinds[text] = kind
            return True
        return False

    def _relabel(self, line: int) -> None:
        rows = self._connection.execute("SELECT kind, min(text) FROM line_ids WHERE line = ? GROUP BY kind", (line,))
        texts = dict(rows.fetchall())
        number = "+" + texts[0] if 0 in texts else None
        identifier, name = texts.get(1), texts.get(2)
        self._connection.execute(
            "UPDATE lines SET label = ?, value = ? WHERE id = ?",
            (name or number or identifier, number or identifier or name, line),
        )


@dataclass(slots=True)
class _NewContact:
    """A contact that is not in the database yet."""

    ids: list[tuple[int, str]]
    replaced: set[tuple[int, str]] = field(default_factory=set)
    name: Name | None = None


class Contacts:
    """The contacts by the ids they are known by, each id with its kind (0 wa_id, 1 user_id, 2 customer_id).

    New ones are kept until `finish` and written all at once.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[int, str], Found] = {}
        self._seen: set[ContactIds] = set()
        self._relabel: set[int] = set()
        self._new: dict[int, _NewContact] = {}
        self._lone: dict[int, tuple[int, str]] = {}  # new contacts of one id and no more so far, which most are
        self._names: list[tuple[int, int, str, int]] = []
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'").fetchone()
        self._next = 1 + (last[0] if last else 0)
        self._next_id = 1 + connection.execute("SELECT coalesce(max(id), 0) FROM contact_ids").fetchone()[0]
        self.fresh_from = self._next  # contacts from this one on were made since the last `prepare`
        self.merged: list[tuple[int, int]] = []  # (gone, stays)

    def prepare(self, contacts: Iterable[ContactIds], ids: Iterable[tuple[int, str]]) -> None:
        """Loads what is known of all these ids at once, before they are linked."""
        self.fresh_from = self._next
        if len(self._found) > _CACHE_LIMIT:
            self._found.clear()
            self._seen.clear()
        if self._next_id == 1:
            return
        found = self._found
        wanted = {id for contact in contacts if contact not in self._seen for id in _ids(contact) if id not in found}
        wanted |= {id for id in ids if id not in found}
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
        """Where the id leads; it has been linked before."""
        found = self._found.get(id)
        if found is None:
            row = self._connection.execute(
                "SELECT id, contact FROM contact_ids WHERE kind = ? AND text = ?", id
            ).fetchone()
            if row is None:
                raise KeyError(id)
            found = self._found[id] = Found(row[0], row[1])
        return found

    def find_each(self, ids: Iterable[tuple[int, str] | None]) -> list[Owned]:
        """Where each of these ids leads; they have been linked before, or are none."""
        found = self._found
        return [NOWHERE if id is None else found.get(id) or self.find(id) for id in ids]

    def link(self, ids: ContactIds) -> None:
        """Makes sure that all the ids given lead to one contact."""
        if ids in self._seen:
            return
        given = _ids(ids)
        if len(given) <= 1:
            self.link_each(given)
            return
        self._seen.add(ids)
        owners = sorted({found.owner for id in given if (found := self._found.get(id)) is not None})
        contact = owners[0] if owners else self._new_contact()
        for owner in owners[1:]:
            self._merge(owner, contact)
        for id in given:
            if id not in self._found:
                self._place(id, contact)
        if ids.replaced:
            self._replace((0, ids.replaced), contact)

    def link_each(self, ids: Iterable[tuple[int, str]]) -> None:
        """Makes sure that each of these ids leads to a contact."""
        found = self._found
        for id in ids:
            if id not in found:
                contact = self._next
                self._next += 1
                self._lone[contact] = id
                found[id] = Found(self._next_id, contact)
                self._next_id += 1

    def _new_contact(self) -> int:
        contact = self._next
        self._next += 1
        self._new[contact] = _NewContact([])
        return contact

    def _new_of(self, contact: int) -> _NewContact | None:
        """What there is to write of a contact, None where it has been written."""
        if contact in self._lone:
            self._new[contact] = _NewContact([self._lone.pop(contact)])
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

    def _merge(self, gone: int, stays: int) -> None:
        self._write_new()
        rows = self._connection.execute("SELECT kind, text FROM contact_ids WHERE contact = ?", (gone,)).fetchall()
        self._connection.execute("UPDATE contact_ids SET contact = ? WHERE contact = ?", (stays, gone))
        for kind, text in rows:
            if (found := self._found.get((kind, text))) is not None:
                self._found[kind, text] = Found(found.id, stays)
        name = self._connection.execute(
            "SELECT name_rank, name_at, name FROM contacts WHERE id = ? AND name IS NOT NULL", (gone,)
        ).fetchone()
        if name is not None:
            self.name(stays, name)
        self._connection.execute("DELETE FROM contacts WHERE id = ?", (gone,))
        self.merged.append((gone, stays))
        self._relabel.discard(gone)
        self._relabel.add(stays)

    def name(self, contact: int, name: Name) -> None:
        """Takes in a name that was seen for the contact."""
        if (new := self._new_of(contact)) is not None:
            new.name = name if new.name is None else min(name, new.name)
        else:
            self._names.append((*name, contact))

    def finish(self) -> None:
        """Writes what is new, and how each contact whose ids changed is called: number, else user id, else customer
        id."""
        self._write_new()
        for contact in self._relabel:
            rows = self._connection.execute(
                "SELECT kind, text FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (contact,)
            ).fetchall()
            customer = next((text for kind, text in rows if kind == 2), None)
            self._connection.execute(
                "UPDATE contacts SET label = ?, customer_id = ? WHERE id = ?", (rows[0][1], customer, contact)
            )
        self._relabel.clear()

    def _write_new(self) -> None:
        found = self._found
        lone, new = self._lone, self._new
        ids = [(found[id].id, *id, contact) for contact, id in lone.items()]
        ids += [(found[id].id, *id, contact) for contact, one in new.items() for id in one.ids]
        ids.sort()  # behind each other, rows are written faster and leave no gaps
        replaced = [(found[id].id,) for one in new.values() for id in one.replaced]
        # A column left out of a statement takes no time; one that is bound to nothing takes the most.
        numbers = [(contact, text) for contact, (kind, text) in lone.items() if kind != 2]
        contacts = [_contact_row(contact, _NewContact([id])) for contact, id in lone.items() if id[0] == 2]
        contacts += [_contact_row(contact, one) for contact, one in new.items()]
        lone.clear()
        new.clear()
        self._connection.executemany("INSERT INTO contacts (id, label) VALUES (?, ?)", numbers)
        self._connection.executemany(
            "INSERT INTO contacts (id, label, customer_id, name, name_rank, name_at) VALUES (?, ?, ?, ?, ?, ?)",
            contacts,
        )
        self._connection.executemany("INSERT INTO contact_ids (id, kind, text, contact) VALUES (?, ?, ?, ?)", ids)
        self._connection.executemany("UPDATE contact_ids SET replaced = 1 WHERE id = ?", replaced)
        # A name that is there already is the rule, not the exception: most of these change nothing.
        self._connection.executemany(
            """
            UPDATE contacts SET name_rank = ?1, name_at = ?2, name = ?3
            WHERE id = ?4 AND (name IS NULL OR (?1, ?2, ?3) < (name_rank, name_at, name))
            """,
            self._names,
        )
        self._names.clear()


def _contact_row(contact: int, new: _NewContact) -> tuple[int, str, str | None, str | None, int | None, int | None]:
    """The row of a new contact: how it is called, its customer id and its name."""
    order = sorted((kind, (kind, text) in new.replaced, text) for kind, text in new.ids)
    customer = next((text for kind, _, text in order if kind == 2), None)
    rank, at, name = new.name or (None, None, None)
    return contact, order[0][2], customer, name, rank, at


def _ids(ids: ContactIds) -> list[tuple[int, str]]:
    """All ids of a record as (kind, text)."""
    given = [(0, text) for text in ids.wa_ids if text]
    if ids.replaced and (0, ids.replaced) not in given:
        given.append((0, ids.replaced))
    if ids.user_id:
        given.append((1, ids.user_id))
    if ids.customer_id:
        given.append((2, ids.customer_id))
    return given
