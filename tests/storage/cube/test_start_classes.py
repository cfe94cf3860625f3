"""Class numbers and slices: SQL and Python agree for every start."""

from __future__ import annotations

import sqlite3
from itertools import product

from storage.cube.start_classes import (
    CLASS_NUMBER_SQL,
    FAILED_SLICES,
    STEP_STATUSES,
    STEPS_SLICES,
    USERS_SLICE_SQL,
    USERS_SLICES,
    _slices_of_users,
    class_number,
    users_slice,
)
from storage.database.codes import ORIGINS, REFERRED_FROM, STATUS_RECEIVED, STATUS_SENT, STATUSES, USER_TYPES

# A send has any status but received, a referred start has only that one.
CLASSES = [
    (origin, user_type, status)
    for origin, user_type, status in product(*(range(len(of)) for of in (ORIGINS, USER_TYPES, STATUSES)))
    if (origin >= REFERRED_FROM) == (status == STATUS_RECEIVED)
]


def test_sql_and_python_give_every_start_the_same_class_and_slice() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE messages (origin INTEGER, user_type INTEGER, status INTEGER)")
    connection.executemany("INSERT INTO messages VALUES (?, ?, ?)", CLASSES)
    rows = connection.execute(
        f"SELECT m.origin, m.user_type, m.status, {CLASS_NUMBER_SQL}, {USERS_SLICE_SQL} FROM messages AS m"
    )
    for *start, number, slice_number in rows:
        assert number == class_number(*start)
        assert slice_number == users_slice(*start)


def test_class_numbers_are_distinct() -> None:
    assert len({class_number(*start) for start in CLASSES}) == len(CLASSES)


def test_every_start_has_one_slice_of_users() -> None:
    slices = {(one.origin, one.user_type, one.status): one.number for one in _slices_of_users()}
    assert sorted(slices.values()) == list(range(len(USERS_SLICES)))
    for origin, user_type, status in CLASSES:
        stored_status = STATUS_SENT if status in STEP_STATUSES else status
        assert slices[origin, user_type, stored_status] == users_slice(origin, user_type, status)


def test_slices_of_the_other_kinds_are_numbered_without_gaps() -> None:
    for slices in (FAILED_SLICES, STEPS_SLICES):
        assert sorted(one.number for one in slices) == list(range(len(slices)))
