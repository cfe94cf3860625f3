"""The row ids of a page of the table sorted by contact: by the contact's label, and then newest first.

The cube does not count the starts of single contacts, so a position is counted from the nearest checkpoint: the first
start, the last one, or a label up to which starts were counted before. So the first page, the last page and paging take
the same time for any number of starts; the first jump into the middle counts contact by contact, and after an interrupt
it continues where it stopped. The cube's sets of users tell which contacts have a start. Reads ids, not rows.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pyroaring import BitMap

from storage.report.cube_metrics import Cube
from storage.report.metrics import starts_of
from storage.report.selection import Selection

_READ_AT_ONCE = 64  # contacts whose starts are read with one statement
_COUNTED_AT_ONCE = 1_024  # contacts whose starts are counted with one statement
_FAR = 2_000  # starts: at a greater distance from the page, starts are counted and not read
_LISTED = 5_000  # contacts: up to so many are sorted at once; more are looked up label by label

_OF_CONTACTS = """
FROM json_each(:of_contacts) AS one CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = one.value
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


class ContactOrder:
    """One selection sorted by contact, for all of its pages."""

    def __init__(self, cube: Cube, selection: Selection) -> None:
        self._with_starts: BitMap = cube.contacts(selection)
        self._total = starts_of(cube.day_counts(selection))
        self._listed: list[_Contact] | None = None
        self._checkpoints: list[_Checkpoint] = [_Checkpoint(0, False, "")]
        self._without_contact: int | None = None

    def ids(self, connection: sqlite3.Connection, selection: Selection, position: int, limit: int) -> list[int]:
        """The row ids from a position on; starts without a contact come last."""
        if self._without_contact is None:
            self._without_contact = self._begin(connection, selection)
        with_contact = self._total - self._without_contact
        end = min(position + limit, with_contact)
        found = self._ids_between(connection, selection, position, end) if position < end else []
        if len(found) < limit and self._without_contact:
            offset = max(0, position - with_contact)
            found += _ids_without_contact(connection, selection, offset, limit - len(found))
        return found

    def _begin(self, connection: sqlite3.Connection, selection: Selection) -> int:
        """Counts the starts without a contact, and lists the contacts if they are few."""
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

    def _ids_between(self, connection: sqlite3.Connection, selection: Selection, position: int, end: int) -> list[int]:
        """The row ids of the positions [position, end), from the nearer checkpoint."""
        before = self._checkpoints[bisect_right(self._checkpoints, position, key=_position) - 1]
        after = self._checkpoints[bisect_left(self._checkpoints, end, key=_position)]
        if position - before.position <= after.position - end:
            return self._ids_onward(connection, selection, before, position, end)
        return self._ids_backward(connection, selection, after, position, end)

    def _ids_onward(
        self, connection: sqlite3.Connection, selection: Selection, start: _Checkpoint, position: int, end: int
    ) -> list[int]:
        """The row ids of [position, end), from a checkpoint before them: counts far contacts, reads near ones."""
        found: list[int] = []
        at, label, counting = start.position, start.label, True
        while at < end:
            counting = counting and position - at > _FAR
            contacts = self._contacts(connection, label, True, _COUNTED_AT_ONCE if counting else _READ_AT_ONCE)
            if not contacts:
                break
            if counting:
                count = _count(connection, selection, contacts)
                if at + count > position:
                    counting = False
                    continue
            else:
                ids = _read(connection, selection, contacts)
                count = len(ids)
                found += ids[max(0, position - at) : max(0, end - at)]
            at, label = at + count, _last_label(contacts) + "\0"
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
            contacts = self._contacts(connection, label, False, _COUNTED_AT_ONCE if counting else _READ_AT_ONCE)
            if not contacts:
                break
            if counting:
                count = _count(connection, selection, contacts)
                if at - count < end:
                    counting = False
                    continue
            else:
                ids = _read(connection, selection, contacts)
                count = len(ids)
                first = at - count
                found = ids[max(0, position - first) : max(0, end - first)] + found
            at, label = at - count, _last_label(contacts)
            self._keep(_Checkpoint(at, False, label))
        return found

    def _keep(self, checkpoint: _Checkpoint) -> None:
        index = bisect_left(self._checkpoints, checkpoint)
        if self._checkpoints[index : index + 1] != [checkpoint]:
            self._checkpoints.insert(index, checkpoint)

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
            if id in self._with_starts:
                yield name, id


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
