"""Proves in SQL that derived columns are what `timeline` derives, for `saludo check`: a few scans instead of a timeline
in Python for each contact.

The proof is one-sided. A contact that no query here names is right. A contact that one names may be right as well: the
caller derives it by the plain rule. So contacts with keyless rows, which can be joined, are always named. It holds for
a contact whatever is stored for others, except that its answers by context are taken from messages whose own columns
have to be right: if any contact turns out to be wrong, all have to be derived.

tests/storage/messages/test_derived_proof.py compares it with the plain rule on random histories with random damage.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from storage.database.codes import (
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    ORIGIN_WEBCHAT,
    ORIGINS,
    REFERRED_FROM,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
    USER_NEW,
    USER_RECURRENT,
)
from storage.database.settings import Settings
from storage.domain.calendar import Calendar
from storage.domain.failures import reason_of
from storage.domain.vocabulary import DataFlag
from storage.messages.classify import CAN_ANSWER, INBOUND_MAKES_KNOWN, IS_NOTIFICATION, IS_REFERRED
from storage.messages.message import Direction, Sources, Stated
from storage.messages.timeline import CLOCK_SKEW

_OUT, _IN = int(Direction.OUT), int(Direction.IN)
_NEVER = 1 << 62  # ms: later than any time
_MOST_DAYS = 400_000  # of the table of local days: a thousand years
_DAY = 86_400_000

# Of a row of `messages AS m`. A value of our own TSV counts only if nothing else is known of the message.
_EXPORTED = f"(m.exported IS NOT NULL AND m.sources = {Sources.EXPORT.value})"
_FLAGS = f"iif({_EXPORTED}, m.flags | (m.exported ->> 0), m.flags)"
_GIVEN_NEW = f"iif(m.given_new IS NULL AND {_EXPORTED}, m.exported ->> 2, m.given_new)"
_GIVEN_ANSWER = f"""
min(ifnull(m.given_answered_at, {_NEVER}), ifnull(iif({_EXPORTED}, m.exported ->> 3, NULL), {_NEVER}))
"""
_FAILURE = f"(m.failed_at IS NOT NULL OR {_FLAGS} & {Stated.NOT_SENT.value} <> 0)"
_ARRIVED = f"""
(m.delivered_at IS NOT NULL OR m.read_at IS NOT NULL OR {_FLAGS} & {Stated.DELIVERED.value | Stated.READ.value} <> 0)
"""
_WAS_DELIVERED = f"(m.delivered_at IS NOT NULL OR {_FLAGS} & {Stated.DELIVERED.value} <> 0)"
_WAS_READ = f"(m.read_at IS NOT NULL OR {_FLAGS} & {Stated.READ.value} <> 0)"
_WAS_ANSWERED = f"(m.answered_at IS NOT NULL OR {_FLAGS} & {Stated.ANSWERED.value} <> 0)"
_UNKNOWN_CONTACT = f"iif(m.contact IS NULL, {DataFlag.UNKNOWN_CONTACT.value}, 0)"

_SEND_ORIGIN = f"""
CASE WHEN m.campaign IS NOT NULL OR m.given_origin IS '{ORIGINS[ORIGIN_NOTIFICATION].value}' THEN {ORIGIN_NOTIFICATION}
     ELSE {ORIGIN_TEMPLATE} END
"""
_STATUS = f"""
CASE WHEN {_WAS_ANSWERED} THEN {STATUS_ANSWERED} WHEN {_WAS_READ} THEN {STATUS_READ}
     WHEN {_WAS_DELIVERED} THEN {STATUS_DELIVERED} WHEN {_FAILURE} THEN {STATUS_FAILED} ELSE {STATUS_SENT} END
"""
_QUALITY = f"""
iif(({_WAS_ANSWERED} AND NOT {_WAS_READ}) OR (({_WAS_ANSWERED} OR {_WAS_READ}) AND NOT {_WAS_DELIVERED}),
    {DataFlag.IMPLIED.value}, 0)
| iif({_FAILURE} AND m.status <> {STATUS_FAILED}, {DataFlag.CONFLICT.value}, 0)
| {_UNKNOWN_CONTACT}
"""
_FAILED_RIGHT = """
CASE WHEN m.failed_at IS NULL THEN m.failure_code IS NULL AND m.failure_reason IS reason_of(NULL, NULL, NULL)
     ELSE m.failure_code IS m.error_code
          AND m.failure_reason IS reason_of(m.error_code, m.error_text, m.error_detail) END
"""
_REASON_RIGHT = f"""
iif(m.status = {STATUS_FAILED}, {_FAILED_RIGHT}, m.failure_code IS NULL AND m.failure_reason IS NULL)
"""
# The earliest answer; _UNANSWERED checks that there is none where nothing answered.
_ANSWER_RIGHT = f"""
m.answered_at IS nullif(min({_GIVEN_ANSWER}, iif(m.answered_at IS NULL, {_NEVER}, ifnull(
    (SELECT at FROM temp.answers WHERE id = m.id), {_NEVER}))), {_NEVER})
"""
_START_RIGHT = f"""
m.start_at IS m.at
AND m.day IS (SELECT day FROM temp.local_days WHERE since <= m.at ORDER BY since DESC LIMIT 1)
AND m.start_template IS (SELECT id FROM templates WHERE id = m.template)
AND iif({_GIVEN_NEW} IS NULL, m.user_type IN ({USER_NEW}, {USER_RECURRENT}),
        m.user_type IS iif({_GIVEN_NEW}, {USER_NEW}, {USER_RECURRENT}))
"""
_SEND_RIGHT = f"""
m.origin IS ({_SEND_ORIGIN}) AND {_START_RIGHT} AND {_ANSWER_RIGHT}
AND m.status IS ({_STATUS}) AND m.marks IS ({_QUALITY}) AND {_REASON_RIGHT}
"""
_CODE_OF_REFERRED = " ".join(
    f"WHEN '{origin.value}' THEN {code}" for code, origin in enumerate(ORIGINS) if code >= REFERRED_FROM
)
_REFERRED_RIGHT = f"""
m.origin IS (CASE m.given_origin {_CODE_OF_REFERRED} ELSE {ORIGIN_WEBCHAT} END) AND {_START_RIGHT}
AND m.status IS {STATUS_RECEIVED} AND m.answered_at IS NULL AND m.marks IS {_UNKNOWN_CONTACT}
AND m.failure_code IS NULL AND m.failure_reason IS NULL
"""
_NO_START_RIGHT = """
m.start_at IS NULL AND m.day IS NULL AND m.start_template IS NULL AND m.origin IS NULL AND m.user_type IS NULL
AND m.status IS NULL AND m.answered_at IS NULL AND m.marks IS 0 AND m.failure_code IS NULL AND m.failure_reason IS NULL
"""
_OWN_CONTACT = "(SELECT contact FROM contact_ids WHERE id = m.contact_id)"
_ROW_RIGHT = f"""
m.line IS (SELECT line FROM line_ids WHERE id = m.line_id)
AND m.contact IS {_OWN_CONTACT}
AND m.joined IS NULL
AND CASE m.direction
    WHEN {_OUT} THEN CASE WHEN {IS_NOTIFICATION} THEN {_SEND_RIGHT} ELSE {_NO_START_RIGHT} END
    WHEN {_IN} THEN CASE WHEN {IS_REFERRED} THEN {_REFERRED_RIGHT} ELSE {_NO_START_RIGHT} END
    ELSE 0 END
"""

# What a row says by itself, and the answers that were found; every message that is not proven.
_UNPROVEN_ROWS = f"""
SELECT m.contact, m.id, {_OWN_CONTACT} FROM messages AS m NOT INDEXED WHERE NOT ifnull({_ROW_RIGHT}, 0)
"""

# Answers by context: the notification that a message quotes.
_QUOTED = f"""
INSERT OR IGNORE INTO temp.quoted (message, id)
SELECT i.id, n.id
FROM messages AS i NOT INDEXED
CROSS JOIN messages AS n INDEXED BY messages_by_hash
ON n.hash = crc(CAST(i.context AS BLOB)) AND n.key = i.context AND n.direction = {_OUT} AND n.origin < {REFERRED_FROM}
WHERE i.context IS NOT NULL AND {CAN_ANSWER.replace("m.", "i.")}
"""
_ANSWERS_BY_CONTEXT = """
INSERT INTO temp.answers (id, at)
SELECT q.id, min(i.at) FROM temp.quoted AS q CROSS JOIN messages AS i ON i.id = q.message GROUP BY q.id
"""
# Answers by time: the latest notification of the contact and line that did not fail, as far as its own records and
# answers by context tell.
_LATEST = f"""
SELECT m.id FROM messages AS m INDEXED BY messages_by_contact
WHERE m.contact = i.contact AND m.at BETWEEN i.at - :window AND i.at + {CLOCK_SKEW}
  AND m.line IS i.line AND m.direction = {_OUT} AND m.origin < {REFERRED_FROM}
  AND NOT ({_FAILURE} AND NOT {_ARRIVED} AND {_FLAGS} & {Stated.ANSWERED.value} = 0 AND {_GIVEN_ANSWER} = {_NEVER}
           AND NOT EXISTS (SELECT 1 FROM temp.answers WHERE id = m.id))
ORDER BY m.at DESC, m.key DESC LIMIT 1
"""
_ANSWERS_BY_TIME = f"""
INSERT INTO temp.answers (id, at)
SELECT id, min(at) FROM (
    SELECT ({_LATEST}) AS id, i.at AS at FROM messages AS i NOT INDEXED
    WHERE {CAN_ANSWER.replace("m.", "i.")} AND i.contact IS NOT NULL
      AND (i.context IS NULL OR NOT EXISTS (SELECT 1 FROM temp.quoted WHERE message = i.id))
) WHERE id IS NOT NULL GROUP BY id
ON CONFLICT (id) DO UPDATE SET at = min(at, excluded.at)
"""
_UNANSWERED = """
SELECT m.contact, m.id FROM temp.answers AS a CROSS JOIN messages AS m ON m.id = a.id WHERE m.answered_at IS NULL
"""

# Since when each contact is known: its earliest message that makes it known.
_MAKES_KNOWN = f"""
CASE m.direction
WHEN {_OUT} THEN iif(m.origin IS NULL, NOT {_FAILURE} OR {_ARRIVED}, m.status <> {STATUS_FAILED})
WHEN {_IN} THEN {INBOUND_MAKES_KNOWN}
ELSE 0 END
"""
_KNOWN = f"""
INSERT INTO temp.known (contact, at)
SELECT c.id, (SELECT m.at FROM messages AS m INDEXED BY messages_by_contact
              WHERE m.contact = c.id AND {_MAKES_KNOWN} ORDER BY m.at LIMIT 1)
FROM contacts AS c
"""
# New although the contact was known before, and recurrent although it was not.
_NEW_IN_SPITE = f"""
SELECT m.contact, m.id FROM messages AS m NOT INDEXED CROSS JOIN temp.known AS k ON k.contact = m.contact
WHERE m.user_type = {USER_NEW} AND {_GIVEN_NEW} IS NULL AND k.at < m.at
"""
_RECURRENT_IN_SPITE = f"""
SELECT m.contact, m.id FROM temp.known AS k
CROSS JOIN messages AS m INDEXED BY messages_by_contact
ON m.contact = k.contact AND m.at <= ifnull(k.at, {_NEVER})
WHERE m.user_type = {USER_RECURRENT} AND {_GIVEN_NEW} IS NULL
"""
_OF_NOBODY = f"""
SELECT m.contact, m.id FROM messages AS m INDEXED BY messages_by_contact
WHERE m.contact IS NULL AND m.user_type = {USER_RECURRENT} AND {_GIVEN_NEW} IS NULL
"""
_TABLES = {
    "quoted": "(message INTEGER PRIMARY KEY, id INTEGER NOT NULL)",
    "answers": "(id INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    "known": "(contact INTEGER PRIMARY KEY, at INTEGER)",
    "local_days": "(since INTEGER PRIMARY KEY, day INTEGER NOT NULL)",
}


@dataclass(slots=True)
class Unproven:
    """What has to be derived by the plain rule.

    Attributes:
        contacts: contacts of which at least one message is not proven.
        messages: row ids of such messages without a contact.
    """

    contacts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)

    def add(self, rows: Iterable[tuple[int | None, int]]) -> None:
        """Adds the contacts and row ids of messages; a contact that is no id is a wrong value, and told as one."""
        for contact, message in rows:
            if contact is None:
                self.messages.add(message)
            elif isinstance(contact, int):
                self.contacts.add(contact)


def unproven_rows(connection: sqlite3.Connection, settings: Settings, step: Callable[[], None]) -> Unproven:
    """What is not proven by the rows and by the answers to them; all but user types.

    Args:
        connection: the database; temporary tables are created in it.
        settings: of the database.
        step: called after each of four statements.
    """
    found = Unproven()
    _create(connection, ("quoted", "answers", "local_days"))
    connection.create_function("crc", 1, zlib.crc32, deterministic=True)
    connection.create_function("reason_of", 3, _reason, deterministic=True)
    connection.executemany("INSERT OR REPLACE INTO temp.local_days VALUES (?, ?)", _local_days(connection, settings))
    connection.execute(_QUOTED)
    connection.execute(_ANSWERS_BY_CONTEXT)
    step()
    connection.execute(_ANSWERS_BY_TIME, {"window": settings.answer_window_ms})
    step()
    found.add(connection.execute(_UNANSWERED))
    step()
    for contact, message, own_contact in connection.execute(_UNPROVEN_ROWS):
        found.add([(contact, message), (own_contact, message)])
    step()
    _drop(connection)
    return found


def unproven_user_types(connection: sqlite3.Connection, step: Callable[[], None]) -> Unproven:
    """What is not proven of which users are new; arguments as of `unproven_rows`, with two steps."""
    found = Unproven()
    _create(connection, ("known",))
    connection.execute(_KNOWN)
    step()
    for statement in (_NEW_IN_SPITE, _RECURRENT_IN_SPITE, _OF_NOBODY):
        found.add(connection.execute(statement))
    step()
    _drop(connection)
    return found


def _create(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    _drop(connection)
    for table in tables:
        connection.execute(f"CREATE TEMP TABLE {table} {_TABLES[table]}")


def _drop(connection: sqlite3.Connection) -> None:
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _reason(code: int | None, text: str | None, detail: str | None) -> str:
    return reason_of(code, text, detail).value


def _local_days(connection: sqlite3.Connection, settings: Settings) -> Iterable[tuple[int, int]]:
    """The first ms of each local day that can have a start, and the day, in order; none if they are too many.

    A day that the zone skipped begins with the next one, which comes later and counts.
    """
    calendar = Calendar(settings.zone)
    first, last = connection.execute(
        "SELECT min(start_at), max(start_at) FROM messages INDEXED BY starts_by_time WHERE origin IS NOT NULL"
    ).fetchone()
    if first is None or not isinstance(first, int) or not isinstance(last, int):
        return
    days = range(first // _DAY - 2, last // _DAY + 3)
    if len(days) <= _MOST_DAYS:
        yield from ((calendar.start_of(day), day) for day in days)
