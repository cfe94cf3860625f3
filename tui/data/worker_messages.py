"""What widgets and workers tell the dashboard. Values only: no message knows who handles it."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from storage.domain.filters import Filter
from storage.table.pages import NotificationRow, StartRow
from tui.data.drill import Pressed
from tui.data.pager import Pager, Row
from tui.data.reading import Snapshot, Stamp, View

if TYPE_CHECKING:  # slow to import, and not for the first screen
    from storage.table.detail import StartDetail
    from storage.table.search import Match


class Loaded(Message):
    """A worker has read everything for a view; `stamp` is what the database had changed to before that."""

    def __init__(self, snapshot: Snapshot, stamp: Stamp | None) -> None:
        self.snapshot, self.stamp = snapshot, stamp
        super().__init__()


class LoadFailed(Message):
    """A worker could not read the database: one line says why; `view` is what it was asked for."""

    def __init__(self, text: str, view: View | None = None, stamp: Stamp | None = None) -> None:
        self.text, self.view, self.stamp = text, view, stamp
        super().__init__()


class PagesRead(Message):
    """A worker has read pages of the table."""

    def __init__(self, pager: Pager, pages: dict[int, list[Row]]) -> None:
        self.pager, self.pages = pager, pages
        super().__init__()


class PlotsReady(Message):
    """What draws the charts has been imported."""


class DetailRead(Message):
    """A worker has read one start; None where it is there no more."""

    def __init__(self, row: StartRow, detail: StartDetail | None) -> None:
        self.row, self.detail = row, detail
        super().__init__()


class Found(Message):
    """Where the text that was looked for stands; None where it is not found that way."""

    def __init__(self, filter: Filter, match: Match | None, older: bool) -> None:
        self.filter, self.match, self.older = filter, match, older
        super().__init__()


class FindProgress(Message):
    """The text is looked for among the starts of this day."""

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FindProgress)


class SaveProgress(Message):
    """So many starts are written."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SaveProgress)


class SaveEnded(Message):
    """A save is over: where the file stands, or why there is none."""

    def __init__(self, text: str, error: bool = False) -> None:
        self.text, self.error = text, error
        super().__init__()


class Counted(Message):
    """How many starts each value of a field has under the other filters."""

    def __init__(self, field: str, counts: dict[Hashable, int]) -> None:
        self.field, self.counts = field, counts
        super().__init__()


class Drill(Message):
    """Show the starts behind something: the filter that selects them, and whose number was pressed."""

    def __init__(self, filter: Filter, pressed: Pressed | None) -> None:
        self.filter, self.pressed = filter, pressed
        super().__init__()


class Opened(Message):
    """Enter on a row of the table."""

    def __init__(self, row: StartRow | NotificationRow) -> None:
        self.row = row
        super().__init__()


class NothingThere(Message):
    """Enter where there is nothing to open."""


class FilterChosen(Message):
    """A dropdown or the filter line asks for another filter."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        super().__init__()


class Note(Message):
    """One line for the person, in the status line."""

    def __init__(self, text: str, error: bool = False) -> None:
        self.text, self.error = text, error
        super().__init__()


class ScrollPosition(NamedTuple):
    """Where the table stands: the first row shown and the row under the cursor."""

    top: int = 0
    cursor: int = 0
