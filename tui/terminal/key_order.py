"""Handles keys one after the other, so that each goes to the widget that has the focus after the previous key.

Textual puts a key into the queue of the focused widget and reads the next one. If several keys arrive in one packet, as
over slow links, the later ones reach a widget that the earlier ones have left. Here one key is handled at a time.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.app import App
from textual.events import Event, Key
from textual.widgets import Input


@runtime_checkable
class AcceptsCharacters(Protocol):
    """A widget in which the user types."""

    def type_character(self, character: str) -> None:
        """Handles one typed character."""


@runtime_checkable
class Interruptible(Protocol):
    """A screen with an activity that any key ends, such as a search."""

    def interrupt(self, key: str) -> bool:
        """Ends the activity, if there is one; returns True if the key must do nothing else."""


class OrderedKeys(App[None]):
    """An app that handles each key completely before the next one."""

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            await self._press(event)
        else:
            await super().on_event(event)

    async def _press(self, event: Key) -> None:
        if isinstance(self.screen, Interruptible) and self.screen.interrupt(event.key):
            return
        if await self._check_bindings(event.key, priority=True):
            return
        character = event.character if event.is_printable else None
        focused = self.focused
        if (
            isinstance(focused, AcceptsCharacters)
            and character
            and not focused._bindings.key_to_bindings.get(event.key)
        ):
            focused.type_character(character)
        elif isinstance(focused, Input) and character:
            focused.insert_text_at_cursor(character)
        else:
            await self._check_bindings(event.key)
