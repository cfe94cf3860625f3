"""The people of a filter whom a new try can reach, the last failure first; and why the others cannot be. Knows no file.

The failed sends of the selection are read once, newest first: the first one of a contact is the one in question. Then
the sends of these contacts, and what they said about marketing, are read by contact, a chunk at a time, and
`storage/messages/retry_rule.py` judges each. A failure that no new try helps is counted without reading more.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from storage.database.codes import REFERRED_FROM, STATUS_FAILED
from storage.database.queries import Queries
from storage.domain.failures import Reason, explain_kind
from storage.domain.filters import Filter
from storage.domain.vocabulary import Preference
from storage.messages.retry_rule import Again, Sent, Since, Wish, try_again
from storage.report.selection import Selection
from storage.report.session import Session
from storage.table.export_starts import in_order
from storage.table.positions import every_start

_CHUNK = 2_000  # contacts
_FAILED_SENDS = "m.start_at, m.key, m.origin, m.id, m.contact, m.failure_code, m.failure_reason"
_SENDS_AND_WISHES = f"""
SELECT m.contact, m.origin IS NULL AS is_wish, m.id, m.at, m.kind,
       m.start_at, m.key, m.status, ifnull(m.failed_at, m.start_at), m.failure_code, m.failure_reason, m.line
FROM json_each(?1) AS wanted
CROSS JOIN messages AS m INDEXED BY messages_by_contact ON m.contact = wanted.value
WHERE m.origin < {REFERRED_FROM} OR (m.origin IS NULL AND m.kind IN (?2, ?3))
"""


class Found(NamedTuple):
    """A person who can be tried again.

    Attributes:
        id: row id of their last failed send in the selection.
        failed: that send.
        again: when they can be tried.
    """

    id: int
    failed: Sent
    again: Again


class Retries:
    """Finds the people; one use.

    Args:
        counting: called now and then with the number of failed sends read, before the first person is found.

    Attributes:
        left_out: the people who are not found, by the reason of a failure or by what happened since; complete after
            the last chunk.
        without_contact: the failed sends whose contact is unknown.
    """

    def __init__(self, counting: Callable[[int], None] = lambda sends: None) -> None:
        self._counting = counting
        self.left_out: Counter[Reason | Since] = Counter()
        self.without_contact = 0

    def find(self, session: Session, filter: Filter, now: datetime) -> Iterator[list[Found]]:
        """The people in chunks of at most 2,000."""
        connection = session.connection
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM contacts").fetchone()
        contacts, failed = self._failed(connection, session.select(filter, now), last)
        for first in range(0, len(contacts), _CHUNK):
            chunk = slice(first, first + _CHUNK)
            yield list(self._judged(connection, contacts[chunk].tolist(), failed[chunk].tolist()))

    def _failed(self, connection: Queries, selection: Selection, last: int) -> tuple[array[int], array[int]]:
        """The contacts that a new try may reach and the row ids of their last failed sends, the newest first."""
        only_failed = replace(selection, time_condition=f"{selection.time_condition} AND m.status = {STATUS_FAILED}")
        seen = bytearray(last + 1)
        contacts, failed = array("q"), array("q")
        total = 0
        for rows in in_order(every_start(connection, only_failed, _FAILED_SENDS)):
            for _, _, _, id, contact, code, reason in rows:
                if contact is None:
                    self.without_contact += 1
                elif not seen[contact]:
                    seen[contact] = 1
                    if explain_kind(reason or Reason.OTHER, code).retry.can_help:
                        contacts.append(contact)
                        failed.append(id)
                    else:
                        self.left_out[Reason(reason or Reason.OTHER)] += 1
            total += len(rows)
            self._counting(total)
        return contacts, failed

    def _judged(self, connection: Queries, contacts: list[int], ids: Sequence[int]) -> Iterator[Found]:
        sends: dict[int, list[Sent]] = {contact: [] for contact in contacts}
        wishes: dict[int, list[Wish]] = {}
        by_id: dict[int, Sent] = {}
        wanted = frozenset(ids)
        rows = connection.execute(_SENDS_AND_WISHES, (json.dumps(contacts), Preference.STOP, Preference.RESUME))
        for contact, is_wish, id, at, kind, *values in rows:
            if is_wish:
                wishes.setdefault(contact, []).append(Wish(at, kind == Preference.STOP, values[-1]))
                continue
            sent = Sent(*values)
            sends[contact].append(sent)
            if id in wanted:
                by_id[id] = sent
        for contact, id in zip(contacts, ids, strict=True):
            answer = try_again(by_id[id], sends[contact], wishes.get(contact, ()))
            if isinstance(answer, Again):
                yield Found(id, by_id[id], answer)
            else:
                self.left_out[answer] += 1
