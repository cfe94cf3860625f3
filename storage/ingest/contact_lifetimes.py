"""Since when contacts are known for certain, and when their last message was, of a database of which one import has
written all messages: what else is read for every contact that comes again. Knows no database.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from storage.messages.message import Direction
from storage.messages.message_row import DIRECTION, EXPORTED, FAILED_AT, FLAGS, Row
from storage.messages.store import Stored

_MOST = 1_000_000  # contacts, 16 bytes each
_OUT, _ROW = int(Direction.OUT), int(Direction.ROW)


class ContactLifetimes:
    """The lifetimes of contacts.

    complete: whether the database held no message when this was made; else nothing is known of any.
    """

    def __init__(self, *, complete: bool) -> None:
        self._complete = complete
        self._known_since = array("q")  # by contact, ms; zero: nothing is certain
        self._last = array("q")
        self._unsure: set[int] = set()

    def of(self, contact: int) -> tuple[int, int] | None:
        """Since when a contact is known for certain, by a message of the database, and when its last one was, ms; None
        where that is not known here."""
        if contact >= len(self._last) or not self._known_since[contact] or contact in self._unsure:
            return None
        return self._known_since[contact], self._last[contact]

    def take(self, messages: Iterable[tuple[int, list[Stored]]], unsure: Iterable[int]) -> None:
        """Messages of contacts come into the database; of those that are unsure, some were there and change."""
        if not self._complete:
            return
        self._unsure.update(unsure)
        known_since, lasts = self._known_since, self._last
        for contact, rows in messages:
            if contact >= len(lasts):
                if contact >= _MOST:
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
                    self._unsure.add(contact)  # it may be one start with another message, and says more of it
                elif (not since or at < since) and _is_certain(evidence):
                    since = at
            known_since[contact], lasts[contact] = since, last


def _is_certain(row: Row) -> bool:
    """Whether a message went out to its contact and nothing says that it failed, or might have: what `first_by_contact`
    asks of the database."""
    return row[DIRECTION] == _OUT and row[FAILED_AT] is None and not row[FLAGS] and row[EXPORTED] is None
