"""One message as a start: origin, user type, status, failure and data-quality flags (docs/definitions.md).

Pure functions of the message's row and of what its timeline adds: answers, joined rows, and when the contact became
known. Knows no other message and no database. Origins, user types and statuses are the integers of
storage/database/codes.py.
"""

from __future__ import annotations

from collections.abc import Mapping

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
from storage.domain.events import Failure
from storage.domain.vocabulary import DataFlag
from storage.messages.message import Direction, Sources, Stated
from storage.messages.message_row import (
    ANSWERED_AT,
    AT,
    CAMPAIGN,
    DELIVERED_AT,
    DIRECTION,
    ERROR_CODE,
    ERROR_DETAIL,
    EXPORTED,
    FAILED_AT,
    FLAGS,
    KEY,
    NEW,
    ORIGIN,
    READ_AT,
    SOURCES,
    TEMPLATE,
    Row,
    exported_of,
)

# One conversation start: (at, line, template, origin, user type, status, answered_at, failure, quality flags); times in
# ms, the template's name. A plain tuple: creating a class instance takes as long as deriving its values.
Start = tuple[int, "int | None", "str | None", int, int, int, "int | None", "Failure | None", int]

_OUT = int(Direction.OUT)
# Plain numbers: `&` of two enum members creates a third.
_EXPORT = Sources.EXPORT.value
_NOT_SENT, _DELIVERED, _READ, _ANSWERED = (
    bit.value for bit in (Stated.NOT_SENT, Stated.DELIVERED, Stated.READ, Stated.ANSWERED)
)
_IMPLIED, _CONFLICT, _JOINED = (flag.value for flag in (DataFlag.IMPLIED, DataFlag.CONFLICT, DataFlag.JOINED))
_CODE_OF_ORIGIN = {origin.value: code for code, origin in enumerate(ORIGINS)}
_CODE_OF_SEND_ORIGIN = {origin.value: code for code, origin in enumerate(ORIGINS[:REFERRED_FROM])}


def stated(row: Row, notification: bool, context_answers: Mapping[str, int]) -> tuple[int, int | None]:
    """What records state of a message out without a time, and its earliest answer by context or as a source gives it.

    The derived columns of our own TSV count only if nothing else is known of the message.

    Returns:
        Bits of `Stated`, and ms or None.
    """
    flags: int = row[FLAGS]
    answered_at: int | None = None
    if notification:
        if row[DIRECTION] == _OUT:
            answered_at = context_answers.get(row[KEY])
        if (given := row[ANSWERED_AT]) is not None:
            answered_at = earlier(given, answered_at)
    if row[EXPORTED] is not None and row[SOURCES] == _EXPORT:
        exported = exported_of(row[EXPORTED])
        flags |= exported.flags
        if notification:
            answered_at = earlier(answered_at, exported.answered_at)
    return flags, answered_at


def earlier(one: int | None, other: int | None) -> int | None:
    """The earlier of two times, either of which may be unknown."""
    return other if one is None or (other is not None and other < one) else one


def notification_start(
    row: Row, line: int | None, flags: int, answered_at: int | None, known_since: int | None, *, joined: bool = False
) -> Start:
    """The start that a notification is.

    Args:
        row: What its records say.
        line: Id of its line.
        flags: What they state without a time, from `stated`.
        answered_at: The earliest answer, ms.
        known_since: When the contact became known, ms.
        joined: Whether a keyless row is joined to it.
    """
    failure, was_delivered, was_read = (
        row[FAILED_AT] is not None,
        row[DELIVERED_AT] is not None,
        row[READ_AT] is not None,
    )
    was_answered = answered_at is not None
    if flags:
        failure |= flags & _NOT_SENT != 0
        was_delivered |= flags & _DELIVERED != 0
        was_read |= flags & _READ != 0
        was_answered |= flags & _ANSWERED != 0
    if was_answered:
        status = STATUS_ANSWERED
    elif was_read:
        status = STATUS_READ
    elif was_delivered:
        status = STATUS_DELIVERED
    else:
        status = STATUS_FAILED if failure else STATUS_SENT
    failed = status == STATUS_FAILED
    quality = 0
    if (was_answered and not was_read) or ((was_answered or was_read) and not was_delivered):
        quality = _IMPLIED
    if failure and not failed:
        quality |= _CONFLICT
    if joined:
        quality |= _JOINED
    return (
        row[AT],
        line,
        row[TEMPLATE],
        _CODE_OF_SEND_ORIGIN.get(row[ORIGIN], ORIGIN_TEMPLATE) if row[CAMPAIGN] is None else ORIGIN_NOTIFICATION,
        _user_type(row, known_since),
        status,
        answered_at,
        Failure(*row[ERROR_CODE : ERROR_DETAIL + 1]) if failed and row[FAILED_AT] is not None else None,
        quality,
    )


def referred_start(row: Row, line: int | None, known_since: int | None) -> Start:
    """The start that a referred message in is, or a platform's row of one; arguments as of `notification_start`."""
    origin = _CODE_OF_ORIGIN.get(row[ORIGIN], ORIGIN_WEBCHAT)
    return row[AT], line, row[TEMPLATE], origin, _user_type(row, known_since), STATUS_RECEIVED, None, None, 0


def _user_type(row: Row, known_since: int | None) -> int:
    """As the source says; else recurrent if an earlier message made the contact known."""
    new = row[NEW]
    if new is None and row[EXPORTED] is not None and row[SOURCES] == _EXPORT:
        exported = exported_of(row[EXPORTED]).new
        new = None if exported is None else exported[1]
    if new is None:
        new = known_since is None or known_since >= row[AT]
    return USER_NEW if new else USER_RECURRENT
