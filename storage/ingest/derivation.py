"""Keeps the derived columns of messages up to date: whose timelines a batch can change, and from which messages each is
derived again. `messages/timeline.py` says what follows from a timeline; this module knows no format and no merge rule.

A contact is derived from the messages near the changed ones if that is certain to be enough, else from all its
messages. A contact that the batch creates has all its messages in the batch; nothing is read for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import NamedTuple

from storage.database.key_runs import KeyRuns
from storage.database.settings import Settings
from storage.domain.calendar import Calendar
from storage.domain.vocabulary import JOIN_DISTANCE
from storage.ingest.change_set import ChangeSet
from storage.ingest.contact_lifetimes import ContactLifetimes
from storage.ingest.reply_contexts import ReplyContexts
from storage.messages import store
from storage.messages.message import Direction
from storage.messages.message_row import DIRECTION, KEY
from storage.messages.start_columns import StartColumns
from storage.messages.store import DerivedColumns, Stored
from storage.messages.timeline import CLOCK_SKEW, derive, single_message_start
from storage.messages.usual_starts import Alone, UsualStarts

_CONTACTS_AT_ONCE = 20_000
_CONTEXTS_KEPT = 200_000  # hashes, some 70 bytes each
_OUT, _ROW = int(Direction.OUT), int(Direction.ROW)

# A message and its derived columns, which may be the same as before.
Change = tuple[Stored, DerivedColumns]


class Scope(NamedTuple):
    """Messages of one contact that are derived together, and which of them may change.

    Attributes:
        messages: the messages, as they will be.
        low: only messages from this time on (ms) are changed.
        high: only messages up to this time (ms) are changed.
        known_since: when a message that is not among them made the contact known (ms); None if none did.
    """

    messages: list[Stored]
    low: int = 0
    high: int = 1 << 62
    known_since: int | None = None


def batched(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The values in runs of at most `size` (itertools has it from Python 3.12 on)."""
    return (values[start : start + size] for start in range(0, len(values), size))


class Derivation:
    """Derives contacts again. It alone writes the derived columns of `messages`."""

    def __init__(
        self, connection: sqlite3.Connection, settings: Settings, name_ids: store.NameIds, keys: KeyRuns | None = None
    ) -> None:
        """Prepares to derive.

        Args:
            connection: The database.
            settings: Of the database.
            name_ids: Ids of lines and templates.
            keys: The key index, if the caller adds messages to it.
        """
        self._connection, self._keys = connection, keys or KeyRuns(connection)
        self._answer_window = settings.answer_window_ms
        # The farthest that one message reaches: an answer, and then a joined row; see `_read_around`.
        self._reach = settings.answer_window_ms + CLOCK_SKEW + JOIN_DISTANCE
        self._far = 2 * self._reach
        template_ids, days = name_ids.template_ids, Calendar(settings.zone).days
        self._columns = StartColumns(template_ids, days)
        self._usual = UsualStarts(template_ids, days)
        empty = store.next_id(connection) == 1
        # Hashes of all keys that a context names; None if the database held messages before, or if they are too many.
        self._named: set[int] | None = set() if empty else None
        self._lifetimes = ContactLifetimes(complete=empty)

    def derive(self, change_set: ChangeSet) -> list[Change]:
        """Derives what a batch changes, before the batch is written.

        Returns:
            Every message of `change_set.rows`, and others whose timeline it touches, with their derived columns.
        """
        contexts = ReplyContexts(self._connection, self._keys, change_set, self._named)
        if self._named is not None and len(self._named) > _CONTEXTS_KEPT:
            self._named = None
        evidence = change_set.all_rows()
        for row in contexts.naming(evidence):
            change_set.touch(row)
        for row in contexts.named(evidence):
            change_set.touch(row)
        groups = change_set.by_contact()
        alone = self._alone(groups.returning, change_set)
        usual, others = self._usual.derive(
            chain(zip(groups.alone.values(), repeat(None)), alone.values()), contexts.answers
        )
        changes = usual + self._derive((Scope([row], known_since=since) for row, since in others), contexts)
        changes += self._derive((Scope(rows) for rows in groups.fresh.values()), contexts)
        contacts = change_set.spans.keys() | change_set.rederive | groups.returning.keys()
        contacts -= change_set.merged_away | groups.alone.keys() | groups.fresh.keys() | alone.keys()
        for some in batched(sorted(contacts), _CONTACTS_AT_ONCE):
            changes += self._derive(self._load(some, groups.returning, change_set, contexts), contexts)
        contactless = groups.contactless
        for ids in batched(sorted(change_set.contactless - change_set.rows.keys()), _CONTACTS_AT_ONCE):
            unchanged = [row for row in store.by_id(self._connection, ids) if row.contact is None]
            contexts.learn(unchanged)
            contactless += unchanged
        changes += self._derive((Scope([row]) for row in contactless), contexts)
        single = ((contact, (row,)) for contact, row in groups.alone.items())
        self._lifetimes.take(chain(single, groups.fresh.items(), groups.returning.items()), change_set.moved_contacts())
        return changes

    def _alone(self, returning: Mapping[int, list[Stored]], change_set: ChangeSet) -> dict[int, Alone]:
        """Contacts known before their only changed message, which certainly have no other that can matter to it."""
        alone: dict[int, Alone] = {}
        spans, lifetime_of = change_set.spans, self._lifetimes.of
        for contact, rows in returning.items():
            if len(rows) > 1 or rows[0].row[DIRECTION] == _ROW or contact in change_set.rederive:
                continue
            lifetime = lifetime_of(contact)
            if lifetime is None:
                continue
            since, last = lifetime
            low = spans[contact][0]
            if since < low - self._reach and last < low - self._far:
                alone[contact] = rows[0], since
        return alone

    def everything(self) -> tuple[list[int], list[int]]:
        """All contacts, and the row ids of all messages without one, in order."""
        contacts = self._connection.execute("SELECT id FROM contacts ORDER BY id")
        messages = self._connection.execute("SELECT id FROM messages WHERE contact IS NULL ORDER BY id")
        return [id for (id,) in contacts], [id for (id,) in messages]

    def derive_everything(self, progress: Callable[[int, int], None]) -> None:
        """Derives all contacts again and writes what changes.

        Args:
            progress: Called with (contacts done, contacts in all).
        """
        contacts, contactless = self.everything()
        for done, some in enumerate(batched(contacts, _CONTACTS_AT_ONCE)):
            progress(done * _CONTACTS_AT_ONCE, len(contacts))
            self.write(self.derive(ChangeSet(rederive=set(some))))
        for ids in batched(contactless, _CONTACTS_AT_ONCE):
            self.write(self.derive(ChangeSet(contactless=set(ids))))
        progress(len(contacts), len(contacts))

    def differing(
        self, contacts: Iterable[int], messages: Iterable[int], progress: Callable[[int, int], None]
    ) -> list[tuple[int, str]]:
        """Row ids and keys of the messages whose derived columns are not what follows, in order.

        Args:
            contacts: Whose messages are derived.
            messages: Row ids of messages without a contact that are derived.
            progress: Called with (contacts done, contacts in all).
        """
        found: dict[int, str] = {}
        ids = sorted(contacts)
        sets = [ChangeSet(rederive={*some}) for some in batched(ids, _CONTACTS_AT_ONCE)]
        sets += [ChangeSet(contactless={*some}) for some in batched(sorted(messages), _CONTACTS_AT_ONCE)]
        for done, change_set in enumerate(sets):
            progress(min(done * _CONTACTS_AT_ONCE, len(ids)), len(ids))
            changes = self.derive(change_set)
            found |= {row.id: row.row[KEY] for row, after in changes if after != row.derived}
        return sorted(found.items())

    def write(self, changes: Iterable[Change]) -> None:
        """Writes derived columns that changed, of messages that did not."""
        rows = [(*after, row.id) for row, after in changes if after != row.derived]
        store.update_derived(self._connection, rows)

    def _load(
        self,
        contacts: Sequence[int],
        changed: Mapping[int, list[Stored]],
        change_set: ChangeSet,
        contexts: ReplyContexts,
    ) -> Iterator[Scope]:
        """The scope of each contact."""
        known_since, around = self._known_since([one for one in contacts if one not in change_set.rederive], change_set)
        rederive = {contact for contact in contacts if contact not in known_since}
        near = self._read_around((contact, *change_set.spans[contact]) for contact in around)
        groups = self._grouped(near, known_since, changed, change_set, contexts)
        for contact, since in known_since.items():
            messages = groups[contact]
            if any(row.row[DIRECTION] == _ROW for row in messages):
                rederive.add(contact)  # joined rows can depend on each other at any distance
            else:
                low, high = change_set.spans[contact]
                yield Scope(messages, low - self._reach, high + self._reach, since)
        everything = store.by_contact(self._connection, rederive | change_set.merged_away)
        for messages in self._grouped(everything, rederive, changed, change_set, contexts).values():
            yield Scope(messages)

    def _known_since(self, contacts: Sequence[int], change_set: ChangeSet) -> tuple[dict[int, int], list[int]]:
        """Which contacts were certainly known before their changes.

        Returns:
            Contact -> time in ms since when it was known; and those of them that may have messages near the changes.
        """
        since: dict[int, int] = {}
        around: list[int] = []
        others: list[int] = []
        spans = change_set.spans
        for contact in contacts:
            span, lifetime = spans.get(contact), self._lifetimes.of(contact)
            # What can change comes after the message that made the contact known.
            if span is None or lifetime is None or lifetime[0] >= span[0] - self._reach:
                others.append(contact)
                continue
            since[contact], last = lifetime
            if last >= span[0] - self._far:
                around.append(contact)
        for first in store.first_by_contact(self._connection, others, JOIN_DISTANCE):
            contact, at = first.contact, first.at
            if contact in spans and at < spans[contact][0] and first.makes_known:
                since[contact] = at
                around.append(contact)
        return since, around

    def _read_around(self, spans: Iterable[tuple[int, int, int]]) -> Iterator[Stored]:
        """The messages that can matter to messages within reach of a span (contact, low, high): twice as far.

        A message that changed can give or take the answers of notifications up to the window away; whether those are
        answered depends on messages and other notifications up to the window away from them.
        """
        far = self._far
        return store.by_contact_and_time(
            self._connection, [(contact, low - far, high + far) for contact, low, high in spans]
        )

    def _grouped(
        self,
        stored: Iterable[Stored],
        contacts: Iterable[int],
        changed: Mapping[int, list[Stored]],
        change_set: ChangeSet,
        contexts: ReplyContexts,
    ) -> dict[int, list[Stored]]:
        """The messages of each contact: the changed ones, and the stored ones that did not change."""
        groups = {contact: [*changed.get(contact, ())] for contact in contacts}
        others = []
        for row in stored:
            if row.contact is not None and row.contact in groups and row.id not in change_set.rows:
                groups[row.contact].append(row)
                others.append(row)
        contexts.learn(others)
        return groups

    def _derive(self, scopes: Iterable[Scope], contexts: ReplyContexts) -> list[Change]:
        answers, notifications = contexts.answers, contexts.notifications
        columns_of, window = self._columns.of, self._answer_window
        changes: list[Change] = []
        for rows, low, high, known_since in scopes:
            if len(rows) == 1 and rows[0].row[DIRECTION] == _OUT:
                (row,) = rows
                if low <= row.at <= high:
                    changes.append((row, columns_of(row, single_message_start(row, answers, known_since))))
                continue
            starts, joined = derive(rows, answers, notifications, window, known_since)
            changes += [
                (row, columns_of(row, starts.get(row.id), joined.get(row.id))) for row in rows if low <= row.at <= high
            ]
        return changes
