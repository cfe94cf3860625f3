"""Class numbers of starts and slices of user sets, each in SQL and in Python. Knows no table but `messages AS m`.

The class of a start is its origin, user type and status in one number. Its slice is the range of numbers that its
contact belongs to in a set of users: a set holds slice << SLICE_BITS | contact, so one set answers for every origin
and user type. Each kind of set has its own slices. tests/storage/cube/test_start_classes.py compares SQL and Python.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from storage.database.codes import (
    ORIGINS,
    REFERRED_FROM,
    STATUS_ANSWERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
    STATUSES,
    USER_TYPES,
)
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS

# Where the starts of an origin and a status are counted: the column of COUNTER_COLUMNS, and how many bits are below.
COUNTER_PLACES = {
    key: (column, COUNTER_BITS * upper)
    for column, pair in enumerate(COUNTER_COLUMNS.values())
    for upper, key in enumerate(pair)
}
STEP_STATUSES = frozenset(range(STATUS_SENT, STATUS_READ + 1))  # sent, delivered, read: reached and not answered

CLASS_NUMBER_SQL = f"((m.origin * {len(USER_TYPES)} + m.user_type) * {len(STATUSES)} + m.status)"


def class_number(origin: int, user_type: int, status: int) -> int:
    """CLASS_NUMBER_SQL in Python."""
    return (origin * len(USER_TYPES) + user_type) * len(STATUSES) + status


class Slice(NamedTuple):
    """A slice and the starts whose contacts belong to it.

    Attributes:
        status: Of a start in the slice. In USERS_SLICES, STATUS_SENT stands for all of STEP_STATUSES.
    """

    number: int
    origin: int
    user_type: int
    status: int


# USERS: each origin and user type of a send has three slices (failed, reached, answered), of a referred start one.
_FAILED, _REACHED, _ANSWERED = range(3)
_FIRST_REFERRED = 12 - 2 * REFERRED_FROM  # the slices of referred starts follow the twelve of sends

USERS_SLICE_SQL = f"""
CASE WHEN m.origin >= {REFERRED_FROM} THEN {_FIRST_REFERRED} + 2 * m.origin + m.user_type
     ELSE 6 * m.origin + 3 * m.user_type
          + CASE m.status WHEN {STATUS_FAILED} THEN {_FAILED} WHEN {STATUS_ANSWERED} THEN {_ANSWERED}
                          ELSE {_REACHED} END
END"""


def users_slice(origin: int, user_type: int, status: int) -> int:
    """USERS_SLICE_SQL in Python."""
    if origin >= REFERRED_FROM:
        return _FIRST_REFERRED + 2 * origin + user_type
    step = {STATUS_FAILED: _FAILED, STATUS_ANSWERED: _ANSWERED}.get(status, _REACHED)
    return 6 * origin + 3 * user_type + step


_SEND_ORIGINS = range(REFERRED_FROM)
_REFERRED_ORIGINS = range(REFERRED_FROM, len(ORIGINS))
_USER_TYPES = range(len(USER_TYPES))


def _slices_of_users() -> tuple[Slice, ...]:
    sends = product(_SEND_ORIGINS, _USER_TYPES, (STATUS_FAILED, STATUS_SENT, STATUS_ANSWERED))
    referred = product(_REFERRED_ORIGINS, _USER_TYPES, (STATUS_RECEIVED,))
    return tuple(Slice(users_slice(*key), *key) for key in (*sends, *referred))


USERS_SLICES = _slices_of_users()
FAILED_SLICES = tuple(
    Slice(2 * origin + user_type, origin, user_type, STATUS_FAILED)
    for origin, user_type in product(_SEND_ORIGINS, _USER_TYPES)
)
STEPS_SLICES = tuple(
    Slice(6 * origin + 3 * user_type + status - STATUS_SENT, origin, user_type, status)
    for origin, user_type, status in product(_SEND_ORIGINS, _USER_TYPES, sorted(STEP_STATUSES))
)
