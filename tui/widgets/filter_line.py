"""The line in which a filter is typed: Tab completes fields and values, Enter applies. Knows no database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter, fields_by_keyword
from storage.domain.patterns import quoted
from storage.report.filter_choices import Choice
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
            self.post_message(Note(f'no completion for "{word}"' if word else "all fields are used", error=True))
            return
        completed = common_start(found)
        if len(completed) > len(word):
            self.value = before[:begin] + completed + after
            self.cursor_position = begin + len(completed)
        if len(found) > 1:
            self.post_message(Note("  ".join(found[:_MAX_SHOWN]) + ("  …" if len(found) > _MAX_SHOWN else "")))


def word_start(text: str) -> int:
    """The index at which the last word of a text begins; spaces in quotes do not separate words."""
    start, in_quotes = 0, False
    for index, character in enumerate(text):
        if character == '"':
            in_quotes = not in_quotes
        elif character.isspace() and not in_quotes:
            start = index + 1
    return start


def candidates(word: str, choices: Mapping[str, Sequence[Choice]], named: Collection[str] = ()) -> list[str]:
    """What a word can become: a keyword with its colon, a keyword with one of its values, or a named filter.

    Args:
        word: the beginning of a word of the filter.
        choices: the values that the database knows, by the name of the field.
        named: the names of the named filters.
    """
    if word.startswith("@"):
        return [f"@{name}" for name in named if name.startswith(word[1:].lower())]
    keyword, colon, values = word.partition(":")
    fields = fields_by_keyword()
    if not colon:
        keywords = [f"{name}:" for name in fields if name.startswith(keyword.lower())]
        return keywords if word else keywords + [f"@{name}" for name in named]
    field = fields.get(keyword.lower())
    if field is None:
        return []
    known = [*field.suggestions(keyword.lower()), *(quoted(choice.value) for choice in choices.get(field.name, ()))]
    before, comma, last = values.rpartition(",")
    if not comma and last.startswith("!"):
        before, last = "!", last[1:]
    wanted = last.lower().lstrip('"')
    return [f"{keyword}:{before}{comma}{value}" for value in known if value.lower().lstrip('"').startswith(wanted)]


def common_start(texts: Sequence[str]) -> str:
    """The longest beginning that all texts share."""
    first, last = min(texts), max(texts)
    length = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
