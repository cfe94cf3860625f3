"""The line in which a filter is typed: Tab completes fields and values, Enter applies. Knows no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.language.texts import _
from storage.report.filter_choices import Choice
from tui.data.filter_completion import candidates, common_start, word_start
from tui.data.worker_messages import FilterChosen, Note
from tui.widgets.safe_input import SafeInput
from tui.words.keys import Where, bindings

_MAX_SHOWN = 12  # candidates


class FilterLine(SafeInput):
    """An input for a filter's text.

    Args:
        id: the id of the widget.
        choices: the values that the database knows, by the name of the field.
        context: what the text is read with: the present day and the named filters.
        restore_focus: gives the focus back to the widget that had it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.FILTER_LINE)]

    def __init__(
        self,
        id: str,
        choices: Callable[[], Mapping[str, Sequence[Choice]]],
        context: Callable[[], FilterContext],
        restore_focus: Callable[[], None],
    ) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self._choices, self._read_with, self._restore_focus = choices, context, restore_focus

    def edit(self, filter: Filter) -> None:
        """Fills the line with the text of a filter, ready for the next field."""
        self.value = f"{filter} "
        self.cursor_position = len(self.value)

    def action_submit_filter(self) -> None:
        try:
            filter = Filter.parse(self.value, self._read_with())
        except FilterError as error:
            self.cursor_position = error.position
            self.post_message(Note(error.sentence, error=True))
            return
        self.action_close()
        self.post_message(FilterChosen(filter))

    def action_close(self) -> None:
        self.display = False
        self._restore_focus()

    def action_complete(self) -> None:
        """Completes the word before the cursor as far as all candidates agree, and shows them."""
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        begin = word_start(before)
        word = before[begin:]
        found = candidates(word, self._choices(), self._read_with().named)
        if not found:
            self.post_message(
                Note(
                    _('no completion for "{word}"').format(word=word) if word else _("all fields are used"), error=True
                )
            )
            return
        completed = common_start(found)
        if len(completed) > len(word):
            self.value = before[:begin] + completed + after
            self.cursor_position = begin + len(completed)
        if len(found) > 1:
            self.post_message(Note("  ".join(found[:_MAX_SHOWN]) + ("  …" if len(found) > _MAX_SHOWN else "")))
