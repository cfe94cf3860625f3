"""Saving and copying what is shown: TSV files written by a worker, and text for the terminal's clipboard."""

from __future__ import annotations

from pathlib import Path

from storage.table.pages import NotificationRow, StartRow
from tui.data.worker_messages import SaveEnded, SaveProgress
from tui.screens.filtering import FilteringScreen
from tui.terminal import browser, clipboard
from tui.terminal.style import safe
from tui.widgets.detail_pane import NO_LINK, LinkWanted
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import Given, PromptLine, Purpose
from tui.words.wording import number, plural


class SavingScreen(FilteringScreen):
    """A screen whose panels can be saved and copied."""

    def action_save(self) -> None:
        self._save(None)

    def action_save_as(self) -> None:
        if self._may_save():
            # With what saves: the first screen comes sooner without.
            from storage.table.export import file_name

            panel = self._panel()
            front = "" if panel is None else f"{panel.id}-"
            name = str(self.directory / f"{front}{file_name(self.view.filter, self.clock())}")
            self.prompt(Purpose.SAVE, name, "the file's name; Enter saves, Esc leaves")

    def prompt(self, purpose: Purpose, proposal: str, words: str) -> None:
        """Asks for a text."""
        line = self.query_one(PromptLine)
        self.lend_keys(line)
        line.ask(purpose, proposal)
        self.say(words)

    def on_given(self, message: Given) -> None:
        """Takes the text that was asked for."""
        if message.purpose is Purpose.SAVE:
            self._save((self.directory / Path(message.text).expanduser()).absolute())

    def _may_save(self) -> bool:
        if self.refused("save"):
            return False
        if self.snapshot is None or self.snapshot.view != self.view:
            self.say("still reading; try again in a moment")
        else:
            return True
        return False

    def _panel(self) -> Panel | None:
        """The panel whose figures are meant; None for the table's starts."""
        panel = self.query_one(f"#{self.panel_in_use()}")
        return panel if isinstance(panel, Panel) else None

    def _save(self, path: Path | None) -> None:
        """Saves to a path, or under a free name of our own in the directory for it."""
        if not self._may_save() or self.snapshot is None:
            return
        self.saving = "…"
        self.show_keys()
        panel = self._panel()
        if panel is not None:
            figures = panel.figures(self.snapshot.report)
            self.save_figures(panel.id or "panel", self.view.filter, figures, path)
        else:
            self.say("saving …")
            self.save_starts(self.view.filter, path)

    def on_save_progress(self, message: SaveProgress) -> None:
        if self.saving is not None:
            self.saving = f"{number(message.count)} starts"
            self.say(f"saving: {self.saving} so far; Esc cancels")

    def on_save_ended(self, message: SaveEnded) -> None:
        self.saving = None
        self.show_keys()
        # Where it does not stand is where one wanted it: of an error the reason matters more.
        text = message.text.replace(f"{self.directory}/", "") if message.error else message.text
        self.say(text, message.error, ends_in_path=not message.error)

    def action_copy(self) -> None:
        if self.refused("copy"):
            return
        panel = self._panel()
        if panel is not None and self.snapshot is not None:
            rows = panel.figures(self.snapshot.report)[1:]
            if panel.cursor < len(rows):
                self.copy("\t".join(rows[panel.cursor]))
            return
        row = self.table.row()
        if isinstance(row, StartRow):
            self.copy(safe(row.contact))
        elif isinstance(row, NotificationRow):
            self.copy(safe(row.template))

    def action_copy_all(self) -> None:
        if self.refused("copy_all"):
            return
        panel = self._panel()
        if panel is not None and self.snapshot is not None:
            self.copy("\n".join("\t".join(row) for row in panel.figures(self.snapshot.report)))
            return
        row = self.table.row()
        if row is not None:
            self.copy("\t".join(row_cells(row)))

    def on_link_wanted(self, message: LinkWanted) -> None:
        link = message.link
        if link is None:
            self.say(NO_LINK)
        elif not message.to_open:
            self.copy(safe(link))
        elif browser.is_here():
            self.open_link(link)
        else:
            self.say(f"there is no browser on this machine; y copies {link}")

    def copy(self, text: str) -> None:
        """Sends text to the terminal's clipboard, and shows it for where that takes none."""
        if not text:
            self.say("there is nothing to copy here")
            return
        try:
            sent = clipboard.sequence(text)
        except clipboard.TooLong as error:
            self.say(str(error), error=True)
            return
        if self.app._driver is not None:
            self.app._driver.write(sent)
        first, *rest = text.split("\n")
        more = f" and {plural(len(rest), 'line')} more" if rest else ""
        # Its own line shows a tab for what it is, a gap between two cells.
        shown = "  ".join(safe(cell) for cell in first.split("\t") if cell)
        self.say(f"sent to the terminal's clipboard: {shown}{more}")


def row_cells(row: StartRow | NotificationRow) -> tuple[str, ...]:
    """A row of a table as cells of text, harmless wherever it is pasted: a line break could end a shell's command."""
    if isinstance(row, NotificationRow):
        counts = (row.users, row.sends, row.failed, row.answered)
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
