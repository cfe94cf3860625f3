"""The app: its screens, its theme, and the keys that work on every screen. Knows no number and no widget."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.segment import Segment, Segments
from textual.binding import BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import AppBlur, AppFocus, Resize
from textual.screen import Screen

from storage.domain.filters import Filter
from storage.language.texts import _
from tui.data.preferences import Preferences
from tui.screens.dashboard import Dashboard
from tui.terminal.cell_diff import CellDiff
from tui.terminal.driver import TerminalDriver, terminal_size
from tui.terminal.ending import Ending
from tui.terminal.sanitize import printable
from tui.terminal.style import use_ascii
from tui.terminal.style_sheet import RememberedStyles
from tui.terminal.themes import DARK_COLORS, LIGHT_COLORS
from tui.words.keys import Where, bindings, rename
from tui.words.wording import THEME_NAMES

if TYPE_CHECKING:
    from storage.clickhouse.address import Address

_THEMES = {"ansi": "ansi-dark", "dark": "textual-dark", "light": "textual-light"}


def _help_screen() -> Screen[None]:
    from tui.screens.help import HelpScreen  # not needed at the start

    return HelpScreen()


def _retry_screen() -> Screen[None]:
    from tui.screens.retry_screen import RetryScreen

    return RetryScreen()


def _versus_screen() -> Screen[None]:
    from tui.screens.versus_screen import VersusScreen

    return VersusScreen()


class SaludoApp(CellDiff):
    """The dashboard on one database.

    Args:
        path: the database, which need not exist yet.
        filter: the filter to begin with.
        clock: gives the current time.
        directory: where files without a path are saved.
        preferences: theme, keys, mouse and ASCII; None for the defaults.
    """

    CSS_PATH = "style.tcss"
    TITLE = "saludo"
    ENABLE_COMMAND_PALETTE = False
    # An installed screen is kept when it is closed: creating one each time leaks memory.
    SCREENS: ClassVar = {"help": _help_screen, "retry": _retry_screen, "versus": _versus_screen}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.EVERYWHERE)]

    def __init__(
        self,
        path: Path | Address,
        filter: Filter,
        clock: Callable[[], datetime],
        directory: Path,
        preferences: Preferences | None = None,
    ) -> None:
        preferences = preferences or Preferences()
        super().__init__(ascii_only=preferences.ascii)
        use_ascii(preferences.ascii)
        # Set without their watchers, each of which would read the style sheet again; setting the theme reads it once.
        self.set_reactive(SaludoApp.ansi_theme_dark, DARK_COLORS)
        self.set_reactive(SaludoApp.ansi_theme_light, LIGHT_COLORS)
        self.theme = _THEMES[preferences.theme]
        self.stylesheet = RememberedStyles(variables=self.get_css_variables())  # of this theme, as it is read next
        self.animation_level = "none"
        rename(preferences.keys)
        self.set_keymap(preferences.keys)
        self._ending = Ending(
            lambda status: self.exit(return_code=status), lambda: self.workers.cancel_all(), self._leave_terminal
        )
        self.dashboard = Dashboard(path, filter, clock, directory, preferences.problems, preferences.filters)

    def get_default_screen(self) -> Dashboard:
        """The dashboard itself: an empty screen below it would also be laid out and painted."""
        return self.dashboard

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def run_in_terminal(self, mouse: bool) -> int:
        """Runs until the user quits, or a signal or the end of the terminal ends it; returns the exit status."""
        with self._ending.signals():
            # Until the terminal's first answer Textual guesses: another size than the driver's would draw two layouts.
            self.run(mouse=mouse, size=terminal_size())
        return (self.return_code or 0) if self._ending.status is None else self._ending.status

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        if isinstance(self._driver, TerminalDriver):  # tests have none
            self._ending.begin(return_code)
        super().exit(result, return_code, message)

    def _leave_terminal(self) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.leave_at_once()

    def action_suspend_process(self) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.stop_job()

    def action_next_theme(self) -> None:
        names = list(_THEMES.values())
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.dashboard.parts.notices.remark(
            _("theme: {name}").format(
                name=THEME_NAMES[next(name for name, theme in _THEMES.items() if theme == self.theme)]
            )
        )

    def on_unmount(self) -> None:
        self.dashboard.parts.database.close()

    def action_help(self) -> None:
        if self.screen is self.dashboard:
            from tui.screens.help import HelpScreen

            self.get_screen("help", HelpScreen).prepare(
                self.dashboard.why_not, self.dashboard.parts.notices.hidden_text
            )
            self.push_screen("help")

    def action_repaint(self) -> None:
        self.forget_screen()
        self.screen.refresh()

    def on_resize(self, event: Resize) -> None:
        # Textual sends nothing if the size is the old one again, but the terminal may have lost its text.
        self.action_repaint()

    def on_app_blur(self, event: AppBlur) -> None:
        # The screen looks the same without focus, so nothing is sent.
        event.prevent_default()

    def on_app_focus(self, event: AppFocus) -> None:
        event.prevent_default()

    def _fatal_error(self) -> None:
        """Ends with a plain traceback: Textual's shows local variables, which can contain names of people."""
        if self._ending.status is not None:  # ended while it started, some widgets do not exist
            self._close_messages_no_wait()
            return
        self.bell()
        lines = "".join(traceback.format_exception(*sys.exc_info())).split("\n")
        text = "\n".join(map(printable, lines))
        self._exit_renderables.append(Segments([Segment(_("saludo ended with an internal error:") + f"\n{text}")]))
        self._close_messages_no_wait()


def run_dashboard(
    path: Path | Address, filter: Filter, now: datetime | None, directory: Path, preferences: Preferences
) -> int:
    """Runs the dashboard until the user quits.

    Args:
        path: the database, which need not exist yet.
        filter: the first filter.
        now: the time to show; None for the clock.
        directory: where files without a path are saved.
        preferences: theme, keys, mouse and ASCII.

    Returns:
        The exit status.
    """
    app = SaludoApp(path, filter, lambda: now or datetime.now(UTC), directory, preferences)
    return app.run_in_terminal(preferences.mouse)
