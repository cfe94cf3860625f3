"""Saving as TSV: the starts of the filter, or the numbers of a chart. A worker writes the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from storage.language.texts import _
from storage.stores.interface import Content
from tui.data.breakdown_list import BreakdownList
from tui.data.breakdown_table import as_table
from tui.data.reading import View
from tui.data.worker_messages import SaveEnded
from tui.screens.database_worker import DatabaseWorker
from tui.screens.filter_dialogs import STILL_LOADING
from tui.screens.key_focus import KeyFocus
from tui.screens.navigation import Navigation
from tui.screens.status_notices import StatusNotices
from tui.widgets.prompt_line import Purpose
from tui.widgets.starts_table import StartsTable
from tui.words import counted


class Saves:
    """One save at a time.

    Args:
        directory: where files without a path are saved.
        prompt: asks for a text, given its purpose, a proposal and an instruction.
        changed: called when a save starts or ends, which changes the available keys.
    """

    def __init__(
        self,
        navigation: Navigation,
        database: DatabaseWorker,
        key_focus: KeyFocus,
        table: StartsTable,
        notices: StatusNotices,
        clock: Callable[[], datetime],
        directory: Path,
        prompt: Callable[[Purpose, str, str], None],
        changed: Callable[[], None],
    ) -> None:
        self._navigation, self._database, self._key_focus, self._notices = navigation, database, key_focus, notices
        self._table = table
        self._clock, self._directory, self._prompt, self._changed = clock, directory, prompt, changed
        self.progress: str | None = None  # of the present save; None if there is none

    def ask_name(self) -> None:
        """Asks for the name of the file, and proposes one."""
        snapshot = self._navigation.current
        if snapshot is None:
            self._notices.say(STILL_LOADING)
            return
        # Not imported with this module: the first screen comes sooner without it.
        from storage.table.export import file_name

        numbers = self._numbers()
        prefix = _of_table(snapshot.view).prefix if numbers is None else f"{numbers[0]}-"
        name = self._directory / f"{prefix}{file_name(snapshot.filter, self._clock())}"
        self._prompt(Purpose.SAVE, str(name), _("file name; Enter saves, Esc cancels"))

    def save_as(self, name: str) -> None:
        """Saves to a file named by the user: absolute, or relative to the directory."""
        try:
            path = Path(name).expanduser()
        except RuntimeError:
            self._notices.say(_("not saved: {name}: no such user").format(name=name), error=True)
            return
        self.save((self._directory / path).absolute())

    def save(self, path: Path | None = None) -> None:
        """Saves the numbers of the focused panel or of the breakdown, or else the starts or notifications of the table.

        Args:
            path: the file; None for an unused name in the directory.
        """
        snapshot = self._navigation.current
        if snapshot is None:
            self._notices.say(STILL_LOADING)
            return
        self.progress = "…"
        self._changed()
        if (numbers := self._numbers()) is not None:
            self._database.save_numbers(numbers[0], snapshot.filter, numbers[1], path)
        else:
            self._notices.say(_("saving …"))
            self._database.save_rows(snapshot.filter, path, _of_table(snapshot.view))

    def save_people(self, content: Content) -> None:
        """Saves the people of the filter, whatever has the focus: all of them, or those to try again."""
        snapshot = self._navigation.current
        if snapshot is None:
            self._notices.say(STILL_LOADING)
            return
        self.progress = "…"
        self._changed()
        self._notices.say(_("saving …"))
        self._database.save_rows(snapshot.filter, None, content)

    def _numbers(self) -> tuple[str, list[tuple[str, ...]]] | None:
        """The numbers of the focused panel or of the breakdown, and a name for them; None if the starts are seen."""
        panel, snapshot = self._key_focus.focused_panel(), self._navigation.current
        if panel is not None and snapshot is not None:
            return panel.id or "panel", panel.as_table(snapshot.report)
        rows = self._table.pager
        if isinstance(rows, BreakdownList):
            return f"by-{rows.dimension.replace('_', '-')}", as_table(rows)
        return None

    def cancel(self) -> None:
        """Cancels the save; the worker removes the unfinished file and answers `SaveEnded`."""
        self._database.cancel("save")

    def advance(self, count: int) -> None:
        """Says how many starts are written."""
        if self.progress is not None:
            self.progress = counted.starts(count)
            self._notices.say(_("saving: {progress} so far; Esc cancels").format(progress=self.progress))

    def end(self, message: SaveEnded) -> None:
        """Says where the file is, or why there is none."""
        self.progress = None
        self._changed()
        # An error is shown without the directory, to leave room for the reason.
        text = message.text.replace(f"{self._directory}/", "") if message.error else message.text
        self._notices.say(text, message.error, ends_in_path=not message.error)


def _of_table(view: View) -> Content:
    """What the rows of the table are."""
    return Content.NOTIFICATIONS if view.grouped else Content.STARTS
