"""What follows from messages, kept in the derived columns: whose timelines a batch touches, from which messages each is
derived, and which rows change by it. Knows no file format and no merge rule; `timeline` says what follows.

A contact is derived from the messages around those that changed, where that is sure to be enough, and from all of its
messages otherwise. A contact that the batch made has all its messages in the batch, and nothing is read for it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from storage.database.codes import STATUSES
from storage.database.settings import Settings
from storage.domain.calendar import QUARTER, Calendar
from storage.domain.failures import reason_of
from storage.domain.vocabulary import StartStatus
from storage.ingest.contact_lifetimes import ContactLifetimes
from storage.messages import store
from storage.messages.classify import NOT_WRITTEN, can_answer, is_notification
from storage.messages.message import Direction
from storage.messages.message_row import CONTEXT, DIRECTION, HASH, KEY, Row, hash_of
from storage.messages.store import DerivedColumns, Stored
from storage.messages.timeline import CLOCK_SKEW, JOIN_DISTANCE, Start, derive, lone_start

_CONTACTS_AT_ONCE = 20_000
_CONTEXTS_KEPT = 200_000  # hashes, some 70 bytes each
_IN, _OUT, _ROW = (int(direction) for direction in (Direction.IN, Direction.OUT, Direction.ROW))
_FAILED = STATUSES.index(StartStatus.FAILED)

# A message and the derived columns that it has now; they may be those that it had before.
Change = tuple[Stored, DerivedColumns]

# Messages of one contact that are derived together, which of them change by it (those with a time, ms, of [low, high]),
# and when a message that is not among them made the contact known: (messages, low, high, known since).
_Group = tuple[list[Stored], int, int, "int | None"]
_ALL_OF_THEM = (0, 1 << 62, None)


@dataclass(slots=True)
class ChangeSet:
    """What a batch changed.

    rows: messages made or changed, by row id, as they will be; before: those changed, as they were. spans: contact ->
    earliest and latest time, ms, of a message that changed, as it was and as it is.
    """

    rows: dict[int, Stored] = field(default_factory=dict)
    before: list[Stored] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)  # contacts to derive from all their messages
    gone: set[int] = field(default_factory=set)  # contacts that went up in others
    alone: set[int] = field(default_factory=set)  # row ids of messages without a contact
    fresh_from: int = 1 << 62  # contacts from this one on have no message in the database, and need no span

    def changed(self, row: Stored, before: Stored) -> None:
        """A message is no more what it was before."""
        self.rows[row.id] = row
        self.before.append(before)
        self.touch(before)
        self.touch(row)

    def made(self, row: Stored) -> None:
        """A message is new."""
        self.rows[row.id] = row
        if row.contact is None or row.contact < self.fresh_from:
            self.touch(row)

    def touch(self, row: Stored) -> None:
        """What is derived for a message may change."""
        contact = row.contact
        if contact is None:
            self.alone.add(row.id)
            return
        if contact >= self.fresh_from:
            return
        at = row.at
        span = self.spans.get(contact)
        if span is None:
            self.spans[contact] = at, at
        elif not span[0] <= at <= span[1]:
            self.spans[contact] = min(span[0], at), max(span[1], at)

    def moved(self) -> Iterator[int]:
        """The contacts of messages that were there and changed, as they were and as they will be, and those that went
        up in others or took them in."""
        for before in self.before:
            yield from (row.contact for row in (before, self.rows[before.id]) if row.contact is not None)
        yield from self.whole
        yield from self.gone

    def evidence(self) -> list[Row]:
        """What is known of the messages, as it was and as it will be."""
        return [stored.row for stored in chain(self.rows.values(), self.before)]


def batched(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The values in runs of at most `size` (itertools has it from Python 3.12 on)."""
    return (values[start : start + size] for start in range(0, len(values), size))


class Timelines:
    """Derives contacts again. Owns the derived columns of `messages`."""

    def __init__(self, connection: sqlite3.Connection, settings: Settings, columns: store.Columns) -> None:
        self._connection = connection
        self._answer_window = settings.answer_window_ms
        # Nothing reaches further: an answer, then a joined row; see `_read_around`.
        self._reach = settings.answer_window_ms + CLOCK_SKEW + JOIN_DISTANCE
        self._far = 2 * self._reach
        self._days = Calendar(settings.zone).days
        self._template_ids = columns.template_ids
        empty = store.next_id(connection) == 1
        # What all contexts of the database hash to, where it began empty and so long as they are not too many.
        self._named: set[int] | None = set() if empty else None
        self._lifetimes = ContactLifetimes(complete=empty)

    def derive(self, touched: ChangeSet) -> list[Change]:
        """What follows from a batch that is not written yet: for every message of `touched.rows`, and for others."""
        contexts = _Contexts(self._connection, touched, self._named)
        if self._named is not None and len(self._named) > _CONTEXTS_KEPT:
            self._named = None
        evidence = touched.evidence()
        for row in contexts.naming(evidence):
            touched.touch(row)
        for row in contexts.named(evidence):
            touched.touch(row)
        fresh: defaultdict[int, list[Stored]] = defaultdict(list)
        changed: defaultdict[int, list[Stored]] = defaultdict(list)
        alone: list[Stored] = []
        fresh_from = touched.fresh_from
        for row in touched.rows.values():
            contact = row.contact
            if contact is None:
                alone.append(row)
            else:
                (changed if contact < fresh_from else fresh)[contact].append(row)
        changes = self._derive(((rows, *_ALL_OF_THEM) for rows in fresh.values()), contexts)
        contacts = (touched.spans.keys() | touched.whole | changed.keys()) - touched.gone - fresh.keys()
        for some in batched(sorted(contacts), _CONTACTS_AT_ONCE):
            changes += self._derive(self._load(some, changed, touched, contexts), contexts)
        for ids in batched(sorted(touched.alone - touched.rows.keys()), _CONTACTS_AT_ONCE):
            unchanged = [row for row in store.by_id(self._connection, ids) if row.contact is None]
            contexts.learn(unchanged)
            alone += unchanged
        changes += self._derive((([row], *_ALL_OF_THEM) for row in alone), contexts)
        self._lifetimes.take(chain(fresh.items(), changed.items()), touched.moved())
        return changes

    def derive_everything(self, progress: Callable[[int, int], None]) -> None:
        """Derives every contact anew and writes it; `progress` is told how many are done, of how many."""
        contacts = [id for (id,) in self._connection.execute("SELECT id FROM contacts ORDER BY id")]
        for done, some in enumerate(batched(contacts, _CONTACTS_AT_ONCE)):
            progress(done * _CONTACTS_AT_ONCE, len(contacts))
            self.write(self.derive(ChangeSet(whole=set(some))))
        alone = [id for (id,) in self._connection.execute("SELECT id FROM messages WHERE contact IS NULL ORDER BY id")]
        for ids in batched(alone, _CONTACTS_AT_ONCE):
            self.write(self.derive(ChangeSet(alone=set(ids))))
        progress(len(contacts), len(contacts))

    def write(self, changes: Iterable[Change]) -> None:
        """Writes the derived columns that differ, of messages whose evidence stays."""
        rows = [(*after, row.id) for row, after in changes if after != row.derived]
        store.update_derived(self._connection, rows)

    def _load(
        self, contacts: Sequence[int], changed: dict[int, list[Stored]], touched: ChangeSet, contexts: _Contexts
    ) -> Iterator[_Group]:
        """The messages of contacts, as they will be, from which each is derived."""
        known_since, around = self._known_since([one for one in contacts if one not in touched.whole], touched)
        whole = {contact for contact in contacts if contact not in known_since}
        near = self._read_around((contact, *touched.spans[contact]) for contact in around)
        groups = self._grouped(near, known_since, changed, touched, contexts)
        for contact, since in known_since.items():
            messages = groups[contact]
            if any(row.row[DIRECTION] == _ROW for row in messages):
                whole.add(contact)  # joined rows can depend on each other over any distance
            else:
                low, high = touched.spans[contact]
                yield messages, low - self._reach, high + self._reach, since
        everything = store.by_contact(self._connection, whole | touched.gone)
        for messages in self._grouped(everything, whole, changed, touched, contexts).values():
            yield messages, *_ALL_OF_THEM

    def _known_since(self, contacts: Sequence[int], touched: ChangeSet) -> tuple[dict[int, int], list[int]]:
        """The contacts that were known for certain before anything of theirs that changed, and since when; and those of
        them who may have a message near to what changed."""
        since: dict[int, int] = {}
        around: list[int] = []
        others: list[int] = []
        spans = touched.spans
        for contact in contacts:
            span, lifetime = spans.get(contact), self._lifetimes.of(contact)
            # Whatever there may be before the message that makes known, what can change comes after it.
            if span is None or lifetime is None or lifetime[0] >= span[0] - self._reach:
                others.append(contact)
                continue
            since[contact], last = lifetime
            if last >= span[0] - self._far:
                around.append(contact)
        for first in store.first_by_contact(self._connection, others, JOIN_DISTANCE):
            contact, at = first.contact, first.at
            if contact in spans and at < spans[contact][0] and _surely_known(first):
                since[contact] = at
                around.append(contact)
        return since, around

    def _read_around(self, spans: Iterable[tuple[int, int, int]]) -> Iterator[Stored]:
        """The messages that can matter to those within reach of a span (contact, low, high): they lie twice as far.

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
        changed: dict[int, list[Stored]],
        touched: ChangeSet,
        contexts: _Contexts,
    ) -> dict[int, list[Stored]]:
        """The messages of each contact: those that changed, and of those stored the others."""
        groups = {contact: [*changed.get(contact, ())] for contact in contacts}
        others = []
        for row in stored:
            if row.contact is not None and row.contact in groups and row.id not in touched.rows:
                groups[row.contact].append(row)
                others.append(row)
        contexts.learn(others)
        return groups

    def _derive(self, groups: Iterable[_Group], contexts: _Contexts) -> list[Change]:
        answers, notifications = contexts.answers, contexts.notifications
        columns_of, window = self._columns_of, self._answer_window
        changes: list[Change] = []
        for rows, low, high, known_since in groups:
            if len(rows) == 1 and rows[0].row[DIRECTION] == _OUT:
                (row,) = rows
                if low <= row.at <= high:
                    changes.append((row, columns_of(row, lone_start(row, answers, known_since))))
                continue
            starts, joined = derive(rows, answers, notifications, window, known_since)
            changes += [
                (row, columns_of(row, starts.get(row.id), joined.get(row.id))) for row in rows if low <= row.at <= high
            ]
        return changes

    def _columns_of(self, row: Stored, start: Start | None, joined: int | None = None) -> DerivedColumns:
        if start is None:
            return (row.line, row.contact, *_NO_START, joined)
        at, line, template, origin, user_type, status, answered_at, failure, marks = start
        code = reason = None
        if status == _FAILED:
            code, text, detail = _NO_FAILURE if failure is None else (failure.code, failure.text, failure.detail)
            reason = reason_of(code, text, detail).value
        return (
            line,
            row.contact,
            self._template_ids[template],
            at,
            self._days[at // QUARTER],
            origin,
            user_type,
            status,
            answered_at,
            marks,
            code,
            reason,
            joined,
        )


_NO_START = (*(None,) * 7, 0, None, None)
_NO_FAILURE = (None, None, None)


def _surely_known(first: store.First) -> bool:
    """Whether a message makes its contact known whatever else there is."""
    if first.direction == _IN:
        return not first.group and first.kind not in NOT_WRITTEN
    return first.direction == _OUT and not first.doubtful


class _Contexts:
    """What the contexts of messages tell of those that they name: of the messages of the batch, and of those of the
    database once each.

    answers: key -> the earliest time, ms, of a message that answers it by its context. notifications: those keys named
    by a context that are notifications. named: what all contexts in the database hash to, where that is known; those of
    the batch are added.
    """

    def __init__(self, connection: sqlite3.Connection, touched: ChangeSet, named: set[int] | None) -> None:
        self._connection = connection
        self._changed = touched.rows
        self._outbound = {row.row[KEY]: row for row in touched.rows.values() if row.row[DIRECTION] == _OUT}
        self._named = named
        self._asked: set[str] = set()
        self._found: set[str] = set()
        self.answers: dict[str, int] = {}
        self.notifications: set[str] = set()
        naming = [row for row in touched.rows.values() if row.row[CONTEXT] is not None]
        for row in naming:
            self._take(row)
        if named is not None:
            named.update(hash_of(row.row[CONTEXT]) for row in naming)

    def learn(self, rows: Iterable[Stored]) -> None:
        """Finds out what there is to know of these messages, which did not change."""
        evidence = [row.row for row in rows]
        self.naming(evidence)
        self.named(evidence)

    def naming(self, evidence: Sequence[Row]) -> list[Stored]:
        """Those messages that name one of these, are in the database and did not change."""
        named = self._named
        new = {row[KEY] for row in evidence if (named is None or row[HASH] in named) and row[DIRECTION] == _OUT}
        new -= self._asked
        self._asked |= new
        changed = self._changed
        rows = [row for row in store.by_context(self._connection, new) if row.id not in changed]
        for row in rows:
            self._take(row)
        return rows

    def named(self, evidence: Sequence[Row]) -> list[Stored]:
        """The messages that these name, unless they are some out, as they will be."""
        new = {row[CONTEXT] for row in evidence if row[CONTEXT] is not None and row[DIRECTION] != _OUT} - self._found
        self._found |= new
        outbound, changed = self._outbound, self._changed
        rows = [outbound[key] for key in new & outbound.keys()]
        others = store.by_key(self._connection, new - outbound.keys())
        rows += [row for row in others if row.id not in changed]
        for row in rows:
            if row.row[DIRECTION] == _OUT and is_notification(row.row):
                self.notifications.add(row.row[KEY])
        return rows

    def _take(self, row: Stored) -> None:
        """Takes in a message that names another."""
        if can_answer(row.row):
            context = row.row[CONTEXT]
            self.answers[context] = min(row.at, self.answers.get(context, row.at))
