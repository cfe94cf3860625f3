"""A line to type one text in: the name of a file to save, or the text to find. Neither saves nor searches."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from storage.language.texts import _
from tui.data.worker_messages import Note
from tui.widgets.safe_input import SafeInput
from tui.words.keys import Where, bindings


class Purpose(StrEnum):
    """What the text is for."""

    SAVE = "save"
    FIND = "find"


class TextEntered(Message):
    """The user entered a text."""

    def __init__(self, purpose: Purpose, text: str) -> None:
        self.purpose, self.text = purpose, text
        super().__init__()


class TextTyped(Message):
    """The text has changed; it is not entered yet."""

    def __init__(self, purpose: Purpose, text: str) -> None:
        self.purpose, self.text = purpose, text
        super().__init__()


class TextCancelled(Message):
    """The user entered no text."""

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose
        super().__init__()


class PromptLine(SafeInput):
    """An input for one text.

    Args:
        id: the id of the widget.
        restore_focus: gives the focus back to the widget that had it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.PROMPT)]

    def __init__(self, id: str, restore_focus: Callable[[], None]) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self._restore_focus = restore_focus
        self.purpose = Purpose.SAVE

    def ask(self, purpose: Purpose, proposal: str) -> None:
        """Fills the line with a proposal, which the user can edit."""
        self.purpose = purpose
        self.value = proposal
        self.cursor_position = len(proposal)

    def action_submit_text(self) -> None:
        text = self.value.strip()
        if text:
            self._leave()
            self.post_message(TextEntered(self.purpose, text))
        else:
            self.action_close()
            self.post_message(Note(_("cancelled: no text was entered")))

    def action_close(self) -> None:
        self._leave()
        self.post_message(TextCancelled(self.purpose))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(TextTyped(self.purpose, self.value))

    def _leave(self) -> None:
        self.display = False
        self._restore_focus()
