"""Tests of who is one person: the ids of one message out, whatever the order and the import in which they come."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.domain.events import ContactIds, Event, Known, Rank, Step
from storage.ingest.integrity import check
from tests.databases import NOON, build, report_of, tsv_bytes
from tests.events import inbound, send, status

BRAZIL, BRAZIL_OLD = ContactIds(("5511987650001",)), ContactIds(("551187650001",))
MEXICO, MEXICO_OLD = ContactIds(("5215512345678",)), ContactIds(("525512345678",))
USER, PARENT = ContactIds(user_id="BR.1"), ContactIds(user_id="BR.ENT.1")
CUSTOMER = ContactIds(customer_id="C1")


@pytest.mark.parametrize(
    ("sent_to", "told_of"),
    [
        (BRAZIL, BRAZIL_OLD),
        (MEXICO_OLD, MEXICO),
        (BRAZIL, USER),
        (PARENT, USER),
        (CUSTOMER, BRAZIL),
        (BRAZIL, CUSTOMER),
    ],
)
@pytest.mark.long(keep=3)
def test_the_ids_of_one_message_out_are_one_contact(tmp_path: Path, sent_to: ContactIds, told_of: ContactIds) -> None:
    history: list[Event] = [
        send("a", NOON, sent_to),
        status(Step.DELIVERED, NOON + 1_000, "a", told_of),
        send("b", NOON + 60_000, told_of),
        inbound("i", NOON + 90_000, told_of),
    ]
    files = set()
    for number, order in enumerate(permutations(history)):
        for batches in ([order], [[event] for event in order]):
            path = tmp_path / f"{number}-{len(batches)}.db"
            build(path, *batches)
            report = report_of(path)
            assert (report["users"], report["sends"], report["user_types"]) == (1, 2, {"new": 1, "recurrent": 0})
            files.add(tsv_bytes(path))
    assert len(files) == 1


def test_several_messages_link_what_no_record_gives_together(tmp_path: Path) -> None:
    chain: list[Event] = [
        *(send("a", NOON, BRAZIL), status(Step.SENT, NOON, "a", BRAZIL_OLD)),
        *(send("b", NOON, BRAZIL_OLD), status(Step.SENT, NOON, "b", USER), status(Step.READ, NOON, "b", PARENT)),
        *(send("c", NOON, PARENT), send("d", NOON, CUSTOMER, rank=Rank.PLATFORM), status(Step.SENT, NOON, "d", USER)),
    ]
    for order in (chain, chain[::-1], chain[::2] + chain[1::2]):
        path = tmp_path / f"{id(order)}.db"
        build(path, *([event] for event in order))
        assert (report_of(path)["users"], report_of(path)["sends"]) == (1, 4)
        with writing(path) as writer:
            assert check(writer, lambda done, of: None) == []


def test_a_groups_message_links_nobody(tmp_path: Path) -> None:
    group: list[Event] = [status(Step.DELIVERED, NOON, "g", who, group=True) for who in (BRAZIL, MEXICO, USER)]
    build(tmp_path / "saludo.db", [*group, send("a", NOON, BRAZIL), send("b", NOON, MEXICO), send("c", NOON, USER)])
    assert report_of(tmp_path / "saludo.db")["users"] == 3


def test_a_message_in_and_one_out_with_the_same_key_link_nobody(tmp_path: Path) -> None:
    build(tmp_path / "saludo.db", [send("a", NOON, BRAZIL), inbound("a", NOON, MEXICO), send("b", NOON, MEXICO)])
    assert report_of(tmp_path / "saludo.db")["users"] == 2


@pytest.mark.parametrize("last", [True, False])
def test_a_changed_user_id_is_one_person_whenever_it_is_told(tmp_path: Path, last: bool) -> None:
    change: list[Event] = [Known(contact=ContactIds(user_id="BR.2", other_user_ids=("BR.1",), replaced_user_id="BR.1"))]
    sends: list[Event] = [send("a", NOON, USER), send("b", NOON + 1, ContactIds(user_id="BR.2"))]
    build(tmp_path / "saludo.db", *([sends, change] if last else [change, sends]))
    assert report_of(tmp_path / "saludo.db")["users"] == 1
    assert tsv_bytes(tmp_path / "saludo.db").count(b"BR.2") == 2  # the newest id stands for the person
