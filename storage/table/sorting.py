"""The row ids of a page of the table in any order: by time, template, status or contact, and then newest first.

The cube counts the starts of each template and each status on each day. So a position leads to a template or a status,
then to one of its days, and only that day's rows are read. A Sorting keeps its counts, so only the first page has to
count. The cube does not count by contact: contact_order.py sorts by contact. Reads ids, not rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from storage.cube.layout import ALL
from storage.database.codes import STATUS_RECEIVED, STATUSES
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.report.dimension_counts import starts_by_template
from storage.report.leaf_cells import ALL_STATUSES, counters_of
from storage.report.metrics import starts_of, total_of
from storage.report.read_session import ReadSession
from storage.report.selection import Dimensions, Selection
from storage.table.contact_order import ContactOrder
from storage.table.positions import ids_at

_FEW = 4_000  # rows: up to so many are sorted by SQLite, which is faster than counting first
_SECTIONS_KEPT = 64  # how many sections keep the counts of their days
_READ_FIRST = 4  # sections: so many are read for the first page without counting; if they are empty, all are counted


class Order(StrEnum):
    """What the table is sorted by."""

    TIME = "time"
    TEMPLATE = "template"
    STATUS = "status"
    CONTACT = "contact"


_ORDER_BY = {
    Order.TIME: "",
    Order.TEMPLATE: "t.name IS NULL, t.name COLLATE NOCASE, t.name,",
    Order.STATUS: "m.status,",
    Order.CONTACT: "c.label IS NULL, c.label,",
}


_STARTS_OF_DAYS = f"""
SELECT {" + ".join(counters_of(Dimensions(), ALL_STATUSES))} FROM cells AS c
WHERE line = {ALL} AND template = {ALL} AND day >= :since AND day < :until ORDER BY day DESC
"""
_STARTS_UP_TO = """
SELECT count(*) FROM (
    SELECT 1 FROM messages AS m INDEXED BY starts_by_time
    WHERE m.origin IS NOT NULL AND m.start_at >= :since_at AND m.start_at < :until_at LIMIT :most
)
"""


class _DayStarts(NamedTuple):
    """How many starts a day has; days since 1970-01-01."""

    day: int
    starts: int


@dataclass(frozen=True, slots=True)
class _Section:
    """The starts of one template or status, which are consecutive in an order.

    Attributes:
        id: of the template or status; 0 if the order is by time.
    """

    id: int
    starts: int


class Sorting:
    """One selection in one order, for all of its pages. A call that was interrupted can be repeated."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._is_few: bool | None = None
        self._sections: list[_Section] | None = None
        self._days: dict[int, list[_DayStarts]] = {}
        self._contacts: ContactOrder | None = None

    def ids(self, session: ReadSession, selection: Selection, position: int, limit: int) -> list[int]:
        """The row ids from a position on."""
        if self._is_few is None:
            self._is_few = _is_few(session, selection)
        if self._is_few:
            return _sorted_by_sqlite(session.connection, selection, self.order, position, limit)
        if self.order is Order.CONTACT:
            if self._contacts is None:
                self._contacts = ContactOrder(session, selection)
            return self._contacts.ids(session, selection, position, limit)
        if position == 0 and self._sections is None:
            first = _first_ids(session, selection, self.order, limit)
            if first is not None:
                return first
        return self._ids_by_section(session, selection, position, limit)

    def _ids_by_section(self, session: ReadSession, selection: Selection, position: int, limit: int) -> list[int]:
        if self._sections is None:
            self._sections = [section for section in _COUNT[self.order](session, selection) if section.starts]
        found: list[int] = []
        for section in self._sections:
            if position < section.starts:
                part = _PART[self.order](selection, section.id)
                days = self._days_of(session, part, section.id)
                found += _ids_from_day(session, part, days, position, limit - len(found))
            position = max(0, position - section.starts)
            if len(found) >= limit:
                break
        return found

    def _days_of(self, session: ReadSession, part: Selection, id: int) -> list[_DayStarts]:
        """The days of a section that have starts, newest first."""
        if id not in self._days:
            if len(self._days) >= _SECTIONS_KEPT:
                self._days.pop(next(iter(self._days)))
            days = sorted(session.cube.day_counts(part), reverse=True)
            self._days[id] = [_DayStarts(day.day, day.starts) for day in days if day.starts]
        return self._days[id]


def _is_few(session: ReadSession, selection: Selection) -> bool:
    """Whether the days of the selection have at most _FEW starts, selected or not."""
    if selection.dimensions.needs_recount:
        return True
    counted = 0
    for (starts,) in session.connection.execute(_STARTS_OF_DAYS, selection.parameters):
        counted += starts
        if counted > _FEW:
            return False
    # Dirty days may have more.
    (starts,) = session.connection.execute(_STARTS_UP_TO, selection.parameters | {"most": _FEW + 1}).fetchone()
    return bool(starts <= _FEW)


def _first_ids(session: ReadSession, selection: Selection, order: Order, limit: int) -> list[int] | None:
    """The first row ids, from the first sections; None if these have fewer: then all must be counted."""
    found: list[int] = []
    for id in islice(_IDS[order](session, selection), _READ_FIRST):
        found += ids_at(session, _PART[order](selection, id), 0, limit - len(found))
        if len(found) >= limit:
            return found
    return None


def _sorted_by_sqlite(
    connection: sqlite3.Connection, selection: Selection, order: Order, position: int, limit: int
) -> list[int]:
    """The plain rule: SQLite sorts everything that is selected."""
    index = "messages_by_contact" if selection.dimensions.by_contact else "starts_by_time"
    rows = connection.execute(
        f"""
        SELECT m.id FROM messages AS m INDEXED BY {index}
        LEFT JOIN templates AS t ON t.id = m.start_template
        LEFT JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.time_condition}
        ORDER BY {_ORDER_BY[order]} m.start_at DESC, m.key DESC, m.origin DESC LIMIT :limit OFFSET :offset
        """,
        selection.parameters | {"limit": limit, "offset": position},
    )
    return [id for (id,) in rows]


def _ids_from_day(
    session: ReadSession, part: Selection, days: list[_DayStarts], position: int, limit: int
) -> list[int]:
    """The row ids of a section from a position on, read from the day that has this position."""
    for day, starts in days:
        if position < starts:
            until = min(part.until, date_of(day) + timedelta(days=1))
            return ids_at(session, part.between(part.since, until), position, limit)
        position -= starts
    return []


# The sections of each order, in order, with their counts.


def _everything(session: ReadSession, selection: Selection) -> Iterator[_Section]:
    yield _Section(0, starts_of(session.cube.day_counts(selection)))


def _templates(session: ReadSession, selection: Selection) -> Iterator[_Section]:
    """Templates by name, ignoring case; starts with an unknown template or without one are last."""
    starts = starts_by_template(session, selection)
    for id in _template_ids(session, selection):
        yield _Section(id, starts.get(id, 0))
    yield _Section(UNKNOWN_ID, starts.get(UNKNOWN_ID, 0) + starts.get(NO_TEMPLATE, 0))


def _statuses(session: ReadSession, selection: Selection) -> Iterator[_Section]:
    total = total_of(session.cube.day_counts(selection))
    for status, sends in enumerate(total.by_status):
        yield _Section(status, sends)
    yield _Section(STATUS_RECEIVED, total.referred)


# The sections of each order, in order, without their counts; but for starts with an unknown template or without one.


def _one(session: ReadSession, selection: Selection) -> Iterable[int]:
    return (0,)


def _template_ids(session: ReadSession, selection: Selection) -> Iterator[int]:
    wanted = selection.dimensions.templates
    for (id,) in session.connection.execute("SELECT id FROM templates ORDER BY name COLLATE NOCASE, name"):
        if wanted is None or id in wanted:
            yield id


def _status_ids(session: ReadSession, selection: Selection) -> Iterable[int]:
    wanted = selection.dimensions.statuses
    return [status for status in range(len(STATUSES)) if wanted is None or status in wanted]


# The selection of one section.


def _of_everything(selection: Selection, id: int) -> Selection:
    return selection


def of_template(selection: Selection, id: int) -> Selection:
    """The starts of one template; UNKNOWN_ID: those with an unknown template or without one."""
    dimensions = selection.dimensions
    if id != UNKNOWN_ID:
        return _narrowed(selection, f"m.start_template = {id}", dimensions.replace(templates=frozenset((id,))))
    nameless = frozenset((UNKNOWN_ID, NO_TEMPLATE))
    templates = nameless if dimensions.templates is None else nameless & dimensions.templates
    return _narrowed(selection, "m.start_template IS NULL", dimensions.replace(templates=templates))


def of_status(selection: Selection, id: int) -> Selection:
    """The starts of one status, by its place in `codes.STATUSES`."""
    return _narrowed(selection, f"m.status = {id}", selection.dimensions.replace(statuses=frozenset((id,))))


def _narrowed(selection: Selection, condition: str, dimensions: Dimensions) -> Selection:
    return replace(selection, time_condition=f"{selection.time_condition} AND {condition}", dimensions=dimensions)


_COUNT: dict[Order, Callable[[ReadSession, Selection], Iterator[_Section]]] = {
    Order.TIME: _everything,
    Order.TEMPLATE: _templates,
    Order.STATUS: _statuses,
}
_IDS: dict[Order, Callable[[ReadSession, Selection], Iterable[int]]] = {
    Order.TIME: _one,
    Order.TEMPLATE: _template_ids,
    Order.STATUS: _status_ids,
}
_PART: dict[Order, Callable[[Selection, int], Selection]] = {
    Order.TIME: _of_everything,
    Order.TEMPLATE: of_template,
    Order.STATUS: of_status,
}
