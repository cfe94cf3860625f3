"""Whom a new try can reach, in a published version: the rule of `retry_rule` over ClickHouse's rows. Knows no file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from storage.database.codes import REFERRED_FROM, STATUS_FAILED
from storage.domain.failures import Reason, explain_kind
from storage.domain.filters import Filter
from storage.domain.vocabulary import Preference
from storage.messages.retry_rule import Again, Sent, Wish, try_again
from storage.report.session import Session
from storage.table.positions import Cursor
from storage.table.retries import Found, Retries

_CHUNK = 2_000  # contacts
_SENT = "m.start_at, m.key, m.status, ifnull(m.failed_at, m.start_at), m.failure_code, m.failure_reason, m.line"
_OF_ROW = "m.customer_id, m.contact_label, m.contact_name, m.start_template, m.line, m.failure_code, m.failure_reason"
_LAST_FAILED = f"""
SELECT m.contact, argMax(({_OF_ROW}), (m.start_at, m.key, m.origin)),
       argMax(({_SENT}), (m.start_at, m.key, m.origin)), max((m.start_at, m.key, m.origin)) AS last, count(*)
FROM messages AS m WHERE {{condition}} AND m.status = {STATUS_FAILED} GROUP BY m.contact ORDER BY last DESC
"""
_SENDS = f"""
SELECT m.contact, {_SENT} FROM messages AS m
WHERE m.contact IN (SELECT value FROM json_each(:wanted)) AND m.origin < {REFERRED_FROM}
"""
_WISHES = "SELECT contact, at, kind, line FROM wishes WHERE contact IN (SELECT value FROM json_each(:wanted))"


class VersionRetries(Retries):
    """Finds the people of a version; one use. The id of a found one is its place in what was read."""

    def __init__(self, counting: Callable[[int], None] = lambda sends: None) -> None:
        super().__init__(counting)
        self._rows: list[Sequence[Any]] = []
        self._failed_sends: list[Sent] = []

    def values_of(self, id: int) -> Sequence[Any]:
        """What an export shows of a found person's last failed send: the values of `export_retries`."""
        return self._rows[id]

    def cursor_of(self, id: int) -> Cursor:
        """Identifies a found person's last failed send."""
        sent = self._failed_sends[id]
        return Cursor(sent.at, sent.key)

    def find(self, session: Session, filter: Filter, now: datetime) -> Iterator[list[Found]]:
        """The people in chunks of at most 2,000."""
        selection = session.select(filter, now)
        rows = session.connection.execute(
            _LAST_FAILED.format(condition=selection.condition), selection.parameters
        ).fetchall()
        self._counting(sum(count for *_, count in rows))
        chosen: list[tuple[int, int]] = []
        for contact, of_row, sent, _, count in rows:
            reason, code = of_row[-1] or Reason.OTHER, of_row[-2]
            if contact is None:
                self.without_contact += count
            elif explain_kind(reason, code).retry.can_help:
                chosen.append((contact, len(self._rows)))
                self._rows.append(of_row)
                self._failed_sends.append(Sent(*sent))
            else:
                self.left_out[Reason(reason)] += 1
        for first in range(0, len(chosen), _CHUNK):
            yield list(self._judged_of(session, chosen[first : first + _CHUNK]))

    def _judged_of(self, session: Session, chosen: Sequence[tuple[int, int]]) -> Iterator[Found]:
        wanted = {"wanted": json.dumps([contact for contact, _ in chosen])}
        sends: dict[int, list[Sent]] = {}
        wishes: dict[int, list[Wish]] = {}
        for contact, *values in session.connection.execute(_SENDS, wanted):
            sends.setdefault(contact, []).append(Sent(*values))
        for contact, at, kind, line in session.connection.execute(_WISHES, wanted):
            wishes.setdefault(contact, []).append(Wish(at, kind == Preference.STOP, line))
        for contact, id in chosen:
            failed = self._failed_sends[id]
            answer = try_again(failed, sends[contact], wishes.get(contact, ()))
            if isinstance(answer, Again):
                yield Found(id, failed, answer)
            else:
                self.left_out[answer] += 1
