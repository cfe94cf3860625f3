"""The text of the status line: a notice until the next key, an error until another text, otherwise the summary."""

from __future__ import annotations

from collections.abc import Callable

from tui.widgets.status_bar import StatusLine


class StatusNotices:
    """The texts of one status line.

    Args:
        line: shows them.
        summary: returns how many starts the view shows, and its breadcrumbs.
        problems: of the settings file, shown once with the first numbers.
    """

    def __init__(self, line: StatusLine, summary: Callable[[], str], problems: tuple[str, ...]) -> None:
        self._line, self._summary, self._problems = line, summary, problems
        self._last_summary = ""
        self.hidden_text = ""  # the text that did not fit the line, before the last key

    def say(self, text: str, error: bool = False, ends_in_path: bool = False) -> None:
        """Shows one line; arguments as in `StatusLine.say`."""
        self._line.say(text, error, ends_in_path)

    def remark(self, text: str) -> None:
        """Shows one line, unless an error is shown: what is wrong with the numbers matters more."""
        if not self._line.is_error:
            self.say(text)

    def show_summary(self) -> None:
        """Shows the summary."""
        self.say(self._summary())

    def forget(self, keep: bool) -> None:
        """Replaces a notice by the summary when the next key is pressed; errors stay.

        Args:
            keep: whether the notice is still needed, such as the instruction of an open prompt.
        """
        self.hidden_text = self._line.hidden_text
        if not keep and not self._line.is_error:
            self.show_summary()

    def loaded(self, first: bool, other_view: bool) -> None:
        """Shows the summary of a view that was read, unless a notice about the same view is shown.

        Args:
            first: whether it is the first view.
            other_view: whether it differs from the view before.
        """
        if first and self._problems:
            self.say("; ".join(self._problems), error=True)
        elif first or other_view or self._line.is_error or self._line.text == self._last_summary:
            self.show_summary()
            self._last_summary = self._line.text
