"""Where the events of a log go while its lines are read: most lines are statuses, which need no event each.

A usual status is merged by its reader, into the earliest times that are known of the message, if it is the first one
that is told or differs from that in step and time only. Knows no format and no database.
"""

from __future__ import annotations

from typing import Any, Protocol, final

import msgspec

from storage.domain.events import ContactIds, Event, Ignored, Item, LineIds, Reject, Send, Status

NEVER = 1 << 60  # ms; always this object, so that `is` finds it


class StepTimes(msgspec.Struct, gc=False):
    """The earliest time of each step of a message, UTC epoch ms.

    Attributes:
        about: What a status of the message says besides its key, step and time, in the words of its source; None where
            every status needs an event. Statuses with an equal value say the same.
    """

    about: tuple[Any, ...] | None = None
    sent: int = NEVER
    delivered: int = NEVER
    read: int = NEVER


class Sink(Protocol):
    """Takes what the lines of a log say.

    Attributes:
        steps: The messages of which a status without an event may be merged, by their keys. A reader that finds an
            equal `about` here and a step that did not fail changes the times itself, and counts the status in `merged`.
        merged: How many statuses were merged so.
    """

    steps: dict[str, StepTimes]
    merged: int

    def add(self, event: Event) -> None:
        """Takes an event."""

    def add_send(self, send: Send) -> None:
        """Takes the send of a record of a send log that says no more than that a request was accepted."""

    def add_status(self, status: Status, key: str, about: tuple[Any, ...]) -> None:
        """Takes a status, and its key and `StepTimes.about` in the words of its source."""

    def begin(
        self,
        key: str,
        about: tuple[Any, ...],
        line: LineIds,
        contact: ContactIds,
        category: str,
        campaign: str | None,
    ) -> StepTimes | None:
        """Where the reader merges what a message's first status says; None where it needs an event.

        Args:
            key: The message's.
            about: `StepTimes.about` of the status.
            line: Its line, with an id.
            contact: The recipient, with an id.
            category: As in `Status`; not empty.
            campaign: As in `Status`; not empty.
        """

    def tell(self, item: Reject | Ignored) -> None:
        """Takes what is no event."""


class Items:
    """A sink that keeps every item, and merges none."""

    def __init__(self) -> None:
        self.steps: dict[str, StepTimes] = {}
        self.merged = 0
        self._found: list[Item] = []
        self.add = self.add_send = self.tell = self._found.append

    def add_status(self, status: Status, key: str, about: tuple[Any, ...]) -> None:
        """Takes a status."""
        self._found.append(status)

    def begin(self, *_: object) -> None:
        """Wants an event of each status."""

    def taken(self) -> list[Item]:
        """The items since this was called last."""
        found = self._found.copy()
        self._found.clear()
        return found


@final
class LinesRead:
    """Given out while a log is read: what its lines said up to here is in the sink."""


LINES_READ = LinesRead()
