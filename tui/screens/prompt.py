"""Asks for one text in the prompt line: the name of a file, or what to search for."""

from __future__ import annotations

from collections.abc import Callable

from tui.screens.key_focus import KeyFocus
from tui.widgets.prompt_line import PromptLine, Purpose


class Prompt:
    """Opens the prompt line; `say` shows the instruction in the status line. The answer is a `TextEntered` message."""

    def __init__(self, line: PromptLine, key_focus: KeyFocus, say: Callable[[str], None]) -> None:
        self._line, self._key_focus, self._say = line, key_focus, say

    def ask(self, purpose: Purpose, proposal: str, instruction: str) -> None:
        """Opens the line.

        Args:
            purpose: what the text is for.
            proposal: the text to begin with, which the user can edit.
            instruction: what to type and which keys to press.
        """
        self._key_focus.open_dialog(self._line)
        self._line.ask(purpose, proposal)
        self._say(instruction)
