"""The form of a row of `messages`, in SQL: every value has the type and range of its column and does not contradict the
others, every text is UTF-8, the hash is that of the key, and the ids lead somewhere.

`stored_values` and `consistency` have the rules, one by one and with words for what is wrong. Here they are one
condition, so that one scan proves all of them: for any row, for one of a table whose cells state what happened, and for
a usual one, where most columns are NULL.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from storage.database.codes import ORIGINS
from storage.database.stored_values import LAST_TIME, form_of_rows, texts_of
from storage.messages.consistency import NAMES_RIGHT
from storage.messages.message_row import hash_of

_TIMES = ("accepted_at", "sent_at", "delivered_at", "read_at")
_TEXTS = ("kind", "category", "language", "campaign", "context")


def _is_text(column: str) -> str:
    """SQL: NULL or a text; numbers come before all texts, and bytes after them."""
    return f"(m.{column} IS NULL OR m.{column} BETWEEN '' AND '\U0010ffff')"


def _is_time(column: str) -> str:
    """SQL: NULL, or a time that is not before the message's own."""
    return f"(m.{column} IS NULL OR m.{column} BETWEEN m.at AND {LAST_TIME})"


def _are_null(*columns: str) -> str:
    return " AND ".join(f"m.{column} IS NULL" for column in columns)


_FAILURE = f"""
m.error_rank IN (0, 1, 2) AND m.failed_at BETWEEN m.at AND {LAST_TIME}
AND typeof(m.failed_at + ifnull(m.error_code, 0)) = 'integer'
AND ifnull(m.error_code, 0) < '' AND {_is_text("error_text")} AND {_is_text("error_detail")}
AND is_readable(m.error_text, m.error_detail)
"""
_STATED_TIMES = ("given_answered_at", "session_start")
_STATED_TEXTS = ("channel_id", "agent_groups")
_NOTHING_STATED = f"""
{_are_null(*_STATED_TIMES, *_STATED_TEXTS, "given_new", "evidence")} AND m.flags = 0 AND m.timed = 1
"""
_STATED = f"""
m.flags BETWEEN 0 AND 31 AND (m.timed = 1 OR m.timed = 0 AND m.at = m.session_start)
AND (m.given_new IS NULL OR m.given_new IN (0, 1))
AND {" AND ".join(f"(m.{time} IS NULL OR m.{time} BETWEEN 0 AND {LAST_TIME})" for time in _STATED_TIMES)}
AND typeof(m.flags + {" + ".join(f"ifnull(m.{time}, 0)" for time in _STATED_TIMES)}) = 'integer'
AND {" AND ".join(map(_is_text, _STATED_TEXTS))} AND is_readable({", ".join(f"m.{text}" for text in _STATED_TEXTS)})
AND (m.evidence IS NULL OR iif(json_valid(m.evidence), json_type(m.evidence) = 'object', 0))
"""
_FORM = f"""
m.exported IS NULL AND m."group" IN (0, 1) AND m.sources BETWEEN 1 AND 15
AND m.at BETWEEN 0 AND {LAST_TIME} AND {" AND ".join(map(_is_time, _TIMES))}
AND typeof(m.at + m.sources + {" + ".join(f"ifnull(m.{time}, 0)" for time in _TIMES)}) = 'integer'
AND (m.failed_at IS NULL AND {_are_null("error_code", "error_text", "error_detail", "error_rank")}
     OR m.failed_at IS NOT NULL AND {_FAILURE})
AND {" AND ".join(map(_is_text, _TEXTS))}
AND (m.given_origin IS NULL OR {" OR ".join(f"m.given_origin = '{origin.value}'" for origin in ORIGINS)})
AND m.hash = hash_of_read(m.key, {", ".join(f"m.{text}" for text in _TEXTS)})
AND (m.line_id IS NULL OR m.line IS NOT NULL) AND (m.contact_id IS NULL OR m.contact IS NOT NULL)
AND (m.template IS m.start_template OR EXISTS (SELECT 1 FROM templates WHERE id = m.template))
"""
# Of a row whose derived columns are right: they, the ids and the direction are equal to what has its form.
USUAL_FORM = f"{_NOTHING_STATED} AND {_FORM}"
STATED_FORM = f"{_STATED} AND {_FORM}"


def any_form(connection: sqlite3.Connection) -> str:
    """SQL: a row has its form."""
    texts = ", ".join(f'm."{name}"' for name in texts_of(connection, "messages") if name != "key")
    return f"{form_of_rows(connection, 'messages')} AND {NAMES_RIGHT} AND m.hash = hash_of_read(m.key, {texts})"


def add_functions(connection: sqlite3.Connection) -> None:
    """Adds the functions that the conditions call. They raise sqlite3.OperationalError at a text that is not UTF-8, and
    at a key that is no text."""
    connection.create_function("hash_of_read", -1, _hash_of_read, deterministic=True)
    connection.create_function("is_readable", -1, _is_readable, deterministic=True)


def _hash_of_read(key: Any, *texts: Any) -> int:
    """The hash of a key, which must be a text; the other texts are read by being arguments."""
    return hash_of(key)


def _is_readable(*texts: Any) -> int:
    return 1
