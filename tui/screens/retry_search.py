"""`R` on the dashboard: looks for whom to try again, and shows them on a screen of their own."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from storage.language.texts import _
from storage.stores.interface import Content
from tui.data.worker_messages import RetriesRead
from tui.screens.database_worker import DatabaseWorker
from tui.screens.filter_dialogs import STILL_LOADING
from tui.screens.navigation import Navigation
from tui.screens.saves import Saves


class RetrySearch:
    """One search at a time; `say` shows a line in the status line."""

    def __init__(
        self,
        screen: Screen[None],
        navigation: Navigation,
        database: DatabaseWorker,
        saves: Saves,
        say: Callable[[str], None],
    ) -> None:
        self._screen, self._navigation, self._database = screen, navigation, database
        self._saves, self._say = saves, say
        self.is_running = False

    def look(self) -> None:
        """Looks for the people of the present filter."""
        snapshot = self._navigation.current
        if snapshot is None:
            self._say(STILL_LOADING)
        else:
            self.is_running = True
            self._say(_("looking for whom to try again …"))
            self._database.load_retries(snapshot.filter)

    def cancel(self) -> None:
        """Stops looking."""
        self.is_running = False
        self._database.cancel("retries")

    def show(self, message: RetriesRead) -> None:
        """Shows the people, unless the search was stopped or the filter is another by now."""
        running, self.is_running = self.is_running, False
        snapshot = self._navigation.current
        if not running or snapshot is None or message.retries.filter != snapshot.filter:
            return
        from tui.screens.retry_screen import RetryScreen  # not needed at the start

        app = self._screen.app
        if app.screen is self._screen:
            app.get_screen("retry", RetryScreen).prepare(message.retries, self._save)
            app.push_screen("retry")

    def _save(self) -> None:
        self._saves.save_people(Content.RETRIES)
