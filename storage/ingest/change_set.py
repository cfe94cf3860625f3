"""What a batch changes: which messages, and whose timelines are derived again. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from storage.messages.message_row import Row
from storage.messages.store import Stored


class Groups(NamedTuple):
    """Changed messages by contact.

    Attributes:
        alone: of each contact that the batch creates with one message, this message.
        fresh: of each that it creates with several, these.
        returning: of each that the database holds.
        contactless: those without a contact.
    """

    alone: dict[int, Stored]
    fresh: dict[int, list[Stored]]
    returning: dict[int, list[Stored]]
    contactless: list[Stored]


@dataclass(slots=True)
class ChangeSet:
    """The messages that a batch makes or changes, and the contacts that are derived again because of them.

    Attributes:
        rows: messages made or changed, by row id, as they will be.
        before: the changed ones as they were.
        spans: contact -> (earliest, latest) time in ms of a changed message, as it was and as it will be.
        rederive: contacts to derive from all their messages.
        merged_away: contacts that turned out to be others and have no messages of their own any more.
        contactless: row ids of messages without a contact.
        fresh_from: contacts with this id or a greater one have no message in the database and need no span.
    """

    rows: dict[int, Stored] = field(default_factory=dict)
    before: list[Stored] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    rederive: set[int] = field(default_factory=set)
    merged_away: set[int] = field(default_factory=set)
    contactless: set[int] = field(default_factory=set)
    fresh_from: int = 1 << 62

    def changed(self, row: Stored, before: Stored) -> None:
        """Adds a message of the database that changes."""
        self.rows[row.id] = row
        self.before.append(before)
        self.touch(before)
        self.touch(row)

    def made(self, row: Stored) -> None:
        """Adds a new message."""
        self.rows[row.id] = row
        if row.contact is None or row.contact < self.fresh_from:
            self.touch(row)

    def touch(self, row: Stored) -> None:
        """Has a message derived again, with what lies near it."""
        contact = row.contact
        if contact is None:
            self.contactless.add(row.id)
            return
        if contact >= self.fresh_from:
            return
        at = row.at
        span = self.spans.get(contact)
        if span is None:
            self.spans[contact] = at, at
        elif not span[0] <= at <= span[1]:
            self.spans[contact] = min(span[0], at), max(span[1], at)

    def by_contact(self) -> Groups:
        """The messages made or changed, as they will be."""
        alone: dict[int, Stored] = {}
        fresh: dict[int, list[Stored]] = {}
        returning: defaultdict[int, list[Stored]] = defaultdict(list)
        contactless: list[Stored] = []
        fresh_from = self.fresh_from
        for row in self.rows.values():
            contact = row.contact
            if contact is None:
                contactless.append(row)
            elif contact < fresh_from:
                returning[contact].append(row)
            elif contact in fresh:
                fresh[contact].append(row)
            elif contact in alone:
                fresh[contact] = [alone.pop(contact), row]
            else:
                alone[contact] = row
        return Groups(alone, fresh, returning, contactless)

    def moved_contacts(self) -> Iterator[int]:
        """The contacts of changed messages, old and new, and merged contacts."""
        for before in self.before:
            yield from (row.contact for row in (before, self.rows[before.id]) if row.contact is not None)
        yield from self.rederive
        yield from self.merged_away

    def all_rows(self) -> list[Row]:
        """The rows of all messages, as they were and as they will be."""
        return [stored.row for stored in chain(self.rows.values(), self.before)]
