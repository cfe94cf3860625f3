"""The table in any order: by time, template, status or contact, and within these the newest first. Shows none of it.

The cube says how many starts each template and each status has on each day, so that a position leads to a template or
status, then to a day of it, and only there are rows looked at. A sorting remembers what it counted: the pages after the
first one count nothing. storage/table/contact_order.py has the order of contacts, which no cell tells.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from storage.cube.layout import RECEIVED
from storage.database.schema import REFERRED_FROM
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.report.cube_metrics import Cube
from storage.report.metrics import Row
from storage.report.notifications import starts_by_template
from storage.report.selection import Dimensions, Selection
from storage.table.contact_order import ContactOrder
from storage.table.positions import ids_at

_CHEAP = 4_000  # rows that are sorted as they are: nothing that counts before is faster
_KEPT = 64  # stretches whose days are remembered


class Order(StrEnum):
    """What the table is sorted by."""

    TIME = "time"
    TEMPLATE = "template"
    STATUS = "status"
    CONTACT = "contact"


_BY = {
    Order.TIME: "",
    Order.TEMPLATE: "t.name IS NULL, t.name COLLATE NOCASE, t.name,",
    Order.STATUS: "m.status,",
    Order.CONTACT: "c.label IS NULL, c.label,",
}

Days = list[tuple[int, int]]  # each day that has starts and how many, the newest first


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Starts that stand together in an order: the template or status (0: all are one) and how many they are."""

    id: int
    count: int


class Sorting:
    """One order of one selection, from the first page to the last; it may stop in the middle and go on later."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._few: bool | None = None
        self._stretches: list[_Stretch] | None = None
        self._days: dict[int, Days] = {}
        self._contacts: ContactOrder | None = None

    def ids(self, connection: sqlite3.Connection, selection: Selection, position: int, limit: int) -> list[int]:
        """The row ids from a position on."""
        cube = Cube(connection)
        if self._few is None:
            chosen = selection.dimensions
            self._few = chosen.by_contact or _starts(cube.rows(selection.with_dimensions(Dimensions()))) <= _CHEAP
        if self._few:
            return _plainly(connection, selection, self.order, position, limit)
        if self.order is Order.CONTACT:
            if self._contacts is None:
                self._contacts = ContactOrder(cube, selection)
            return self._contacts.ids(connection, selection, position, limit)
        found: list[int] = []
        for stretch in self._from(connection, cube, selection):
            if position < stretch.count:
                part = _PARTS[self.order](selection, stretch.id)
                days = self._days_of(cube, part, stretch.id)
                found += _within(connection, part, days, position, limit - len(found))
            position = max(0, position - stretch.count)
            if len(found) >= limit:
                break
        return found

    def _from(self, connection: sqlite3.Connection, cube: Cube, selection: Selection) -> Iterable[_Stretch]:
        if self._stretches is None:
            counted = _COUNTED[self.order](connection, cube, selection)
            self._stretches = [_Stretch(id, count) for id, count in counted if count]
        return self._stretches

    def _days_of(self, cube: Cube, part: Selection, id: int) -> Days:
        if id not in self._days:
            if len(self._days) >= _KEPT:
                self._days.pop(next(iter(self._days)))
            rows = sorted(cube.rows(part), reverse=True)
            self._days[id] = [(row[0], count) for row in rows if (count := _starts([row]))]
        return self._days[id]


def _within(connection: sqlite3.Connection, part: Selection, days: Days, position: int, limit: int) -> list[int]:
    for day, count in days:
        if position < count:
            to = min(part.until, date_of(day) + timedelta(days=1))
            return ids_at(connection, part.between(part.since, to), position, limit)
        position -= count
    return []


def _plainly(
    connection: sqlite3.Connection, selection: Selection, order: Order, position: int, limit: int
) -> list[int]:
    index = "messages_by_contact" if selection.dimensions.by_contact else "starts_by_time"
    rows = connection.execute(
        f"""
        SELECT m.id FROM messages AS m INDEXED BY {index}
        LEFT JOIN templates AS t ON t.id = m.start_template
        LEFT JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.time_condition}
        ORDER BY {_BY[order]} m.start_at DESC, m.key DESC, m.origin DESC LIMIT :limit OFFSET :offset
        """,
        selection.parameters | {"limit": limit, "offset": position},
    )
    return [id for (id,) in rows]


Counted = Iterator[tuple[int, int]]  # stretches in their order, and how many starts each has


def _whole(connection: sqlite3.Connection, cube: Cube, selection: Selection) -> Counted:
    yield 0, _starts(cube.rows(selection))


def _by_template(connection: sqlite3.Connection, cube: Cube, selection: Selection) -> Counted:
    """Templates as a person looks for them; starts without one are the last, whatever the reason."""
    counts = starts_by_template(connection, selection)
    for (id,) in connection.execute("SELECT id FROM templates ORDER BY name COLLATE NOCASE, name"):
        yield id, counts.get(id, 0)
    yield UNKNOWN_ID, counts.get(UNKNOWN_ID, 0) + counts.get(NO_TEMPLATE, 0)


def _by_status(connection: sqlite3.Connection, cube: Cube, selection: Selection) -> Counted:
    rows = cube.rows(selection)
    for status in range(RECEIVED):
        yield status, sum(row[1 + status] for row in rows)
    yield RECEIVED, sum(sum(row[6 + REFERRED_FROM :]) for row in rows)


def _of_all(selection: Selection, id: int) -> Selection:
    return selection


def _of_template(selection: Selection, id: int) -> Selection:
    chosen = selection.dimensions
    if id != UNKNOWN_ID:
        return _narrowed(selection, f"m.start_template = {id}", chosen.replace(templates=frozenset((id,))))
    nameless = frozenset((UNKNOWN_ID, NO_TEMPLATE))
    some = nameless if chosen.templates is None else nameless & chosen.templates
    return _narrowed(selection, "m.start_template IS NULL", chosen.replace(templates=some))


def _of_status(selection: Selection, id: int) -> Selection:
    return _narrowed(selection, f"m.status = {id}", selection.dimensions.replace(statuses=frozenset((id,))))


def _narrowed(selection: Selection, condition: str, chosen: Dimensions) -> Selection:
    return replace(selection, time_condition=f"{selection.time_condition} AND {condition}", dimensions=chosen)


_COUNTED: dict[Order, Callable[[sqlite3.Connection, Cube, Selection], Counted]] = {
    Order.TIME: _whole,
    Order.TEMPLATE: _by_template,
    Order.STATUS: _by_status,
}
_PARTS: dict[Order, Callable[[Selection, int], Selection]] = {
    Order.TIME: _of_all,
    Order.TEMPLATE: _of_template,
    Order.STATUS: _of_status,
}


def _starts(rows: list[Row]) -> int:
    return sum(sum(row[6:]) for row in rows)
