"""Searches the table for text in contact, name or template, in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from storage.table.pages import StartRow
from tui.data.breakdown_list import BreakdownList
from tui.data.worker_messages import FindEnded
from tui.screens.breakdowns import Breakdowns
from tui.screens.database_worker import DatabaseWorker
from tui.screens.navigation import Navigation
from tui.widgets.prompt_line import Purpose
from tui.widgets.starts_table import StartsTable
from tui.words.wording import day as day_words


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
        self.text = ""
        self.is_running = False

    def ask_text(self) -> None:
        """Asks for the text to search for."""
        places = "contact, name or template" if self._breakdowns.rows is None else "the rows"
        self._prompt(Purpose.FIND, self.text, f"search {places}; Enter searches, Esc cancels")

    def find_next(self, by: int) -> None:
        """Searches below (1) or above (-1) the cursor; asks for the text if there is none yet."""
        if not self.text:
            self.ask_text()
            return
        if (rows := self._breakdowns.rows) is not None:
            self._find_row(rows, by)
            return
        row, view = self._table.row(), self._navigation.view
        cursor = row.cursor if isinstance(row, StartRow) else None
        self._say(f'searching for "{self.text}" …  any key stops')
        self.is_running = True
        self._database.find(self._navigation.shown_filter, self.text, cursor, older=(by > 0) is not view.reverse)

    def _find_row(self, rows: BreakdownList, by: int) -> None:
        """Moves the cursor to the next (1) or previous (-1) row of a breakdown with the text; wraps at the end."""
        place = self._table.cursor
        found = rows.find(self.text, place, by)
        if found is None:
            self._say(f'No match for "{self.text}"')
            return
        self._table.action_move_to(found)
        wrapped = found <= place if by > 0 else found >= place
        again = ", from the other end" if wrapped else ""
        self._say(f'found "{self.text}"{again}; n for the next match, N for the previous one')

    def stop(self) -> None:
        """Stops the search."""
        self.is_running = False
        self._database.cancel("find")
        self._say(f'search for "{self.text}" stopped')

    def advance(self, day: date) -> None:
        """Says which day the search has reached."""
        if self.is_running:
            self._say(f'searching for "{self.text}" on {day_words(day, year=True)} …  any key stops')

    def end(self, message: FindEnded) -> None:
        """Moves the cursor to the match, or says that there is none."""
        if not self.is_running or message.filter != self._navigation.shown_filter:
            return
        self.is_running = False
        if message.match is None:
            self._say(f'no match for "{self.text}" {"below" if message.older else "above"}')
            return
        position = message.match.position
        reverse = self._navigation.view.reverse
        self._table.action_move_to(self._table.count - 1 - position if reverse else position)
        self._say(f'found "{self.text}"; n for the next match, N for the previous one')
