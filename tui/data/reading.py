"""What the workers do in their threads: read the database into values that the screen shows. Knows no widget."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from storage.database.connection import DatabaseError, describe, open_reader
from storage.domain.calendar import zone_of
from storage.domain.filters import FIELDS, Filter
from storage.domain.period import Period
from storage.report import filter_choices
from storage.report.filter_choices import Choice
from storage.report.freshness import last_import
from storage.report.read_session import ReadSession, read_session
from storage.report.report import Report, load_report
from storage.table import pages
from storage.table.positions import Cursor
from storage.table.sorting import Order
from tui.data.pager import PAGE, Pager

# What only one key needs is imported by it, in its worker: the first screen comes sooner without.
if TYPE_CHECKING:
    from storage.table.detail import StartDetail
    from storage.table.search import Match

_STEPS = 20_000  # SQLite's virtual machine steps between two looks at whether the answer is still wanted
_WORD_EVERY = 0.5  # seconds between two words on how far a search has come

Stamp = tuple[int, int, int]  # device, file and version: what changes whenever the database does


class ReadError(Exception):
    """The database could not be read; the message is one line."""


class Abandoned(Exception):
    """Nobody waits for this answer any more."""


@dataclass(frozen=True, slots=True)
class View:
    """What the dashboard is asked to show: a filter, the form of the table, and what the funnel covers."""

    filter: Filter
    grouped: bool = False
    funnel_of_period: bool = False
    order: Order = Order.TIME
    reverse: bool = False

    @property
    def by_time(self) -> bool:
        """Whether its table shows the starts, the newest first."""
        return not self.grouped and not self.reverse and self.order is Order.TIME


class Snapshot(NamedTuple):
    """Everything the dashboard shows of one view, from one moment of the database."""

    view: View
    now: datetime
    report: Report
    choices: dict[str, tuple[Choice, ...]]  # the values that the database knows, by the name of the field
    pager: Pager
    empty: bool
    data_of: datetime | None
    loosened: tuple[tuple[str, int], ...] = ()  # if nothing matches: field, starts without its restriction

    @property
    def today(self) -> date:
        """The local day of its moment."""
        return self.day_of(self.now)

    def day_of(self, now: datetime) -> date:
        """The local day of a moment."""
        return now.astimezone(zone_of(self.report.time_zone)).date()


def has_content(path: Path) -> bool:
    """Whether there is a file with anything in it."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


class Reader:
    """One read-only connection for one job at a time, opened when first needed and again when the file is replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    @contextmanager
    def connection(self, abandoned: Callable[[], bool] = lambda: False) -> Iterator[sqlite3.Connection]:
        """The connection, while no other thread has it; raises ReadError, or Abandoned once `abandoned` says so."""
        with self._lock:
            if abandoned():
                raise Abandoned
            try:
                connection = self._open()
                connection.set_progress_handler(abandoned, _STEPS)
                try:
                    yield connection
                finally:
                    connection.set_progress_handler(None, 0)
            except DatabaseError as error:
                raise ReadError(str(error)) from None
            except sqlite3.Error as error:
                if abandoned():
                    raise Abandoned from None
                self._close()
                raise ReadError(f"{self.path}: {describe(error)}") from None

    def stamp(self) -> Stamp | None:
        """What changes whenever the database does; None where there is none or it cannot be read."""
        try:
            with self.connection() as connection:
                version = int(connection.execute("PRAGMA data_version").fetchone()[0])
                assert self._file is not None
                return (*self._file, version)
        except ReadError:
            return None

    def close(self) -> None:
        """Closes the connection once nobody uses it."""
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        try:
            status = self.path.stat()
            file = (status.st_dev, status.st_ino)
        except OSError:
            file = None
        if self._connection is not None and file != self._file:
            self._close()
        if self._connection is None:
            self._connection = open_reader(self.path)
            self._file = file
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def load_snapshot(
    connection: sqlite3.Connection,
    view: View,
    now: datetime,
    position_in: Callable[[Report], int],
    rows: int,
) -> Snapshot:
    """Everything for a view in one read transaction, with the pages that hold the rows from a position on.

    position_in: says, given the new report, which row will be the first on the screen. rows: how many fit there.
    """
    with read_session(connection) as session:
        report = load_report(session, view.filter, now, view.funnel_of_period)
        by_day = pages.notifications_by_day(session, view.filter, now) if view.grouped else None
        count = report.starts if by_day is None else sum(by_day.values())
        pager = Pager(view.filter, now, view.grouped, count, report.daily, view.order, view.reverse, by_day)
        first = max(0, min(position_in(report), count - 1))
        # What takes long to find the table asks for by itself: the figures need not wait for it.
        for index in () if pager.is_far(first) else pager.missing(first, first + max(rows, PAGE // 2)):
            pager.store(index, pager.load(session, index))
        empty = report.starts == 0 and load_report(session, Filter(Period(None)), now).starts == 0
        imported = last_import(connection)
        return Snapshot(
            view,
            now,
            report,
            filter_choices.choices(session),
            pager,
            empty,
            None if imported is None else imported.astimezone(zone_of(report.time_zone)),
            () if report.starts or empty else tuple(_loosened(session, view.filter, now)),
        )


def _loosened(session: ReadSession, filter: Filter, now: datetime) -> Iterator[tuple[str, int]]:
    """The fields that alone keep a filter from matching anything, with how many starts match without each."""
    for name in FIELDS:
        other = filter.without(name)
        if other != filter and (starts_without := load_report(session, other, now).starts):
            yield name, starts_without


def load_detail(connection: sqlite3.Connection, cursor: Cursor) -> StartDetail | None:
    """One start with everything known of it."""
    from storage.table import detail

    with read_session(connection) as session:
        return detail.detail(session, cursor)


def find(
    connection: sqlite3.Connection,
    filter: Filter,
    now: datetime,
    text: str,
    cursor: Cursor | None,
    older: bool,
    progress: Callable[[date], None],
) -> Match | None:
    """The nearest start beyond the cursor that has the text; says twice a second how far it has come."""
    from storage.table import search

    next_word = time.monotonic() + _WORD_EVERY

    def now_and_then(day: date) -> None:
        nonlocal next_word
        if (moment := time.monotonic()) >= next_word:
            next_word = moment + _WORD_EVERY
            progress(day)

    with read_session(connection) as session:
        return search.find(session, filter, now, text, cursor, older, now_and_then)


def load_counts(connection: sqlite3.Connection, filter: Filter, field: str, now: datetime) -> dict[Hashable, int]:
    """How many starts of a filter each value of a field has."""
    with read_session(connection) as session:
        return filter_choices.counts(session, filter, field, now)


def save(
    connection: sqlite3.Connection, filter: Filter, now: datetime, to: Path, progress: Callable[[int], None]
) -> Path:
    """Saves the TSV of a filter to a path, or in a directory under a free name, and says where; raises ReadError."""
    from storage.table.export import file_name, write_tsv

    with read_session(connection) as session:
        return _saved(to, file_name(filter, now), lambda out: write_tsv(session, filter, now, out, progress=progress))


def save_figures(name: str, filter: Filter, now: datetime, to: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Saves the figures of a panel as TSV in the same way."""
    from storage.table.export import file_name
    from storage.table.export_lines import tsv_cell

    text = "".join("\t".join(tsv_cell(value) for value in row) + "\n" for row in rows).encode("utf-8", "replace")
    return _saved(to, f"{name}-{file_name(filter, now)}", lambda out: out.write(text))


def _saved(to: Path, name: str, write: Callable[[BinaryIO], int]) -> Path:
    from storage.table.export import ExportError, write_file, write_free

    try:
        if to.is_dir():
            return write_free(to, name, write)
        write_file(to, write, replace=False)
    except ExportError as error:
        raise ReadError(str(error)) from None
    return to
