"""Reads and writes in other threads for the dashboard, so that no key waits for a query or a file.

Each job uses a connection of its own and answers with a message to the screen. A newer job of a group cancels the older
one; errors come back as messages. Knows no widget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from storage.domain.filters import Filter
from storage.language.texts import _
from storage.report.report import Report
from storage.stores.interface import Content
from storage.stores.opening import store
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from tui.data import finding, reading, saving
from tui.data.pager import Pager
from tui.data.reading import Cancelled, Reader, ReadError, Snapshot, Stamp, View, reader_of
from tui.data.worker_messages import (
    CountsRead,
    DetailRead,
    FindEnded,
    FindProgress,
    GroupFound,
    Loaded,
    LoadFailed,
    Note,
    PagesRead,
    PlotsReady,
    RetriesRead,
    SaveEnded,
    SaveProgress,
)
from tui.terminal import browser
from tui.words.numbers import number

if TYPE_CHECKING:
    from storage.clickhouse.address import Address
    from storage.messages.contact_texts import ContactTexts
    from storage.stores.opening import Connection
    from tui.data.published_reader import PublishedReader

FIRST_ROWS = 20  # rows of the table that are read at least: at first the table has no size
_TRIES = 5  # to read a file that is replaced meanwhile
_NOTE_INTERVAL = 0.5  # seconds between two notes of progress
_READ_AT_ONCE = 0.1  # seconds that the first frame waits for its numbers


class DatabaseWorker:
    """Runs the reading and writing jobs of one screen.

    Args:
        screen: gets the messages; its workers run the jobs.
        path: the database.
        clock: gives the current time.
        directory: where files without a path are saved.
    """

    def __init__(
        self, screen: Screen[None], path: Path | Address, clock: Callable[[], datetime], directory: Path
    ) -> None:
        self._screen, self._clock, self._directory = screen, clock, directory
        self._reports = reader_of(path)
        self._pages, self._details, self._finds, self._saves, self._watcher = (
            reader_of(path, small=True) for _ in range(5)
        )
        self._texts: ContactTexts | None = None  # of the connection for searches

    def close(self) -> None:
        """Closes every connection."""
        for reader in (self._reports, self._pages, self._details, self._finds, self._saves, self._watcher):
            reader.close()

    def cancel(self, group: str) -> None:
        """Cancels the jobs of a group."""
        self._screen.workers.cancel_group(self._screen, group)

    async def stamp(self) -> Stamp | None:
        """A value that differs whenever the database has changed; None if it cannot be read."""
        return await asyncio.to_thread(self._watcher.stamp)

    def read_at_once(self, view: View) -> tuple[Snapshot, Stamp | None] | None:
        """Reads a view on this thread, before the first frame, which then already shows the numbers.

        Returns:
            The view and the database's stamp; None if reading takes longer than 0.1 s or fails: use `load` then.
        """
        if not self._reports.can_interrupt:
            return None
        until = monotonic() + _READ_AT_ONCE
        stamp = self._watcher.stamp()
        try:
            with self._reports.connection(lambda: monotonic() > until) as connection:
                return reading.load_snapshot(connection, view, self._clock(), lambda report: 0, FIRST_ROWS), stamp
        except (Cancelled, ReadError):
            return None

    def load(self, view: View, position_in: Callable[[Report], int], rows: int) -> None:
        """Reads everything for a view; answers `Loaded` or `LoadFailed`.

        Args:
            view: what to read.
            position_in: the first row on the screen, given the new report.
            rows: how many rows the screen shows.
        """

        def work() -> None:
            now, stamp = self._clock(), self._watcher.stamp()

            def loaded(connection: Connection) -> Message:
                snapshot = reading.load_snapshot(connection, view, now, position_in, rows)
                _stop_if_cancelled()  # an older answer must not replace a newer one
                return Loaded(snapshot, stamp)

            self._answer(self._reports, loaded, lambda text: LoadFailed(text, view, stamp), tries=_TRIES)

        self._run("load", work)

    def import_later(self) -> None:
        """Imports the module that draws the charts, then the modules that the next keys need, so that no key waits."""

        def work() -> None:
            from tui.widgets import plots  # noqa: F401  the import is the work

            self._screen.post_message(PlotsReady())
            import tui.screens.help  # noqa: F401
            from storage.table import (
                detail,  # noqa: F401
                export,  # noqa: F401
                search,  # noqa: F401
            )

        self._run("plots", work)

    def load_pages(self, pager: Pager, pages: list[int]) -> None:
        """Reads pages of the table; answers `PagesRead` or `LoadFailed`."""

        def read(connection: Connection) -> Message:
            with store(connection) as opened:
                return PagesRead(pager, {page: pager.load(opened, page) for page in pages})

        self._run("pages", lambda: self._answer(self._pages, read))

    def load_detail(self, row: StartRow) -> None:
        """Reads one start; answers `DetailRead` or `LoadFailed`."""
        self._run(
            "detail",
            lambda: self._answer(
                self._details, lambda connection: DetailRead(row, reading.load_detail(connection, row.cursor))
            ),
        )

    def load_counts(self, filter: Filter, field: str) -> None:
        """Counts the starts of each value of a field under the other filters; answers `CountsRead`, or nothing."""

        def read(connection: Connection) -> Message:
            return CountsRead(field, reading.load_counts(connection, filter.without(field), field, self._clock()))

        self._run("counts", lambda: self._answer(self._details, read, lambda text: None))

    def find(self, filter: Filter, text: str, cursor: Cursor | None, older: bool) -> None:
        """Searches the table for text; answers several `FindProgress`, and `FindEnded` or `LoadFailed`.

        Args:
            filter: selects the starts of the table.
            text: the text to find.
            cursor: the start to search from; None for an end of the table.
            older: search towards older starts, not newer ones.
        """

        def progress(day: date | None) -> None:
            _stop_if_cancelled()
            self._screen.post_message(FindProgress(day))

        def read(connection: Connection) -> Message:
            from storage.messages.contact_texts import ContactTexts

            if self._texts is None:
                self._texts = ContactTexts()
            found = finding.find(connection, filter, self._clock(), text, cursor, older, progress, self._texts)
            _stop_if_cancelled()
            return FindEnded(filter, text, found.match, older, found.wrapped)

        self._run("find", lambda: self._answer(self._finds, read))

    def find_group(self, pager: Pager, text: str, place: int, by: int) -> None:
        """Searches the notifications of a pager for text; answers `GroupFound` or `LoadFailed`.

        Args:
            text: the text to find.
            place: the row to search from.
            by: 1 downwards, -1 upwards.
        """

        def read(connection: Connection) -> Message:
            with store(connection) as opened:
                found = pager.find_group(opened, text, place, by)
            _stop_if_cancelled()
            return GroupFound(pager, text, found)

        self._run("find", lambda: self._answer(self._finds, read))

    def load_retries(self, filter: Filter) -> None:
        """Reads whom a new try can reach; answers `RetriesRead` or `LoadFailed`, and `Note`s meanwhile."""
        began = monotonic()

        def progress(count: int) -> None:
            nonlocal began
            _stop_if_cancelled()
            if monotonic() - began > _NOTE_INTERVAL:
                began = monotonic()
                self._screen.post_message(
                    Note(_("looking for whom to try again: {count} so far; Esc cancels").format(count=number(count)))
                )

        def read(connection: Connection) -> Message:
            # Not imported with this module: the first screen comes sooner without it.
            from tui.data.retry_list import load_retries

            return RetriesRead(load_retries(connection, filter, self._clock(), progress))

        self._run("retries", lambda: self._answer(self._finds, read, cancelled=Note(_("cancelled"))))

    def save_rows(self, filter: Filter, path: Path | None, content: Content = Content.STARTS) -> None:
        """Writes the rows of a filter; cancelled, it leaves no file. Answers `SaveProgress` and `SaveEnded`.

        Args:
            filter: selects the starts.
            path: the file; None for an unused name in the directory.
            content: what the rows are.
        """

        def progress(count: int) -> None:
            _stop_if_cancelled()
            self._screen.post_message(SaveProgress(count))

        def save(connection: Connection) -> Message:
            to = path or self._directory
            saved = saving.save(connection, filter, self._clock(), to, progress, content)
            return SaveEnded(saving.saved_words(saved, content in (Content.PEOPLE, Content.RETRIES)))

        cancelled = SaveEnded(_("not saved: cancelled"), error=True)
        self._run("save", lambda: self._answer(self._saves, save, _not_saved, cancelled), exclusive=False)

    def save_numbers(self, name: str, filter: Filter, rows: list[tuple[str, ...]], path: Path | None) -> None:
        """Writes the numbers of a panel as TSV; answers `SaveEnded`.

        Args:
            name: of the panel; the name of the file begins with it.
            filter: what the numbers count.
            rows: the numbers, with their heading.
            path: the file; None for an unused name in the directory.
        """

        def work() -> None:
            try:
                saved = saving.save_numbers(name, filter, self._clock(), path or self._directory, rows)
            except ReadError as error:
                self._screen.post_message(_not_saved(str(error)))
            else:
                self._screen.post_message(SaveEnded(_("saved {path}").format(path=saved)))

        self._run("save", work, exclusive=False)

    def open_link(self, link: str) -> None:
        """Opens a link in the browser, which can be slow; answers with a `Note`."""

        def work() -> None:
            opened = browser.open_link(link)
            text = _("opened {link}") if opened else _("no browser could open {link}")
            self._screen.post_message(Note(text.format(link=link), error=not opened))

        self._run("browser", work)

    def later(self, work: Callable[[], None]) -> None:
        """Does something in another thread that needs no database but may take a while."""
        self._run("later", work)

    def _run(self, group: str, work: Callable[[], None], exclusive: bool = True) -> None:
        self._screen.run_worker(work, name=group, group=group, exclusive=exclusive, thread=True, exit_on_error=False)

    def _answer(
        self,
        reader: Reader | PublishedReader,
        read: Callable[[Connection], Message],
        failed: Callable[[str], Message | None] = LoadFailed,
        cancelled: Message | None = None,
        tries: int = 1,
    ) -> None:
        """Posts the message that `read` returns, or the one for a failure or a cancellation.

        With more tries than one, it reads again if the file was replaced in the meantime: parts of two files would give
        wrong numbers, or look damaged.
        """
        worker = get_current_worker()
        answer: Message | None
        for left in reversed(range(tries)):
            try:
                with reader.connection(lambda: worker.is_cancelled) as connection:
                    answer = read(connection)
            except Cancelled:
                answer = cancelled
                break
            except ReadError as error:
                answer = failed(str(error))
            if tries == 1 or reader.is_current():
                break
            if not left:
                answer = failed(_("{path}: is being replaced").format(path=reader.path))
        if answer is not None:
            self._screen.post_message(answer)


def _stop_if_cancelled() -> None:
    if get_current_worker().is_cancelled:
        raise Cancelled


def _not_saved(text: str) -> Message:
    return SaveEnded(_("not saved: {reason}").format(reason=text), error=True)
