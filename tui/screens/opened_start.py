"""One start of the table in detail: opening it, the one before and after, its link, and all starts of its contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.domain.period import Period
from storage.table.pages import NotificationRow, StartRow
from tui.screens.availability import Availability
from tui.screens.copying import Copying
from tui.screens.database_worker import DatabaseWorker
from tui.screens.navigation import Navigation
from tui.terminal import browser
from tui.terminal.style import safe
from tui.widgets.detail_pane import NO_LINK, LinkRequested, no_browser
from tui.widgets.starts_table import StartsTable


class OpenedStart:
    """The actions of Enter on a row and of the keys of the open start; `say` shows a line in the status line."""

    def __init__(
        self,
        navigation: Navigation,
        database: DatabaseWorker,
        table: StartsTable,
        availability: Availability,
        copying: Copying,
        say: Callable[[str], None],
    ) -> None:
        self._navigation, self._database, self._table = navigation, database, table
        self._availability, self._copying, self._say = availability, copying, say

    def open(self, row: StartRow | NotificationRow) -> None:
        """Opens the details of a start, or shows the starts of a notification."""
        if isinstance(row, StartRow):
            self._database.load_detail(row)
        else:
            view = self._navigation.view
            self._navigation.go(replace(view, filter=filter_of_notification(view.filter, row), grouped=False))

    def step(self, by: int) -> None:
        """Opens the start `by` rows below the open one; negative: above."""
        if reason := self._availability.why_no_step(by):
            self._say(reason)
            return
        self._table.action_move(by)
        row = self._table.row()
        if isinstance(row, StartRow):
            self._database.load_detail(row)

    def show_contact(self, row: StartRow) -> None:
        """Shows every start of the contact, of all times and without the other filters."""
        if row.contact:
            everything = Filter(Period(None), contact=literal(row.contact))
            self._navigation.go(replace(self._navigation.view, filter=everything, grouped=False), focus="starts")

    def use_link(self, message: LinkRequested) -> None:
        """Copies the link to the chat, or opens it in the browser."""
        link = message.link
        if link is None:
            self._say(NO_LINK)
        elif not message.to_open:
            self._copying.copy(safe(link))
        elif browser.is_here():
            self._database.open_link(link)
        else:
            self._say(no_browser(link))


def filter_of_notification(filter: Filter, row: NotificationRow) -> Filter:
    """The filter of the starts that one row of the notifications counts."""
    until = row.day.fromordinal(row.day.toordinal() + 1)
    return replace(
        filter,
        period=Period(None, row.day.isoformat(), until.isoformat()),
        templates=frozenset((row.template_value,)),
        lines=frozenset((row.line_value,)),
    )
