"""What a message is, by its own row: a notification, a referred start, an answer, what makes its contact known.

The rules are defined in docs/definitions.md. Knows no other message and no database.

"Makes its contact known" has two parts. The whole rule is in `timeline`: a message in does if `inbound_makes_known`, a
message out if it did not fail, which depends on answers and joined rows. `surely_makes_known` decides without other
messages whether it does in any case, so that an import need not read the rest of the contact.

The constants at the end are the same rules in SQL. tests/storage/messages/test_classify.py compares them.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.domain.vocabulary import REFERRED, Preference
from storage.messages.message import Direction, Stated
from storage.messages.message_row import (
    CATEGORY,
    DIRECTION,
    ERROR_CODE,
    EXPORTED,
    FAILED_AT,
    FLAGS,
    GROUP,
    KIND,
    ORIGIN,
    Row,
)

_OUT, _IN = int(Direction.OUT), int(Direction.IN)
_NOT_SENT = Stated.NOT_SENT.value  # a number: `&` of enum members is slow
_NOTIFICATION_CATEGORIES = (  # the most frequent first
    "marketing",
    "utility",
    "authentication",
    "authentication_international",
    "marketing_lite",
    "business_initiated",
)
_FREE_TEXT_ONLY = 131047  # the error of free text after the 24-hour window; a template cannot get it
_NOT_WRITTEN = frozenset(("system", "revoke", "edit", *(preference.value for preference in Preference)))
_CANNOT_ANSWER = _NOT_WRITTEN | {"reaction", "request_welcome", "echo", "message_echoes"}
_REFERRED = frozenset(origin.value for origin in REFERRED)


def is_notification(row: Row) -> bool:
    """Whether a message out or a keyless row is a template or part of a mass send ("What is a start")."""
    if row[DIRECTION] == _IN or row[GROUP] or row[ORIGIN] in _REFERRED:
        return False
    kind = row[KIND]
    if kind is not None:
        return bool(kind == "template")
    category = row[CATEGORY]
    if category is not None:
        return category in _NOTIFICATION_CATEGORIES
    return row[FAILED_AT] is None or row[ERROR_CODE] != _FREE_TEXT_ONLY


def is_referred(row: Row) -> bool:
    """Whether the message is a referred start."""
    return row[DIRECTION] != _OUT and row[ORIGIN] in _REFERRED


def can_answer(row: Row) -> bool:
    """Whether the message is one in that can answer a notification ("Answered")."""
    kind = row[KIND]
    return row[DIRECTION] == _IN and not row[GROUP] and kind is not None and kind not in _CANNOT_ANSWER


def inbound_makes_known(row: Row) -> bool:
    """Whether a message in, or a row of a referred start, makes its contact known ("New or recurrent")."""
    return not row[GROUP] and row[KIND] not in _NOT_WRITTEN


def surely_makes_known(row: Row) -> bool:
    """Whether a message makes its contact known, no matter what other messages say.

    A message out does if no record says that it failed. A keyless row never does: it may be one start with a message
    out, and then the two together decide.
    """
    if row[DIRECTION] == _OUT:
        return row[FAILED_AT] is None and not row[FLAGS] & _NOT_SENT and row[EXPORTED] is None
    return row[DIRECTION] == _IN and inbound_makes_known(row)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


# The rules above in SQL: 1 or 0, of a row of `messages AS m`.
IS_NOTIFICATION = f"""
(m.direction <> {_IN} AND m."group" = 0
 AND (m.given_origin IS NULL OR m.given_origin NOT IN ({_listed(_REFERRED)}))
 AND (m.kind IS 'template' OR m.kind IS NULL AND (
      m.category IS NOT NULL AND ({" OR ".join(f"m.category = '{word}'" for word in _NOTIFICATION_CATEGORIES)})
      OR m.category IS NULL AND (m.failed_at IS NULL OR m.error_code IS NOT {_FREE_TEXT_ONLY}))))
"""
IS_REFERRED = f"""
(m.direction <> {_OUT} AND m.given_origin IS NOT NULL AND m.given_origin IN ({_listed(_REFERRED)}))
"""
CAN_ANSWER = f"""
(m.direction = {_IN} AND m."group" = 0 AND m.kind IS NOT NULL AND m.kind NOT IN ({_listed(_CANNOT_ANSWER)}))
"""
INBOUND_MAKES_KNOWN = f"""(m."group" = 0 AND ifnull(m.kind, '') NOT IN ({_listed(_NOT_WRITTEN)}))"""
SURELY_MAKES_KNOWN = f"""
CASE m.direction
WHEN {_OUT} THEN m.failed_at IS NULL AND m.flags & {_NOT_SENT} = 0 AND m.exported IS NULL
WHEN {_IN} THEN {INBOUND_MAKES_KNOWN}
ELSE 0 END
"""
