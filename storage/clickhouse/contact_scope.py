"""Reads everything that decides what the messages of some contacts are: a part of the evidence, merged.

In come ids of contacts, out go the messages of each contact with the ids of lines and contacts, and which of them are
answered by messages that quote them. But for numbers of new contacts it only reads; `worker` derives and writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from storage.clickhouse import evidence
from storage.clickhouse.contact_numbers import give_numbers, numbers_of
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import MESSAGE_KIND, Identity, Known, MessageKey, identity_hash
from storage.clickhouse.identity_links import LineMap, Person, lines_of, people_of, read_line_rows
from storage.clickhouse.pending import clock, touch
from storage.messages.classify import can_answer, is_notification
from storage.messages.contacts import label_and_customer_id
from storage.messages.message import Direction
from storage.messages.message_row import AT, CONTACT, CONTEXT, DIRECTION, HASH, KEY, LINE, Row, hash_of
from storage.messages.store import Stored

_OUT = int(Direction.OUT)


@dataclass(slots=True)
class Scope:
    """The messages of some contacts, and what is known of those.

    Attributes:
        read_at: the server's clock (µs) before anything else was read.
        people: the contacts, by number.
        labels: the label and the customer id of each.
        identities: every id of them; of messages without a contact, the keys.
        superseded: numbers that were given to ids of contacts that have a smaller one.
        messages: contact -> its messages; None -> messages without a contact. `Stored.id` is an index of `known`.
        known: all messages.
        answers: message key -> earliest time in ms of a message that answers it by its context.
        notifications: the keys named by a context that are notifications.
        lines: of the database.
    """

    read_at: int
    lines: LineMap
    people: dict[int, Person] = field(default_factory=dict)
    labels: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    identities: set[Identity] = field(default_factory=set)
    superseded: set[int] = field(default_factory=set)
    messages: dict[int | None, list[Stored]] = field(default_factory=dict)
    known: list[Known] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    notifications: set[str] = field(default_factory=set)


def read_scope(engine: Engine, identities: Iterable[Identity]) -> Scope:
    """Reads the contacts that have these ids, and the messages without a contact that are among them."""
    wanted = set(identities)
    ids = {id for id in wanted if id[0] != MESSAGE_KIND}
    while True:
        scope = Scope(clock(engine), lines_of(read_line_rows(engine)))
        people = people_of(engine, ids)
        number_of = _numbers(people, numbers_of(engine, people), scope)
        if not (unknown := [min(person.ids) for id, person in people.items() if id not in number_of]):
            break
        # Another may have numbered and derived these meanwhile, without having seen these numbers. Who gives a number
        # reads everything again: it sees what the other linked or numbered, and its clock is the later one.
        give_numbers(engine, unknown)
        touch(engine, unknown)  # whoever ends here leaves them to others
    scope.identities = wanted | people.keys()
    hashes = evidence.messages_of(engine, (identity_hash(id) for id in scope.identities))
    loaded = evidence.read(engine, hashes)
    for known in loaded.values():
        contact: Identity | None = known.row[CONTACT]
        if contact is None:
            if (MESSAGE_KIND, known.row[KEY]) in wanted:
                _add(scope, None, known)
        elif contact in number_of:
            _add(scope, number_of[contact], known)
    _read_contexts(engine, scope, loaded)
    return scope


def _numbers(
    people: dict[Identity, Person], numbers: Mapping[Identity, Collection[int]], scope: Scope
) -> dict[Identity, int]:
    """The number of each id's contact: the smallest of those that its ids have; nothing of contacts without one."""
    of: dict[Identity, int] = {}
    for person in {id(person): person for person in people.values()}.values():
        given = {number for one in person.ids for number in numbers.get(one, ())}
        if not given:
            continue
        number = min(given)
        scope.people[number] = person
        scope.labels[number] = label_and_customer_id(person.ids, person.replaced)
        scope.superseded |= given - {number}
        of |= dict.fromkeys(person.ids, number)
    return of


def _add(scope: Scope, contact: int | None, known: Known) -> None:
    row = known.row
    line = None if row[LINE] is None else scope.lines.line_of.get(row[LINE])
    stored = Stored(len(scope.known), line, contact, None, None, row, row[AT], None)
    scope.known.append(known)
    scope.messages.setdefault(contact, []).append(stored)


def _read_contexts(engine: Engine, scope: Scope, loaded: dict[MessageKey, Known]) -> None:
    """Reads which messages of any contact quote these, and which of those that these quote are notifications."""
    rows = [known.row for known in scope.known]
    sent = {row[KEY]: row[HASH] for row in rows if row[DIRECTION] == _OUT}
    near = evidence.quoting(engine, sent.values())
    near |= {hash_of(row[CONTEXT]) for row in rows if row[CONTEXT] is not None and row[DIRECTION] != _OUT}
    near -= {row[HASH] for row in rows}
    others = evidence.read(engine, near)
    by_context: defaultdict[str, list[Row]] = defaultdict(list)
    for known in (loaded | others).values():
        row = known.row
        if row[CONTEXT] is not None and can_answer(row):
            by_context[row[CONTEXT]].append(row)
        if row[DIRECTION] == _OUT and is_notification(row):
            scope.notifications.add(row[KEY])
    scope.answers = {context: min(row[AT] for row in some) for context, some in by_context.items()}
