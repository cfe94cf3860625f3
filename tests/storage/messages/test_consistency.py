"""What must hold between names, messages and rejects: what does not is told, and made right again if it can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.database.key_runs import KeyRuns
from storage.domain.events import ContactIds, LineIds
from storage.messages.consistency import inconsistencies as inconsistencies_of
from storage.messages.consistency import mend_consistency
from storage.messages.duplicates import merge_duplicates
from tests.databases import NOON, build
from tests.events import inbound, send

OF_LINE = "label or value differs from its ids"
OF_CONTACT = "label or customer id differs from its ids"
OF_MESSAGE = "a message's contact is not that of its contact id, or an id is missing"
OF_HASH = "its hash differs from its key"
LAST_ID = "the last id of table {} is not the one that was used last"
REJECTED = "rejected record {!r}: counted and not kept, or kept and not counted"
# By what is damaged: what is told of it, and what is mended.
DAMAGE: dict[str, tuple[list[str], list[str]]] = {
    "UPDATE line_ids SET line = -3 WHERE id = 2": (
        ["line id '106540352242922' leads to no line", "line -3 is missing"],
        ["line id '…' leads to no line: mended 1 rows"],
    ),
    "UPDATE line_ids SET line = 'x' WHERE id = 2": (
        ["line id '106540352242922' leads to no line", "line x is missing"],
        ["line id '…' leads to no line: mended 1 rows"],
    ),
    "UPDATE contact_ids SET contact = 0 WHERE id = 1": (
        [
            "contact id '5491155550001' leads to no contact",
            "contact 0 is missing",
            "contact 1 has no id",
            f"contact 1: {OF_CONTACT}",
            "message 'a': its contact is not that of its contact id",
            "message 'i': its contact is not that of its contact id",
        ],
        ["contact id '…' leads to no contact: mended 1 rows"],
    ),
    "UPDATE lines SET label = 'x' WHERE id = 1": ([f"line 1: {OF_LINE}"], [f"line …: {OF_LINE}: mended 1 rows"]),
    "UPDATE lines SET value = 'x' WHERE id = 2": ([f"line 2: {OF_LINE}"], [f"line …: {OF_LINE}: mended 1 rows"]),
    "DELETE FROM lines WHERE id = 2": (
        ["line 2 is missing"],
        ["line … is missing: mended 1 rows", f"line …: {OF_LINE}: mended 1 rows"],
    ),
    "DELETE FROM contacts WHERE id = 2": (
        ["contact 2 is missing"],
        ["contact … is missing: mended 1 rows", f"contact …: {OF_CONTACT}: mended 1 rows"],
    ),
    "UPDATE contacts SET label = 'x' WHERE id = 1": (
        [f"contact 1: {OF_CONTACT}"],
        [f"contact …: {OF_CONTACT}: mended 1 rows"],
    ),
    "UPDATE contacts SET customer_id = NULL": (
        [f"contact 2: {OF_CONTACT}"],
        [f"contact …: {OF_CONTACT}: mended 1 rows"],
    ),
    "UPDATE messages SET hash = 7 WHERE key = 'a'": (
        [f"message 'a': {OF_HASH}"],
        [f"message '…': {OF_HASH}: mended 1 rows"],
    ),
    "UPDATE messages SET line_id = 99 WHERE key = 'b'": (
        ["a message names the line id 99, which is missing"],
        [f"{OF_MESSAGE}: mended 1 rows"],
    ),
    "UPDATE messages SET contact_id = 99 WHERE key = 'b'": (
        ["a message names the contact id 99, which is missing"],
        [f"{OF_MESSAGE}: mended 1 rows"],
    ),
    "UPDATE messages SET template = 'x' WHERE key = 'b'": (
        ["a message names the template 'x', which is missing"],
        [f"{OF_MESSAGE}: mended 1 rows"],
    ),
    "UPDATE messages SET contact = 2 WHERE key = 'i'": (
        ["message 'i': its contact is not that of its contact id"],
        [f"{OF_MESSAGE}: mended 1 rows"],
    ),
    "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'contacts'": (
        [LAST_ID.format("contacts")],
        [f"{LAST_ID.format('…')}: mended 2 rows"],
    ),
    "UPDATE sqlite_sequence SET seq = 'x' WHERE name = 'lines'": (
        [LAST_ID.format("lines")],
        [f"{LAST_ID.format('…')}: mended 2 rows"],
    ),
    "INSERT INTO lines (id, label, value) VALUES (2147483650, 'x', 'x')": (
        ["line 2147483650 has no number, identifier or name", f"line 2147483650: {OF_LINE}", LAST_ID.format("lines")],
        ["line … has no number, identifier or name: mended 1 rows", f"{LAST_ID.format('…')}: mended 2 rows"],
    ),
    "INSERT INTO contacts (id, label) VALUES (7, 'x')": (
        ["contact 7 has no id", f"contact 7: {OF_CONTACT}"],
        ["contact … has no id: mended 1 rows"],
    ),
    "INSERT INTO rejected_records VALUES ('x')": ([REJECTED.format("x")], [f"{REJECTED.format('…')}: mended 1 rows"]),
}


def inconsistencies(connection: sqlite3.Connection) -> list[str]:
    """What does not hold by any rule, that of each message last."""
    return [one for last in (False, True) for one in inconsistencies_of(connection, of_messages=last)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Two contacts, two lines and one template: messages a and i are Ana's, b is Beto's. Nothing is wrong."""
    both = ContactIds(("5491155550002",), user_id="AR.2", customer_id="C2", name="Beto")
    of_beto = send("b", NOON + 1, contact=both, line=LineIds(name="Sales"))
    path = build(tmp_path / "saludo.db", [send("a")], [of_beto], [inbound("i", NOON + 5)])
    with writing(path) as writer, writer.transaction() as connection:
        assert inconsistencies(connection) == []
        assert mend_consistency(connection) == []
        yield connection


def names(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """All that is checked, but for the number that the next line or contact gets."""
    return [
        sorted(connection.execute(statement).fetchall())
        for statement in (
            "SELECT id, text, kind, line FROM line_ids",
            "SELECT id, text, kind, contact FROM contact_ids",
            "SELECT id, label, value FROM lines",
            "SELECT id, label, ifnull(customer_id, '') FROM contacts",
            "SELECT id, key, hash, line_id, contact_id, ifnull(template, 0), contact FROM messages",
            "SELECT digest FROM rejected_records",
        )
    ]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_and_mended(connection: sqlite3.Connection, damage: str) -> None:
    before = names(connection)
    told, mended = DAMAGE[damage]
    connection.execute(damage)
    assert inconsistencies(connection) == told
    assert mend_consistency(connection) == mended
    assert inconsistencies(connection) == []
    assert mend_consistency(connection) == []
    assert names(connection) == before


def test_ids_that_no_message_names_get_a_line_and_a_contact_of_their_own(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO line_ids (id, text, kind, line) VALUES (9, '200', 1, 0)")
    connection.execute("INSERT INTO contact_ids (id, kind, text, contact) VALUES (9, 1, 'AR.9', 268435456)")
    assert [one for one in inconsistencies(connection) if "leads" in one] == [
        "line id '200' leads to no line",
        "contact id 'AR.9' leads to no contact",
    ]
    mend_consistency(connection)
    assert inconsistencies(connection) == []
    assert connection.execute("SELECT id, label, value FROM lines WHERE id > 2").fetchall() == [(11, "200", "200")]
    assert connection.execute("SELECT id, label FROM contacts WHERE id > 2").fetchall() == [(11, "AR.9")]


def test_a_message_that_is_no_start_is_named_by_any_id_of_its_line(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE messages SET line_id = 99 WHERE key = 'i'")
    assert inconsistencies(connection) == ["a message names the line id 99, which is missing"]
    assert mend_consistency(connection) == [f"{OF_MESSAGE}: mended 1 rows"]
    assert connection.execute("SELECT line_id FROM messages WHERE key = 'i'").fetchone() == (1,)


def test_names_that_cannot_be_found_again_stay_and_are_told(connection: sqlite3.Connection) -> None:
    """A message that is no start has no start template, and one of an unknown line has no line to take an id of."""
    connection.execute("UPDATE messages SET template = 99 WHERE key = 'i'")
    connection.execute("UPDATE messages SET line_id = 98, line = NULL WHERE key = 'a'")
    told = ["a message names the line id 98, which is missing", "a message names the template 99, which is missing"]
    assert inconsistencies(connection) == told
    mend_consistency(connection)
    assert inconsistencies(connection) == told[1:]
    assert connection.execute("SELECT line_id FROM messages WHERE key = 'a'").fetchone() == (None,)


def test_of_each_rule_twenty_are_told_and_the_others_counted(connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT INTO contacts (id, label) VALUES (?, 'x')", [(id,) for id in range(100, 123)])
    told = [f"contact {id} has no id" for id in range(100, 120)]
    assert [one for one in inconsistencies(connection) if "no id" in one] == [*told, "contact … has no id: 3 more"]
    assert mend_consistency(connection) == ["contact … has no id: mended 23 rows"]
    connection.execute("DELETE FROM contact_ids")
    connection.execute("UPDATE messages SET contact_id = id, key = 'k' || id, hash = 0, contact = NULL")
    connection.executemany(
        "INSERT INTO messages (key, direction, hash, sources, at, timed, contact_id) VALUES (?, 0, 0, 1, 1, 1, ?)",
        [(f"m{number}", number) for number in range(100, 120)],
    )
    assert [one for one in inconsistencies(connection) if one.endswith("more")] == [
        f"message '…': {OF_HASH}: 3 more",
        f"{OF_MESSAGE}: 3 more",
    ]


def test_a_key_that_is_no_text_has_a_hash_as_well(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE messages SET key = x'00', hash = -1 WHERE key = 'i'")
    assert inconsistencies(connection) == []
    connection.execute("UPDATE messages SET hash = 1 WHERE key = x'00'")
    assert inconsistencies(connection) == ["message b'\\x00': its hash differs from its key"]
    assert mend_consistency(connection) == [f"message '…': {OF_HASH}: mended 1 rows"]


def test_a_message_that_is_stored_twice_becomes_one_again(connection: sqlite3.Connection) -> None:
    """A damaged key index let an import add it again: what all its rows say counts, and the first row stays."""
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(messages)") if name != "id"]
    listed = ", ".join(f'"{name}"' for name in columns)
    for id, key in ((10, "a"), (11, "a"), (12, "i"), (13, "b")):
        first = f"SELECT {id}, {listed} FROM messages WHERE key = ? ORDER BY id LIMIT 1"
        connection.execute(f"INSERT INTO messages (id, {listed}) {first}", (key,))
    connection.execute("UPDATE messages SET read_at = 5, line_id = 3, line = 2, at = at - 1 WHERE id = 10")
    connection.execute("UPDATE messages SET delivered_at = 4 WHERE id = 11")
    connection.execute("UPDATE messages SET status = 9 WHERE id IN (10, 11)")
    connection.execute("UPDATE messages SET sent_at = 3 WHERE id = 1")
    connection.execute("UPDATE messages SET direction = 0 WHERE id = 12")  # the same key in the other direction
    KeyRuns(connection).remake()
    assert sorted(inconsistencies(connection)) == [f"message '{key}' is stored twice" for key in "ab"]
    assert mend_consistency(connection) == []
    before = connection.execute("SELECT * FROM messages WHERE key <> 'a' AND id <> 13").fetchall()
    derived = "SELECT day, origin, user_type, status FROM messages WHERE id = 1"
    kept = connection.execute(derived).fetchall()
    assert merge_duplicates(connection) == 3
    assert inconsistencies(connection) == []
    assert merge_duplicates(connection) == 0
    rows = connection.execute(
        "SELECT id, line_id, contact_id, read_at, delivered_at, sent_at, at FROM messages WHERE key = 'a'"
    )
    assert rows.fetchall() == [(1, 3, 1, 5, 4, 3, NOON - 1)]
    assert connection.execute("SELECT * FROM messages WHERE key <> 'a'").fetchall() == before
    assert connection.execute(derived).fetchall() == kept
