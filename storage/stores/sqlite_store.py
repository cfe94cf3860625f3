"""The store of a SQLite database: the functions of `storage.table`, in one read transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from storage.domain.filters import Filter
from storage.report.read_session import ReadSession
from storage.stores.interface import Content, Store
from storage.table import pages
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from storage.table.sorting import Sorting

if TYPE_CHECKING:
    from storage.messages.contact_texts import ContactTexts
    from storage.table.detail import StartDetail
    from storage.table.export_cells import Export
    from storage.table.retries import Retries
    from storage.table.search import DayProgress, Match


class SqliteStore(Store):
    """One read transaction of a SQLite database."""

    def __init__(self, session: ReadSession) -> None:
        self.session: ReadSession = session

    def page(
        self, filter: Filter, now: datetime, *, limit: int, after: Cursor | None = None, before: Cursor | None = None
    ) -> list[StartRow]:
        return pages.page(self.session, filter, now, limit=limit, after=after, before=before)

    def last_page(self, filter: Filter, now: datetime, *, limit: int) -> list[StartRow]:
        return pages.last_page(self.session, filter, now, limit=limit)

    def page_at(self, filter: Filter, now: datetime, *, position: int, limit: int) -> list[StartRow]:
        return pages.page_at(self.session, filter, now, position=position, limit=limit)

    def sorted_page(self, filter: Filter, now: datetime, sorting: Sorting, position: int, limit: int) -> list[StartRow]:
        return pages.sorted_page(self.session, filter, now, sorting, position, limit)

    def detail(self, cursor: Cursor) -> StartDetail | None:
        from storage.table import detail

        return detail.detail(self.session, cursor)

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
        from storage.table import search

        return search.find(self.session, filter, now, text, cursor, older, progress, texts=texts)

    def retries(self, counting: Callable[[int], None]) -> Retries:
        from storage.table.retries import Retries

        return Retries(counting)

    def failed_rows(self, retries: Retries, ids: Sequence[int]) -> list[StartRow]:
        return pages.load_rows(self.session, ids)

    def export(self, content: Content, counting: Callable[[int], None] = lambda count: None) -> Export:
        match content:
            case Content.NOTIFICATIONS:
                from storage.table.export_notifications import NotificationsExport

                return NotificationsExport()
            case Content.PEOPLE:
                from storage.table.export_people import PeopleExport

                return PeopleExport(counting=counting)
            case Content.RETRIES:
                from storage.table.export_retries import RetryExport

                return RetryExport(counting=counting)
            case _:
                from storage.table.export import STARTS

                return STARTS
