"""Derives the contacts that were touched, and writes what follows: `messages`, contacts and templates.

What follows from a contact's messages is said by `timeline.derive`, as for SQLite. A contact is derived from all of its
messages at once, and every row is written with the time at which reading began as its version. So where two workers
derive one contact, the one that began later, and saw all that the other saw, has the last word, whoever writes last.

Any number of workers can run. Knows no file format and no count of starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from storage.clickhouse import pending
from storage.clickhouse.contact_scope import Scope, read_scope
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity
from storage.clickhouse.identity_links import columns_of
from storage.clickhouse.stored_settings import read_settings
from storage.clickhouse.tables import BUCKET, CONTACTS, MESSAGES, id_of
from storage.database.collector import without_collector
from storage.domain.bounded_cache import BoundedCache
from storage.domain.calendar import Calendar
from storage.messages.message import Direction
from storage.messages.message_row import AT, CONTACT, DIRECTION, KEY, LINE, TEMPLATE, Row
from storage.messages.start_columns import StartColumns
from storage.messages.store import DERIVED, DerivedColumns, Stored
from storage.messages.timeline import derive, single_message_start

_AT_ONCE = 20_000  # ids of contacts
_OUT = int(Direction.OUT)
_JOINED = DERIVED.index("joined")
_NOTHING_DERIVED = (*(None,) * DERIVED.index("marks"), 0, *(None,) * (len(DERIVED) - DERIVED.index("marks") - 1))
_TEMPLATES_KEPT = 100_000
_encode = msgspec.json.Encoder().encode

Progress = Callable[[int, int], None]  # ids done, of how many


class Worker:
    """Derives touched contacts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names: set[str] = set()  # of templates that are written
        self._new_names: set[str] = set()
        self._template_ids = BoundedCache(self._template_id, _TEMPLATES_KEPT)

    def derive_pending(self, progress: Progress = lambda done, of: None, part: int = 0, parts: int = 1) -> int:
        """Derives contacts until none of a part is pending.

        Args:
            progress: called after each step.
            part: only this part of all contacts.
            parts: into how many parts they are divided.

        Returns:
            How many ids of contacts were derived.
        """
        done = 0
        left = pending.count_pending(self._engine) // parts
        while some := self.derive_some(part, parts):
            done += some
            progress(done, max(left, done))
        return done

    def derive_some(self, part: int = 0, parts: int = 1) -> int:
        """Derives some of the contacts that are pending; returns how many of their ids, 0 if none is pending."""
        ids = pending.pending(self._engine, _AT_ONCE, part, parts)
        if ids:
            self.derive(ids)
        return len(ids)

    def derive(self, identities: Iterable[Identity]) -> None:
        """Derives the contacts that have these ids."""
        engine = self._engine
        with without_collector():
            scope = read_scope(engine, identities)
            rows = [*self.rows_of(scope)]
            self._write_templates()
            engine.insert(MESSAGES.name, columns_of(MESSAGES.names, rows))
            self._write_contacts(scope)
            pending.mark_derived(engine, scope.identities, scope.read_at)

    def rows_of(self, scope: Scope) -> Iterator[tuple[Any, ...]]:
        """The rows of `messages` that follow from what was read of some contacts."""
        settings = read_settings(self._engine)
        columns = StartColumns(self._template_ids, Calendar(settings.zone).days)
        derived: dict[int, DerivedColumns] = {}
        for contact, messages in scope.messages.items():
            for some in [messages] if contact is not None else [[message] for message in messages]:
                derived |= _derived(some, scope, columns, settings.answer_window_ms)
        return _message_rows(scope, derived)

    def _template_id(self, name: str | None) -> int | None:
        if name is None:
            return None
        if name not in self._names:
            self._new_names.add(name)
        return id_of(name)

    def _write_templates(self) -> None:
        names = sorted(self._new_names)
        self._engine.insert("templates", {"id": [id_of(name) for name in names], "name": names})
        self._names |= self._new_names
        self._new_names.clear()

    def _write_contacts(self, scope: Scope) -> None:
        version = scope.read_at
        contacts, ids = [], []
        for number, person in scope.people.items():
            label, customer = scope.labels[number]
            rank, at, name = person.name or (None, None, None)
            contacts.append((number, label, customer, name, rank, at, version, 0))
            ids += [(kind, text, int((kind, text) in person.replaced), number, version) for kind, text in person.ids]
        contacts += [(number, "", None, None, None, None, version, 1) for number in sorted(scope.superseded)]
        self._engine.insert(CONTACTS.name, columns_of(CONTACTS.names, contacts))
        self._engine.insert("contact_ids", columns_of(("kind", "text", "replaced", "contact", "version"), ids))


def _derived(
    messages: Sequence[Stored], scope: Scope, columns: StartColumns, answer_window: int
) -> dict[int, DerivedColumns]:
    """The derived columns of the messages of one contact, or of one message without a contact, by `Stored.id`."""
    if len(messages) == 1 and messages[0].row[DIRECTION] == _OUT:
        (one,) = messages
        return {one.id: columns.of(one, single_message_start(one, scope.answers))}
    starts, joined = derive(messages, scope.answers, scope.notifications, answer_window)
    return {one.id: columns.of(one, starts.get(one.id), joined.get(one.id)) for one in messages}


def _message_rows(scope: Scope, derived: dict[int, DerivedColumns]) -> Iterator[tuple[Any, ...]]:
    """The rows of `messages`, and for each message that may have lain in another bucket one that removes it there."""
    shown = {number: (*scope.labels[number], person.name) for number, person in scope.people.items()}
    for messages in scope.messages.values():
        for stored in messages:
            columns, known = derived[stored.id], scope.known[stored.id]
            if columns[_JOINED] is not None:
                columns = (*columns[:_JOINED], scope.known[columns[_JOINED]].row[KEY], *columns[_JOINED + 1 :])
            row, bucket = known.row, known.row[AT] // BUCKET
            text = _encode((row, columns, shown.get(stored.contact) if stored.contact is not None else None))
            yield (bucket, *_named(row), *columns, id_of(text), scope.read_at, 0)
            for other in {*range(known.low // BUCKET, known.high // BUCKET + 1)} - {bucket}:
                yield (other, *_named(row), *_NOTHING_DERIVED, 0, scope.read_at, 1)


def _named(row: Row) -> tuple[Any, ...]:
    """What the records say of a message, with the id of its contact in two columns."""
    return (row[LINE], *(row[CONTACT] or (None, None)), *row[TEMPLATE:])
