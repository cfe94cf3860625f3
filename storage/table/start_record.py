"""Loads starts by row id with everything that is known of them; merges a joined keyless row into its start.

The detail of one start and the joined rows of the TSV use it. Knows no order and no filter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.queries import Queries
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.domain.web_links import escaped, filled, is_web_link
from storage.messages import store
from storage.messages.message import Message


@dataclass(frozen=True, slots=True)
class LoadedStart:
    """One start: its merged evidence, and what was derived from it. Times in ms.

    Attributes:
        data_flags: bits of DataFlag, from the column `marks`.
        line_label: shown on the screen.
        line_value: used in filters and in the TSV.
        joined: the key of the keyless row that is merged into `message`.
    """

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
    data_flags: int
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
        """Whether it came by a referral."""
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


def load(connection: Queries, ids: Sequence[int]) -> list[LoadedStart]:
    """The starts of these row ids, in their order."""
    messages = {stored.id: stored.message for stored in store.by_id(connection, ids)}
    keyless_rows = store.by_joined(connection, ids)
    loaded = {}
    for row in connection.execute(_READ, (json.dumps(list(ids)),)):
        id, at, day, origin, user_type, status, answered_at, code, reason, data_flags = row[:10]
        template, line_label, line_value, contact, contact_label, customer_id, name = row[10:]
        message, keyless = messages[id], keyless_rows.get(id)
        if keyless is not None:
            message.merge(keyless.message)
        loaded[id] = LoadedStart(
            id=id,
            message=message,
            at=at,
            day=day,
            origin=ORIGINS[origin],
            user_type=USER_TYPES[user_type],
            status=STATUSES[status],
            answered_at=answered_at,
            failure_code=code,
            failure_reason=reason,
            data_flags=data_flags,
            template=template,
            line_label=line_label or "",
            line_value=line_value or "",
            contact=contact,
            contact_label=contact_label or "",
            customer_id=customer_id,
            name=name or "",
            joined=None if keyless is None else keyless.message.key,
        )
    return [loaded[id] for id in ids]


def chat_link(customer_id: str | None, contact: str, pattern: str) -> str | None:
    """The link to the chat; None if no known id fits the pattern, or if that is no web address.

    Args:
        contact: the contact's label; a phone number if it is all digits.
        pattern: the setting `chat_link`; if empty, the platform's link for a customer id, else wa.me for a number.
    """
    number = contact if contact.isascii() and contact.isdigit() else ""
    if pattern:
        if not is_web_link(pattern):  # an older version stored any text
            return None
        return filled(pattern, {"customer_id": customer_id or "", "contact": contact, "number": number})
    if customer_id:
        return f"https://go.botmaker.com/#/chats/{escaped(customer_id)}"
    return f"https://wa.me/{number}" if number else None
