"""The fast path gives the same rows as merging event by event."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Flags,
    Inbound,
    Known,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)
from storage.messages.batch_merger import Batch, Merger
from storage.messages.fast_path import _template, is_usual_send, is_usual_status
from storage.messages.from_events import contact_reference, message_of
from storage.messages.message import Direction, Message
from storage.messages.message_row import (
    CONTACT,
    DIRECTION,
    FLAGS,
    GROUP,
    TIMED,
    Row,
    empty_row,
    message_of_row,
    row_of,
)
from tests.databases import LINE, NOON, OTHER_LINE
from tests.histories import events

NUMBER = ContactIds(("5491155550001",))
USER = ContactIds(("5491155550001",), user_id="AR.1", name="Ana")
NOBODY = ContactIds()


def merged(history: list[Event]) -> Batch:
    """The batch of some events."""
    merger = Merger()
    for event in history:
        merger.add(event)
    return merger.batch()


def messages_of(history: list[Event]) -> list[Message]:
    """The messages of some events, merged one by one."""
    messages: dict[tuple[str, int], Message] = {}
    for event in history:
        if not isinstance(event, Known):
            one = message_of(event)
            messages.setdefault(one.identity, one).merge(one)
    return list(messages.values())


def ordered(rows: list[Row]) -> list[Row]:
    """Rows in one fixed order."""
    return sorted(rows, key=repr)


_CONTACTS = (USER, ContactIds(NUMBER.wa_ids), ContactIds(("1",), replaced="2"), ContactIds(("1",), name="A"), NOBODY)
_LINES = (OTHER_LINE, LineIds(LINE.identifier, LINE.number), LineIds(name="Sales"), LineIds())
_UNUSUAL_OF_ANY: dict[str, tuple[Any, ...]] = {
    "key": ("wamid.b",),
    "line": _LINES,
    "contact": _CONTACTS,
    "group": (True,),
    "campaign": ("spring", "autumn", ""),
    "failure": (Failure(131026, "gone"), Failure()),
    "default_line": (OTHER_LINE,),
}
_UNUSUAL_OF_STATUSES = _UNUSUAL_OF_ANY | {"category": ("utility", None, ""), "step": (Step.FAILED,)}
_UNUSUAL_OF_SENDS = (
    _UNUSUAL_OF_ANY
    | {
        "rank": (Rank.WEBHOOK, Rank.PLATFORM),
        "kind": ("text", None, ""),
        "template": ("other", None, ""),
        "language": ("pt", None, ""),
        "origin": (Origin.NOTIFICATION, Origin.CAMPAIGN),
        "default_origin": (Origin.TEMPLATE,),
        "keyless": (True,),
        "derived": (True,),
        "flags": (Flags(read=True), Flags(new=True)),
        "channel_id": ("c",),
        "agent_groups": ("g",),
        "accepted_at": (None, NOON + 4),
    }
    | {
        time: (NOON + 4,)
        for time in ("session_start", "sent_at", "delivered_at", "read_at", "answered_at", "failed_at")
    }
)


SEND = Send(
    "wamid.a",
    Rank.SEND_LOG,
    NOON + 1,
    LINE,
    NUMBER,
    kind="template",
    template="promo",
    language="es",
    accepted_at=NOON + 1,
)
STATUS = Status("wamid.a", Step.SENT, NOON + 2, LINE, NUMBER, category="marketing")
_STEPS = (Step.SENT, Step.DELIVERED, Step.READ, Step.PLAYED)


def unusual_forms(event: Send | Status) -> list[Send | Status]:
    """Every variant of the event that is unusual in one member."""
    changes = _UNUSUAL_OF_SENDS if isinstance(event, Send) else _UNUSUAL_OF_STATUSES
    return [replace(event, **{name: value}) for name, values in changes.items() for value in values]


@st.composite
def _ordinary(draw: st.DrawFn) -> Event:
    """A send or status of one notification; every third is unusual in one member."""
    at = NOON + draw(st.integers(0, 9))
    event: Send | Status = replace(STATUS, at=at, step=draw(st.sampled_from(_STEPS)))
    if draw(st.integers(0, 4)) == 0:
        event = replace(SEND, at=at, accepted_at=at)
    return event if draw(st.integers(0, 2)) else draw(st.sampled_from(unusual_forms(event)))


HISTORIES = st.one_of(events(), *(3 * [st.lists(_ordinary(), min_size=1, max_size=6)]))


def assert_merged(history: list[Event]) -> None:
    """The batch has the rows of messages merged one by one, and names every line and contact."""
    batch = merged(history)
    assert ordered(batch.rows) == ordered([row_of(message) for message in messages_of(history)])
    lines = {event.line for event in history}
    lines |= {line for event in history if not isinstance(event, Known) and (line := event.default_line) is not None}
    assert set(batch.lines) == lines
    in_rows = {row[CONTACT] for row in batch.rows}
    assert [batch.references[person] for person in batch.people] == [row[CONTACT] for row in batch.rows]
    assert len(batch.references) == len(in_rows)
    for contact in {event.contact for event in history} - set(batch.contacts):
        assert contact_reference(contact) in in_rows
        assert (len(contact.wa_ids), contact.user_id, contact.customer_id, contact.replaced) == (1, None, None, None)
    named = {contact_reference(contact) for event in history if (contact := event.contact).name} - {None}
    assert batch.names.keys() == named
    assert batch.events == len(history)


@given(HISTORIES)
def test_a_batch_has_the_rows_of_messages_merged_one_by_one(history: list[Event]) -> None:
    assert_merged(history)


@pytest.mark.parametrize("event", [SEND, STATUS], ids=["send", "status"])
def test_an_unusual_member_counts_in_any_event_and_any_order(event: Send | Status) -> None:
    for odd in unusual_forms(event):
        for at in (NOON, NOON + 5):
            placed = replace(odd, at=at)
            if isinstance(placed, Send) and placed.accepted_at == SEND.at:
                placed = replace(placed, accepted_at=at)
            for usual in ([], [SEND], [STATUS], [SEND, STATUS], [replace(STATUS, step=Step.READ, at=NOON)]):
                for history in permutations([*usual, placed]):
                    assert_merged(list(history))


INBOUND = Inbound("wamid.a", "text", NOON + 3, LINE, USER)
_UNUSUAL_OF_INBOUND: dict[str, tuple[Any, ...]] = {
    "kind": ("system", ""),
    "at": (NOON,),
    "line": _LINES,
    "contact": _CONTACTS,
    "context": ("wamid.b", ""),
    "group": (True,),
    "origin": (Origin.CAMPAIGN, Origin.WEBCHAT),
    "default_line": (OTHER_LINE,),
}


@pytest.mark.parametrize("name", _UNUSUAL_OF_INBOUND)
def test_an_inbound_message_is_complete_read_once_or_twice(name: str) -> None:
    referred = replace(SEND, origin=Origin.CAMPAIGN)
    for value in _UNUSUAL_OF_INBOUND[name]:
        odd = replace(INBOUND, **{name: value})
        for others in ([], [INBOUND], [SEND, STATUS], [referred], [INBOUND, referred]):
            for history in permutations([*others, odd]):
                assert_merged(list(history))


def test_usual_events_of_a_notification_give_its_row() -> None:
    statuses = [
        Status("w", step, NOON + later, LINE, NUMBER, category="marketing")
        for step, later in ((Step.READ, 9), (Step.SENT, 2), (Step.DELIVERED, 5), (Step.READ, 7), (Step.SENT, 3))
    ]
    send = Send("w", Rank.SEND_LOG, NOON, LINE, NUMBER, kind="template", template="promo", accepted_at=NOON)
    batch = merged([statuses[0], send, *statuses[1:], send])
    assert batch.contacts == []  # the row names the contact
    (row,) = batch.rows
    assert row[:5] == (LINE.identifier, (0, "5491155550001"), "promo", "w", 0)
    times = message_of_row(row).times
    assert times == {"any": NOON, "accepted": NOON, "sent": NOON + 2, "delivered": NOON + 5, "read": NOON + 7}


def test_a_usual_send_with_usual_statuses_gives_the_same_row_whatever_came_when() -> None:
    times = (None, NOON - 1, NOON, NOON + 1)
    for origin, campaign, category, of_status in product(
        (None, Origin.TEMPLATE, Origin.NOTIFICATION), (None, "spring"), (None, "marketing"), (None, "autumn")
    ):
        send = Send(
            "w", Rank.SEND_LOG, NOON, LINE, NUMBER, kind="template", campaign=campaign, origin=origin, accepted_at=NOON
        )
        assert is_usual_send(send)
        for at in product(times, times, times):
            steps = zip((Step.SENT, Step.DELIVERED, Step.READ), at, strict=True)
            statuses: list[Event] = [
                Status("w", step, time, LINE, NUMBER, category=category, campaign=of_status)
                for step, time in steps
                if time is not None
            ]
            for history in ([send, *statuses], [*statuses, send], statuses):
                assert merged(history).rows == [row_of(message) for message in messages_of(history)]


def test_statuses_of_equal_lines_and_contacts_are_of_the_same() -> None:
    """They are equal and not the same object, as in webhooks."""
    statuses: list[Event] = [
        Status("w", step, NOON + place, LineIds("1", "2"), ContactIds(("3",)))
        for place, step in enumerate((Step.SENT, Step.PLAYED, Step.DELIVERED, Step.READ, Step.SENT))
    ]
    assert all(is_usual_status(one) for one in statuses if isinstance(one, Status))
    assert merged(statuses).rows == [row_of(message) for message in messages_of(statuses)]


def test_rows_that_are_made_here_begin_with_what_all_have_in_common() -> None:
    for direction in Direction:
        row = _template(int(direction))
        assert [row[column] for column in (DIRECTION, TIMED, GROUP, FLAGS)] == [int(direction), 1, 0, 0]
        assert len(row) == len(empty_row())
