"""Tests of Gupshup's events: version 2 in its own form, version 3 as Meta's webhooks, and both in wrappers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.domain.events import Failure, Ignored, Inbound, LineIds, Origin, Status, Step
from tests.captures import OPTIONS, capture, events_of, items_of, rejects_of
from tests.storage.sources.wrappers import LINES

T = 1795014000  # 2026-11-18T15:00:00Z


def event(kind: str, payload: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"app": "Demo", "timestamp": T * 1000, "version": 2, "type": kind, "payload": payload} | more
    ).encode()


def status(**parts: Any) -> bytes:
    return event("message-event", {"id": "wamid.1", "type": "sent", "destination": "5491105550001"} | parts)


def message(**parts: Any) -> bytes:
    return event("message", {"id": "wamid.i", "type": "text", "source": "5491105550001"} | parts)


def only(content: bytes) -> Any:
    (one,) = events_of(content)
    return one


def test_the_steps_of_a_message_share_its_whatsapp_id() -> None:
    events = events_of(capture("gupshup_v2.jsonl"))
    steps = [(one.key, one.step, one.at - T * 1000) for one in events if isinstance(one, Status)]
    assert steps == [
        ("wamid.g1", Step.SENT, 1_000),
        ("wamid.g1", Step.DELIVERED, 2_000),
        ("wamid.g1", Step.READ, 60_000),
        ("wamid.g2", Step.SENT, 3_000),
        ("00000000-0000-4000-8000-000000000003", Step.FAILED, 4_000),
        ("wamid.g4", Step.FAILED, 5_000),
    ]
    assert {one.line for one in events} == {LineIds(name="TiendaDemo")}
    assert [one.category for one in events if isinstance(one, Status)][:4] == ["marketing", None, None, "marketing"]


def test_a_failure_has_gupshups_code_and_reason() -> None:
    failures = [
        one.failure for one in events_of(capture("gupshup_v2.jsonl")) if isinstance(one, Status) and one.failure
    ]
    assert failures == [
        Failure(1002, "Number Does Not Exists On WhatsApp", None),
        Failure(131026, "Message Undeliverable.", None),
    ]


def test_a_reply_names_the_message_that_it_answers() -> None:
    (reply,) = [one for one in events_of(capture("gupshup_v2.jsonl")) if isinstance(one, Inbound)]
    assert (reply.kind, reply.context, reply.contact.wa_ids, reply.contact.name) == (
        "button",
        "wamid.g1",
        ("5491105550001",),
        "Ana",
    )


@pytest.mark.parametrize(
    ("kind", "word"), [("text", "text"), ("file", "document"), ("list_reply", "interactive"), ("contact", "contacts")]
)
def test_kinds_have_metas_words(kind: str, word: str) -> None:
    assert only(message(type=kind)).kind == word


def test_referrals_and_forwarded_messages() -> None:
    assert only(message(referral={"source_type": "ad"})).origin is Origin.CAMPAIGN
    assert only(message(referral={"source_url": "x"})).origin is Origin.WEBCHAT
    assert only(message(context={"id": "wamid.1", "forwarded": True})).context is None


@pytest.mark.parametrize("ts", [T, T * 1000, str(T), f"{T}000"])
def test_times_are_seconds_or_milliseconds(ts: Any) -> None:
    assert only(status(payload={"ts": ts})).at == T * 1000


@pytest.mark.parametrize("destination", ["91XX985XX10X", "", None, "N/A"])
def test_a_masked_destination_is_nobody(destination: Any) -> None:
    assert only(status(destination=destination)).contact.wa_ids == ()


@pytest.mark.parametrize("kind", ["user-event", "template-event", "account-event", "billing-event", "system-event"])
def test_other_events_are_ignored(kind: str) -> None:
    assert items_of(status() + b"\n" + event(kind, {"type": "x"}))[1:] == [Ignored(f"event {kind}")]


@pytest.mark.parametrize("content", [status(id=None), status(payload={"ts": "never"}), message(id="")])
def test_an_event_without_an_id_or_a_time_is_a_reject(content: bytes) -> None:
    assert len(rejects_of(status() + b"\n" + content)) == 1


def test_version_3_gives_what_the_same_webhooks_give() -> None:
    content = capture("gupshup_v3.jsonl").read_bytes()
    as_meta = content.replace(b'"gs_app_id":"00000000-0000-4000-8000-0000000000aa",', b"")
    assert items_of(content) == items_of(as_meta)
    assert len(events_of(content)) == 4


@pytest.mark.parametrize(
    "wrapper", ["Docker", "nginx escape=default", "form", "Python dict", "SQL dump of MySQL", "webhook"]
)
@pytest.mark.parametrize("name", ["gupshup_v2.jsonl", "gupshup_v3.jsonl"])
def test_events_are_found_in_wrappers(wrapper: str, name: str) -> None:
    texts = capture(name).read_text().splitlines()
    assert events_of("\n".join(LINES[wrapper](text) for text in texts).encode()) == events_of(capture(name))


def test_the_line_option_does_not_replace_the_app() -> None:
    assert OPTIONS.line is None
    assert only(status()).default_line is None
