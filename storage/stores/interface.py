"""The interface of a database at one moment: what is asked of it that depends on its engine. Reads nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from storage.domain.filters import Filter
from storage.report.notifications import SortedGroups
from storage.report.session import Session
from storage.table import pages
from storage.table.pages import NotificationRow, StartRow
from storage.table.positions import Cursor
from storage.table.sorting import Sorting

# Modules that only one key needs are imported when it is pressed, so that the first screen comes sooner.
if TYPE_CHECKING:
    from storage.messages.contact_texts import ContactTexts
    from storage.table.detail import StartDetail
    from storage.table.export_cells import Export
    from storage.table.retries import Retries
    from storage.table.search import DayProgress, Match


class Content(StrEnum):
    """What the rows of an export are."""

    STARTS = "starts"
    NOTIFICATIONS = "notifications"
    PEOPLE = "people"
    RETRIES = "retry"

    @property
    def prefix(self) -> str:
        """What the name of the file begins with."""
        return "" if self is Content.STARTS else f"{self.value}-"


class Store(ABC):
    """One moment of a database.

    Attributes:
        session: makes the reports.
        made_at: when the published version was made that it reads, in ms; None: it reads the present.
    """

    session: Session
    made_at: int | None = None

    @abstractmethod
    def page(
        self, filter: Filter, now: datetime, *, limit: int, after: Cursor | None = None, before: Cursor | None = None
    ) -> list[StartRow]:
        """A page of starts, newest first, as `pages.page` has it."""

    @abstractmethod
    def last_page(self, filter: Filter, now: datetime, *, limit: int) -> list[StartRow]:
        """The oldest `limit` starts, newest first."""

    @abstractmethod
    def page_at(self, filter: Filter, now: datetime, *, position: int, limit: int) -> list[StartRow]:
        """The starts from a position on (0: the newest start), newest first."""

    @abstractmethod
    def sorted_page(self, filter: Filter, now: datetime, sorting: Sorting, position: int, limit: int) -> list[StartRow]:
        """The starts from a position on, sorted; use one Sorting for all pages of the same filter at the same time."""

    def notifications(
        self, filter: Filter, now: datetime, *, position: int, limit: int, by_day: Mapping[int, int] | None = None
    ) -> list[NotificationRow]:
        """The sends grouped by template, line and day, as `pages.notifications` has them."""
        return pages.notifications(self.session, filter, now, position=position, limit=limit, by_day=by_day)

    def sorted_notifications(
        self, filter: Filter, now: datetime, groups: SortedGroups, position: int, limit: int
    ) -> list[NotificationRow]:
        """The notifications from a position on, sorted."""
        return pages.sorted_notifications(self.session, filter, now, groups, position, limit)

    @abstractmethod
    def detail(self, cursor: Cursor) -> StartDetail | None:
        """Everything known of one start; None if the database no longer has it."""

    @abstractmethod
    def find(
        self,
        filter: Filter,
        now: datetime,
        text: str,
        cursor: Cursor | None,
        older: bool,
        progress: DayProgress,
        texts: ContactTexts | None = None,
    ) -> Match | None:
        """The nearest start beyond the cursor that contains the text, as `search.find` has it."""

    @abstractmethod
    def retries(self, counting: Callable[[int], None]) -> Retries:
        """Finds whom a new try can reach."""

    @abstractmethod
    def failed_rows(self, retries: Retries, ids: Sequence[int]) -> list[StartRow]:
        """The rows of the last failed sends that `retries` has found, by their ids."""

    @abstractmethod
    def export(self, content: Content, counting: Callable[[int], None] = lambda count: None) -> Export:
        """The rows of a file.

        Args:
            counting: called now and then with the number of starts read before the first row.
        """
