"""Derives the contacts that were touched, and writes what follows: `messages`, contacts, templates and changed days.

What follows from a contact's messages is said by `timeline.derive`, as for SQLite. A contact is derived from all of its
messages at once, and every row is written with the time at which reading began as its version. So where two workers
derive one contact, the one that began later, and saw all that the other saw, has the last word, whoever writes last.

Any number of workers can run. Knows no file format and no count of starts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from storage.clickhouse import pending
from storage.clickhouse.contact_scope import Scope, read_scope
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import MESSAGE_KIND, Identity, identity_hash
from storage.clickhouse.identity_links import columns_of
from storage.clickhouse.stored_settings import read_settings
from storage.clickhouse.tables import BUCKET, CONTACTS, MESSAGES, id_of
from storage.database.unknown_ids import line_id
from storage.domain.bounded_cache import BoundedCache
from storage.domain.calendar import Calendar
from storage.messages.contacts import label_and_customer_id
from storage.messages.message_row import AT, CONTACT, KEY, LINE, TEMPLATE, Row
from storage.messages.start_columns import StartColumns
from storage.messages.store import DAY, DERIVED, START_LINE, START_ORIGIN, DerivedColumns, Stored
from storage.messages.timeline import derive

_AT_ONCE = 20_000  # ids of contacts
_JOINED = DERIVED.index("joined")
_NOTHING_DERIVED = (*(None,) * DERIVED.index("marks"), 0, *(None,) * (len(DERIVED) - DERIVED.index("marks") - 1))
_DIGEST, _DERIVED_FROM = MESSAGES.names.index("digest"), MESSAGES.names.index("line")
_START_CONTACT = DERIVED.index("contact")
_TEMPLATES_KEPT = 100_000
_HASH = MESSAGES.names.index("hash")
_PLACE = tuple(map(MESSAGES.names.index, ("bucket", "key", "direction")))
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
        scope = read_scope(engine, identities)
        rows = [*self.rows_of(scope)]
        days = self._changed_days(rows, self._finished(scope))
        self._write_templates()
        engine.insert(MESSAGES.name, columns_of(MESSAGES.names, rows))
        self._write_contacts(scope)
        engine.insert("changed_days", columns_of(("day", "line"), sorted(days)), secrets.token_hex())
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

    def _changed_days(
        self, rows: Sequence[tuple[Any, ...]], finished: Mapping[int | None, int]
    ) -> set[tuple[int, int]]:
        """The days of lines, as (day, line), of which a start is not what it was.

        Args:
            rows: of `messages`, before they are written.
            finished: when each contact was last derived (µs). A row that was written later is of a worker that ended
                before it could say which days it wrote.
        """
        if not rows:
            return set()
        buckets = [row[_PLACE[0]] for row in rows]
        found = self._engine.rows(
            """
            SELECT bucket, key, direction, digest, day, line, origin, version FROM messages FINAL
            WHERE hash IN {hashes:Array(UInt32)} AND bucket BETWEEN {low:Int32} AND {high:Int32}
            """,
            {"hashes": sorted({row[_HASH] for row in rows}), "low": min(buckets), "high": max(buckets)},
        )
        before = {row[:3]: row[3:] for row in found}
        days: set[tuple[int, int]] = set()
        for row in rows:
            derived = row[_DERIVED_FROM:_DIGEST]
            place = tuple(row[index] for index in _PLACE)
            digest, *start, version = before.get(place, (None, None, None, None, 0))
            if digest == row[_DIGEST] and version <= finished.get(derived[_START_CONTACT], 0):
                continue
            for day, line, origin in (start, (derived[DAY], derived[START_LINE], derived[START_ORIGIN])):
                if origin is not None:
                    days.add((day, line_id(line)))
        return days

    def _finished(self, scope: Scope) -> dict[int | None, int]:
        """When each contact was last derived (µs); None: of the messages without one, that of longest ago."""
        at = pending.derived_at(self._engine, scope.identities)
        finished: dict[int | None, int] = {
            number: max(at.get(identity_hash(id), 0) for id in person.ids) for number, person in scope.people.items()
        }
        alone = [at.get(identity_hash(id), 0) for id in scope.identities if id[0] == MESSAGE_KIND]
        return finished | ({None: min(alone)} if alone else {})

    def _write_contacts(self, scope: Scope) -> None:
        version = scope.read_at
        contacts, ids = [], []
        for number, person in scope.people.items():
            label, customer = label_and_customer_id(person.ids, person.replaced)
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
    starts, joined = derive(messages, scope.answers, scope.notifications, answer_window)
    return {one.id: columns.of(one, starts.get(one.id), joined.get(one.id)) for one in messages}


def _message_rows(scope: Scope, derived: dict[int, DerivedColumns]) -> Iterator[tuple[Any, ...]]:
    """The rows of `messages`, and for each message that may have lain in another bucket one that removes it there."""
    shown = {
        number: (*label_and_customer_id(person.ids, person.replaced), person.name)
        for number, person in scope.people.items()
    }
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
