"""The starts of a selection by contact: by what names the contact, and within one name the newest first.

No cell counts the starts of one contact, so positions are counted on from the nearest place that is known: both ends
from the beginning, and every place that was counted once. So paging, the first and the last row cost the same however
many starts there are; a jump into the middle where nobody was yet counts contact by contact, and goes on where it
stopped. The cube's sets of users say which contacts need no look at all.
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
from storage.report.selection import Selection

_AT_ONCE = 64  # contacts whose starts are read together
_COUNTED_AT_ONCE = 1_024  # contacts whose starts are only counted
_FAR = 2_000  # starts: what lies beyond them is only counted
_LISTED = 5_000  # contacts: so few are sorted at once, instead of looked for among all there are

_OF_CONTACTS = """
FROM json_each(:some) AS one CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = one.value
"""
_NEWEST_FIRST = "m.start_at DESC, m.key DESC, m.origin DESC"

Named = tuple[str, int]  # label, contact


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """A place that is known: so many starts have a label below this one (None: every label is below)."""

    position: int
    last: bool
    label: str


class ContactOrder:
    """Where the contacts of one selection stand."""

    def __init__(self, cube: Cube, selection: Selection) -> None:
        self._among: BitMap = cube.contacts(selection)
        self._total = sum(sum(row[6:]) for row in cube.rows(selection))
        self._listed: list[Named] | None = None
        self._marks: list[_Mark] = [_Mark(0, False, "")]
        self._nameless: int | None = None

    def ids(self, connection: sqlite3.Connection, selection: Selection, position: int, limit: int) -> list[int]:
        """The row ids from a position on."""
        if self._nameless is None:
            self._begin(connection, selection)
        named = self._total - (self._nameless or 0)
        end = min(position + limit, named)
        found = self._named(connection, selection, position, end) if position < end else []
        if len(found) < limit and self._nameless:
            found += self._rest(connection, selection, max(0, position - named), limit - len(found))
        return found

    def _begin(self, connection: sqlite3.Connection, selection: Selection) -> None:
        """Looks for what has no contact, which stands last, and sorts the contacts where they are few."""
        if len(self._among) <= _LISTED:
            rows = connection.execute(
                "SELECT label, id FROM contacts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY label, id",
                (json.dumps(list(self._among)),),
            )
            self._listed = rows.fetchall()
        (nameless,) = connection.execute(
            f"SELECT count(*) FROM messages AS m INDEXED BY messages_by_contact"
            f" WHERE m.contact IS NULL AND {selection.time_condition}",
            selection.parameters,
        ).fetchone()
        self._nameless = nameless
        insort(self._marks, _Mark(self._total - nameless, True, ""))

    def _named(self, connection: sqlite3.Connection, selection: Selection, position: int, end: int) -> list[int]:
        """The row ids from `position` to `end`, counted on from the nearer mark."""
        before = self._marks[bisect_right(self._marks, position, key=_position) - 1]
        after = self._marks[bisect_left(self._marks, end, key=_position)]
        if position - before.position <= after.position - end:
            return self._onward(connection, selection, before, position, end)
        return self._back(connection, selection, after, position, end)

    def _onward(
        self, connection: sqlite3.Connection, selection: Selection, mark: _Mark, position: int, end: int
    ) -> list[int]:
        found: list[int] = []
        at, label, counting = mark.position, mark.label, True
        while at < end:
            counting = counting and position - at > _FAR
            some = self._contacts(connection, label, True, _COUNTED_AT_ONCE if counting else _AT_ONCE)
            if not some:
                break
            if counting:
                count = self._count(connection, selection, some)
                if at + count > position:
                    counting = False
                    continue
            else:
                ids = self._read(connection, selection, some)
                count = len(ids)
                found += ids[max(0, position - at) : max(0, end - at)]
            at, label = at + count, some[-1][0] + "\0"
            self._know(_Mark(at, False, label))
        return found

    def _back(
        self, connection: sqlite3.Connection, selection: Selection, mark: _Mark, position: int, end: int
    ) -> list[int]:
        found: list[int] = []
        at, label, counting = mark.position, None if mark.last else mark.label, True
        while at > position:
            counting = counting and at - end > _FAR
            some = self._contacts(connection, label, False, _COUNTED_AT_ONCE if counting else _AT_ONCE)
            if not some:
                break
            if counting:
                count = self._count(connection, selection, some)
                if at - count < end:
                    counting = False
                    continue
            else:
                ids = self._read(connection, selection, some)
                count = len(ids)
                first = at - count
                found = ids[max(0, position - first) : max(0, end - first)] + found
            at, label = at - count, some[-1][0]
            self._know(_Mark(at, False, label))
        return found

    def _know(self, mark: _Mark) -> None:
        place = bisect_left(self._marks, mark)
        if self._marks[place : place + 1] != [mark]:
            self._marks.insert(place, mark)

    def _contacts(self, connection: sqlite3.Connection, label: str | None, onward: bool, most: int) -> list[Named]:
        """About so many contacts of the selection from a label on, or below it (None: the last ones); all that share
        a label are together."""
        rows = self._labels(connection, label, onward)
        some = list(islice(rows, most))
        for one in rows if some else ():
            if one[0] != some[-1][0]:
                break
            some.append(one)
        return some

    def _labels(self, connection: sqlite3.Connection, label: str | None, onward: bool) -> Iterator[Named]:
        if self._listed is not None:
            place = len(self._listed) if label is None else bisect_left(self._listed, (label,))
            yield from self._listed[place:] if onward else self._listed[:place][::-1]
            return
        beyond = "1" if label is None else "label >= :label" if onward else "label < :label"
        order = "ASC" if onward else "DESC"
        rows = connection.execute(
            f"SELECT label, id FROM contacts WHERE {beyond} ORDER BY label {order}, id {order}",
            {"label": label},
        )
        for name, id in rows:
            if id in self._among:
                yield name, id

    def _count(self, connection: sqlite3.Connection, selection: Selection, some: list[Named]) -> int:
        row = connection.execute(
            f"SELECT count(*) {_OF_CONTACTS} WHERE {selection.time_condition}", self._parameters(selection, some)
        ).fetchone()
        return int(row[0])

    def _read(self, connection: sqlite3.Connection, selection: Selection, some: list[Named]) -> list[int]:
        """The row ids of these contacts, in order."""
        rows = connection.execute(
            f"""
            SELECT m.id {_OF_CONTACTS} JOIN contacts AS c ON c.id = m.contact
            WHERE {selection.time_condition} ORDER BY c.label, {_NEWEST_FIRST}
            """,
            self._parameters(selection, some),
        )
        return [id for (id,) in rows]

    def _rest(self, connection: sqlite3.Connection, selection: Selection, position: int, limit: int) -> list[int]:
        """Row ids of what has no contact."""
        rows = connection.execute(
            f"""
            SELECT m.id FROM messages AS m INDEXED BY messages_by_contact
            WHERE m.contact IS NULL AND {selection.time_condition} ORDER BY {_NEWEST_FIRST} LIMIT :limit OFFSET :offset
            """,
            selection.parameters | {"limit": limit, "offset": position},
        )
        return [id for (id,) in rows]

    def _parameters(self, selection: Selection, some: list[Named]) -> dict[str, str | int]:
        return selection.parameters | {"some": json.dumps([id for _, id in some])}


def _position(mark: _Mark) -> int:
    return mark.position
