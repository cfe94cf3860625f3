"""What a message is by its own evidence: a notification, a referred start, one that answers or makes its contact known
(DESIGN 3). Reads rows of evidence (storage/messages/message_row.py); knows no other message and no database.
"""

from __future__ import annotations

from storage.domain.vocabulary import REFERRED
from storage.messages.message import Direction
from storage.messages.message_row import CATEGORY, DIRECTION, ERROR_CODE, FAILED_AT, GROUP, KIND, ORIGIN, Row

_OUT, _IN = Direction.OUT, Direction.IN
_NOTIFYING = frozenset(
    (
        "marketing",
        "utility",
        "authentication",
        "authentication_international",
        "marketing_lite",
        "business_initiated",
    )
)
_FREE_TEXT_ONLY = 131047
_CANNOT_ANSWER = frozenset(("reaction", "system", "revoke", "edit", "request_welcome", "echo", "message_echoes"))
NOT_WRITTEN = frozenset(("system", "revoke", "edit"))
_REFERRED = frozenset(origin.value for origin in REFERRED)


def is_notification(row: Row) -> bool:
    """Whether an outbound message or a keyless row is a template or a mass notification (DESIGN 3, Notification)."""
    if row[DIRECTION] == _IN or row[GROUP] or row[ORIGIN] in _REFERRED:
        return False
    kind = row[KIND]
    if kind is not None:
        return bool(kind == "template")
    category = row[CATEGORY]
    if category is not None:
        return category in _NOTIFYING
    return row[FAILED_AT] is None or row[ERROR_CODE] != _FREE_TEXT_ONLY


def is_referred(row: Row) -> bool:
    """Whether the message is a start that a referral made."""
    return row[DIRECTION] != _OUT and row[ORIGIN] in _REFERRED


def can_answer(row: Row) -> bool:
    """Whether an inbound message is one by which a person answers."""
    kind = row[KIND]
    return row[DIRECTION] == _IN and not row[GROUP] and kind is not None and kind not in _CANNOT_ANSWER


def makes_known(row: Row) -> bool:
    """Whether an inbound message makes its contact a known one."""
    return not row[GROUP] and row[KIND] not in NOT_WRITTEN
