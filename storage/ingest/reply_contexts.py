"""Which messages are answered by the context of others: the lookups for deriving a batch.

The rule itself is in `messages/timeline.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from storage.database.key_runs import KeyRuns
from storage.ingest.change_set import ChangeSet
from storage.messages import store
from storage.messages.classify import can_answer, is_notification
from storage.messages.message import Direction
from storage.messages.message_row import CONTEXT, DIRECTION, HASH, KEY, Row, hash_of
from storage.messages.store import Stored

_OUT = int(Direction.OUT)


class ReplyContexts:
    """The replies by context (`context.id` names a message) that concern the messages of a batch.

    Every message of the database is looked up once at most.

    Attributes:
        answers: message key -> earliest time in ms of a message that answers it by its context.
        notifications: the keys named by a context that are notifications.
    """

    def __init__(
        self, connection: sqlite3.Connection, keys: KeyRuns, change_set: ChangeSet, named: set[int] | None
    ) -> None:
        """Learns the contexts of a batch.

        Args:
            connection: To look up the other messages.
            keys: Finds them.
            change_set: The messages of the batch.
            named: The hashes of all keys that a context in the database names, if they are known; those of the batch
                are added.
        """
        self._connection, self._keys = connection, keys
        self._changed = change_set.rows
        self._outbound = {row.row[KEY]: row for row in change_set.rows.values() if row.row[DIRECTION] == _OUT}
        self._named = named
        self._asked: set[str] = set()
        self._found: set[str] = set()
        self.answers: dict[str, int] = {}
        self.notifications: set[str] = set()
        naming = [row for row in change_set.rows.values() if row.row[CONTEXT] is not None]
        for row in naming:
            self._take(row)
        if named is not None:
            named.update(hash_of(row.row[CONTEXT]) for row in naming)

    def learn(self, rows: Iterable[Stored]) -> None:
        """Looks up the replies that concern these unchanged messages."""
        evidence = [row.row for row in rows]
        self.naming(evidence)
        self.named(evidence)

    def naming(self, evidence: Sequence[Row]) -> list[Stored]:
        """The unchanged messages of the database whose context names one of these."""
        named = self._named
        new = {row[KEY] for row in evidence if (named is None or row[HASH] in named) and row[DIRECTION] == _OUT}
        new -= self._asked
        self._asked |= new
        changed = self._changed
        rows = [row for row in store.by_context(self._connection, new) if row.id not in changed]
        for row in rows:
            self._take(row)
        return rows

    def named(self, evidence: Sequence[Row]) -> list[Stored]:
        """The messages that the contexts of these name, as they will be; contexts of outbound messages do not count."""
        new = {row[CONTEXT] for row in evidence if row[CONTEXT] is not None and row[DIRECTION] != _OUT} - self._found
        self._found |= new
        outbound, changed = self._outbound, self._changed
        rows = [outbound[key] for key in new & outbound.keys()]
        others = store.by_key(self._connection, self._keys, new - outbound.keys())
        rows += [row for row in others if row.id not in changed]
        for row in rows:
            if row.row[DIRECTION] == _OUT and is_notification(row.row):
                self.notifications.add(row.row[KEY])
        return rows

    def _take(self, row: Stored) -> None:
        """Notes the answer that a message with a context is."""
        if can_answer(row.row):
            context = row.row[CONTEXT]
            self.answers[context] = min(row.at, self.answers.get(context, row.at))
