"""Searches the table for text in contact, name or template, in the order of time: while it is typed, and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from storage.domain.folding import folded
from storage.language.texts import _
from storage.table.pages import StartRow
from tui.data.breakdown_list import BreakdownList
from tui.data.pager import Pager, ScrollPosition
from tui.data.worker_messages import FindEnded, GroupFound
from tui.screens.breakdowns import Breakdowns
from tui.screens.database_worker import DatabaseWorker
from tui.screens.navigation import Navigation
from tui.terminal.sanitize import safe
from tui.widgets.prompt_line import Purpose
from tui.widgets.starts_table import StartsTable
from tui.words.wording import day as day_words

_LONGEST_NAME = 40  # characters


class Search:
    """One search at a time, and the text of the last one.

    Args:
        table: its cursor is where a search begins and ends.
        prompt: asks for a text, given its purpose, a proposal and an instruction.
        say: shows a line in the status line.
    """

    def __init__(
        self,
        navigation: Navigation,
        database: DatabaseWorker,
        table: StartsTable,
        breakdowns: Breakdowns,
        prompt: Callable[[Purpose, str, str], None],
        say: Callable[[str], None],
    ) -> None:
        self._navigation, self._database, self._table = navigation, database, table
        self._breakdowns, self._prompt, self._say = breakdowns, prompt, say
        self.text = self._result = ""
        self._where: str | None = None  # how to tell a match whose row is not read yet
        self.is_running = False
        self._before, self._by = 0, 1  # where a search in notifications began, and its direction
        self._origin: ScrollPosition | None = None  # where the typing began; None while nothing is typed

    @property
    def can_stop(self) -> bool:
        """Whether any key stops the search: one that runs while its text is typed goes on."""
        return self.is_running and self._origin is None

    def ask_text(self) -> None:
        """Asks for the text to search for; the table shows the nearest match while it is typed."""
        self._origin = ScrollPosition(self._table.top, self._table.cursor)
        instruction = _("search contact, name or template; Enter stays at the match, Esc goes back")
        if self._breakdowns.rows is not None:
            instruction = _("search the rows; Enter stays at the match, Esc goes back")
        elif self._navigation.view.grouped:
            instruction = _("search template or line; Enter stays at the match, Esc goes back")
        self._prompt(Purpose.FIND, "", instruction)

    def typed(self, text: str) -> None:
        """Searches for the text typed so far, from where the typing began; the answer for an older text is dropped."""
        if self._origin is None:
            return
        self.text, self._result = text.strip(), ""
        self._where = None
        self._stop_running()
        self._table.highlight(self.text)
        self._table.go_to(self._origin)
        row = self._table.row()
        if self.text and (rows := self._breakdowns.rows) is not None:
            self._find_row(rows, self._table.cursor - 1, by=1)
        elif isinstance(row, StartRow) and _contains(row, self.text):
            self._tell(self._found_words())
        elif self.text:
            self._find(row, by=1, first=True)

    def entered(self, text: str) -> None:
        """Stays at the match of the whole text, or goes on searching for it."""
        typed, self._origin = self._origin is not None and text.strip() == self.text, None
        if self.is_running and typed:
            self._say(_('searching for "{text}" …  any key stops').format(text=self.text))
            return
        if typed and self._result:
            self._say(self._result)
            return
        self.text, self._result = text.strip(), ""
        self.find_next(1)

    def cancelled(self) -> None:
        """Goes back to where the typing began."""
        if self._origin is not None:
            self._stop_running()
            self._table.highlight("")
            self._table.go_to(self._origin)
            self._origin = None

    def find_next(self, by: int) -> None:
        """Searches below (1) or above (-1) the cursor; asks for the text if there is none yet."""
        if not self.text:
            self.ask_text()
            return
        self._table.highlight(self.text)
        if (rows := self._breakdowns.rows) is not None:
            self._find_row(rows, self._table.cursor, by)
            return
        self._say(_('searching for "{text}" …  any key stops').format(text=self.text))
        self._find(self._table.row(), by)

    def _find(self, row: object, by: int, first: bool = False) -> None:
        """Searches in the database; `first`: the row under the cursor may be the match."""
        view, pager = self._navigation.view, self._table.pager
        if isinstance(pager, Pager) and pager.grouped:
            self.is_running = True
            self._before = self._table.cursor - by if first else self._table.cursor
            self._database.find_group(pager, self.text, self._before, by)
            self._by = by
            return
        cursor = row.cursor if isinstance(row, StartRow) else None
        self.is_running = True
        self._database.find(self._navigation.shown_filter, self.text, cursor, older=(by > 0) is not view.reverse)

    def _find_row(self, rows: BreakdownList, place: int, by: int) -> None:
        """Moves the cursor to the next (1) or previous (-1) row of a breakdown with the text; wraps at the end."""
        found = rows.find(self.text, place, by)
        if found is None:
            self._tell(_('no match for "{text}"').format(text=self.text))
            return
        self._table.action_move_to(found)
        wrapped = found <= place if by > 0 else found >= place
        self._tell(self._found_words(_wrapped_words(by > 0) if wrapped else ""))

    def _stop_running(self) -> None:
        if self.is_running:
            self.is_running = False
            self._database.cancel("find")

    def stop(self) -> None:
        """Stops the search."""
        self._stop_running()
        self._say(_('search for "{text}" stopped').format(text=self.text))

    def advance(self, day: date | None) -> None:
        """Says which day the search has reached; None: it reads the names and ids first."""
        if self.is_running and day is None:
            text = _('searching for "{text}" …  any key stops')
            if self._origin is not None:
                text = _('searching for "{text}" …')
            self._say(text.format(text=self.text))
        elif self.is_running and day is not None:
            text = _('searching for "{text}" on {day} …  any key stops')
            if self._origin is not None:
                text = _('searching for "{text}" on {day} …')
            self._say(text.format(text=self.text, day=day_words(day, year=True)))

    def end(self, message: FindEnded) -> None:
        """Moves the cursor to the match, or says that there is none."""
        if not self.is_running or (message.filter, message.text) != (self._navigation.shown_filter, self.text):
            return
        self.is_running = False
        if message.match is None:
            self._tell(_('no match for "{text}"').format(text=self.text))
            return
        position = message.match.position
        reverse = self._navigation.view.reverse
        before = self._table.cursor
        self._table.action_move_to(self._table.count - 1 - position if reverse else position)
        if message.wrapped and self._table.cursor == before:
            self._tell(_('"{text}" has no other match').format(text=self.text))
        elif message.wrapped:
            downwards = message.older is not reverse
            self._tell(self._found_words(_wrapped_words(downwards)))
        else:
            self._tell(self._found_words())

    def end_group(self, message: GroupFound) -> None:
        """Moves the cursor to a notification that was found, or says that there is none."""
        if not self.is_running or message.pager is not self._table.pager or message.text != self.text:
            return
        self.is_running = False
        place, before = message.place, self._before
        if place is None:
            self._tell(_('no match for "{text}"').format(text=self.text))
            return
        self._table.action_move_to(place)
        wrapped = place <= before if self._by > 0 else place >= before
        self._tell(self._found_words(_wrapped_words(self._by > 0) if wrapped else ""))

    def _found_words(self, where: str = "") -> str:
        row = self._table.row()
        self._where = where if row is None else None
        # A narrow table has no column for the name.
        found = isinstance(row, StartRow) and folded(self.text) in folded(row.name)
        text = _('found "{text}"{where}; n for the next match, N for the previous one')
        name = ""
        if isinstance(row, StartRow) and found:
            text = _('found "{text}" in {name}{where}; n for the next match, N for the previous one')
            name = safe(row.name, _LONGEST_NAME)
        return text.format(text=self.text, name=name, where=where)

    def rows_read(self) -> None:
        """Says in whose name a match is, if its row was not read before."""
        if self._where is not None and self._table.row() is not None:
            self._tell(self._found_words(self._where))

    def _tell(self, result: str) -> None:
        """Says the result of a search, and keeps it until the typed text is entered."""
        self._result = result
        self._say(result)


def _wrapped_words(downwards: bool) -> str:
    return _(", from the top again") if downwards else _(", from the end again")


def _contains(row: StartRow, text: str) -> bool:
    """Whether the row shows the text, case and accents aside."""
    return bool(text) and any(folded(text) in folded(cell) for cell in (row.contact, row.name, row.template))
