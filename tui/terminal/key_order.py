"""What takes typed characters: the keys of one packet must go where each of them leads, in their order.

Textual hands a key to the focused widget's queue and goes on, so that of several keys in one packet, as slow links
deliver them, the later ones reach a widget that the earlier ones have left. Here each key is done before the next.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.app import App
from textual.events import Event, Key
from textual.widgets import Input


@runtime_checkable
class TakesCharacters(Protocol):
    """A widget in which one types."""

    def take(self, character: str) -> None:
        """Takes one character."""


@runtime_checkable
class Interruptible(Protocol):
    """A screen that may be at something which any key ends."""

    def interrupt(self, key: str) -> bool:
        """Ends it; True where the key is not to do anything else."""


class OrderlyKeys(App[None]):
    """An app that is done with a key before it looks at the next one."""

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
        if isinstance(focused, TakesCharacters) and character and not focused._bindings.key_to_bindings.get(event.key):
            focused.take(character)
        elif isinstance(focused, Input) and character:
            focused.insert_text_at_cursor(character)
        else:
            await self._check_bindings(event.key)
