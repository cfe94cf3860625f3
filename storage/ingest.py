"""Events into messages, a batch a transaction, and what follows from them (DESIGN 2.2, 2.3). Knows no file format.

A batch is merged in memory first, then with what the database knows of the same messages; then the timelines of the
contacts that it touched are derived again. Running an import again is always safe: the same events change nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from storage import cube, message_rows
from storage.calendar import Calendar
from storage.database import Writer
from storage.events import ContactIds, Event, Known, LineIds, Send
from storage.failures import reason_of
from storage.filters import StartStatus
from storage.identities import Contacts, Lines, Name
from storage.message_rows import Stored
from storage.messages import Direction, Message, can_answer, contact_reference, is_notification, message_of
from storage.schema import ORIGINS, STATUSES, USER_TYPES
from storage.settings import Settings, load_settings
from storage.timeline import Derived, Placed, Start, derive

_UNDATED = 1 << 60  # evidence without a time comes after all that has one
_CONTACTS_AT_ONCE = 20_000


def batched(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The values in runs of at most `size` (itertools has it from Python 3.12 on)."""
    return (values[start : start + size] for start in range(0, len(values), size))


@dataclass(frozen=True, slots=True)
class Changes:
    """How many messages a batch made, and how many it changed."""

    new: int
    changed: int


class Batch:
    """Events merged in memory until they are written."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, int], Message] = {}
        self.lines: set[LineIds] = set()
        self.contacts: set[ContactIds] = set()
        self.names: dict[tuple[int, str], Name] = {}
        self.events = 0

    def add(self, event: Event) -> None:
        """Takes one event in."""
        self.events += 1
        self.lines.add(event.line)
        self.contacts.add(event.contact)
        if isinstance(event, Known):
            self._name(event.contact, 1, _UNDATED)
            return
        if event.default_line is not None:
            self.lines.add(event.default_line)
        self._name(event.contact, event.rank.value if isinstance(event, Send) else 1, event.at)
        message = message_of(event)
        known = self.messages.get(message.identity)
        if known is None:
            self.messages[message.identity] = message
        else:
            known.merge(message)

    def _name(self, contact: ContactIds, rank: int, at: int) -> None:
        reference = contact_reference(contact)
        if contact.name and reference is not None:
            name = (rank, at, contact.name)
            self.names[reference] = min(name, self.names.get(reference, name))


class Ingest:
    """Writes batches. After an exception it must not be used again: what it remembers was rolled back."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._settings = load_settings(self._connection)
        self._lines = Lines(self._connection)
        self._contacts = Contacts(self._connection)
        self._columns = message_rows.Columns(self._connection, self._lines, self._contacts)
        self._timelines = Timelines(self._connection, self._settings, self._columns)

    def write(self, batch: Batch) -> Changes:
        """Writes one batch inside the caller's transaction."""
        self._link(batch)
        before = {stored.message.identity: stored for stored in self._stored(batch)}
        touched = _Touched()
        new, changed = [], []
        for identity, message in batch.messages.items():
            known = before.get(identity)
            if known is None:
                new.append(self._columns.columns(message))
                touched.add(message, new[-1][-1])
                continue
            merged = known.message.copy()
            merged.merge(message)
            if merged != known.message:
                columns = self._columns.columns(merged)
                changed.append((*columns, known.id))
                touched.add(known.message, known.contact)
                touched.add(merged, columns[-1])
        message_rows.insert(self._connection, new)
        message_rows.update(self._connection, changed)
        self._move_merged(touched)
        self._timelines.derive(touched)
        cube.refresh_batch(self._connection)
        return Changes(len(new), len(changed))

    def _link(self, batch: Batch) -> None:
        for line in sorted(batch.lines, key=repr):
            self._lines.link(line)
        self._contacts.prepare(batch.contacts)
        for contact in batch.contacts:
            self._contacts.link(contact)
        for reference, name in batch.names.items():
            self._contacts.name(self._contacts.find(reference).owner, name)
        self._contacts.finish()

    def _stored(self, batch: Batch) -> Iterable[Stored]:
        return message_rows.by_key(self._connection, (key for key, _ in batch.messages))

    def _move_merged(self, touched: _Touched) -> None:
        """Messages of contacts and lines that turned out to be others' move there."""
        for gone, stays in self._contacts.merged:
            self._connection.execute("UPDATE messages SET contact = ? WHERE contact = ?", (stays, gone))
            touched.contacts.discard(gone)
            touched.contacts.add(stays)
        self._contacts.merged.clear()
        if self._lines.merged:
            merged = json.dumps(sorted(self._lines.merged))
            rows = self._connection.execute(
                "SELECT id, contact FROM messages WHERE line IN (SELECT value FROM json_each(?))", (merged,)
            ).fetchall()
            touched.contacts |= {contact for _, contact in rows if contact is not None}
            touched.alone |= {id for id, contact in rows if contact is None}
            self._connection.execute(
                """
                UPDATE messages SET line = (SELECT line FROM line_ids WHERE line_ids.id = messages.line_id)
                WHERE line IN (SELECT value FROM json_each(?))
                """,
                (merged,),
            )
            self._lines.merged.clear()


class _Touched:
    """Whose timelines a batch may have changed."""

    def __init__(self) -> None:
        self.contacts: set[int] = set()
        self.alone: set[int] = set()  # row ids of messages without a contact
        self.alone_keys: set[str] = set()
        self.contexts: set[str] = set()
        self.keys: set[str] = set()

    def add(self, message: Message, contact: int | None) -> None:
        """A message was made, or changed from or to this."""
        if contact is not None:
            self.contacts.add(contact)
        else:
            self.alone_keys.add(message.key)
        if message.direction is Direction.IN and (context := message.value("context")) is not None:
            self.contexts.add(context)
        elif message.direction is Direction.OUT:
            self.keys.add(message.key)


class Timelines:
    """Derives contacts again and writes what changed. Owns the derived columns of `messages`."""

    def __init__(self, connection: sqlite3.Connection, settings: Settings, columns: message_rows.Columns) -> None:
        self._connection = connection
        self._answer_window = settings.answer_window_ms
        self._calendar = Calendar(settings.zone)
        self._columns = columns

    def derive(self, touched: _Touched) -> None:
        """Derives all that a batch touched, and those whom a context ties to it."""
        contacts, alone = set(touched.contacts), set(touched.alone)
        tied = [
            *self._ids_by_key(touched.contexts | touched.alone_keys),
            *self._ids_by_context(touched.keys),
        ]
        contacts |= {contact for _, contact in tied if contact is not None}
        alone |= {id for id, contact in tied if contact is None}
        self.derive_contacts(contacts)
        for ids in batched(sorted(alone), _CONTACTS_AT_ONCE):
            self._derive([[stored] for stored in message_rows.by_id(self._connection, ids)])

    def derive_contacts(self, contacts: Iterable[int]) -> None:
        """Derives these contacts from all their messages."""
        for some in batched(sorted(contacts), _CONTACTS_AT_ONCE):
            groups: defaultdict[int | None, list[Stored]] = defaultdict(list)
            for stored in message_rows.by_contact(self._connection, some):
                groups[stored.contact].append(stored)
            self._derive(list(groups.values()))

    def derive_everything(self, progress: Callable[[int, int], None]) -> None:
        """Derives every contact; `progress` is told how many are done, of how many."""
        contacts = [id for (id,) in self._connection.execute("SELECT id FROM contacts ORDER BY id")]
        for done, some in enumerate(batched(contacts, _CONTACTS_AT_ONCE)):
            progress(done * _CONTACTS_AT_ONCE, len(contacts))
            self.derive_contacts(some)
        alone = [id for (id,) in self._connection.execute("SELECT id FROM messages WHERE contact IS NULL ORDER BY id")]
        for ids in batched(alone, _CONTACTS_AT_ONCE):
            self._derive([[stored] for stored in message_rows.by_id(self._connection, ids)])
        progress(len(contacts), len(contacts))

    def _ids_by_key(self, keys: Iterable[str]) -> list[tuple[int, int | None]]:
        return [(stored.id, stored.contact) for stored in message_rows.by_key(self._connection, keys)]

    def _ids_by_context(self, keys: Iterable[str]) -> list[tuple[int, int | None]]:
        rows = self._connection.execute(
            """
            SELECT m.id, m.contact FROM json_each(?) AS wanted
            JOIN messages AS m ON m.context = wanted.value AND m.context IS NOT NULL
            """,
            (json.dumps(sorted(keys)),),
        )
        return rows.fetchall()

    def _derive(self, groups: list[list[Stored]]) -> None:
        answers = self._context_answers(groups)
        notifications = self._notification_keys(groups)
        rows = []
        for group in groups:
            placed = [Placed(one.id, one.message, one.line, one.contact) for one in group]
            rows += self._rows(placed, derive(placed, answers, notifications, self._answer_window))
        self._write(rows)

    def _context_answers(self, groups: list[list[Stored]]) -> dict[str, int]:
        keys = [one.message.key for group in groups for one in group if one.message.direction is Direction.OUT]
        earliest: dict[str, int] = {}
        for stored in message_rows.by_context(self._connection, keys):
            if can_answer(stored.message):
                context, at = stored.message.value("context"), stored.message.at
                earliest[context] = min(at, earliest.get(context, at))
        return earliest

    def _notification_keys(self, groups: list[list[Stored]]) -> frozenset[str]:
        contexts = {context for group in groups for one in group if (context := one.message.value("context"))}
        return frozenset(
            stored.message.key
            for stored in message_rows.by_key(self._connection, contexts)
            if stored.message.direction is Direction.OUT and is_notification(stored.message)
        )

    def _rows(self, placed: list[Placed], derived: Derived) -> list[tuple[int | str | None, ...]]:
        starts = {start.id: self._start_columns(start) for start in derived.starts}
        empty = (None,) * 9 + (0,)
        rows: list[tuple[int | str | None, ...]] = []
        for one in placed:
            line, *columns = starts.get(one.id, (one.line, *empty))
            rows.append((line, *columns, derived.joined.get(one.id), one.id))
        return rows

    def _start_columns(self, start: Start) -> tuple[int | str | None, ...]:
        failed = start.status is StartStatus.FAILED
        reason = reason_of(start.failure_code, start.failure_text, start.failure_detail) if failed else None
        return (
            start.line,
            None if start.template is None else self._columns.template_id(start.template),
            start.at,
            self._calendar.day_number(start.at),
            ORIGINS.index(start.origin),
            USER_TYPES.index(start.user_type),
            STATUSES.index(start.status),
            start.answered_at,
            start.failure_code,
            None if reason is None else reason.value,
            start.marks,
        )

    def _write(self, rows: list[tuple[int | str | None, ...]]) -> None:
        self._connection.executemany(
            """
            UPDATE messages
            SET line = ?1, start_template = ?2, start_at = ?3, day = ?4, origin = ?5, user_type = ?6, status = ?7,
                answered_at = ?8, failure_code = ?9, failure_reason = ?10, marks = ?11, joined = ?12
            WHERE id = ?13
              AND (line, start_template, start_at, day, origin, user_type, status,
                   answered_at, failure_code, failure_reason, marks, joined)
                  IS NOT (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            rows,
        )


def derive_messages_again(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Derives all messages anew, inside the caller's transaction; what changes is marked as dirty."""
    connection = writer.connection
    columns = message_rows.Columns(connection, Lines(connection), Contacts(connection))
    Timelines(connection, load_settings(connection), columns).derive_everything(progress)


def derive_again(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """The same, and the cube with it: after a change of settings, or for a rebuild."""
    derive_messages_again(writer, progress)
    cube.rebuild(writer.connection, progress)
