"""Contacts by their ids: found, created, named, and merged when a record gives ids of two together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.database.connection import writing
from storage.domain.events import ContactIds
from storage.messages import contacts
from storage.messages.contacts import Contacts
from storage.messages.identities import NOT_FOUND, Found

Id = tuple[int, str]
ANA, BETO, USER, OTHER_USER, CUSTOMER = (0, "5491"), (0, "5492"), (1, "AR.1"), (1, "AR.2"), (2, "C7")


@contextmanager
def opened(path: Path) -> Iterator[tuple[Contacts, sqlite3.Connection]]:
    with writing(path) as writer, writer.transaction() as connection:
        yield Contacts(connection), connection


def ids_in(connection: sqlite3.Connection) -> dict[Id, tuple[Found, int | None]]:
    rows = connection.execute("SELECT kind, text, id, contact, replaced FROM contact_ids").fetchall()
    return {(kind, text): (Found(id, contact), replaced) for kind, text, id, contact, replaced in rows}


def people_in(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT id, label, customer_id, name FROM contacts ORDER BY id").fetchall()


def assert_memory_is_right(known: Contacts, connection: sqlite3.Connection) -> None:
    """What is remembered, and what is read anew, is what the database holds."""
    again = Contacts(connection)
    again.prepare([], ids_in(connection))
    third = Contacts(connection)
    for id, (found, _) in ids_in(connection).items():
        assert known.find(id) == found == again.find(id) == third.find(id)


RECORDS = (
    ContactIds(("5491",)),
    ContactIds(user_id="AR.1"),
    ContactIds(customer_id="C7"),
    ContactIds(("5492",), user_id="AR.2", customer_id="C7"),
    ContactIds(("5491", "5493"), user_id="AR.1"),
    ContactIds(user_id="AR.9", other_user_ids=("AR.8", "")),
    ContactIds(("5496",), replaced="5495"),
    ContactIds(user_id="BR.2", replaced_user_id="BR.1"),
    ContactIds(("5499",), user_id="AR.0", customer_id="C2"),
    ContactIds(user_id="AR.0", customer_id="C1"),
)


@pytest.mark.parametrize("after_each", ["nothing", "finish", "another import"])
def test_ids_given_together_are_one_contact_however_the_records_are_split(tmp_path: Path, after_each: str) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        for record in (*RECORDS, *RECORDS):
            known.prepare([record], [])
            known.link(record)
            if after_each != "nothing":
                known.finish()
            if after_each == "another import":
                known = Contacts(connection)
        known.finish()
        of_contact: dict[int, set[str]] = {}
        replaced = set()
        for (_, text), (found, is_replaced) in ids_in(connection).items():
            of_contact.setdefault(found.owner, set()).add(text)
            if is_replaced:
                replaced.add(text)
        assert sorted(map(sorted, of_contact.values())) == sorted(
            [
                ["5491", "5493", "AR.1"],
                ["5492", "AR.2", "C7"],
                ["AR.8", "AR.9"],
                ["5495", "5496"],
                ["BR.1", "BR.2"],
                ["5499", "AR.0", "C1", "C2"],
            ]
        )
        assert replaced == {"5495", "BR.1"}
        assert {row[1:] for row in people_in(connection)} == {
            ("5491", None, None),
            ("5492", "C7", None),
            ("AR.8", None, None),
            ("5496", None, None),
            ("BR.2", None, None),
            ("5499", "C1", None),
        }
        assert {row[0] for row in people_in(connection)} == set(of_contact)
        assert_memory_is_right(known, connection)


def test_a_merge_is_told_and_the_older_contact_stays(tmp_path: Path) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([ANA, USER, ANA, CUSTOMER])
        owners = [known.find(id).owner for id in (ANA, USER, CUSTOMER)]
        assert owners == sorted(set(owners))
        assert known.fresh_from == owners[0]
        known.finish()
        known.prepare([], [])
        assert known.fresh_from == owners[-1] + 1
        assert known.merged == []
        assert known.link_together([CUSTOMER, BETO, ANA]) == owners[0]
        known.finish()
        assert known.merged == [(owners[2], owners[0])]
        assert {id: found.owner for id, (found, _) in ids_in(connection).items()} == {
            ANA: owners[0],
            USER: owners[1],
            CUSTOMER: owners[0],
            BETO: owners[0],
        }
        assert people_in(connection) == [(owners[0], "5491", "C7", None), (owners[1], "AR.1", None, None)]
        assert_memory_is_right(known, connection)


def test_ids_are_numbered_in_their_order_without_gaps(tmp_path: Path) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([BETO, ANA])
        known.link_together([USER, CUSTOMER])
        known.finish()
        known.link_each([OTHER_USER])
        known.link_together([ANA, (2, "C8")])
        known.finish()
        rows = sorted((found.id, id) for id, (found, _) in ids_in(connection).items())
        assert rows == list(enumerate([BETO, ANA, USER, CUSTOMER, OTHER_USER, (2, "C8")], 1))
        assert [row[0] for row in people_in(connection)] == [1, 2, 3, 4]


def test_an_id_that_was_never_linked_is_not_found(tmp_path: Path) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([ANA])
        with pytest.raises(KeyError) as error:
            known.find(BETO)
        assert error.value.args == (BETO,)
        known.finish()
        again = Contacts(connection)
        again.find(ANA)
        known.link_each([BETO])
        known.finish()
        found = [known.find(ANA), NOT_FOUND, known.find(BETO)]
        assert known.find_each([ANA, None, BETO]) == again.find_each([ANA, None, BETO]) == found


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([(1, 5, "b")], "b"),
        ([(1, 5, "b"), (0, 9, "log")], "log"),
        ([(0, 9, "log"), (1, 5, "b")], "log"),
        ([(1, 5, "b"), (1, 4, "earlier")], "earlier"),
        ([(1, 5, "b"), (1, 5, "a"), (1, 5, "c")], "a"),
    ],
)
def test_the_name_of_the_best_source_then_the_earliest_then_the_smallest_counts(
    tmp_path: Path, names: list[tuple[int, int, str]], wanted: str, is_new: bool
) -> None:
    for several in ([ANA], [ANA, USER]):
        with opened(tmp_path / f"{len(several)}.db") as (known, connection):
            contact = known.link_together(several)
            for name in names:
                if not is_new:
                    known.finish()
                known.name(contact, name)
            known.finish()
            stored = connection.execute("SELECT name_rank, name_at, name FROM contacts").fetchall()
            assert stored == [min(names)]
            assert stored[0][2] == wanted


@pytest.mark.parametrize("first", [ANA, USER, CUSTOMER])
def test_a_name_of_a_contact_with_one_id_is_kept(tmp_path: Path, first: Id) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([first, BETO])
        known.name(known.find(first).owner, (1, 5, "Ana"))
        known.finish()
        customer = first[1] if first == CUSTOMER else None
        assert people_in(connection) == [(1, first[1], customer, "Ana"), (2, "5492", None, None)]


@pytest.mark.parametrize(
    ("kept", "removed", "wanted"),
    [
        (None, (1, 5, "b"), (1, 5, "b")),
        ((1, 5, "b"), None, (1, 5, "b")),
        ((1, 5, "b"), (1, 4, "c"), (1, 4, "c")),
        ((0, 5, "b"), (1, 4, "c"), (0, 5, "b")),
        (None, None, (None, None, None)),
    ],
)
def test_merged_contacts_keep_the_better_name(tmp_path: Path, kept: Any, removed: Any, wanted: Any) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([ANA, BETO])
        for id, name in ((ANA, kept), (BETO, removed)):
            if name is not None:
                known.name(known.find(id).owner, name)
        known.link_together([BETO, ANA])
        known.finish()
        assert connection.execute("SELECT id, name_rank, name_at, name FROM contacts").fetchall() == [(1, *wanted)]


def test_a_replaced_id_is_the_label_only_if_there_is_no_other(tmp_path: Path) -> None:
    def label(*records: ContactIds, finish: Callable[[Contacts], None]) -> tuple[Any, ...]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        with opened(path) as (known, connection):
            for record in records:
                known.link(record)
                finish(known)
            known.finish()
            ((_, *labels),) = people_in(connection)
        return tuple(labels[:2])

    for finish in (Contacts.finish, lambda known: None):
        assert label(ContactIds(("5491",), replaced="5490"), finish=finish) == ("5491", None)
        assert label(ContactIds(("5490",)), ContactIds(("5491",), replaced="5490"), finish=finish) == ("5491", None)
        assert label(ContactIds(user_id="AR.2", replaced="5490"), finish=finish) == ("5490", None)
        assert label(ContactIds(user_id="AR.2", replaced_user_id="AR.1"), finish=finish) == ("AR.2", None)
        assert label(ContactIds(customer_id="C7", user_id="AR.1"), finish=finish) == ("AR.1", "C7")


def test_an_id_that_is_replaced_later_is_the_label_no_more(tmp_path: Path) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link(ContactIds(("5490", "5491")))
        known.finish()
        assert people_in(connection) == [(1, "5490", None, None)]
        known.link(ContactIds(("5491",), replaced="5490"))
        known.finish()
        assert people_in(connection) == [(1, "5491", None, None)]


def test_each_contact_keeps_its_number_whatever_kind_its_id_is(tmp_path: Path) -> None:
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link_each([CUSTOMER, ANA, (2, "C8"), USER])
        known.finish()
        labels = [(1, "C7", "C7"), (2, "5491", None), (3, "C8", "C8"), (4, "AR.1", None)]
        assert people_in(connection) == [(*label, None) for label in labels]
        assert_memory_is_right(known, connection)


def test_a_forgotten_id_is_read_and_linked_again(tmp_path: Path) -> None:
    record = ContactIds(("5491",), user_id="AR.1")
    with opened(tmp_path / "saludo.db") as (known, connection):
        known.link(record)
        known.finish()
        connection.execute("DELETE FROM contact_ids WHERE kind = 1")
        known.forget(USER)
        known.forget(OTHER_USER)
        with pytest.raises(KeyError):
            known.find(USER)
        known.link(record)
        known.finish()
        assert ids_in(connection)[USER][0] == Found(known.find(USER).id, known.find(ANA).owner)
        assert_memory_is_right(known, connection)


def test_a_full_memory_is_emptied_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "_CACHE_LIMIT", 2)
    records = [ContactIds((f"549{number}",), user_id=f"AR.{number}") for number in range(4)]
    with opened(tmp_path / "saludo.db") as (known, connection):
        for record in (*records, *reversed(records)):
            known.prepare([record], [(2, "C1")])
            assert len(known._found) <= 4
            known.link(record)
            known.finish()
        assert len(people_in(connection)) == 4
        assert_memory_is_right(known, connection)
