"""What the status line says: notices until the next key, errors until something else, otherwise how much is shown."""

from __future__ import annotations

from collections.abc import Callable

from tui.widgets.status_bar import StatusLine


class StatusNotices:
    """The words of one status line.

    Args:
        line: shows them.
        summary: how much is shown, for when there is nothing else to say.
        problems: of the settings, said once with the first numbers.
    """

    def __init__(self, line: StatusLine, summary: Callable[[], str], problems: tuple[str, ...]) -> None:
        self._line, self._summary, self._problems = line, summary, problems
        self._last_summary = ""
        self.hidden_text = ""  # what the line had no room for, before the last key

    def say(self, text: str, error: bool = False, ends_in_path: bool = False) -> None:
        """Says one line; of a path at its end the file name is kept if there is too little room."""
        self._line.say(text, error, ends_in_path)

    def show_summary(self) -> None:
        """Says how much is shown."""
        self.say(self._summary())

    def forget(self, keep: bool) -> None:
        """Replaces a notice by the summary, as the next key is pressed; errors stay.

        Args:
            keep: whether the notice is still needed, such as the instruction of an open prompt.
        """
        self.hidden_text = self._line.hidden_text
        if not keep and not self._line.is_error:
            self.show_summary()

    def loaded(self, first: bool, other_view: bool) -> None:
        """Says what is shown now that a view is read, unless a notice says something else about the same view."""
        if first and self._problems:
            self.say("; ".join(self._problems), error=True)
        elif first or other_view or self._line.is_error or self._line.text == self._last_summary:
            self.show_summary()
            self._last_summary = self._line.text
