"""Copies what is under the cursor, a whole row, or all numbers of a chart to your local clipboard."""

from __future__ import annotations

from collections.abc import Callable

from storage.language.texts import _, ngettext
from storage.report.breakdown_comparison import ComparedRow
from storage.table.pages import NotificationRow, StartRow
from tui.data.worker_messages import Note
from tui.screens.key_focus import KeyFocus
from tui.screens.navigation import Navigation
from tui.terminal import clipboard, tmux
from tui.terminal.style import safe
from tui.widgets.panel import Panel
from tui.widgets.starts_table import StartsTable
from tui.words.numbers import number


class Copying:
    """Copies from one screen to the clipboard.

    Args:
        write: sends text to the terminal as it is; any thread may call it.
        later: calls a function in another thread.
        note: shows a line in the status line; any thread may call it.
    """

    def __init__(
        self,
        navigation: Navigation,
        key_focus: KeyFocus,
        table: StartsTable,
        write: Callable[[str], None],
        later: Callable[[Callable[[], None]], None],
        note: Callable[[Note], None],
    ) -> None:
        self._navigation, self._key_focus, self._table = navigation, key_focus, table
        self._write, self._later, self._note = write, later, note

    def copy_item(self) -> None:
        """Copies the item of a chart under the cursor, or the contact or template of the row."""
        panel = self._key_focus.focused_panel()
        if panel is not None and self._navigation.snapshot is not None:
            if (row_of_item := panel.item_row(self._navigation.snapshot.report)) is not None:
                self.copy("\t".join(row_of_item))
            return
        row = self._table.row()
        if isinstance(row, ComparedRow):
            self.copy(safe(row.row.label))
        elif row is not None:
            self.copy(safe(row.contact if isinstance(row, StartRow) else row.template))

    def copy_all(self) -> None:
        """Copies all numbers of a chart, or the whole row under the cursor."""
        panel = self._key_focus.focused_panel()
        if panel is not None and self._navigation.snapshot is not None:
            self.copy("\n".join("\t".join(row) for row in self._numbers(panel)))
            return
        row = self._table.row()
        if row is not None:
            self.copy("\t".join(row_cells(row)))

    def copy(self, text: str) -> None:
        """Sends text to the clipboard, and shows it: not every terminal accepts it."""
        if not text:
            self._note(Note(_("nothing to copy here")))
            return
        if clipboard.must_ask(text):
            self._later(lambda: self._send(text, tmux.route()))
        else:
            self._send(text, clipboard.route())

    def _send(self, text: str, route: clipboard.Route) -> None:
        try:
            sequence = clipboard.sequence(text, route.forms, route.longest)
        except clipboard.TooLong as error:
            self._note(Note(str(error), error=True))
            return
        if sequence:
            self._write(sequence)
        first, *rest = text.split("\n")
        # `safe` would show a tab as a control character.
        shown = "  ".join(safe(cell) for cell in first.split("\t") if cell)
        if rest:
            text = ngettext("{text} and {count} more line", "{text} and {count} more lines", len(rest))
            shown = text.format(text=shown, count=number(len(rest)))
        if route.missing:
            self._note(Note(_("not copied: {reason}   {text}").format(reason=route.missing, text=shown), error=True))
        else:
            self._note(Note(_("sent to your local clipboard: {text}").format(text=shown)))

    def _numbers(self, panel: Panel) -> list[tuple[str, ...]]:
        assert self._navigation.snapshot is not None
        return panel.as_table(self._navigation.snapshot.report)


def row_cells(row: StartRow | NotificationRow | ComparedRow) -> tuple[str, ...]:
    """A row of the table as cells of text, safe to paste: a line break could end the command of a shell."""
    if isinstance(row, ComparedRow):
        return (safe(row.row.label), *map(str, row.row.counts))
    if isinstance(row, NotificationRow):
        counts = (row.users, row.sends, row.failed, row.delivered, row.read, row.answered)
        return (row.day.isoformat(), safe(row.template), safe(row.line), *map(str, counts))
    code = "" if row.code is None else str(row.code)
    return (
        row.at.isoformat(),
        row.status.value,
        *map(safe, (row.contact, row.name, row.template, row.line)),
        row.origin.value,
        row.user_type.value,
        row.reason or "",
        code,
    )
