"""The rule "makes its contact known": by one row, in SQL, and in a timeline."""

from __future__ import annotations

import sqlite3

from hypothesis import given

from storage.database.codes import USER_TYPES
from storage.domain.events import Event, Known
from storage.domain.vocabulary import UserType
from storage.messages.classify import SURELY_MAKES_KNOWN, surely_makes_known
from storage.messages.from_events import message_of
from storage.messages.message import Direction, Message
from storage.messages.message_row import (
    AT,
    COLUMNS,
    DIRECTION,
    FLAGS,
    GROUP,
    HASH,
    KEY,
    KIND,
    NAMES,
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
