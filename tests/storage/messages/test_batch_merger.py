"""A batch has, besides its rows, the ids and names that its records give, and which ids one message went to."""

from __future__ import annotations

import pytest

from storage.domain.events import ContactIds, Event, Failure, Inbound, Known, LineIds, Rank, Send, Status, Step
from storage.domain.sends import Sends
from storage.messages.batch_merger import Batch, Merger
from storage.messages.message_row import KEY, TEMPLATE
from tests.databases import ANA, LINE, NOON, OTHER_LINE
from tests.events import inbound, row, send, status

NUMBER, OTHER = ContactIds(("5491155550001",)), ContactIds(("5491155550002",))
USER = ContactIds(user_id="AR.1")
REFERENCES = {NUMBER: (0, "5491155550001"), OTHER: (0, "5491155550002"), USER: (1, "AR.1")}


def merged(*parts: Event | Sends) -> Batch:
    merger = Merger()
    for part in parts:
        if isinstance(part, Sends):
            merger.add_all(part)
        else:
            merger.add(part)
    return merger.batch()


def table(*keys: str, template: str = "t", keyless: bool = False, line: LineIds = LINE, **more: object) -> Sends:
    """Rows of a table, one a key."""
    columns: dict[str, object] = {
        "accepted_at": [NOON] * len(keys),
        "numbers": ["5491155550001"] * len(keys),
        "templates": [template] * len(keys),
        **more,
    }
    rank = Rank.PLATFORM if keyless else Rank.SEND_LOG
    return Sends(rank, list(keys), [NOON] * len(keys), [line] * len(keys), keyless=keyless, **columns)  # type: ignore[arg-type]


def failed(contact: ContactIds) -> Status:
    return status(Step.FAILED, NOON + 1, contact=contact, failure=Failure(131026))


@pytest.mark.parametrize(
    "events",
    [
        [send(contact=NUMBER), status(Step.READ, NOON + 1, contact=USER)],
        [status(Step.READ, NOON + 1, contact=NUMBER), send(contact=USER)],
        [status(Step.READ, NOON + 1, contact=NUMBER), status(Step.SENT, NOON, contact=USER)],
        [send(contact=NUMBER), failed(USER)],
        [failed(NUMBER), send(contact=USER)],
        [table("w1"), failed(USER)],
    ],
)
def test_the_ids_that_one_message_went_to_are_of_one_contact(events: list[Event | Sends]) -> None:
    batch = merged(*events)
    assert {frozenset(pair) for pair in batch.recipients} == {frozenset((REFERENCES[NUMBER], REFERENCES[USER]))}
    assert len(batch.rows) == 1
    named = {(0, one.wa_ids[0]) if one.wa_ids else (1, one.user_id) for one in batch.contacts} | {*batch.references}
    assert {REFERENCES[NUMBER], REFERENCES[USER]} <= named


@pytest.mark.parametrize(
    "events",
    [
        [send(contact=NUMBER), status(Step.READ, NOON + 1, contact=NUMBER)],
        [send(contact=NUMBER), failed(NUMBER)],
        [send(contact=NUMBER), failed(ContactIds())],
        [send(contact=ContactIds()), failed(NUMBER)],
        [send(contact=NUMBER, group=True), status(Step.READ, NOON + 1, contact=USER, group=True)],
        [inbound(contact=NUMBER), inbound(contact=USER)],
        [row(contact=NUMBER), row(contact=USER)],
        [send("w1", contact=NUMBER), send("w2", contact=USER)],
    ],
)
def test_other_ids_are_not_linked(events: list[Event]) -> None:
    assert merged(*events).recipients == []


def test_of_several_names_the_best_source_then_the_earliest_counts() -> None:
    def named(name: str, one: Event) -> Event:
        return type(one)(
            **{field: getattr(one, field) for field in one.__struct_fields__}
            | {"contact": ContactIds(NUMBER.wa_ids, name=name)}
        )

    log = named("log", send(at=NOON + 9))
    platform = named("platform", send("w2", NOON, rank=Rank.PLATFORM))
    webhook = named("webhook", status(Step.READ, NOON + 2, "w3"))
    earlier = named("earlier", inbound("i", NOON + 1))
    known = Known(contact=ContactIds(NUMBER.wa_ids, name="known"))
    reference = REFERENCES[NUMBER]

    def name_of(*events: Event) -> str:
        names = merged(*events).names
        assert names == merged(*reversed(events)).names
        assert set(names) == {reference}
        return names[reference][2]

    assert name_of(platform, known, webhook, log, earlier) == "log"
    assert name_of(platform, known, webhook, earlier) == "earlier"
    assert name_of(platform, known, webhook) == "webhook"
    assert name_of(platform, known) == "known"
    assert name_of(platform) == "platform"
    assert merged(known).names == {reference: (1, 1 << 60, "known")}
    assert merged(webhook).names == {reference: (1, NOON + 2, "webhook")}
    assert merged(platform).names == {reference: (2, NOON, "platform")}
    assert merged(send(contact=NUMBER), Known(contact=ContactIds(name="of nobody"))).names == {}


def test_messages_of_tables_and_events_are_one_by_key() -> None:
    def templates(*parts: Event | Sends) -> list[tuple[str, str | None]]:
        return sorted((one[KEY], one[TEMPLATE]) for one in merged(*parts).rows)

    first, second = table("w1", "w2", template="b"), table("w2", "w3", template="a")
    assert templates(first, second) == [("w1", "b"), ("w2", "a"), ("w3", "a")]
    assert templates(second, first) == [("w1", "b"), ("w2", "a"), ("w3", "a")]
    assert templates(table("w1", "w1", "w2", template="b")) == [("w1", "b"), ("w2", "b")]
    keyless = table("w1", template="c", keyless=True)
    assert templates(first, keyless) == [("w1", "b"), ("w1", "c"), ("w2", "b")]
    assert templates(keyless, keyless, send("w1", template="d")) == [("w1", "c"), ("w1", "d")]
    assert templates(first, send("w1", template="a"), status(Step.READ, NOON + 1, "w4")) == [
        ("w1", "a"),
        ("w2", "b"),
        ("w4", None),
    ]
    assert merged(first, second, keyless).events == 5


def test_a_batch_has_every_line_and_contact_that_records_give() -> None:
    whole = ContactIds(("5491155550001",), user_id="AR.1", customer_id="C7")
    batch = merged(
        send("a", contact=NUMBER),
        status(Step.READ, NOON + 1, "b", contact=whole, line=OTHER_LINE),
        Inbound("i", "text", NOON, LineIds(name="Sales"), USER),
        Known(contact=ContactIds(customer_id="C9"), line=LineIds("300")),
        send("c", contact=ContactIds()),
        Send("d", Rank.PLATFORM, NOON, LineIds(), OTHER, kind="template", default_line=LineIds("400")),
    )
    assert set(batch.lines) >= {LINE, OTHER_LINE, LineIds(name="Sales"), LineIds("300"), LineIds("400")}
    assert {whole, USER, ContactIds(customer_id="C9")} <= set(batch.contacts)
    assert len(batch.rows) == 5
    assert [batch.references[person] for person in batch.people] == [one[1] for one in batch.rows]
    assert LineIds("500") not in merged(table("x", default_line=LineIds("500"))).lines
    bare = table("x", line=LineIds(), default_line=LineIds("500"))
    assert set(merged(bare).lines) == {LineIds(), LineIds("500")}


def test_a_merger_is_empty_after_its_batch() -> None:
    merger = Merger()
    for event in (send(), inbound(), row(), status(Step.READ, NOON, "w2", contact=ANA)):
        merger.add(event)
    assert len(merger.batch().rows) == 4
    assert merger.batch().rows == []


@pytest.mark.parametrize(
    "contact", [NUMBER, USER, ContactIds(customer_id="C7"), ContactIds(user_id="AR.1", customer_id="C7")]
)
def test_the_contact_of_a_row_stays_known_when_the_message_gets_another(contact: ContactIds) -> None:
    sends = table("w1", numbers=None, contacts=[contact])
    earlier = send("w1", NOON - 1, OTHER)
    named = {(one.wa_ids, one.user_id, one.customer_id) for one in merged(sends, earlier).contacts}
    first = ContactIds(user_id="AR.1") if contact.user_id else contact
    assert named & {(one.wa_ids, one.user_id, one.customer_id) for one in (contact, first)}
    assert (OTHER.wa_ids, None, None) in named
