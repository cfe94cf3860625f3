"""Mends contacts that earlier versions made of values which identify nobody, such as "N/A" or a rounded number.

Runs once, when a newer version first writes to a database (table `pending`). What the database still says is mended:
such an id is removed, an id in an odd spelling becomes the number that it is. What only the files say is told, so that
they are imported again: whose messages a removed id was, and which other ids it had joined by mistake.

`storage/sources/identity.py` says what an identity is; this module knows no format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from storage.database.connection import Writer
from storage.database.settings import load_settings
from storage.ingest.change_set import ChangeSet
from storage.ingest.derivation import Derivation, batched
from storage.messages import store
from storage.messages.contacts import Contacts, relabel
from storage.messages.lines import Lines
from storage.sources.identity import bsuid_of, customer_of, names_nobody, number_of

TASK = "identities"  # of table `pending`
_WA_ID, _USER_ID, _CUSTOMER_ID = range(3)  # kinds of ids
_AT_ONCE = 20_000
Id = tuple[int, str]  # kind and text


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended.

    Attributes:
        removed: ids that identify nobody.
        respelled: ids that are a number, or another id, in another spelling.
        separated: contacts that such an id had joined with others.
        messages: messages whose contact is unknown now, until their files are imported again.
    """

    removed: int = 0
    respelled: int = 0
    separated: int = 0
    messages: int = 0

    def __bool__(self) -> bool:
        return bool(self.removed or self.respelled)


@dataclass(slots=True)
class _Touched:
    contacts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)


def identity_of(id: Id) -> Id | None:
    """The id that a stored id is by today's definition; None where it identifies nobody."""
    kind, text = id
    if kind == _CUSTOMER_ID:
        customer = customer_of[text]
        return None if customer is None else (kind, customer)
    if kind == _USER_ID and bsuid_of(text) is not None:
        return id
    if (number := number_of(text)) is not None:
        return _WA_ID, number
    return None if names_nobody(text) else (_USER_ID, text)


def repair_identities(writer: Writer, progress: Callable[[int, int], None]) -> Repair:
    """Mends the contacts of an older version, in one transaction; does nothing where that was done.

    Args:
        writer: The database.
        progress: Called with (steps done, steps in all).
    """
    connection = writer.connection
    if connection.execute("SELECT 1 FROM pending WHERE task = ?", (TASK,)).fetchone() is None:
        return Repair()
    with writer.transaction():
        stored = connection.execute("SELECT id, kind, text, contact FROM contact_ids").fetchall()
        wrong = [(id, contact, old, new) for id, *old, contact in stored if (new := identity_of((*old,))) != (*old,)]
        touched = _Touched()
        removed = [(id, contact) for id, contact, _, new in wrong if new is None]
        separated = _remove(writer, removed, touched)
        respelled = [(id, (*old,), new) for id, _, old, new in wrong if new is not None]
        _respell(writer, respelled, touched)
        relabel(connection, sorted(touched.contacts))
        _derive(writer, touched, progress)
        connection.execute("DELETE FROM pending WHERE task = ?", (TASK,))
    return Repair(len(removed), len(respelled), separated, len(touched.messages))


def _remove(writer: Writer, ids: Iterable[tuple[int, int]], touched: _Touched) -> int:
    """Removes ids from their contacts, and separates what such an id can have joined.

    A contact that is left with several ids of one kind was several people; which of its ids belong together is in the
    files only.

    Args:
        ids: Pairs of the id's row and its contact.

    Returns:
        How many contacts were separated.
    """
    connection, separated = writer.connection, 0
    contacts = set()
    for id, contact in ids:
        rows = connection.execute("SELECT id FROM messages WHERE contact = ? AND contact_id = ?", (contact, id))
        touched.messages |= {message for (message,) in rows}
        connection.execute("UPDATE messages SET contact_id = NULL WHERE contact = ? AND contact_id = ?", (contact, id))
        connection.execute("DELETE FROM contact_ids WHERE id = ?", (id,))
        contacts.add(contact)
    for contact in sorted(contacts):
        left = connection.execute(
            "SELECT id, kind, replaced FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (contact,)
        ).fetchall()
        if not left:
            connection.execute("DELETE FROM contacts WHERE id = ?", (contact,))
            touched.contacts.add(contact)
            continue
        kinds = [kind for _, kind, replaced in left if not replaced]
        touched.contacts.add(contact)
        if len(kinds) == len(set(kinds)):
            continue
        separated += 1
        connection.execute("UPDATE contacts SET name = NULL, name_rank = NULL, name_at = NULL WHERE id = ?", (contact,))
        for id, *_ in left[1:]:
            new = connection.execute("INSERT INTO contacts DEFAULT VALUES").lastrowid
            assert new is not None
            connection.execute("UPDATE contact_ids SET contact = ? WHERE id = ?", (new, id))
            touched.contacts.add(new)
    return separated


def _respell(writer: Writer, ids: Iterable[tuple[int, Id, Id]], touched: _Touched) -> None:
    """Gives ids their right kind and spelling, and makes the contacts of two spellings one.

    Args:
        ids: The id's row, its kind and text as stored, and as they should be.
    """
    connection = writer.connection
    contacts = Contacts(connection)
    for id, old, new in ids:
        contacts.prepare((), (old, new))
        before = contacts.find(old).owner
        contact = contacts.link_together((old, new))
        contacts.finish()
        target = contacts.find(new).id
        owners = {before, contact, *chain.from_iterable(contacts.merged)}
        touched.contacts |= owners
        for owner in owners:
            connection.execute(
                "UPDATE messages SET contact_id = ? WHERE contact = ? AND contact_id = ?", (target, owner, id)
            )
        contacts.forget(old)
        connection.execute("DELETE FROM contact_ids WHERE id = ?", (id,))


def _derive(writer: Writer, touched: _Touched, progress: Callable[[int, int], None]) -> None:
    """Derives the touched contacts again, every message without a contact (its start carries a flag for it), and the
    contacts of failures without a known reason."""
    connection = writer.connection
    names = store.NameIds(connection, Lines(connection))
    derivation = Derivation(connection, load_settings(connection), names)
    there = {id for (id,) in connection.execute("SELECT id FROM contacts")}
    # A newer version knows the reasons of more codes and texts.
    unexplained = connection.execute("SELECT DISTINCT contact FROM messages WHERE failure_reason = 'other'")
    contacts = sorted((touched.contacts | {contact for (contact,) in unexplained}) & there)
    messages = connection.execute("SELECT id FROM messages WHERE contact IS NULL OR contact_id IS NULL").fetchall()
    contactless = sorted(touched.messages | {id for (id,) in messages})
    steps = len(contacts) + len(contactless)
    for done, some in enumerate(batched(contacts, _AT_ONCE)):
        progress(done * _AT_ONCE, steps)
        derivation.write(derivation.derive(ChangeSet(rederive=set(some), merged_away=touched.contacts - there)))
    for done, some in enumerate(batched(contactless, _AT_ONCE)):
        progress(len(contacts) + done * _AT_ONCE, steps)
        derivation.write(derivation.derive(ChangeSet(contactless=set(some))))
    if steps:
        progress(steps, steps)
