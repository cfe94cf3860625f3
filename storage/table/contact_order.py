"""The row ids of a page of the table sorted by contact: by the contact's label, and then newest first.

The cube does not count the starts of single contacts, so a position is counted from the nearest checkpoint: the first
start, the last one, or a label up to which starts were counted before. A position that is far from all of them gets a
checkpoint of its own from the cube's sets (contact_position.py); where these cannot tell, starts are counted contact by
contact, and after an interrupt this continues where it stopped. Reads ids, not rows.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from pyroaring import BitMap

from storage.domain.vocabulary import JOIN_DISTANCE
from storage.report.metrics import starts_of
from storage.report.read_session import ReadSession
from storage.report.selected_contacts import contacts_by_day
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import users_can_tell
from storage.table.contact_position import label_at
from storage.table.positions import BY_CONTACT_AND_DAY, contacts_of_day

_READ_AT_ONCE = 64  # contacts, at most, whose starts are read with one statement
_READ_AHEAD = 300  # messages: fewer contacts are read if they have so many
_COUNTED_FIRST = 8  # contacts: mostly so few have that many messages, and often one has most of them
_COUNTED_AT_ONCE = 1_024  # contacts whose starts are counted with one statement
_FAR = 2_000  # starts: at a greater distance from the page, starts are counted and not read
_VERY_FAR = 10_000  # starts: at a greater distance, the page gets a checkpoint of its own
_LISTED = 5_000  # contacts: up to so many are sorted at once; more are looked up label by label
_KEPT = 32  # readings
# A selection is wide if it has so large a share of the starts of its days, and if so few contacts have none that they
# need not be known: then its contacts are not read from the cube.
_WIDE_STARTS, _WIDE_CONTACTS = 1 / 8, 1 / 4

_OF_CONTACTS = f"""
FROM json_each(:of_contacts) AS one CROSS JOIN messages AS m INDEXED BY messages_by_contact
    ON m.contact = one.value AND m.at >= :since_at - {JOIN_DISTANCE} AND m.at < :until_at + {JOIN_DISTANCE}
"""
_Contact = tuple[str, int]  # label and id: a plain tuple, because a jump looks at every contact

_NEWEST_FIRST = "m.start_at DESC, m.key DESC, m.origin DESC"


@dataclass(frozen=True, slots=True, order=True)
class _Checkpoint:
    """A known position: how many starts have a label below this one.

    Attributes:
        is_end: whether it is after every label.
    """

    position: int
    is_end: bool
    label: str


class _Reading(NamedTuple):
    """The starts of some contacts that follow each other, in order, and the checkpoint's label after them."""

    ids: list[int]
    label: str


class ContactOrder:
    """One selection sorted by contact, for all of its pages."""

    def __init__(self, session: ReadSession, selection: Selection) -> None:
        self._total = starts_of(session.cube.day_counts(selection))
        self._with_starts: BitMap | None = None  # None: too many to know
        self._days: list[tuple[int, BitMap]] | None = None  # the contacts of each day
        self._listed: list[_Contact] | None = None
        self._checkpoints: list[_Checkpoint] = [_Checkpoint(0, False, "")]
        self._without_contact: int | None = None
        self._readings: dict[tuple[str | None, bool], _Reading] = {}

    def ids(self, session: ReadSession, selection: Selection, position: int, limit: int) -> list[int]:
        """The row ids from a position on; starts without a contact come last."""
        connection = session.connection
        if self._without_contact is None:
            self._without_contact = self._begin(session, selection)
        with_contact = self._total - self._without_contact
        end = min(position + limit, with_contact)
        found = self._ids_between(session, selection, position, end) if position < end else []
        if len(found) < limit and self._without_contact:
            offset = max(0, position - with_contact)
            found += _ids_without_contact(connection, selection, offset, limit - len(found))
        return found

    def _begin(self, session: ReadSession, selection: Selection) -> int:
        """Counts the starts without a contact, and finds out who has a start and lists them if they are few."""
        connection = session.connection
        if not self._is_wide(session, selection):
            self._with_starts = self._read_contacts(session, selection)
            if len(self._with_starts) <= _LISTED:
                rows = connection.execute(
                    "SELECT label, id FROM contacts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY label, id",
                    (json.dumps(list(self._with_starts)),),
                )
                self._listed = rows.fetchall()
        (without_contact,) = connection.execute(
            f"SELECT count(*) FROM messages AS m INDEXED BY messages_by_contact"
            f" WHERE m.contact IS NULL AND {selection.time_condition}",
            selection.parameters,
        ).fetchone()
        insort(self._checkpoints, _Checkpoint(self._total - without_contact, True, ""))
        return int(without_contact)

    def _read_contacts(self, session: ReadSession, selection: Selection) -> BitMap:
        """The contacts with a start; where the sets can tell, also on which days."""
        if not users_can_tell(selection.dimensions) or session.cube.catalog.is_dirty(selection):
            return session.cube.contacts(selection)
        self._days = list(contacts_by_day(session.cube.catalog, selection))
        return BitMap.union(BitMap(), *(contacts for _, contacts in self._days))

    def _is_wide(self, session: ReadSession, selection: Selection) -> bool:
        """Whether so many contacts have a start that it does not help to know which."""
        (contacts,) = session.connection.execute("SELECT ifnull(max(id), 0) FROM contacts").fetchone()
        if self._total < _WIDE_CONTACTS * contacts:
            return False
        all_starts = starts_of(session.cube.day_counts(selection.with_dimensions(Dimensions())))
        return self._total >= _WIDE_STARTS * all_starts

    def _ids_between(self, session: ReadSession, selection: Selection, position: int, end: int) -> list[int]:
        """The row ids of the positions [position, end), from the nearer checkpoint."""
        before, after = self._around(position, end)
        if min(position - before.position, after.position - end) > _VERY_FAR:
            known = label_at(session, selection, position, after.position if after.is_end else None)
            if known is not None:
                self._keep(_Checkpoint(known.position, False, known.label))
                before, after = self._around(position, end)
        if position - before.position <= after.position - end:
            return self._ids_onward(session.connection, selection, before, position, end)
        return self._ids_backward(session.connection, selection, after, position, end)

    def _around(self, position: int, end: int) -> tuple[_Checkpoint, _Checkpoint]:
        """The nearest checkpoints before and after some positions."""
        before = self._checkpoints[bisect_right(self._checkpoints, position, key=_position) - 1]
        return before, self._checkpoints[bisect_left(self._checkpoints, end, key=_position)]

    def _ids_onward(
        self, connection: sqlite3.Connection, selection: Selection, start: _Checkpoint, position: int, end: int
    ) -> list[int]:
        """The row ids of [position, end), from a checkpoint before them: counts far contacts, reads near ones."""
        found: list[int] = []
        at, label, counting = start.position, start.label, True
        while at < end:
            counting = counting and position - at > _FAR
            if counting:
                contacts = self._contacts(connection, label, True, _COUNTED_AT_ONCE)
                count = _count(connection, selection, contacts) if contacts else 0
                if at + count > position:
                    counting = False
                    continue
                next_label = _last_label(contacts) + "\0" if contacts else label
            else:
                ids, next_label = self._reading(connection, selection, label, True)
                count = len(ids)
                found += ids[max(0, position - at) : max(0, end - at)]
            if next_label == label:
                break
            at, label = at + count, next_label
            self._keep(_Checkpoint(at, False, label))
        return found

    def _ids_backward(
        self, connection: sqlite3.Connection, selection: Selection, start: _Checkpoint, position: int, end: int
    ) -> list[int]:
        """Like `_ids_onward`, but backwards from a checkpoint after the positions."""
        found: list[int] = []
        at, label, counting = start.position, None if start.is_end else start.label, True
        while at > position:
            counting = counting and at - end > _FAR
            if counting:
                contacts = self._contacts(connection, label, False, _COUNTED_AT_ONCE)
                count = _count(connection, selection, contacts) if contacts else 0
                if at - count < end:
                    counting = False
                    continue
                next_label = _last_label(contacts) if contacts else label
            else:
                ids, next_label = self._reading(connection, selection, label, False)
                count = len(ids)
                first = at - count
                found = ids[max(0, position - first) : max(0, end - first)] + found
            if next_label == label or next_label is None:
                break
            at, label = at - count, next_label
            self._keep(_Checkpoint(at, False, label))
        return found

    def _keep(self, checkpoint: _Checkpoint) -> None:
        index = bisect_left(self._checkpoints, checkpoint)
        if self._checkpoints[index : index + 1] != [checkpoint]:
            self._checkpoints.insert(index, checkpoint)

    def _reading(
        self, connection: sqlite3.Connection, selection: Selection, label: str | None, onward: bool
    ) -> _Reading:
        """The starts of the next contacts from a label on or below it, and the label where the next reading begins."""
        kept = self._readings.get((label, onward))
        if kept is None:
            contacts = self._contacts(connection, label, onward, _READ_AT_ONCE)
            if self._days is None:
                some = _with_few_messages(connection, selection, contacts)
                ids = _read(connection, selection, some)
            else:
                days = self._contacts_by_day(contacts)
                some = _cut(contacts, Counter(id for ids in days.values() for id in ids))
                ids = _read_days(connection, selection, days, {id for _, id in some})
            end = (_last_label(some) + ("\0" if onward else "")) if some else (label or "")
            if len(self._readings) >= _KEPT:
                self._readings.pop(next(iter(self._readings)))
            kept = self._readings[label, onward] = _Reading(ids, end)
        return kept

    def _contacts_by_day(self, contacts: list[_Contact]) -> dict[int, list[int]]:
        """Those of some contacts that have a start on each day."""
        wanted = BitMap([id for _, id in contacts])
        return {day: list(some) for day, of_day in self._days or () if (some := of_day & wanted)}

    def _contacts(self, connection: sqlite3.Connection, label: str | None, onward: bool, most: int) -> list[_Contact]:
        """The next contacts with a start, from a label on or below it (None: the last ones).

        About `most` of them: contacts that share a label are never separated.
        """
        contacts = self._contacts_from(connection, label, onward)
        some = list(islice(contacts, most))
        for label_of_next, id in contacts if some else ():
            if label_of_next != _last_label(some):
                break
            some.append((label_of_next, id))
        return some

    def _contacts_from(self, connection: sqlite3.Connection, label: str | None, onward: bool) -> Iterator[_Contact]:
        if self._listed is not None:
            index = len(self._listed) if label is None else bisect_left(self._listed, (label,))
            yield from self._listed[index:] if onward else self._listed[:index][::-1]
            return
        condition = "1" if label is None else "label >= :label" if onward else "label < :label"
        order = "ASC" if onward else "DESC"
        rows = connection.execute(
            f"SELECT label, id FROM contacts WHERE {condition} ORDER BY label {order}, id {order}",
            {"label": label},
        )
        for name, id in rows:
            if self._with_starts is None or id in self._with_starts:
                yield name, id


def _with_few_messages(
    connection: sqlite3.Connection, selection: Selection, contacts: list[_Contact]
) -> list[_Contact]:
    """The first contacts that have _READ_AHEAD messages together; the index counts them, of a few contacts first."""
    few = _cut(contacts, _messages_of(connection, selection, contacts[:_COUNTED_FIRST]))
    return few if len(few) < _COUNTED_FIRST else _cut(contacts, _messages_of(connection, selection, contacts))


def _cut(contacts: list[_Contact], messages: dict[int, int]) -> list[_Contact]:
    """The first contacts that have _READ_AHEAD messages together; contacts that share a label are never separated."""
    ahead = 0
    for place, (label, id) in enumerate(contacts):
        if ahead >= _READ_AHEAD and label != contacts[place - 1][0]:
            return contacts[:place]
        ahead += messages.get(id, 0)
    return contacts


def _messages_of(connection: sqlite3.Connection, selection: Selection, contacts: list[_Contact]) -> dict[int, int]:
    """How many messages each contact has in the days of the selection: the index tells."""
    rows = connection.execute(
        f"SELECT m.contact, count(*) {_OF_CONTACTS} GROUP BY one.key", _parameters(selection, contacts)
    )
    return dict(rows.fetchall())


def _count(connection: sqlite3.Connection, selection: Selection, contacts: list[_Contact]) -> int:
    """How many starts the contacts have."""
    row = connection.execute(
        f"SELECT count(*) {_OF_CONTACTS} WHERE {selection.time_condition}", _parameters(selection, contacts)
    ).fetchone()
    return int(row[0])


def _read(connection: sqlite3.Connection, selection: Selection, contacts: list[_Contact]) -> list[int]:
    """The row ids of the contacts' starts, in order."""
    rows = connection.execute(
        f"""
        SELECT m.id {_OF_CONTACTS} JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.time_condition} ORDER BY c.label, {_NEWEST_FIRST}
        """,
        _parameters(selection, contacts),
    )
    return [id for (id,) in rows]


def _read_days(
    connection: sqlite3.Connection, selection: Selection, days: Mapping[int, Iterable[int]], contacts: Container[int]
) -> list[int]:
    """The row ids of the starts of some contacts, in order.

    Args:
        days: who has a start on each day; others than `contacts` are left out.
    """
    wanted = [
        one for day, ids in days.items() for one in contacts_of_day(selection, filter(contacts.__contains__, ids), day)
    ]
    rows = connection.execute(
        f"""
        SELECT m.id FROM {BY_CONTACT_AND_DAY} JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.time_condition} ORDER BY c.label, {_NEWEST_FIRST}
        """,
        selection.parameters | {"of_contacts": json.dumps(wanted)},
    )
    return [id for (id,) in rows]


def _ids_without_contact(connection: sqlite3.Connection, selection: Selection, offset: int, limit: int) -> list[int]:
    rows = connection.execute(
        f"""
        SELECT m.id FROM messages AS m INDEXED BY messages_by_contact
        WHERE m.contact IS NULL AND {selection.time_condition} ORDER BY {_NEWEST_FIRST} LIMIT :limit OFFSET :offset
        """,
        selection.parameters | {"limit": limit, "offset": offset},
    )
    return [id for (id,) in rows]


def _parameters(selection: Selection, contacts: list[_Contact]) -> dict[str, str | int]:
    return selection.parameters | {"of_contacts": json.dumps([id for _, id in contacts])}


def _last_label(contacts: list[_Contact]) -> str:
    label, _ = contacts[-1]
    return label


def _position(checkpoint: _Checkpoint) -> int:
    return checkpoint.position
