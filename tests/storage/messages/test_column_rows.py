"""The rows of a table's sends, made column by column, are the rows of its sends merged one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import ContactIds, Event, Failure, Flags, Inbound, LineIds, Origin, Rank, Status, Step
from storage.domain.sends import Sends
from storage.messages.batch_merger import Batch, Merger
from storage.messages.from_events import contact_reference
from storage.messages.message_row import CONTACT, KEY, SESSION_START, TIMED, message_of_row, row_of
from tests.databases import LINE, NOON, OTHER_LINE
from tests.storage.messages.test_fast_path import messages_of, ordered

_CONTACTS = (
    ContactIds(("5491155550001",)),
    ContactIds(("5491155550002",)),
    ContactIds(("5491155550001",), name="Ana"),
    ContactIds(("5491155550001",), customer_id="77"),
    ContactIds(user_id="AR.1", name="Eva"),
    ContactIds(("1", "2"), user_id="AR.1"),
    ContactIds(),
)
_LINES = (LINE, OTHER_LINE, LineIds(name="Sales"), LineIds(number="5411000"), LineIds())
_FAILURES = (Failure(131026, "gone"), Failure(131026, None, "Not on WhatsApp"), Failure(None, "Limit"), Failure())
_FLAGS = st.sampled_from((None, None, False, True))
_TIMES = ("accepted_at", "session_start", "sent_at", "delivered_at", "read_at", "answered_at")


@st.composite
def tables(draw: st.DrawFn) -> Sends:
    """The rows of a table: usual ones and odd ones, some of them of one message."""
    size = draw(st.integers(1, 6))

    def column(values: st.SearchStrategy[Any], *, optional: bool = True) -> list[Any] | None:
        if optional and draw(st.booleans()):
            return None
        return draw(st.lists(values, min_size=size, max_size=size))

    at = column(st.integers(NOON, NOON + 9), optional=False)
    assert at is not None
    kind, rank = draw(st.sampled_from((("log", 0), ("keyless", 2), ("platform", 2), ("own", 2), ("own keyless", 2))))
    later = st.one_of(st.none(), st.integers(NOON + 9, NOON + 20), st.integers(NOON, NOON + 9))
    times = {name: column(later) for name in _TIMES}
    for name in ("accepted_at", "sent_at", "session_start"):
        times[name] = at if draw(st.booleans()) else times[name]
    failures = column(st.sampled_from((None, None, *_FAILURES)))
    failed = None
    if failures is not None:
        failed = [draw(st.integers(one, one + 1)) if why else None for one, why in zip(at, failures, strict=True)]
    by_number = draw(st.booleans())
    return Sends(
        Rank(rank),
        [f"wamid.{draw(st.sampled_from('aábcdefgh'))}" for _ in range(size)],
        at,
        column(st.sampled_from(_LINES), optional=False) or [],
        numbers=column(st.sampled_from(("5491155550001", "5491155550003")), optional=False) if by_number else None,
        contacts=None if by_number else column(st.sampled_from(_CONTACTS), optional=False),
        keyless="keyless" in kind,
        derived="own" in kind,
        kinds=column(st.sampled_from(("template", "text", None))),
        templates=column(st.sampled_from(("promo", "other", None))),
        languages=column(st.sampled_from(("es", None))),
        campaigns=column(st.sampled_from(("spring", None))),
        origins=column(st.sampled_from((Origin.NOTIFICATION, Origin.TEMPLATE, None))),
        default_origin=draw(st.sampled_from((None, Origin.TEMPLATE, Origin.CAMPAIGN))),
        default_line=draw(st.sampled_from((None, OTHER_LINE))),
        failed_at=failed,
        failures=failures,
        flags=column(st.builds(Flags, _FLAGS, _FLAGS, _FLAGS, _FLAGS, _FLAGS, _FLAGS)),
        channel_ids=column(st.sampled_from(("c", None))),
        agent_groups=column(st.sampled_from(("g", None))),
        **times,
    )


_OTHERS: tuple[Event, ...] = (
    Status("wamid.a", Step.READ, NOON + 4, LINE, ContactIds(("5491155550001",)), category="marketing"),
    Status("wamid.b", Step.FAILED, NOON, OTHER_LINE, ContactIds(("5491155550009",)), failure=Failure(131026)),
    Inbound("wamid.a", "text", NOON + 9, LINE, ContactIds(("5491155550001",))),
)


def merged(parts: list[Sends | Event]) -> Batch:
    """The batch of some tables and events."""
    merger = Merger()
    for part in parts:
        if isinstance(part, Sends):
            merger.add_all(part)
        else:
            merger.add(part)
    return merger.batch()


@given(st.lists(st.one_of(tables(), tables(), st.sampled_from(_OTHERS)), min_size=1, max_size=4))
def test_columns_give_the_rows_of_their_sends_merged_one_by_one(parts: list[Sends | Event]) -> None:
    history: list[Event] = [event for part in parts for event in (part if isinstance(part, Sends) else (part,))]
    batch = merged(parts)
    assert ordered(batch.rows) == ordered([row_of(message) for message in messages_of(history)])
    one_by_one = merged(list(history))
    assert set(batch.lines) == set(one_by_one.lines)
    assert batch.names == one_by_one.names
    assert batch.events == len(history)
    assert {frozenset(pair) for pair in batch.recipients} == {frozenset(pair) for pair in one_by_one.recipients}
    in_rows = {row[CONTACT] for row in batch.rows}
    assert [batch.references[person] for person in batch.people] == [row[CONTACT] for row in batch.rows]
    for contact in {event.contact for event in history} - set(batch.contacts) - {ContactIds()}:
        kept = [contact_reference(one) for one in batch.contacts]
        assert contact_reference(contact) in in_rows or contact_reference(contact) in kept
        assert (len(contact.wa_ids), contact.user_id, contact.customer_id) == (1, None, None)


@given(tables())
def test_a_row_made_of_columns_reads_as_the_message_that_it_is(sends: Sends) -> None:
    for row in merged([sends]).rows:
        assert row_of(message_of_row(row)) == row


def test_the_usual_row_of_a_table() -> None:
    sends = Sends(
        Rank.SEND_LOG,
        ["w"],
        [NOON],
        [LINE],
        ["5491155550001"],
        templates=["promo"],
        accepted_at=[NOON],
        read_at=[NOON + 7],
        failed_at=[NOON],
        failures=[Failure(131026, "gone")],
    )
    (row,) = merged([sends]).rows
    assert row[:5] == (LINE.identifier, (0, "5491155550001"), "promo", "w", 0)
    message = message_of_row(row)
    assert message.times == {"any": NOON, "accepted": NOON, "read": NOON + 7}
    assert message.failure == Failure(131026, "gone")


def table_by_chance(chance: random.Random) -> Sends:
    """A table as `tables` draws them."""
    size = chance.randint(1, 6)

    def column(*values: Any, optional: bool = True) -> list[Any] | None:
        return None if optional and chance.random() < 0.4 else chance.choices(values, k=size)

    at = [NOON + chance.randint(0, 9) for _ in range(size)]
    kind, rank = chance.choice((("log", 0), ("keyless", 2), ("platform", 2), ("own", 2), ("own keyless", 2)))
    times: dict[str, Sequence[int | None] | None] = {
        name: column(None, NOON, NOON + 3, NOON + 9, NOON + 15) for name in _TIMES
    }
    for name in ("accepted_at", "sent_at", "session_start"):
        times[name] = at if chance.random() < 0.4 else times[name]
    failures = column(None, None, *_FAILURES)
    by_number = chance.random() < 0.5
    flags = [Flags(*chance.choices((None, None, False, True), k=6)) for _ in range(4)]
    return Sends(
        Rank(rank),
        [f"wamid.{chance.choice('aábcdefgh')}" for _ in range(size)],
        at,
        column(*_LINES, optional=False) or [],
        numbers=column("5491155550001", "5491155550003", optional=False) if by_number else None,
        contacts=None if by_number else column(*_CONTACTS, optional=False),
        keyless="keyless" in kind,
        derived="own" in kind,
        kinds=column("template", "text", None),
        templates=column("promo", "other", None),
        languages=column("es", None),
        campaigns=column("spring", None),
        origins=column(Origin.NOTIFICATION, Origin.TEMPLATE, None),
        default_origin=chance.choice((None, Origin.TEMPLATE, Origin.CAMPAIGN)),
        default_line=chance.choice((None, OTHER_LINE)),
        failed_at=None
        if failures is None
        else [one + chance.randint(0, 1) if why else None for one, why in zip(at, failures, strict=True)],
        failures=failures,
        flags=column(*flags),
        channel_ids=column("c", None),
        agent_groups=column("g", None),
        **times,
    )


def test_many_tables_give_the_rows_of_their_sends_merged_one_by_one() -> None:
    """The same tables every time: each column is there or not, with values and without, alone and with events."""
    chance = random.Random(7)
    for _ in range(250):
        parts: list[Sends | Event] = [table_by_chance(chance) for _ in range(chance.choice((1, 1, 2)))]
        parts += chance.sample(_OTHERS, chance.choice((0, 0, 1)))
        chance.shuffle(parts)
        history: list[Event] = [event for part in parts for event in (part if isinstance(part, Sends) else (part,))]
        batch, one_by_one = merged(parts), merged(list(history))
        assert ordered(batch.rows) == ordered([row_of(message) for message in messages_of(history)])
        assert set(batch.lines) == set(one_by_one.lines)
        assert batch.names == one_by_one.names
        assert batch.events == len(history)
        assert {frozenset(pair) for pair in batch.recipients} == {frozenset(pair) for pair in one_by_one.recipients}


def test_rows_without_the_time_of_a_step_have_that_of_their_session() -> None:
    sends = Sends(
        Rank.SEND_LOG,
        ["a", "b", "c"],
        [NOON] * 3,
        [LINE] * 3,
        ["5491155550001"] * 3,
        accepted_at=[None, NOON, None],
        session_start=[None, NOON - 5, NOON],
    )
    rows = {row[KEY]: row for row in merged([sends]).rows}
    assert [rows[key] for key in "abc"] == [row_of(message) for message in messages_of(list(sends))]
    assert [rows[key][TIMED] for key in "abc"] == [0, 1, 0]
    assert [rows[key][SESSION_START] for key in "abc"] == [NOON, NOON - 5, NOON]
