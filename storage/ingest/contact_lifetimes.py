"""First certain and last message time per contact, during an import that began with an empty database.

It spares reading them for every contact that comes again. Knows no database.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from storage.messages.classify import surely_makes_known
from storage.messages.message import Direction
from storage.messages.message_row import DIRECTION
from storage.messages.store import Stored

_MAX_CONTACTS = 1_000_000  # 16 bytes each
_ROW = int(Direction.ROW)


class ContactLifetimes:
    """The times of contacts, as far as they are known."""

    def __init__(self, *, complete: bool) -> None:
        """Starts with no contact.

        Args:
            complete: whether the database holds no message; if not, nothing is ever known.
        """
        self._complete = complete
        self._known_since = array("q")  # by contact id, ms; 0: nothing is certain
        self._last = array("q")
        self._unsure: set[int] = set()

    def of(self, contact: int) -> tuple[int, int] | None:
        """Since when a contact is certainly known, and the time of its last message, in ms; None if unknown here."""
        if contact >= len(self._last) or not self._known_since[contact] or contact in self._unsure:
            return None
        return self._known_since[contact], self._last[contact]

    def take(self, messages: Iterable[tuple[int, Sequence[Stored]]], unsure: Iterable[int]) -> None:
        """Adds messages that are written.

        Args:
            messages: (contact, its messages).
            unsure: contacts of whom messages in the database change; nothing is known of them from now on.
        """
        if not self._complete:
            return
        self._unsure.update(unsure)
        known_since, lasts = self._known_since, self._last
        for contact, rows in messages:
            if contact >= len(lasts):
                if contact >= _MAX_CONTACTS:
                    self._complete = False
                    self._known_since, self._last = array("q"), array("q")
                    self._unsure.clear()
                    return
                more = bytes(8 * (contact + 1))
                known_since.frombytes(more)
                lasts.frombytes(more)
            since, last = known_since[contact], lasts[contact]
            for row in rows:
                at, evidence = row.at, row.row
                if at > last:
                    last = at
                if evidence[DIRECTION] == _ROW:
                    self._unsure.add(contact)  # it may be joined with another message
                elif (not since or at < since) and surely_makes_known(evidence):
                    since = at
            known_since[contact], lasts[contact] = since, last
