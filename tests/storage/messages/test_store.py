"""Messages are read from the database as they were written, by their key, contact, time, quotation or row id."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.database.key_runs import KeyRuns
from storage.domain.events import ContactIds, Event, Failure, Step
from storage.domain.vocabulary import JOIN_DISTANCE
from storage.messages import store
from storage.messages.identities import NOT_FOUND
from storage.messages.lines import Lines
from storage.messages.message_row import KEY, hash_of
from storage.messages.store import DERIVED, First, NameIds, Stored
from tests.databases import ANA, BETO, HOUR, LINE, NOON, OTHER_LINE, SECOND, build
from tests.events import inbound, row, send, status

NOBODY = ContactIds()
EVENTS: tuple[Event, ...] = (
    send("a"),
    send("b", NOON + 9, BETO, OTHER_LINE, channel_id="c"),
    status(Step.FAILED, NOON + SECOND, "a", failure=Failure(131026)),
    status(Step.READ, NOON + 10, "b", BETO, OTHER_LINE),
    inbound("a", NOON + 20),
    inbound("i", NOON + 30, BETO, OTHER_LINE, context="b"),
    row("r", NOON + HOUR, ANA),
    send("n", NOON + 50, NOBODY),
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Messages 1 a, 2 b, 3 a (in), 4 i, 5 r, 6 n: of Ana (1), Beto (2), Ana, Beto, Ana and nobody."""
    with (
        writing(build(tmp_path / "saludo.db", *([one] for one in EVENTS))) as writer,
        writer.transaction() as connection,
    ):
        yield connection


def found(messages: Iterable[Stored]) -> list[tuple[int, str]]:
    return sorted((one.id, one.row[KEY]) for one in messages)


def test_messages_are_found_by_what_they_have(connection: sqlite3.Connection) -> None:
    every = {one.id: one for one in store.by_id(connection, range(1, 9))}
    assert found(every.values()) == [(1, "a"), (2, "b"), (3, "a"), (4, "i"), (5, every[5].row[KEY]), (6, "n")]
    assert found(store.by_id(connection, [4, 2])) == [(2, "b"), (4, "i")]
    keys = KeyRuns(connection)
    assert found(store.by_key(connection, keys, ["i", "a", "none"])) == [(1, "a"), (3, "a"), (4, "i")]
    assert not [*store.by_key(connection, keys, [])]
    assert found(store.by_contact(connection, [2])) == [(2, "b"), (4, "i")]
    assert found(store.by_contact(connection, [2, 1])) == sorted(found(every.values()))[:-1]
    spans = [(1, NOON + 1, NOON + 20), (2, NOON + 9, NOON + 29)]
    assert found(store.by_contact_and_time(connection, spans)) == [(2, "b"), (3, "a")]
    assert found(store.by_context(connection, ["b", "a", "b"])) == [(4, "i")]
    for nothing in (store.by_id, store.by_contact, store.by_context, store.by_contact_and_time):
        assert list(nothing(connection, [])) == []
    assert store.next_id(connection) == 7


def test_keys_with_the_same_hash_are_told_apart(connection: sqlite3.Connection) -> None:
    keys = KeyRuns(connection)
    keys.add([(hash_of("i"), 2)])
    assert keys.find([hash_of("i")]) == {hash_of("i"): [4, 2]}
    assert found(store.by_key(connection, keys, ["i"])) == [(4, "i")]


def test_a_message_is_read_with_its_ids_and_derived_columns(connection: sqlite3.Connection) -> None:
    (read,) = store.by_id(connection, [2])
    stored = connection.execute("SELECT line, contact, line_id, contact_id, at FROM messages WHERE id = 2").fetchone()
    assert (read.line, read.contact, read.line_id, read.contact_id, read.at) == stored
    assert read.row[:4] == (OTHER_LINE.identifier, (0, BETO.wa_ids[0]), "promo", "b")
    names = ", ".join(DERIVED)
    assert read.derived == connection.execute(f"SELECT {names} FROM messages WHERE id = 2").fetchone()
    assert read.message.value("channel_id") == "c"
    (nobody,) = store.by_id(connection, [6])
    assert (nobody.contact, nobody.contact_id, nobody.row[1]) == (None, None, None)


def test_a_row_that_is_joined_is_found_by_its_message(connection: sqlite3.Connection) -> None:
    assert store.by_joined(connection, [1, 2]) == {}
    connection.execute("UPDATE messages SET joined = 2 WHERE id = 5")
    (joined,) = store.by_id(connection, [5])
    assert store.by_joined(connection, [2, 1]) == {2: joined}


@pytest.mark.parametrize(
    ("changed", "makes_known"),
    [
        ("id = 0", True),
        ("failed_at = 5 WHERE id = 2", False),
        (f"contact = 2, at = {NOON + 9 + JOIN_DISTANCE} WHERE id = 5", False),
        (f"contact = 2, at = {NOON + 10 + JOIN_DISTANCE} WHERE id = 5", True),
        (f"contact = 2, at = {NOON + 9} WHERE id = 5", False),
        ("direction = 1, contact = iif(id = 5, 2, contact) WHERE id IN (2, 5)", True),
        (f"direction = 1, kind = 'system', at = {NOON + 8} WHERE id = 2", False),
    ],
)
def test_the_first_message_makes_known_unless_it_failed_or_may_be_joined(
    connection: sqlite3.Connection, changed: str, makes_known: bool
) -> None:
    if changed != "id = 0":
        connection.execute(f"UPDATE messages SET {changed}")
    first = [one for one in store.first_by_contact(connection, [7, 2], JOIN_DISTANCE) if one.contact == 2]
    (at,) = connection.execute("SELECT min(at) FROM messages WHERE contact = 2").fetchone()
    assert first == [First(2, at, makes_known)]
    assert isinstance(first[0].makes_known, bool)


def test_what_is_inserted_updated_and_derived_is_read_again(connection: sqlite3.Connection) -> None:
    names = NameIds(connection, Lines(connection))
    connection.execute("DELETE FROM dirty")
    read = {one.id: one for one in store.by_id(connection, range(1, 7))}
    connection.execute("DELETE FROM messages")
    connection.execute("DELETE FROM dirty")
    connection.execute("DELETE FROM templates WHERE id > 1")
    store.insert(connection, names, [(one, one.derived or ()) for one in read.values()])
    assert {one.id: one for one in store.by_id(connection, range(1, 7))} == read
    day = NOON // 86_400_000
    lines = {one.line for one in read.values() if one.derived and one.derived[DERIVED.index("origin")] is not None}
    dirty = connection.execute("SELECT level, block, line FROM dirty ORDER BY line").fetchall()
    assert dirty == [(0, day, line) for line in sorted(line for line in lines if line is not None)]

    changed = list(read[4].row)
    changed[2], changed[-1] = "new template", "group"
    other = Stored(2, 1, 1, 2, 1, tuple(changed), NOON + 30, None)
    derived = (*range(30, 41), "reason", 42)
    store.update(connection, names, [(other, derived)])
    (again,) = store.by_id(connection, [2])
    assert again.derived == derived
    assert (again.line_id, again.contact_id) == (2, 1)
    assert again.row[2:] == tuple(changed)[2:]
    store.update_derived(connection, [(*range(50, 61), "other", 62, 2)])
    (again,) = store.by_id(connection, [2])
    assert again.derived == (*range(50, 61), "other", 62)
    assert again.row[2:] == tuple(changed)[2:]


def test_names_have_ids(connection: sqlite3.Connection) -> None:
    lines = Lines(connection)
    names = NameIds(connection, lines)
    assert names.template_ids[None] is None
    assert names.template_ids["promo"] == 1
    assert names.template_ids["new"] == names.template_ids["new"] == 2
    assert connection.execute("SELECT id, name FROM templates").fetchall() == [(1, "promo"), (2, "new")]
    assert names.of_line(None) == NOT_FOUND
    assert LINE.identifier is not None
    assert names.of_line(LINE.identifier) == lines.find(LINE.identifier)


def test_a_hash_is_of_the_bytes_of_the_key() -> None:
    assert hash_of("a") == 3904355907
    assert hash_of("á") == zlib.crc32(b"\xc3\xa1")
    assert hash_of("\ud800") == zlib.crc32(b"\xed\xa0\x80")  # half of a character, as some JSON has it
