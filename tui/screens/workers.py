"""The dashboard's work in other threads: each job reads with a connection of its own and answers with a message.

Workers never touch a widget. A newer load makes an older one stop; errors come back as values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from time import monotonic

from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from storage.domain.filters import Filter
from storage.report.read_session import read_session
from storage.report.report import Report
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from tui.data import reading
from tui.data.filter_options import without
from tui.data.pager import Pager, Row
from tui.data.reading import Abandoned, Reader, ReadError, Snapshot, Stamp, View
from tui.data.worker_messages import (
    Counted,
    DetailRead,
    FindProgress,
    Found,
    Loaded,
    LoadFailed,
    Note,
    PagesRead,
    PlotsReady,
    SaveEnded,
    SaveProgress,
)
from tui.terminal import browser

FIRST_ROWS = 20  # of the table, read with a view before its size is known
_AT_ONCE = 0.1  # seconds that the first screen may wait for its numbers rather than open without them


class WorkingScreen(Screen[None]):
    """A screen that reads the database without ever waiting for it."""

    def __init__(self, path: Path, clock: Callable[[], datetime], directory: Path, id: str) -> None:
        super().__init__(id=id)
        self.clock, self.directory = clock, directory
        self._reports, self._pages = Reader(path), Reader(path)
        self._details, self._finds, self._saves, self._watcher = (Reader(path) for _ in range(4))

    def close_readers(self) -> None:
        """Closes every connection."""
        for reader in (self._reports, self._pages, self._details, self._finds, self._saves, self._watcher):
            reader.close()

    async def stamp(self) -> Stamp | None:
        """What changes whenever the database does."""
        return await asyncio.to_thread(self._watcher.stamp)

    def read_at_once(self, view: View) -> tuple[Snapshot, Stamp | None] | None:
        """A view read while nothing is on the screen yet: its first frame is then its last. None where that takes too
        long or cannot be done; it is then to be loaded like any other."""
        until = monotonic() + _AT_ONCE
        stamp = self._watcher.stamp()
        try:
            with self._reports.connection(lambda: monotonic() > until) as connection:
                return reading.load_snapshot(connection, view, self.clock(), lambda report: 0, FIRST_ROWS), stamp
        except (Abandoned, ReadError):
            return None

    @work(thread=True, exclusive=True, group="load", exit_on_error=False)
    def load(self, view: View, position_in: Callable[[Report], int], rows: int) -> None:
        """Reads everything for a view."""
        worker = get_current_worker()
        now = self.clock()
        stamp = self._watcher.stamp()
        try:
            with self._reports.connection(lambda: worker.is_cancelled) as connection:
                snapshot = reading.load_snapshot(connection, view, now, position_in, rows)
        except Abandoned:
            return
        except ReadError as error:
            self.post_message(LoadFailed(str(error), view, stamp))
            return
        if not worker.is_cancelled:
            self.post_message(Loaded(snapshot, stamp))

    @work(thread=True, exclusive=True, group="plots", exit_on_error=False)
    def load_plots(self) -> None:
        """Imports what draws the charts, and then what the next keys will need: nobody should wait for an import."""
        from tui.widgets import plots  # noqa: F401  the import is the work

        self.post_message(PlotsReady())
        import tui.screens.help  # noqa: F401
        from storage.table import (
            detail,  # noqa: F401
            export,  # noqa: F401
            search,  # noqa: F401
        )

    @work(thread=True, exclusive=True, group="pages", exit_on_error=False)
    def load_pages(self, pager: Pager, pages: list[int]) -> None:
        """Reads pages of the table."""
        worker = get_current_worker()
        found: dict[int, list[Row]] = {}
        try:
            with (
                self._pages.connection(lambda: worker.is_cancelled) as connection,
                read_session(connection) as session,
            ):
                for page in pages:
                    found[page] = pager.load(session, page)
        except Abandoned:
            return
        except ReadError as error:
            self.post_message(LoadFailed(str(error)))
            return
        self.post_message(PagesRead(pager, found))

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def load_detail(self, row: StartRow) -> None:
        """Reads one start."""
        worker = get_current_worker()
        try:
            with self._details.connection(lambda: worker.is_cancelled) as connection:
                detail = reading.load_detail(connection, row.cursor)
        except Abandoned:
            return
        except ReadError as error:
            self.post_message(LoadFailed(str(error)))
            return
        self.post_message(DetailRead(row, detail))

    @work(thread=True, exclusive=True, group="counts", exit_on_error=False)
    def load_counts(self, filter: Filter, field: str) -> None:
        """Counts the starts of every value of a field under the other filters."""
        worker = get_current_worker()
        try:
            with self._details.connection(lambda: worker.is_cancelled) as connection:
                counts = reading.load_counts(connection, without(filter, field), field, self.clock())
        except (Abandoned, ReadError):
            return
        self.post_message(Counted(field, counts))

    @work(thread=True, exclusive=True, group="find", exit_on_error=False)
    def find(self, filter: Filter, text: str, cursor: Cursor | None, older: bool) -> None:
        """Finds text in the table."""
        worker = get_current_worker()

        def progress(day: date) -> None:
            if worker.is_cancelled:
                raise Abandoned
            self.post_message(FindProgress(day))

        try:
            with self._finds.connection(lambda: worker.is_cancelled) as connection:
                match = reading.find(connection, filter, self.clock(), text, cursor, older, progress)
        except Abandoned:
            return
        except ReadError as error:
            self.post_message(LoadFailed(str(error)))
            return
        self.post_message(Found(filter, match, older))

    @work(thread=True, group="save", exit_on_error=False)
    def save_starts(self, filter: Filter, path: Path | None) -> None:
        """Writes the TSV of a filter, under a free name where no path is given; cancelled, it leaves no trace."""
        worker = get_current_worker()

        def progress(count: int) -> None:
            if worker.is_cancelled:
                raise Abandoned
            self.post_message(SaveProgress(count))

        try:
            with self._saves.connection(lambda: worker.is_cancelled) as connection:
                saved = reading.save(connection, filter, self.clock(), path or self.directory, progress)
        except Abandoned:
            self.post_message(SaveEnded("not saved: cancelled", error=True))
        except ReadError as error:
            self.post_message(SaveEnded(f"not saved: {error}", error=True))
        else:
            self.post_message(SaveEnded(f"saved {saved}"))

    @work(thread=True, exclusive=True, group="browser", exit_on_error=False)
    def open_link(self, link: str) -> None:
        """Opens a link in the browser, which can take its time."""
        opened = browser.open_link(link)
        self.post_message(Note(f"opened {link}" if opened else f"no browser took {link}", error=not opened))

    @work(thread=True, group="save", exit_on_error=False)
    def save_figures(self, name: str, filter: Filter, rows: list[tuple[str, ...]], path: Path | None) -> None:
        """Writes the figures of a panel, under a free name where no path is given."""
        try:
            saved = reading.save_figures(name, filter, self.clock(), path or self.directory, rows)
        except ReadError as error:
            self.post_message(SaveEnded(f"not saved: {error}", error=True))
        else:
            self.post_message(SaveEnded(f"saved {saved}"))
