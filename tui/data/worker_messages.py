"""The messages that widgets and workers send to the dashboard. Values only: no message knows who handles it."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from typing import TYPE_CHECKING

from textual.message import Message

from storage.domain.filters import Filter
from storage.report.breakdown_comparison import ComparedRow
from storage.table.pages import NotificationRow, StartRow
from tui.data.drill import CountedUsers
from tui.data.pager import Pager, Row
from tui.data.reading import Snapshot, Stamp, View

if TYPE_CHECKING:  # slow to import, and not needed for the first screen
    from storage.table.detail import StartDetail
    from storage.table.search import Match
    from tui.data.retry_list import RetryList


class Loaded(Message):
    """A worker has read everything for a view; `stamp` is the stamp of the database before it was read."""

    def __init__(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        self.snapshot, self.stamp = snapshot, stamp
        super().__init__()


class LoadFailed(Message):
    """A worker could not read the database; `text` says why in one line, `view` is the requested view, if any."""

    def __init__(self, text: str, view: View | None = None, stamp: Stamp | None = None) -> None:
        self.text, self.view, self.stamp = text, view, stamp
        super().__init__()


class PagesRead(Message):
    """A worker has read pages of the table."""

    def __init__(self, pager: Pager, pages: dict[int, list[Row]]) -> None:
        self.pager, self.pages = pager, pages
        super().__init__()


class PlotsReady(Message):
    """The module that draws the charts has been imported."""


class DetailRead(Message):
    """A worker has read one start; `detail` is None if it is no longer in the database."""

    def __init__(self, row: StartRow, detail: StartDetail | None) -> None:
        self.row, self.detail = row, detail
        super().__init__()


class FindEnded(Message):
    """A search has ended; `match` is None if the text was not found, `wrapped` tells a match past the table's end."""

    def __init__(self, filter: Filter, text: str, match: Match | None, older: bool, wrapped: bool) -> None:
        self.filter, self.text, self.match, self.older, self.wrapped = filter, text, match, older, wrapped
        super().__init__()


class GroupFound(Message):
    """A search in the notifications of a pager has ended; `place` is None if the text was not found."""

    def __init__(self, pager: Pager, text: str, place: int | None) -> None:
        self.pager, self.text, self.place = pager, text, place
        super().__init__()


class FindProgress(Message):
    """A search has reached this day; None: it reads the names and ids."""

    def __init__(self, day: date | None) -> None:
        self.day = day
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FindProgress)


class SaveProgress(Message):
    """`count` starts have been written."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SaveProgress)


class SaveEnded(Message):
    """A save has ended; `text` says where the file is, or why there is none."""

    def __init__(self, text: str, error: bool = False) -> None:
        self.text, self.error = text, error
        super().__init__()


class RetriesRead(Message):
    """A worker has read whom a new try can reach."""

    def __init__(self, retries: RetryList) -> None:
        self.retries = retries
        super().__init__()


class CountsRead(Message):
    """A worker has counted the starts of each value of a field under the other filters."""

    def __init__(self, field: str, counts: dict[Hashable, int]) -> None:
        self.field, self.counts = field, counts
        super().__init__()


class Drill(Message):
    """Show the starts of the item that was opened; `counted_users` is set if they can include other users."""

    def __init__(self, filter: Filter, counted_users: CountedUsers | None) -> None:
        self.filter, self.counted_users = filter, counted_users
        super().__init__()


class RowOpened(Message):
    """The user pressed Enter on a row of the table."""

    def __init__(self, row: StartRow | NotificationRow | ComparedRow) -> None:
        self.row = row
        super().__init__()


class NothingToOpen(Message):
    """The user pressed Enter, but there is nothing to open."""


class FilterChosen(Message):
    """The user typed another filter."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        super().__init__()


class Note(Message):
    """Show one line in the status line."""

    def __init__(self, text: str, error: bool = False) -> None:
        self.text, self.error = text, error
        super().__init__()
