"""The row ids of a page of the table, newest first: at a position, or next to a given start. Reads ids, not rows.

Starts with the same time are sorted by key, then by origin. No query counts rows from the top: the cube knows how many
starts each day has, so a page is read from the few days that hold it. Within these days it is read by time if most rows
are selected, else by the pairs of line and template or by the contacts that have selected starts according to the cube.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from storage.database.queries import Queries, Rows
from storage.database.unknown_ids import has_line_id, has_template_id
from storage.domain.calendar import date_of
from storage.domain.vocabulary import JOIN_DISTANCE
from storage.report.dimension_counts import pairs_with_starts
from storage.report.metrics import DayCounts, starts_of
from storage.report.read_session import ReadSession
from storage.report.selected_contacts import contacts_by_day
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import users_can_tell

_GROWTH = 4  # factor: each step of a search for rows reads so many times the days of the step before
_FAR = 400  # rows: to skip more, the time of the first wanted row is looked up in the index first
# Up to so many rows are read by time without looking for a faster way: if a condition needs the table (a status or a
# failure), and if the index on time is enough.
_CHEAP = 6_000
_CHEAP_IN_INDEX = 20_000
# A row read by line and template costs so many times a row read by time: from the table, and from the index alone.
_COST_BY_PAIR, _COST_BY_PAIR_TO_INDEX = 2, 12
_COST_OF_PAIR = 4  # to look up one more pair costs as much as so many rows
_MOST_BY_CONTACT = 2_000  # starts: so many at most are read contact by contact
# The same for a row read by contact, and for a set of a day that names the contacts.
_COST_BY_CONTACT, _COST_BY_CONTACT_TO_INDEX, _COST_OF_SET = 8, 60, 100

_BY_TIME = "messages AS m INDEXED BY starts_by_time"
_BY_PAIR = f"""
json_each(:pairs) AS pair CROSS JOIN messages AS m INDEXED BY starts_by_notification
    ON {has_line_id("pair.value ->> 0")} AND {has_template_id("pair.value ->> 1")}"""
_BY_CONTACT = "messages AS m INDEXED BY messages_by_contact"
# NULL among the contacts: unknown ones. A start has the time of its message, or of the row that is joined to it.
BY_CONTACT_AND_DAY = """
json_each(:of_contacts) AS one CROSS JOIN messages AS m INDEXED BY messages_by_contact
    ON m.contact IS one.value ->> 0 AND m.at >= one.value ->> 2 AND m.at < one.value ->> 3
   AND m.day = one.value ->> 1"""


class Cursor(NamedTuple):
    """Identifies a start in the table: its time in ms, and its key if several have the same time."""

    at: int
    key: str


_IS_OLDER = "(m.start_at < :at OR m.key < :key)"
_IS_NEWER = "(m.start_at > :at OR m.key > :key)"

Parameters = dict[str, str | int]
# A contact (None: unknown), a day, and the times that its messages have, in ms.
ContactOfDay = tuple[int | None, int, int, int]


def every_start(connection: Queries, selection: Selection, columns: str, joins: str = "") -> Rows:
    """Reads all starts of a selection, newest first, ties in any order.

    Args:
        columns: of `messages AS m` and of what `joins` joins to it.
    """
    source = _BY_CONTACT if selection.dimensions.by_contact else _BY_TIME
    return connection.execute(
        f"SELECT {columns} FROM {source} {joins} WHERE {selection.time_condition} ORDER BY m.start_at DESC",
        selection.parameters,
    )


def ids_after(session: ReadSession, selection: Selection, cursor: Cursor | None, limit: int) -> list[int]:
    """The row ids next to the cursor, on its older side; without a cursor, the newest ones."""
    return _PageReader(session, selection, "DESC", cursor).ids(0, limit)


def ids_before(session: ReadSession, selection: Selection, cursor: Cursor | None, limit: int) -> list[int]:
    """The row ids next to the cursor, on its newer side; without a cursor, the oldest ones. Newest first."""
    return _PageReader(session, selection, "ASC", cursor).ids(0, limit)[::-1]


def ids_at(session: ReadSession, selection: Selection, position: int, limit: int) -> list[int]:
    """The row ids from a position on."""
    return _PageReader(session, selection, "DESC", None).ids(position, limit)


class _PageReader:
    """Reads row ids beyond a cursor in one direction: DESC (towards older starts) or ASC."""

    def __init__(self, session: ReadSession, selection: Selection, order: str, cursor: Cursor | None) -> None:
        self._connection, self._cube = session.connection, session.cube
        self._selection, self._order, self._cursor = selection, order, cursor
        self._descending = order == "DESC"

    def ids(self, position: int, limit: int) -> list[int]:
        """Row ids from a position on, counted from where the reader starts (0 with a cursor)."""
        if self._selection.dimensions.needs_recount:
            source = _BY_CONTACT if self._selection.dimensions.by_contact else _BY_TIME
            return self._read(source, self._selection, position, limit)
        found: list[int] = []
        for window, days in self._windows(position + limit):
            count = starts_of(days)
            if position >= count:
                position -= count
                continue
            found += self._ids_within(window, count, position, limit - len(found))
            position = 0
            if len(found) >= limit:
                break
        return found

    def _windows(self, wanted: int) -> Iterator[tuple[Selection, list[DayCounts]]]:
        """Selections limited to a few days with starts, with the counts of these days.

        Reads the counts of one day first, then of more and more days at once.
        """
        since, until = self._selection.since, self._selection.until
        if self._cursor is not None:
            day = self._selection.calendar.local(self._cursor.at).date()
            if self._descending:
                until = min(until, day + timedelta(days=1))
            else:
                since = max(since, day)
        length = 1
        while since < until:
            step = timedelta(days=min(length, (until - since).days))
            first, end = (until - step, until) if self._descending else (since, since + step)
            days = self._cube.day_counts(self._selection.between(first, end))
            with_starts = sorted((day for day in days if day.starts), reverse=self._descending)
            yield from self._runs(with_starts, wanted)
            since, until = (since, first) if self._descending else (end, until)
            length *= _GROWTH

    def _runs(self, days: list[DayCounts], wanted: int) -> Iterator[tuple[Selection, list[DayCounts]]]:
        """Groups neighbouring days into windows with no more starts than wanted, or of one day."""
        run: list[DayCounts] = []
        for day in days:
            if run and starts_of(run) + day.starts > wanted:
                yield self._window(run), run
                run = []
            run.append(day)
        if run:
            yield self._window(run), run

    def _window(self, run: list[DayCounts]) -> Selection:
        days = [day.day for day in run]
        return self._selection.between(date_of(min(days)), date_of(max(days) + 1))

    def _ids_within(self, window: Selection, count: int, position: int, limit: int) -> list[int]:
        """Row ids of a window with `count` selected starts, read in the cheapest way."""
        read_by_time = self._read_by_time(window, count, position + limit)
        if (contacts := self._cheaper_contacts(window, count, read_by_time)) is not None:
            return self._read(BY_CONTACT_AND_DAY, window, position, limit, {"of_contacts": json.dumps(contacts)})
        if (pairs := self._cheaper_pairs(window, read_by_time)) is not None:
            return self._read(_BY_PAIR, window, position, limit, {"pairs": json.dumps(pairs)})
        if position > _FAR:
            return self._jump(window, count, position, limit)
        return self._read(_BY_TIME, window, position, limit)

    def _read_by_time(self, window: Selection, count: int, wanted: int) -> int:
        """How many starts are read by time until there are so many of the `count` selected ones."""
        all_starts = starts_of(self._cube.day_counts(window.with_dimensions(Dimensions())))
        return min(all_starts, wanted * all_starts // max(1, count))

    def _cheaper_contacts(self, window: Selection, count: int, read_by_time: int) -> list[ContactOfDay] | None:
        """The contacts of each day whose starts to read; None if that is not cheaper than by time."""
        dimensions = window.dimensions
        sets = (window.until - window.since).days
        if dimensions.lines is not None:
            sets *= len(dimensions.lines)
        cost = _COST_BY_CONTACT_TO_INDEX if _in_index(window) else _COST_BY_CONTACT
        if count > _MOST_BY_CONTACT or cost * count + _COST_OF_SET * sets >= read_by_time:
            return None
        if not users_can_tell(dimensions) or self._cube.catalog.is_dirty(window):
            return None
        found: list[ContactOfDay] = []
        for day, contacts in contacts_by_day(self._cube.catalog, window):
            found += contacts_of_day(window, (None, *contacts), day)
        return found

    def _cheaper_pairs(self, window: Selection, read_by_time: int) -> list[tuple[int, int]] | None:
        """The pairs of line and template to read by; None if reading by time is cheaper."""
        in_index = _in_index(window)
        if read_by_time <= (_CHEAP_IN_INDEX if in_index else _CHEAP) or self._cube.catalog.is_dirty(window):
            return None
        pairs, read_by_pair = pairs_with_starts(self._cube, window)
        cost = (_COST_BY_PAIR_TO_INDEX if in_index else _COST_BY_PAIR) * read_by_pair + _COST_OF_PAIR * len(pairs)
        return pairs if cost < read_by_time else None

    def _jump(self, window: Selection, count: int, position: int, limit: int) -> list[int]:
        """Row ids at a far position: finds its time first, from the nearer end, and reads from that time on.

        For most filters the index alone answers the first two statements.
        """
        from_end = position > count // 2
        order = "DESC" if self._descending != from_end else "ASC"
        row = self._connection.execute(
            f"SELECT m.start_at FROM {_BY_TIME} WHERE {window.time_condition}"
            f" ORDER BY m.start_at {order} LIMIT 1 OFFSET :offset",
            window.parameters | {"offset": count - 1 - position if from_end else position},
        ).fetchone()
        if row is None:
            return []
        (at,) = row
        passed: Parameters = {"since_at": at + 1} if self._descending else {"until_at": at}
        rest: Parameters = {"until_at": at + 1} if self._descending else {"since_at": at}
        (skipped,) = self._connection.execute(
            f"SELECT count(*) FROM {_BY_TIME} WHERE {window.time_condition}",
            window.parameters | (rest if from_end else passed),
        ).fetchone()
        if from_end:
            skipped = count - skipped
        return self._read(_BY_TIME, window, position - skipped, limit, rest)

    def _read(
        self, source: str, window: Selection, offset: int, limit: int, other: Parameters | None = None
    ) -> list[int]:
        """Row ids of a window, sorted by time, key and origin.

        Args:
            other: parameters that narrow the window's own, or that the source needs.
        """
        parameters = window.parameters | (other or {})
        condition = window.time_condition
        if self._cursor is not None:
            at = self._cursor.at
            condition += f" AND {_IS_OLDER if self._descending else _IS_NEWER}"
            parameters |= {"at": at, "key": self._cursor.key}
            if self._descending:
                parameters["until_at"] = min(int(parameters["until_at"]), at + 1)
            else:
                parameters["since_at"] = max(int(parameters["since_at"]), at)
        parameters |= {"limit": limit, "offset": offset}
        order = self._order
        rows = self._connection.execute(
            f"""
            SELECT m.id FROM {source} WHERE {condition}
            ORDER BY m.start_at {order}, m.key {order}, m.origin {order} LIMIT :limit OFFSET :offset
            """,
            parameters,
        )
        return [id for (id,) in rows]


def contacts_of_day(selection: Selection, contacts: Iterable[int | None], day: int) -> list[ContactOfDay]:
    """Values for BY_CONTACT_AND_DAY: the starts of some contacts on one day."""
    start_of = selection.calendar.start_of
    first, end = start_of(day) - JOIN_DISTANCE, start_of(day + 1) + JOIN_DISTANCE
    return [(contact, day, first, end) for contact in contacts]


def _in_index(window: Selection) -> bool:
    """Whether the index on time has every column of the condition."""
    return window.dimensions.statuses is None and not window.dimensions.reads_messages
