"""Where a page of the table lies: which starts to read for a position in an order, without sorting all of them.

An order is a sequence of stretches, each with a number of starts: the days of the table, of one template after the
other, of one status after the other; and for contacts the blocks of `contact_starts`. So a position leads to a stretch,
of which only few starts are read and sorted. A version does not change: the counts of a selection are kept for its next
pages. Counts only, and reads no row.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, Generic, NamedTuple, TypeVar

from storage.database.codes import STATUS_RECEIVED
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.published.version_session import VersionSession
from storage.published.version_tables import UNKNOWN_CONTACT_BLOCK
from storage.report.metrics import DayCounts
from storage.report.selection import Selection
from storage.table.sorting import Order, of_status, of_template

_KEPT = 64  # counts of selections and their parts: those that were needed last
_TEMPLATES = "SELECT id FROM templates ORDER BY name COLLATE NOCASE, name"
_DAYS_OF_TEMPLATES = f"""
SELECT ifNull(m.start_template, {UNKNOWN_ID}) AS id, m.day AS day, count(*)
FROM messages AS m WHERE {{condition}} GROUP BY id, day ORDER BY day DESC
"""
_BLOCKS = "SELECT m.block, count(*) FROM contact_starts AS m WHERE {condition} GROUP BY m.block ORDER BY m.block"
Part = TypeVar("Part")
Value = TypeVar("Value")


class Stretch(NamedTuple):
    """A part of a page: some of the starts of a selection.

    Attributes:
        selection: selects them, with others before and behind.
        block: the block of `contact_starts` that they lie in; None: they follow each other by time.
        offset: how many starts of the selection come before them.
        limit: how many they are at most.
    """

    selection: Selection
    block: int | None
    offset: int
    limit: int


class _Days(NamedTuple):
    """Days, newest first, and how many starts each has."""

    days: array[int]
    starts: array[int]


class _Counts(Generic[Part]):
    """Parts that follow each other, with their starts: days, statuses, blocks, or some days of a template."""

    def __init__(self, counted: Iterable[tuple[Part, int]]) -> None:
        some = [(part, starts) for part, starts in counted if starts]
        self._parts = [part for part, _ in some]
        self._ends = [*accumulate(starts for _, starts in some)]

    def at(self, position: int, limit: int) -> Iterator[tuple[Part, int, int]]:
        """The parts that have starts from a position on, as (part, position in it, how many)."""
        index = bisect_right(self._ends, position)
        while limit > 0 and index < len(self._parts):
            end = self._ends[index]
            first = self._ends[index - 1] if index else 0
            count = min(limit, end - position)
            yield self._parts[index], position - first, count
            position, limit, index = end, limit - count, index + 1


class Positions:
    """Finds the stretches of pages of one version."""

    def __init__(self, session: VersionSession) -> None:
        self._session = session

    def stretches(self, selection: Selection, order: Order, position: int, limit: int) -> Iterator[Stretch]:
        """What to read, in order, for the starts from a position on."""
        match order:
            case Order.TIME:
                yield from self._of_days(selection, self._days(selection), position, limit)
            case Order.TEMPLATE:
                days_of = self._days_of_templates(selection)
                for id, offset, count in self._templates(selection).at(position, limit):
                    days = _Counts(zip(*days_of[id], strict=True))
                    yield from self._of_days(of_template(selection, id), days, offset, count)
            case Order.STATUS:
                for status, offset, count in self._statuses(selection).at(position, limit):
                    days = self._days_of_status(selection, status)
                    yield from self._of_days(of_status(selection, status), days, offset, count)
            case Order.CONTACT:
                yield from self._of_contacts(selection, position, limit)

    def _of_days(self, selection: Selection, days: _Counts[int], position: int, limit: int) -> Iterator[Stretch]:
        if parts := [*days.at(position, limit)]:
            yield _together(selection, parts)

    def _of_contacts(self, selection: Selection, position: int, limit: int) -> Iterator[Stretch]:
        for block, offset, count in self._blocks(selection).at(position, limit):
            if block == UNKNOWN_CONTACT_BLOCK:
                unknown = _without_contact(selection)
                yield from self._of_days(unknown, self._days_without_contact(unknown), offset, count)
            else:
                yield Stretch(selection, block, offset, count)

    def _days(self, selection: Selection) -> _Counts[int]:
        return self._kept("days", selection, lambda: _newest_first(self._day_counts(selection), _all_starts))

    def _days_of_status(self, selection: Selection, status: int) -> _Counts[int]:
        def starts_of(day: DayCounts) -> int:
            return day.referred if status == STATUS_RECEIVED else day.by_status[status]

        return self._kept(f"days of {status}", selection, lambda: _newest_first(self._day_counts(selection), starts_of))

    def _days_without_contact(self, selection: Selection) -> _Counts[int]:
        recount = self._session.recount
        return self._kept("unknown", selection, lambda: _newest_first(recount.day_counts(selection), _all_starts))

    def _day_counts(self, selection: Selection) -> list[DayCounts]:
        return self._kept("counts", selection, lambda: self._session.metrics(selection).day_counts(selection))

    def _templates(self, selection: Selection) -> _Counts[int]:
        """Templates by name, ignoring case; starts without one are last."""

        def counted() -> _Counts[int]:
            days = self._days_of_templates(selection)
            ids = [id for (id,) in self._session.connection.execute(_TEMPLATES)]
            return _Counts([(id, sum(days[id].starts)) for id in (*ids, UNKNOWN_ID) if id in days])

        return self._kept("templates", selection, counted)

    def _days_of_templates(self, selection: Selection) -> dict[int, _Days]:
        """The days of each template, which are some ten thousand: kept in few bytes."""

        def counted() -> dict[int, _Days]:
            rows: Iterable[Sequence[int]] | None = self._session.days_of_templates(selection)
            if rows is None:
                statement = _DAYS_OF_TEMPLATES.format(condition=selection.condition)
                rows = self._session.connection.execute(statement, selection.parameters)
            found: dict[int, _Days] = {}
            for id, day, starts in rows:
                of_one = found.setdefault(UNKNOWN_ID if id == NO_TEMPLATE else id, _Days(array("i"), array("I")))
                if of_one.days and of_one.days[-1] == day:  # sends of an unknown template, and starts without one
                    of_one.starts[-1] += starts
                else:
                    of_one.days.append(day)
                    of_one.starts.append(starts)
            return found

        return self._kept("days of templates", selection, counted)

    def _statuses(self, selection: Selection) -> _Counts[int]:
        def counted() -> _Counts[int]:
            days = self._day_counts(selection)
            sends = [(status, sum(day[1 + status] for day in days)) for status in range(STATUS_RECEIVED)]
            return _Counts([*sends, (STATUS_RECEIVED, sum(day.referred for day in days))])

        return self._kept("statuses", selection, counted)

    def _blocks(self, selection: Selection) -> _Counts[int]:
        def counted() -> _Counts[int]:
            statement = _BLOCKS.format(condition=selection.time_condition)
            return _Counts(self._session.connection.execute(statement, selection.parameters))

        return self._kept("blocks", selection, counted)

    def _kept(self, name: str, selection: Selection, count: Callable[[], Value]) -> Value:
        """What was counted of a selection, for the next page."""
        key = (name, selection.condition, *sorted(selection.parameters.items()))
        counts: dict[Any, Any] = self._session.remember("counts of pages", dict)
        found: Value = counts.pop(key) if key in counts else count()
        if len(counts) >= _KEPT:
            counts.pop(next(iter(counts)))
        counts[key] = found  # the last one that goes
        return found


def _all_starts(day: DayCounts) -> int:
    return day.starts


def _newest_first(days: Iterable[DayCounts], starts_of: Callable[[DayCounts], int]) -> _Counts[int]:
    return _Counts([(day.day, starts_of(day)) for day in sorted(days, reverse=True)])


def _together(selection: Selection, days: Sequence[tuple[int, int, int]]) -> Stretch:
    """Days that follow each other, newest first, as one: where starts are rare, a page has many days.

    Args:
        days: as (day, starts before the page, starts of the page).
    """
    newest, offset, _ = days[0]
    since, until = date_of(days[-1][0]), date_of(newest + 1)
    part = selection.between(max(selection.since, since), min(selection.until, until))
    return Stretch(part, None, offset, sum(count for *_, count in days))


def _without_contact(selection: Selection) -> Selection:
    return replace(selection, time_condition=f"{selection.time_condition} AND m.contact_label IS NULL")
