"""The line in which a filter is typed: completes fields and values, and points at a wrong word. Knows no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from storage.domain.failures import Reason
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter, fields_by_keyword
from storage.domain.patterns import quoted
from storage.domain.period import NAMED_PERIODS
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.report.filter_choices import Choice
from tui.data.worker_messages import FilterChosen, Note
from tui.widgets.safe_input import SafeInput
from tui.words.keys import Where, bindings


class FilterLine(SafeInput):
    """An input for the text form of the filter."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.FILTER_LINE)]

    def __init__(
        self, id: str, values: Callable[[], tuple[Sequence[Choice], Sequence[Choice]]], give_back: Callable[[], None]
    ) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self._values, self._give_back = values, give_back

    def edit(self, filter: Filter) -> None:
        """Begins with the text of a filter."""
        self.value = f"{filter} "
        self.cursor_position = len(self.value)

    def action_submit_filter(self) -> None:
        try:
            filter = Filter.parse(self.value)
        except FilterError as error:
            self.cursor_position = error.position
            word = self.value[error.position : error.position + error.length].strip()
            self.post_message(Note(f"{error.message}" + (f'; at "{word}"' if word else ""), error=True))
            return
        self.action_close()
        self.post_message(FilterChosen(filter))

    def action_close(self) -> None:
        self.display = False
        self._give_back()

    def action_complete(self) -> None:
        """Completes the word before the cursor, as far as all candidates agree; says what they are."""
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        begin = word_start(before)
        word = before[begin:]
        lines, templates = self._values()
        found = candidates(word, lines, templates)
        if not found:
            self.post_message(Note(f'no completion for "{word}"' if word else "all fields are used", error=True))
            return
        completed = common_start(found)
        if len(found) == 1 and not completed.endswith(":"):
            completed += " "
        if len(completed) > len(word):
            self.value = before[:begin] + completed + after
            self.cursor_position = begin + len(completed)
        if len(found) > 1:
            self.post_message(Note("  ".join(found[:12]) + ("  …" if len(found) > 12 else "")))


def word_start(text: str) -> int:
    """Where the last word of a text begins; blanks in quotes do not part words."""
    start, quoted_now = 0, False
    for place, character in enumerate(text):
        if character == '"':
            quoted_now = not quoted_now
        elif character.isspace() and not quoted_now:
            start = place + 1
    return start


def candidates(word: str, lines: Sequence[Choice], templates: Sequence[Choice]) -> list[str]:
    """What the word can become: a field with its colon, or a field with one of its values."""
    field, colon, value = word.partition(":")
    if not colon:
        return [f"{name}:" for name in fields_by_keyword() if name.startswith(field.lower())]
    values: dict[str, Sequence[str]] = {
        "period": NAMED_PERIODS,
        "origin": [origin.value for origin in Origin],
        "user": [kind.value for kind in UserType],
        "status": [status.value for status in StartStatus],
        "failure": [reason.value for reason in Reason],
        "line": [quoted(choice.value) for choice in lines],
        "template": [quoted(choice.value) for choice in templates],
    }
    listed, comma, last = value.rpartition(",")
    wanted = last.lower().lstrip('"')
    known = values.get(field.lower(), ())
    return [f"{field}:{listed}{comma}{name}" for name in known if name.lower().lstrip('"').startswith(wanted)]


def common_start(texts: Sequence[str]) -> str:
    """The longest text that all begin with."""
    first, last = min(texts), max(texts)
    length = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
