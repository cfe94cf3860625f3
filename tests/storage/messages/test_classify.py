"""The rule "makes its contact known": by one row, in SQL, and in a timeline."""

from __future__ import annotations

import sqlite3
from itertools import product

from hypothesis import given

from storage.database.codes import USER_TYPES
from storage.domain.events import Event, Known
from storage.domain.vocabulary import UserType
from storage.messages.classify import (
    CAN_ANSWER,
    INBOUND_MAKES_KNOWN,
    IS_NOTIFICATION,
    IS_REFERRED,
    SURELY_MAKES_KNOWN,
    can_answer,
    inbound_makes_known,
    is_notification,
    is_referred,
    surely_makes_known,
)
from storage.messages.from_events import message_of
from storage.messages.message import Direction, Message
from storage.messages.message_row import (
    AT,
    CATEGORY,
    COLUMNS,
    DIRECTION,
    ERROR_CODE,
    EXPORTED,
    FAILED_AT,
    FLAGS,
    GROUP,
    HASH,
    KEY,
    KIND,
    NAMES,
    ORIGIN,
    SOURCES,
    TIMED,
    Row,
    empty_row,
    row_of,
)
from storage.messages.store import Stored
from storage.messages.timeline import derive
from tests.histories import events

WINDOW = 24 * 3_600_000


def rows_of(history: list[Event]) -> list[Row]:
    """The rows of the messages of some events."""
    messages: dict[tuple[str, int], Message] = {}
    for event in history:
        if not isinstance(event, Known):
            one = message_of(event)
            messages.setdefault(one.identity, one).merge(one)
    return [row_of(message) for message in messages.values()]


@given(events())
def test_sql_and_python_agree_on_what_surely_makes_known(history: list[Event]) -> None:
    rows = rows_of(history)
    columns = COLUMNS[NAMES:]
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE messages ({', '.join(columns)})")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO messages VALUES ({marks})", [row[NAMES:] for row in rows])
    found = connection.execute(f"SELECT {SURELY_MAKES_KNOWN} FROM messages AS m ORDER BY rowid").fetchall()
    assert [bool(makes_known) for (makes_known,) in found] == [surely_makes_known(row) for row in rows]
    connection.close()


@given(events())
def test_what_surely_makes_known_does_so_in_a_timeline(history: list[Event]) -> None:
    for row in rows_of(history):
        if surely_makes_known(row):
            known = Stored(1, 3, 7, 4, 5, row, row[AT], None)
            later = Stored(2, 3, 7, 4, 5, _notification_after(row), row[AT] + 1, None)
            starts = derive([known, later], {}, frozenset(), WINDOW).starts
            assert USER_TYPES[starts[2][4]] is UserType.RECURRENT


def _notification_after(row: Row) -> Row:
    """A notification 1 ms after a message."""
    notification = empty_row()
    notification[KEY], notification[HASH], notification[DIRECTION] = "later", 0, int(Direction.OUT)
    notification[SOURCES], notification[AT], notification[TIMED] = 1, row[AT] + 1, 1
    notification[GROUP], notification[FLAGS], notification[KIND] = 0, 0, "template"
    return tuple(notification)


RULES = {
    IS_NOTIFICATION: is_notification,
    IS_REFERRED: is_referred,
    CAN_ANSWER: can_answer,
    INBOUND_MAKES_KNOWN: inbound_makes_known,
    SURELY_MAKES_KNOWN: surely_makes_known,
}


def test_sql_and_python_agree_on_every_rule() -> None:
    rows = []
    for direction, group, origin, kind, category, (failed_at, code), (flags, exported) in product(
        Direction,
        (0, 1),
        (None, "webchat", "notification"),
        (None, "template", "text", "reaction", "system", "echo"),
        (None, "utility", "service"),
        ((None, None), (5, None), (5, 131047), (5, 1)),
        ((0, None), (1, None), (2, None), (0, "[0, null, null, null]")),
    ):
        row = empty_row()
        row[KEY], row[HASH], row[SOURCES], row[AT], row[TIMED] = "k", 0, 1, 1, 1
        row[DIRECTION], row[GROUP], row[ORIGIN], row[KIND], row[CATEGORY] = (
            int(direction),
            group,
            origin,
            kind,
            category,
        )
        row[FAILED_AT], row[ERROR_CODE], row[FLAGS], row[EXPORTED] = failed_at, code, flags, exported
        rows.append(tuple(row))
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE messages ({', '.join(COLUMNS[NAMES:])})")
    marks = ", ".join("?" * len(COLUMNS[NAMES:]))
    connection.executemany(f"INSERT INTO messages VALUES ({marks})", [row[NAMES:] for row in rows])
    for sql, rule in RULES.items():
        found = connection.execute(f"SELECT {sql} FROM messages AS m ORDER BY rowid").fetchall()
        assert [bool(value) for (value,) in found] == [rule(row) for row in rows]
        assert {rule(row) for row in rows} == {False, True}
    connection.close()


def test_a_template_or_part_of_a_mass_send_is_a_notification() -> None:
    def of(direction: Direction = Direction.OUT, **columns: object) -> tuple[bool, bool]:
        row = empty_row()
        row[DIRECTION], row[GROUP] = int(direction), 0
        for name, value in columns.items():
            row[COLUMNS.index(name)] = value
        return is_notification(tuple(row)), is_referred(tuple(row))

    assert of(kind="template") == of(direction=Direction.ROW, kind="template") == (True, False)
    assert of(kind="text") == of(kind="text", category="marketing") == (False, False)
    assert of(category="marketing") == (True, False)
    assert of(category="service") == (False, False)
    assert of() == of(failed_at=5, error_code=1) == (True, False)
    assert of(failed_at=5, error_code=131047) == (False, False)
    assert of(direction=Direction.IN, kind="template") == (False, False)
    assert of(direction=Direction.IN, given_origin="webchat") == (False, True)
    assert of(direction=Direction.ROW, kind="template", given_origin="campaign") == (False, True)
