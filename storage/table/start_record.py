"""Starts with all that is known of them, loaded by row id: what the detail of one is made of.

A keyless row that is one start with a keyed message is merged into it here. Knows no order and no filter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.messages import store
from storage.messages.message import Message


@dataclass(frozen=True, slots=True)
class LoadedStart:
    """One start: its merged evidence, and what was derived. Times in ms, labels for people, values for filters."""

    id: int
    message: Message
    at: int
    day: int
    origin: Origin
    user_type: UserType
    status: StartStatus
    answered_at: int | None
    failure_code: int | None
    failure_reason: str | None
    marks: int
    template: str | None
    line_label: str
    line_value: str
    contact: int | None
    contact_label: str
    customer_id: str | None
    name: str
    joined: str | None

    @property
    def referred(self) -> bool:
        """Whether a referral made it."""
        return ORIGINS.index(self.origin) >= REFERRED_FROM


_READ = """
SELECT m.id, m.start_at, m.day, m.origin, m.user_type, m.status, m.answered_at, m.failure_code, m.failure_reason,
       m.marks, templates.name, lines.label, lines.value, m.contact, contacts.label, contacts.customer_id, contacts.name
FROM json_each(?) AS wanted
JOIN messages AS m ON m.id = wanted.value
LEFT JOIN templates ON templates.id = m.start_template
LEFT JOIN lines ON lines.id = m.line
LEFT JOIN contacts ON contacts.id = m.contact
"""


def load(connection: sqlite3.Connection, ids: Sequence[int]) -> list[LoadedStart]:
    """The starts of these row ids, in their order."""
    evidence = {stored.id: stored.message for stored in store.by_id(connection, ids)}
    rows = store.by_joined(connection, ids)
    loaded = {}
    for row in connection.execute(_READ, (json.dumps(list(ids)),)):
        id, at, day, origin, user_type, status, answered_at, code, reason, marks = row[:10]
        template, line_label, line_value, contact, contact_label, customer_id, name = row[10:]
        message, joined = evidence[id], rows.get(id)
        if joined is not None:
            message.merge(joined.message)
        loaded[id] = LoadedStart(
            id,
            message,
            at,
            day,
            ORIGINS[origin],
            USER_TYPES[user_type],
            STATUSES[status],
            answered_at,
            code,
            reason,
            marks,
            template,
            line_label or "",
            line_value or "",
            contact,
            contact_label or "",
            customer_id,
            name or "",
            None if joined is None else joined.message.key,
        )
    return [loaded[id] for id in ids]


def chat_link(customer_id: str | None, contact: str, pattern: str) -> str | None:
    """The link to the chat: by the pattern of the settings, else the platform's, else wa.me; None where no id fits."""
    number = contact if contact.isdigit() else ""
    values = {"customer_id": customer_id or "", "contact": contact, "number": number}
    if pattern:
        if any(f"{{{name}}}" in pattern and not value for name, value in values.items()):
            return None
        for name, value in values.items():
            pattern = pattern.replace(f"{{{name}}}", value)
        return pattern
    if customer_id:
        return f"https://go.botmaker.com/#/chats/{customer_id}"
    return f"https://wa.me/{number}" if number else None
