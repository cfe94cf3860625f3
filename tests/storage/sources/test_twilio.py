"""Tests of Twilio's message log: CSV and JSON give the same messages, and only WhatsApp's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.domain.events import Failure, Flags, Ignored, Inbound, Item, LineIds, Send
from tests.captures import capture, events_of, items_of, rejects_of

T = 1795014000_000  # 2026-11-18T15:00:00Z
RESOURCE: dict[str, Any] = json.loads(capture("twilio_messages.json").read_text(encoding="utf-8"))["messages"][0]


def item_of(**changes: Any) -> Item:
    (item,) = items_of(json.dumps(RESOURCE | changes).encode())
    return item


def send_of(**changes: Any) -> Send:
    item = item_of(**changes)
    assert isinstance(item, Send)
    return item


def test_a_row_is_a_send_with_its_last_status() -> None:
    read, answer, undelivered, reply, *_ = events_of(capture("twilio_log.csv"))
    assert isinstance(read, Send)
    assert (read.key, read.at, read.kind, read.flags) == (f"SM{1:032}", T, None, Flags(read=True))
    assert (read.contact.wa_ids, read.line) == (("5491155550001",), LineIds(number="5491100000001"))
    assert isinstance(answer, Inbound)
    assert (answer.contact.wa_ids, answer.line) == (("5491155550001",), LineIds(number="5491100000001"))
    assert isinstance(undelivered, Send)
    assert undelivered.failure == Failure(63024, None, None)
    assert isinstance(reply, Send)
    assert reply.kind == "text"


def test_the_api_gives_the_same_messages_as_the_console() -> None:
    from_csv = {event.key: event for event in events_of(capture("twilio_log.csv")) if not hasattr(event, "step")}  # type: ignore[union-attr]
    for event in events_of(capture("twilio_messages.json")):
        assert isinstance(event, (Send, Inbound))
        other = from_csv[event.key]
        assert (event.at, event.contact, event.line) == (other.at, other.contact, other.line)  # type: ignore[union-attr]


def test_rows_of_another_channel_are_ignored() -> None:
    assert isinstance(item_of(**{"from": "+15550001", "to": "+5491155550001"}), Ignored)
    assert isinstance(item_of(**{"from": "messenger:1", "to": "messenger:2"}), Ignored)


@pytest.mark.parametrize(
    ("status", "flags", "failed"),
    [
        ("queued", Flags(), False),
        ("sent", Flags(), False),
        ("delivered", Flags(delivered=True), False),
        ("read", Flags(read=True), False),
        ("undelivered", Flags(), True),
        ("failed", Flags(), True),
    ],
)
def test_a_status_has_no_time_of_its_own(status: str, flags: Flags, failed: bool) -> None:
    send = send_of(status=status)
    assert (send.flags, send.delivered_at, send.read_at) == (flags, None, None)
    assert send.failed_at == (T if failed else None)


def test_spellings_of_resources() -> None:
    camel = {"sid": RESOURCE["sid"], "accountSid": "AC0", "from": RESOURCE["from"], "to": RESOURCE["to"]}
    camel |= {
        "status": "delivered",
        "direction": "outbound-api",
        "dateSent": "2026-11-18T15:00:00.000Z",
        "errorCode": 0,
    }
    (send,) = events_of(json.dumps(camel).encode())
    assert isinstance(send, Send)
    assert (send.at, send.failure) == (T, None)
    assert send_of(date_sent=None, date_created="2026-11-18T15:00:05Z").at == T + 5_000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "lost"}, "unknown status 'lost'"),
        ({"direction": "sideways"}, "unknown direction 'sideways'"),
        ({"date_sent": None, "date_created": None}, "no time"),
        ({"date_sent": "soon"}, "invalid time 'soon'"),
    ],
)
def test_what_cannot_be_read_is_a_reject(changes: dict[str, Any], reason: str) -> None:
    (reject,) = rejects_of(json.dumps(RESOURCE | changes).encode())
    assert reject.reason == reason
