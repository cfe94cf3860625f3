"""The line in which the name of a file to save is typed. Knows no file."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from tui.keys import Where, bindings
from tui.messages import LineClosed


class Named(Message):
    """A name was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


class NameLine(Input):
    """An input for a file's name."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.NAME_LINE)]

    def __init__(self, id: str) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)

    def edit(self, name: str) -> None:
        """Begins with a proposal."""
        self.value = name
        self.cursor_position = len(name)

    def action_submit_name(self) -> None:
        name = self.value.strip()
        self.post_message(LineClosed())
        if name:
            self.post_message(Named(name))

    def action_close(self) -> None:
        self.post_message(LineClosed())
