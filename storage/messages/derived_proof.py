"""Proves in SQL that derived columns are what `timeline` derives, for `saludo check`: a few scans instead of a timeline
in Python for each contact.

The proof is one-sided. A contact that no query here names is right. A contact that one names may be right as well: the
caller derives it by the plain rule. So contacts with keyless rows that can be joined are always named. It holds for a
contact whatever is stored for others: of a message of another contact only its records are read.

tests/storage/messages/test_derived_proof.py compares it with the plain rule on random histories with random damage.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from storage.database.codes import REFERRED_FROM, STATUS_FAILED, USER_NEW, USER_RECURRENT
from storage.database.key_runs import KeyRuns
from storage.database.settings import Settings
from storage.domain.calendar import Calendar
from storage.domain.failures import reason_of
from storage.messages import row_form
from storage.messages.classify import CAN_ANSWER, INBOUND_MAKES_KNOWN, IS_NOTIFICATION
from storage.messages.message import Direction
from storage.messages.row_rules import ANY_ROW, NEVER, OWN_CONTACT, STATED_ROW, USUAL_ROW
from storage.messages.timeline import CLOCK_SKEW

_OUT, _IN = int(Direction.OUT), int(Direction.IN)
_CONTEXTS_AT_ONCE = 200_000  # some 20 MB
_FARTHEST_DAY = 400_000  # a thousand years from 1970
_DAY = 86_400_000

# Answers by context: the notification that a message quotes, one of those whose keys have the hash of the context.
_CONTEXTS = f"""
SELECT crc(CAST(m.context AS BLOB)), m.id FROM messages AS m INDEXED BY messages_by_context
WHERE m.context IS NOT NULL AND {CAN_ANSWER}
"""
_QUOTED = f"""
INSERT OR IGNORE INTO temp.quoted (message, id)
SELECT i.id, m.id FROM temp.pairs AS pair
CROSS JOIN messages AS i ON i.id = pair.message
CROSS JOIN messages AS m
ON m.id = pair.id AND m.key = i.context AND m.direction = {_OUT} AND {IS_NOTIFICATION}
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
  AND m.line IS i.line AND m.direction <> {_IN} AND m.origin < {REFERRED_FROM}
  AND NOT ({ANY_ROW.failed_unanswered} AND NOT EXISTS (SELECT 1 FROM temp.answers WHERE id = m.id))
ORDER BY m.at DESC, m.key DESC LIMIT 1
"""
# The limit keeps the query from being merged into the outer one, which would look for each answer twice.
_ANSWERS_BY_TIME = f"""
INSERT INTO temp.answers (id, at)
SELECT id, min(at) FROM (
    SELECT ({_LATEST}) AS id, i.at AS at FROM messages AS i NOT INDEXED
    WHERE {CAN_ANSWER.replace("m.", "i.")} AND i.contact IS NOT NULL
      AND (i.context IS NULL OR NOT EXISTS (SELECT 1 FROM temp.quoted WHERE message = i.id))
    LIMIT -1
) WHERE id IS NOT NULL GROUP BY id
ON CONFLICT (id) DO UPDATE SET at = min(at, excluded.at)
"""
_UNANSWERED = """
SELECT m.contact, m.id FROM temp.answers AS a CROSS JOIN messages AS m ON m.id = a.id WHERE m.answered_at IS NULL
"""

# Since when each contact is known: its earliest message that makes it known.
_MAKES_KNOWN = f"""
CASE
WHEN m.direction = {_IN} OR m.origin >= {REFERRED_FROM} THEN {INBOUND_MAKES_KNOWN}
WHEN m.origin IS NULL THEN NOT {ANY_ROW.failure} OR {ANY_ROW.arrived}
ELSE m.status <> {STATUS_FAILED} END
"""
# Nearly always it is the earliest one, which the index tells.
_KNOWN = f"""
INSERT INTO temp.known (contact, at)
SELECT f.contact, iif((SELECT {_MAKES_KNOWN} FROM messages AS m WHERE m.id = f.id), f.at,
                      (SELECT m.at FROM messages AS m INDEXED BY messages_by_contact
                       WHERE m.contact = f.contact AND {_MAKES_KNOWN} ORDER BY m.at LIMIT 1))
FROM (SELECT contact, min(at) AS at, rowid AS id FROM messages INDEXED BY messages_by_contact
      WHERE contact IS NOT NULL GROUP BY contact) AS f
WHERE typeof(f.contact) = 'integer'
"""
# New although the contact was known before, and recurrent although it was not.
_NEW_IN_SPITE = f"""
SELECT m.contact, m.id FROM messages AS m NOT INDEXED CROSS JOIN temp.known AS k ON k.contact = m.contact
WHERE m.user_type = {USER_NEW} AND {ANY_ROW.given_new} IS NULL AND k.at < m.at
"""
_RECURRENT_IN_SPITE = f"""
SELECT m.contact, m.id FROM temp.known AS k
CROSS JOIN messages AS m INDEXED BY messages_by_contact
ON m.contact = k.contact AND m.at <= ifnull(k.at, {NEVER})
WHERE m.user_type = {USER_RECURRENT} AND {ANY_ROW.given_new} IS NULL
"""
_OF_NOBODY = f"""
SELECT m.contact, m.id FROM messages AS m INDEXED BY messages_by_contact
WHERE m.contact IS NULL AND m.user_type = {USER_RECURRENT} AND {ANY_ROW.given_new} IS NULL
"""
_TABLES = {
    "pairs": "(message INTEGER NOT NULL, id INTEGER NOT NULL)",
    "quoted": "(message INTEGER PRIMARY KEY, id INTEGER NOT NULL)",
    "answers": "(id INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    "known": "(contact INTEGER PRIMARY KEY, at INTEGER)",
    "local_days": "(since INTEGER PRIMARY KEY, day INTEGER)",
}
# The UTC days with starts, each found in the index by the day before: a damaged time may be many years away.
_FIRST_AND_LAST = """
SELECT min(start_at), max(start_at) FROM messages INDEXED BY starts_by_time WHERE origin IS NOT NULL
"""
_DAYS_WITH_STARTS = f"""
WITH RECURSIVE days (day) AS (
    SELECT min(start_at) / {_DAY} FROM messages INDEXED BY starts_by_time WHERE origin IS NOT NULL
    UNION ALL
    SELECT (SELECT min(start_at) / {_DAY} FROM messages INDEXED BY starts_by_time
            WHERE origin IS NOT NULL AND start_at >= (days.day + 1) * {_DAY})
    FROM days WHERE day IS NOT NULL
)
SELECT day FROM days WHERE day IS NOT NULL
"""


@dataclass(slots=True)
class Unproven:
    """What has to be derived by the plain rule.

    Attributes:
        contacts: contacts of which at least one message is not proven.
        messages: row ids of such messages without a contact.
        formless: whether a row has not the form that was asked for.
    """

    contacts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)
    formless: bool = False

    def add(self, rows: Iterable[tuple[int | None, int]]) -> None:
        """Adds the contacts and row ids of messages; a contact that is no id is a wrong value, and told as one."""
        for contact, message in rows:
            if contact is None:
                self.messages.add(message)
            elif isinstance(contact, int):
                self.contacts.add(contact)


def unproven_rows(
    connection: sqlite3.Connection, settings: Settings, step: Callable[[], None], *, form: bool = True
) -> Unproven:
    """What is not proven by the rows and by the answers to them; all but user types.

    Args:
        connection: the database; temporary tables are created in it.
        settings: of the database.
        step: called after each of four statements.
        form: whether the rows must also have their form.

    Raises:
        sqlite3.OperationalError: `form`, and a text is not UTF-8.
    """
    found = Unproven()
    _create(connection, ("pairs", "quoted", "answers", "local_days"))
    row_form.add_functions(connection)
    connection.create_function("crc", 1, zlib.crc32, deterministic=True)
    connection.create_function("reason_of", 3, _reason, deterministic=True)
    connection.executemany("INSERT OR REPLACE INTO temp.local_days VALUES (?, ?)", _local_days(connection, settings))
    connection.executemany("INSERT INTO temp.pairs (message, id) VALUES (?, ?)", _pairs(connection))
    connection.execute(_QUOTED)
    connection.execute(_ANSWERS_BY_CONTEXT)
    step()
    connection.execute(_ANSWERS_BY_TIME, {"window": settings.answer_window_ms})
    step()
    found.add(connection.execute(_UNANSWERED))
    step()
    for contact, message, own_contact, has_form, is_derived in connection.execute(
        _unproven(connection, form=form), {"templates": _last_of_all_templates(connection)}
    ):
        found.formless |= not has_form
        if not is_derived:
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


def _unproven(connection: sqlite3.Connection, *, form: bool) -> str:
    """SQL: contact, id and own contact of each row that is not proven, whether it has its form, and whether its derived
    columns are right."""
    usual = f"{row_form.USUAL_FORM} AND {USUAL_ROW.derived_right}" if form else "0"
    stated = f"{row_form.STATED_FORM} AND {STATED_ROW.derived_right}" if form else "0"
    has_form = row_form.any_form(connection) if form else "1"
    is_derived = ANY_ROW.derived_right
    # IS NOT TRUE and no ifnull: only so does SQLite leave a condition where it is decided.
    return f"""
    SELECT m.contact, m.id, {OWN_CONTACT}, ifnull({has_form}, 0), ifnull({is_derived}, 0)
    FROM messages AS m NOT INDEXED
    WHERE ({usual}) IS NOT TRUE AND ({stated}) IS NOT TRUE AND ({has_form} AND {is_derived}) IS NOT TRUE
    """


def _last_of_all_templates(connection: sqlite3.Connection) -> int:
    """An id so that all ids from 1 up to it are those of templates: of a sound database the last one."""
    first, last, number = connection.execute("SELECT min(id), max(id), count(*) FROM templates").fetchone()
    return int(last) if first == 1 and last == number else 0


def _pairs(connection: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Pairs of a message with a context and one whose key may be that context."""
    keys, contexts = KeyRuns(connection), connection.execute(_CONTEXTS)
    while some := contexts.fetchmany(_CONTEXTS_AT_ONCE):
        found = keys.find_many({hash for hash, _ in some})
        yield from ((message, id) for hash, message in some for id in found.get(hash, ()))


def _create(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    _drop(connection)
    for table in tables:
        connection.execute(f"CREATE TEMP TABLE {table} {_TABLES[table]}")


def _drop(connection: sqlite3.Connection) -> None:
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _reason(code: int | None, text: str | None, detail: str | None) -> str:
    return reason_of(code, text, detail).value


def _local_days(connection: sqlite3.Connection, settings: Settings) -> Iterator[tuple[int, int | None]]:
    """The first ms of each local day near a start, and the day, in order; None where a gap begins.

    Nothing if a time is no integer or centuries away. A day that the zone skipped begins with the next one, which comes
    later and counts.
    """
    calendar = Calendar(settings.zone)
    first, last = connection.execute(_FIRST_AND_LAST).fetchone()
    if not all(isinstance(at, int) and abs(at) <= _FARTHEST_DAY * _DAY for at in (first, last)):
        return
    end = None
    for (utc_day,) in connection.execute(_DAYS_WITH_STARTS):
        begin = utc_day - 2
        if end is not None and end < begin:
            yield calendar.start_of(end), None
        days = range(begin if end is None else max(begin, end), utc_day + 3)
        yield from ((calendar.start_of(day), day) for day in days)
        end = days.stop
    if end is not None:
        yield calendar.start_of(end), None
