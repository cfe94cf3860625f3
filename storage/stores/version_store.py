"""The store of a ClickHouse database: one published version of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from storage.domain.filters import Filter
from storage.published.version_retries import VersionRetries
from storage.published.version_session import VersionSession
from storage.published.version_table import VersionTable
from storage.stores.interface import Content, Store
from storage.table.export_cells import Export
from storage.table.export_notifications import NotificationsExport
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from storage.table.retries import Retries
from storage.table.search import DayProgress, Match
from storage.table.sorting import Sorting

if TYPE_CHECKING:
    from storage.messages.contact_texts import ContactTexts
    from storage.table.detail import StartDetail


class VersionStore(Store):
    """One published version."""

    def __init__(self, session: VersionSession) -> None:
        self.session: VersionSession = session
        self._table = VersionTable(session)
        self.made_at = session.version.made_at

    def page(
        self, filter: Filter, now: datetime, *, limit: int, after: Cursor | None = None, before: Cursor | None = None
    ) -> list[StartRow]:
        return self._table.page(self.session.select(filter, now), limit, after, before)

    def last_page(self, filter: Filter, now: datetime, *, limit: int) -> list[StartRow]:
        return self._table.last_page(self.session.select(filter, now), limit)

    def page_at(self, filter: Filter, now: datetime, *, position: int, limit: int) -> list[StartRow]:
        return self._table.page_at(self.session.select(filter, now), position, limit)

    def sorted_page(self, filter: Filter, now: datetime, sorting: Sorting, position: int, limit: int) -> list[StartRow]:
        return self._table.sorted_page(self.session.select(filter, now), sorting.order, position, limit)

    def detail(self, cursor: Cursor) -> StartDetail | None:
        return self._table.detail(cursor)

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
        return self._table.find(filter, now, text, cursor, older, lambda: progress(None))

    def retries(self, counting: Callable[[int], None]) -> Retries:
        return VersionRetries(counting)

    def failed_rows(self, retries: Retries, ids: Sequence[int]) -> list[StartRow]:
        assert isinstance(retries, VersionRetries)
        return self._table.at([retries.cursor_of(id) for id in ids])

    def export(self, content: Content, counting: Callable[[int], None] = lambda count: None) -> Export:
        from storage.published import version_exports

        self.session.connection.keep()
        match content:
            case Content.NOTIFICATIONS:
                return NotificationsExport()
            case Content.PEOPLE:
                return version_exports.VersionPeople(counting)
            case Content.RETRIES:
                return version_exports.VersionRetryExport(counting)
            case _:
                return version_exports.VersionStarts(self.session)
