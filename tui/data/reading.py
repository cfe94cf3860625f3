"""Reads the database into values that the screen shows; runs in worker threads. Knows no widget."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from storage.database.connection import check_version, open_reader, use_small_cache
from storage.database.error_words import WRONG_VALUE, describe
from storage.domain.calendar import zone_of
from storage.domain.errors import StorageError
from storage.domain.filters import FIELDS, Filter
from storage.domain.period import Period
from storage.report import filter_choices
from storage.report.filter_choices import Choice
from storage.report.freshness import last_import
from storage.report.notifications import GroupOrder
from storage.report.report import Report, load_report
from storage.report.session import Session
from storage.stores.opening import store
from storage.table import pages
from storage.table.positions import Cursor
from storage.table.sorting import Order
from tui.data.pager import PAGE, Pager

# Modules that only one key needs are imported when it is pressed, so that the first screen comes sooner.
if TYPE_CHECKING:
    from storage.clickhouse.address import Address
    from storage.domain.compared_days import Against
    from storage.domain.dimension import Dimension
    from storage.report.breakdown import Breakdown
    from storage.report.comparison import Comparison
    from storage.report.unknown_values import UnknownValue
    from storage.stores.opening import Connection
    from storage.table.detail import StartDetail
    from tui.data.published_reader import PublishedReader

_STEPS_BETWEEN_CHECKS = 20_000  # instructions of SQLite's virtual machine

File = tuple[int, int, int, int]  # device, inode, size and time of the last change, ns
Stamp = tuple[int, ...]  # the file's values and data_version: differs whenever the database has changed


class ReadError(Exception):
    """The database could not be read; the message is one line."""


class Cancelled(Exception):
    """The job was cancelled: its result is no longer needed."""


@dataclass(frozen=True, slots=True)
class View:
    """What the dashboard shows.

    Attributes:
        filter: selects the starts.
        grouped: whether the table has a row per notification, not per start.
        funnel_of_period: whether the funnel covers the period, not this week. A comparison always covers its days.
        compare: what the period is compared with; None: with nothing.
        order: how the table is sorted.
        reverse: whether that order is reversed.
        group_order: how the notifications are sorted.
        group_reverse: whether that order is reversed.
        by: what the table has a row for each value of, in place of starts; None: it shows starts.
    """

    filter: Filter
    grouped: bool = False
    funnel_of_period: bool = False
    compare: Against | None = None
    order: Order = Order.TIME
    reverse: bool = False
    group_order: GroupOrder = GroupOrder.DAY
    group_reverse: bool = False
    by: Dimension | None = None

    @property
    def by_time(self) -> bool:
        """Whether the table shows single starts, the newest first."""
        return self.by is None and not self.grouped and not self.reverse and self.order is Order.TIME


class Snapshot(NamedTuple):
    """Everything the dashboard shows of one view, read in one transaction.

    Attributes:
        view: what was read.
        now: the time that the periods refer to.
        report: the numbers; of the days that are over if they are compared.
        choices: the values that the database knows, by the name of the field.
        pager: the rows of the table.
        empty: whether the database has no starts at all.
        data_until: when the last import ended, in the time zone of the report; None if there was none.
        starts_without: if nothing matches: (field, count), the starts that match without the restriction of that field.
        comparison: the report with the one before; None if the view compares nothing.
        not_compared: why there is no comparison although the view asks for one; empty otherwise.
        breakdown: the rows of the table, if they are values of a dimension.
        breakdown_before: the same rows of the days before, if they are compared.
        unknown: if nothing matches: the values of the filter that the database does not have.
        made_at: when the version was published that was read, in the time zone of the report; None for SQLite.
    """

    view: View
    now: datetime
    report: Report
    choices: dict[str, tuple[Choice, ...]]
    pager: Pager
    empty: bool
    data_until: datetime | None
    starts_without: tuple[tuple[str, int], ...] = ()
    comparison: Comparison | None = None
    not_compared: str = ""
    breakdown: Breakdown | None = None
    breakdown_before: Breakdown | None = None
    unknown: tuple[UnknownValue, ...] = ()
    made_at: datetime | None = None

    @property
    def filter(self) -> Filter:
        """What is shown: the view's filter, or, while a comparison leaves today out, that of the compared days."""
        return self.report.filter

    @property
    def days(self) -> tuple[date, date]:
        """The first day of the view's period and the day after its last day, whether or not they are over."""
        return (self.report.since, self.report.until) if self.comparison is None else self.comparison.compared.whole

    @property
    def previous(self) -> Report | None:
        """The report of the period before, if it is compared."""
        return None if self.comparison is None else self.comparison.previous

    @property
    def today(self) -> date:
        """The local day of `now`."""
        return self.day_of(self.now)

    def day_of(self, now: datetime) -> date:
        """The local day of a moment."""
        return now.astimezone(zone_of(self.report.time_zone)).date()


def has_content(database: Path | Address) -> bool:
    """Whether the file exists and is not empty; of a ClickHouse database it is not asked for."""
    try:
        return not isinstance(database, Path) or database.stat().st_size > 0
    except OSError:
        return False


class Reader:
    """A read-only connection for one job at a time; opened when first used, and again if the file is replaced.

    A file that is copied over keeps its inode, and SQLite would mix its pages with those that it remembers. So the
    connection is opened again whenever the file was written outside of the WAL, at a checkpoint too, which is rare.

    Args:
        small: whether its cache is small.
    """

    can_interrupt = True  # a query that takes too long

    def __init__(self, path: Path, small: bool = False) -> None:
        self.path, self._small = path, small
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: File | None = None

    @contextmanager
    def connection(self, is_cancelled: Callable[[], bool] = lambda: False) -> Iterator[sqlite3.Connection]:
        """The connection, locked against other threads.

        Args:
            is_cancelled: asked every `_STEPS_BETWEEN_CHECKS`; if it returns True, the query is interrupted.

        Raises:
            ReadError: the database cannot be read.
            Cancelled: `is_cancelled` returned True.
        """
        with self._lock:
            if is_cancelled():
                raise Cancelled
            try:
                connection = self._open()
                connection.set_progress_handler(is_cancelled, _STEPS_BETWEEN_CHECKS)
                try:
                    yield connection
                finally:
                    connection.set_progress_handler(None, 0)
            except StorageError as error:
                raise ReadError(str(error)) from None
            except WRONG_VALUE as error:
                if is_cancelled():
                    raise Cancelled from None
                self._close()
                raise ReadError(f"{self.path}: {describe(error)}") from None

    def stamp(self) -> Stamp | None:
        """A value that differs whenever the database has changed; None if it cannot be read."""
        try:
            with self.connection() as connection:
                version = int(connection.execute("PRAGMA data_version").fetchone()[0])
                assert self._file is not None
                return (*self._file, version)
        except ReadError:
            return None

    def is_current(self) -> bool:
        """Whether the file is the one that was opened: if it is replaced while it is read, nothing read is certain."""
        return self._status() == self._file

    def close(self) -> None:
        """Closes the connection, after the job that uses it."""
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        file = self._status()
        if self._connection is not None and file != self._file:
            self._close()
        if self._connection is None:
            self._file = file
            self._connection = open_reader(self.path)
            if self._small:
                use_small_cache(self._connection)
        else:
            check_version(self._connection, self.path)
        return self._connection

    def _status(self) -> File | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def reader_of(database: Path | Address, small: bool = False) -> Reader | PublishedReader:
    """A reader of a database of either engine.

    Args:
        database: the path of a SQLite database, or the address of a ClickHouse database.
        small: whether its cache is small.
    """
    if isinstance(database, Path):
        return Reader(database, small)
    from tui.data.published_reader import PublishedReader

    return PublishedReader(database)


def load_snapshot(
    connection: Connection,
    view: View,
    now: datetime,
    position_in: Callable[[Report], int],
    rows: int,
) -> Snapshot:
    """Reads everything for a view in one transaction, with the pages of the first rows on the screen.

    Args:
        connection: reads the database.
        view: what to read.
        now: the time that the periods refer to.
        position_in: the first row on the screen, given the new report.
        rows: how many rows the screen shows.
    """
    with store(connection) as opened:
        session = opened.session
        comparison, not_compared = _comparison(session, view, now)
        if comparison is None:
            report = load_report(session, view.filter, now, view.funnel_of_period)
        else:
            report = comparison.report
        filter = report.filter
        by_day = pages.notifications_by_day(session, filter, now) if view.grouped else None
        count = report.starts if by_day is None else sum(by_day.values())
        by_starts, by_groups = (view.order, view.reverse), (view.group_order, view.group_reverse)
        pager = Pager(filter, now, view.grouped, count, report.daily, *by_starts, by_day, *by_groups)
        first = max(0, min(position_in(report), count - 1))
        # If these pages take long to find, the table requests them later: the numbers need not wait.
        for index in (
            () if view.by is not None or pager.is_far(first) else pager.missing(first, first + max(rows, PAGE // 2))
        ):
            pager.store(index, pager.load(opened, index))
        empty = report.starts == 0 and load_report(session, Filter(Period(None)), now).starts == 0
        imported = last_import(session.connection)
        return Snapshot(
            view,
            now,
            report,
            filter_choices.choices(session),
            pager,
            empty,
            None if imported is None else imported.astimezone(zone_of(report.time_zone)),
            () if report.starts or empty else tuple(_starts_without(session, filter, now)),
            comparison,
            not_compared,
            _breakdown(session, report, now, view.by),
            _breakdown(session, None if comparison is None else comparison.previous, now, view.by),
            () if report.starts or empty else _unknown_values(session, filter),
            None if opened.made_at is None else session.calendar.local(opened.made_at),
        )


def _unknown_values(session: Session, filter: Filter) -> tuple[UnknownValue, ...]:
    from storage.report.unknown_values import unknown_values

    return tuple(unknown_values(session, filter))


def _comparison(session: Session, view: View, now: datetime) -> tuple[Comparison | None, str]:
    """The comparison that a view asks for; None, and why it is impossible."""
    if view.compare is None:
        return None, ""
    from storage.domain.compared_days import NothingToCompare
    from storage.report.comparison import load_comparison

    try:
        return load_comparison(session, view.filter, now, view.compare, funnel_of_period=True), ""
    except NothingToCompare as error:
        return None, str(error)


def _breakdown(session: Session, report: Report | None, now: datetime, by: Dimension | None) -> Breakdown | None:
    """The breakdown of a report by a dimension, if there are both."""
    if report is None or by is None:
        return None
    from storage.report.breakdown import load_breakdown

    return load_breakdown(session, report.filter, now, by)


def _starts_without(session: Session, filter: Filter, now: datetime) -> Iterator[tuple[str, int]]:
    """Fields whose restriction alone excludes every start: (field, how many starts match without it)."""
    for name in FIELDS:
        other = filter.without(name)
        if other != filter and (starts_without := load_report(session, other, now).starts):
            yield name, starts_without


def load_detail(connection: Connection, cursor: Cursor) -> StartDetail | None:
    """Everything known about one start; None if it is no longer in the database."""
    with store(connection) as opened:
        return opened.detail(cursor)


def load_counts(connection: Connection, filter: Filter, field: str, now: datetime) -> dict[Hashable, int]:
    """Counts the starts of a filter by the values of a field.

    Args:
        connection: reads the database.
        filter: selects the starts.
        field: the name of the field.
        now: the time that the period refers to.

    Returns:
        value -> starts that have it.
    """
    with store(connection) as opened:
        return filter_choices.counts(opened.session, filter, field, now)
