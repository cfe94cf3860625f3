"""Tests of databases whose contacts an older version made of values that identify nobody."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.domain.events import ContactIds, Event, Failure, Step
from storage.ingest.identity_repair import TASK, Repair, identity_of, repair_identities
from storage.ingest.integrity import check
from tests.databases import NOON, build, report_of, tsv_of
from tests.events import row, send, status

NUMBER = "5491155550001"


def repaired(path: Path) -> Repair:
    """Mends the database as the first write of a newer version does."""
    with writing(path) as writer:
        writer.connection.execute("INSERT INTO pending VALUES (?)", (TASK,))
        repair = repair_identities(writer, lambda done, of: None)
        assert repair_identities(writer, lambda done, of: None) == Repair()
        assert check(writer, lambda done, of: None) == []
    return repair


def customers(placeholder: str) -> list[Event]:
    return [
        row(f"r{number}", NOON + number, ContactIds(user_id=placeholder, customer_id=f"C{number}"))
        for number in range(3)
    ]


@pytest.mark.parametrize("placeholder", ["N/A", "5,49116E+12", "########", "549115555****"])
def test_people_joined_by_a_placeholder_are_separated(tmp_path: Path, placeholder: str) -> None:
    path = build(tmp_path / "saludo.db", customers(placeholder))
    assert (report_of(path)["users"], report_of(path)["data"]["unknown_contacts"]) == (1, 0)
    assert repaired(path) == Repair(removed=1, separated=1, messages=3)
    report = report_of(path)
    assert (report["starts"], report["users"], report["data"]["unknown_contacts"]) == (3, 0, 3)
    assert len(tsv_of(path, 'contact:"(unknown)"')) == 3
    again = [row(f"r{number}", NOON + number, ContactIds(customer_id=f"C{number}")) for number in range(3)]
    build(path, again)  # what today's reader gives for the same file
    report = report_of(path)
    assert (report["starts"], report["users"], report["data"]["unknown_contacts"]) == (3, 3, 0)


def test_a_placeholder_beside_one_person_leaves_the_person(tmp_path: Path) -> None:
    one = ContactIds((NUMBER,), user_id="null", customer_id="C1")
    path = build(tmp_path / "saludo.db", [send("a", NOON, one), send("b", NOON + 1, ContactIds(customer_id="C1"))])
    assert repaired(path) == Repair(removed=1)
    assert (report_of(path)["users"], report_of(path)["data"]["unknown_contacts"]) == (1, 0)


@pytest.mark.parametrize("spelling", [f"whatsapp:+{NUMBER}", f"{NUMBER}@c.us", "+54 9 11 5555\u20110001"])
def test_a_number_in_another_spelling_is_the_same_person(tmp_path: Path, spelling: str) -> None:
    sends: list[Event] = [send("a", NOON, ContactIds((NUMBER,))), send("b", NOON + 9, ContactIds(user_id=spelling))]
    path = build(tmp_path / "saludo.db", sends, [status(Step.READ, NOON + 10, "b", ContactIds(user_id=spelling))])
    assert report_of(path)["users"] == 2
    assert repaired(path) == Repair(respelled=1)
    assert (report_of(path)["users"], report_of(path)["status"]["read"]) == (1, 1)
    assert {line["Contact id/number"] for line in tsv_of(path)} == {NUMBER}


def test_a_pseudonym_stored_as_a_number_is_one_person(tmp_path: Path) -> None:
    sends: list[Event] = [
        send("a", NOON, ContactIds(("a3f9c0ffee",), user_id="AR.1")),
        send("b", NOON + 1, ContactIds(user_id="a3f9c0ffee")),
    ]
    path = build(tmp_path / "saludo.db", sends)
    assert report_of(path)["users"] == 2
    assert repaired(path) == Repair(respelled=1)
    assert report_of(path)["users"] == 1


def test_a_sound_database_stays_as_it_is(tmp_path: Path) -> None:
    path = build(
        tmp_path / "saludo.db", [send("a", NOON), send("b", NOON, ContactIds(user_id="AR.ENT.7", customer_id="9"))]
    )
    before = report_of(path)
    assert repaired(path) == Repair()
    assert report_of(path) == before


def test_a_failure_that_had_no_known_reason_gets_the_one_of_today(tmp_path: Path) -> None:
    failed = status(Step.FAILED, NOON, "a", failure=Failure(131055, "Method not allowed"))
    path = build(tmp_path / "saludo.db", [send("a", NOON), failed])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE messages SET failure_reason = 'other' WHERE failure_reason IS NOT NULL")
    assert not repaired(path)
    assert [failure["reason"] for failure in report_of(path)["failures"]] == ["template_unavailable"]


def test_ids_of_today() -> None:
    assert identity_of((0, "549115555****")) is None
    assert identity_of((0, "12345")) == (1, "12345")
    assert identity_of((2, "17.0")) == (2, "17")
    assert identity_of((1, "AR.1")) == (1, "AR.1")
