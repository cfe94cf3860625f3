"""Which starts stand where in the table: row ids, newest first, from a position or a neighbour on. Shows none of them.

Ties of time go by key, then by origin. Nothing is ever counted off from the top: the cube says how many starts each day
has, so a page looks at the few days that hold it, by time where most of what lies there is wanted, else by the lines
and templates that the cube names.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from storage.database.unknown_ids import has_line_id, has_template_id
from storage.domain.calendar import date_of
from storage.report.cube_metrics import Cube
from storage.report.metrics import Row
from storage.report.notifications import notifications_of
from storage.report.selection import Dimensions, Selection

_WIDER = 4  # times: how fast a search for rows takes in more days
_FAR = 400  # rows: a jump beyond these finds its time in the index first
_CHEAP = 2_000  # rows looked at by time that are not worth looking for anything better
_CHEAP_IN_INDEX = 20_000  # the same where the index by time tells all that the filter asks
_DEARER, _MUCH_DEARER = 2, 12  # times: a row found by its notification to one found by time, in the table or the index

_BY_TIME = "messages AS m INDEXED BY starts_by_time"
_BY_NOTIFICATION = f"""
json_each(:notifications) AS n CROSS JOIN messages AS m INDEXED BY starts_by_notification
    ON {has_line_id("n.value ->> 0")} AND {has_template_id("n.value ->> 1")}"""
_BY_CONTACT = "messages AS m INDEXED BY messages_by_contact"


class Cursor(NamedTuple):
    """The place of a start in the table: its time in ms, and its key for ties."""

    at: int
    key: str


_AFTER = "(m.start_at < :at OR m.key < :key)"
_BEFORE = "(m.start_at > :at OR m.key > :key)"


def every_start(connection: sqlite3.Connection, selection: Selection, columns: str, joins: str = "") -> sqlite3.Cursor:
    """Columns of `messages AS m`, and of what is joined with it, of all starts of a selection, as they are read: newest
    first, ties in any order."""
    source = _BY_CONTACT if selection.dimensions.by_contact else _BY_TIME
    return connection.execute(
        f"SELECT {columns} FROM {source} {joins} WHERE {selection.time_condition} ORDER BY m.start_at DESC",
        selection.parameters,
    )


def ids_after(connection: sqlite3.Connection, selection: Selection, cursor: Cursor | None, limit: int) -> list[int]:
    """The newest row ids, or those that are next older than the cursor's."""
    return _Search(connection, selection, "DESC", cursor).ids(0, limit)


def ids_before(connection: sqlite3.Connection, selection: Selection, cursor: Cursor | None, limit: int) -> list[int]:
    """The oldest row ids, or those that are next newer than the cursor's; newest first."""
    return _Search(connection, selection, "ASC", cursor).ids(0, limit)[::-1]


def ids_at(connection: sqlite3.Connection, selection: Selection, position: int, limit: int) -> list[int]:
    """The row ids from a position on."""
    return _Search(connection, selection, "DESC", None).ids(position, limit)


def _statement(source: str, condition: str, order: str) -> str:
    return f"""
        SELECT m.id FROM {source} WHERE {condition}
        ORDER BY m.start_at {order}, m.key {order}, m.origin {order} LIMIT :limit OFFSET :offset
        """


class _Search:
    """Rows in one direction, DESC (to the older) or ASC, beyond a cursor."""

    def __init__(self, connection: sqlite3.Connection, selection: Selection, order: str, cursor: Cursor | None) -> None:
        self._connection, self._selection, self._order = connection, selection, order
        self._cursor = cursor
        self._cube = Cube(connection)

    def ids(self, position: int, limit: int) -> list[int]:
        """Row ids from a position on, which counts from the end where the search begins (never beyond a cursor)."""
        if self._selection.dimensions.by_contact:
            return self._read(_BY_CONTACT, self._selection, position, limit)
        found: list[int] = []
        for window, rows in self._windows(position + limit):
            count = sum(map(_starts, rows))
            if position >= count:
                position -= count
                continue
            found += self._within(window, rows, count, position, limit - len(found))
            position = 0
            if len(found) >= limit:
                break
        return found

    def _windows(self, wanted: int) -> Iterator[tuple[Selection, list[Row]]]:
        """Days with rows of the selection, and how many each has: as few as hold what is wanted, then ever more."""
        since, until = self._selection.since, self._selection.until
        descending = self._order == "DESC"
        if self._cursor is not None:
            day = self._selection.calendar.local(self._cursor.at).date()
            since, until = (since, min(until, day + timedelta(days=1))) if descending else (max(since, day), until)
        length = 1
        while since < until:
            days = timedelta(days=min(length, (until - since).days))
            first, end = (until - days, until) if descending else (since, since + days)
            rows = self._cube.rows(self._selection.between(first, end))
            rows = sorted((row for row in rows if _starts(row)), reverse=descending)
            yield from self._runs(rows, wanted)
            since, until = (since, first) if descending else (end, until)
            length *= _WIDER

    def _runs(self, rows: list[Row], wanted: int) -> Iterator[tuple[Selection, list[Row]]]:
        """Days one behind the other, together while they hold no more than what is wanted."""
        run: list[Row] = []
        for row in rows:
            if run and sum(map(_starts, run)) + _starts(row) > wanted:
                yield self._between(run), run
                run = []
            run.append(row)
        if run:
            yield self._between(run), run

    def _between(self, rows: list[Row]) -> Selection:
        days = [row[0] for row in rows]
        return self._selection.between(date_of(min(days)), date_of(max(days) + 1))

    def _within(self, window: Selection, rows: list[Row], count: int, position: int, limit: int) -> list[int]:
        """Rows of some days, of which `count` are of the selection."""
        everything = self._cube.rows(window.with_dimensions(Dimensions()))
        total = sum(map(_starts, everything))
        looked_at = min(total, (position + limit) * total // max(1, count))
        in_index = window.dimensions.statuses is None and window.dimensions.failures is None
        if looked_at > (_CHEAP_IN_INDEX if in_index else _CHEAP) and not self._cube.is_dirty(window):
            notifications, held = notifications_of(self._connection, self._cube, window)
            dearer = _MUCH_DEARER if in_index else _DEARER
            if dearer * held + 4 * len(notifications) < looked_at:
                listed: dict[str, str | int] = {"notifications": json.dumps(notifications)}
                return self._read(_BY_NOTIFICATION, window, position, limit, listed)
        if position > _FAR:
            return self._jump(window, count, position, limit)
        return self._read(_BY_TIME, window, position, limit)

    def _jump(self, window: Selection, count: int, position: int, limit: int) -> list[int]:
        """A far position: its time first, which for most filters the index alone knows, looked for from the nearer
        end."""
        descending = self._order == "DESC"
        from_end = position > count // 2
        order = "DESC" if descending != from_end else "ASC"
        row = self._connection.execute(
            f"SELECT m.start_at FROM {_BY_TIME} WHERE {window.time_condition}"
            f" ORDER BY m.start_at {order} LIMIT 1 OFFSET :offset",
            window.parameters | {"offset": count - 1 - position if from_end else position},
        ).fetchone()
        if row is None:
            return []
        (at,) = row
        passed: dict[str, str | int] = {"since_at": at + 1} if descending else {"until_at": at}
        rest: dict[str, str | int] = {"until_at": at + 1} if descending else {"since_at": at}
        (skipped,) = self._connection.execute(
            f"SELECT count(*) FROM {_BY_TIME} WHERE {window.time_condition}",
            window.parameters | (rest if from_end else passed),
        ).fetchone()
        if from_end:
            skipped = count - skipped
        return self._read(_BY_TIME, window, position - skipped, limit, rest)

    def _read(
        self,
        source: str,
        window: Selection,
        position: int,
        limit: int,
        other: dict[str, str | int] | None = None,
    ) -> list[int]:
        """Rows by time and key. `other`: parameters that are narrower than the window's, or that the source has."""
        parameters = window.parameters | (other or {})
        condition = window.time_condition
        if self._cursor is not None:
            at = self._cursor.at
            condition += f" AND {_AFTER if self._order == 'DESC' else _BEFORE}"
            parameters |= {"at": at, "key": self._cursor.key}
            if self._order == "DESC":
                parameters["until_at"] = min(int(parameters["until_at"]), at + 1)
            else:
                parameters["since_at"] = max(int(parameters["since_at"]), at)
        parameters |= {"limit": limit, "offset": position}
        return [id for (id,) in self._connection.execute(_statement(source, condition, self._order), parameters)]


def _starts(row: Row) -> int:
    return sum(row[6:])
