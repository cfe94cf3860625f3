"""Tests of send logs as events: requests with responses, rows of CSV, and sends that failed without an id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.domain.events import Failure, Ignored, LineIds, Origin, Rank, Send
from tests.captures import OPTIONS, capture, events_of, items_of, rejects_of

T = 1795014000  # 2026-11-18T15:00:00Z


def sends_of(name: str) -> list[Send]:
    return [event for event in events_of(capture(name)) if isinstance(event, Send)]


def record(**parts: Any) -> bytes:
    request = {
        "messaging_product": "whatsapp",
        "to": "5491105550001",
        "type": "template",
        "template": {"name": "promo"},
    }
    whole = {"at": T, "request": request, "response": {"messages": [{"id": "wamid.1"}]}} | parts
    return json.dumps(whole).encode() + b"\n"


def test_a_request_with_its_response_is_a_send() -> None:
    first, mass, parameters, missing, text, again = sends_of("send_log.jsonl")
    assert first == again
    assert (first.key, first.rank, first.at, first.kind) == ("wamid.a1", Rank.SEND_LOG, T * 1000, "template")
    assert (first.template, first.language, first.line) == ("promo_navidad", "es_AR", LineIds("100000000000001"))
    assert (first.origin, mass.origin, mass.campaign) == (None, Origin.NOTIFICATION, "campaña-7")
    assert [send.keyless for send in (first, parameters, missing)] == [False, True, True]
    assert parameters.failure is not None
    assert (parameters.failure.code, parameters.failed_at) == (132000, parameters.at)
    assert parameters.failure.detail is not None
    assert parameters.failure.detail.startswith("body: number of localizable_params")
    assert missing.failure == Failure(132001, "(#132001) Template name does not exist in the translation", None)
    assert text.kind == "text"


def test_a_mark_as_read_is_ignored() -> None:
    ignored = [item.what for item in items_of(capture("send_log.jsonl")) if isinstance(item, Ignored)]
    assert ignored == ["request that marks a message as read"]


def test_other_shapes_of_records_are_sends() -> None:
    sends = sends_of("send_log_variants.jsonl")
    assert [send.key for send in sends[:6]] == [f"wamid.v{number}" for number in range(1, 7)]
    assert [send.at - T * 1000 for send in sends] == [0, 1000, 2000, 3000, 4000, 5000, 6000]
    assert {send.line.identifier for send in sends} == {"100000000000001"}
    assert (sends[3].campaign, sends[3].origin) == ("noviembre", Origin.NOTIFICATION)
    assert sends[4].contact.user_id == "AR.1000000000000005"
    assert sends[5].contact.wa_ids == ("5491105550006",)
    assert sends[6].failure == Failure(None, "socket hang up", None)
    reasons = [reject.reason for reject in rejects_of(capture("send_log_variants.jsonl"))]
    assert reasons == ["no message id and no error", "no time"]


def test_rows_of_csv_are_sends() -> None:
    first, mass, parameters, missing = sends_of("sends_comma.csv")
    assert (first.key, first.at, first.contact.wa_ids) == ("wamid.c1", T * 1000, ("5491105550001",))
    assert (mass.at, mass.contact.wa_ids, mass.origin) == (T * 1000 + 1000, ("5491105550002",), Origin.NOTIFICATION)
    assert parameters.failure == Failure(132000, "Number of parameters does not match", None)
    assert missing.failure == Failure(132001, None, None)
    assert parameters.key != missing.key


def test_a_spanish_csv_with_semicolons_has_the_day_first() -> None:
    first, mass, failed = sends_of("sends_semicolon_bom_crlf.csv")
    assert (first.key, first.at, first.template) == ("wamid.c1", T * 1000, "promo_navidad")
    assert (first.line, first.failure, mass.campaign) == (LineIds(number="5491100000001"), None, "noviembre")
    assert failed.failure == Failure(131026, "Número inexistente", None)


def test_quoted_cells_hold_commas_quotes_and_line_ends() -> None:
    first, failed, other = sends_of("sends_quoted_newlines.csv")
    assert first.template == failed.template == 'promo, "navidad"'
    assert failed.failure == Failure(None, "Message undeliverable", "line one\nline two, with a comma")
    assert (other.template, other.failure) == ("otra", None)


def test_a_stray_quote_rejects_only_its_row() -> None:
    content = capture("sends_one_quote_too_many.csv").read_bytes()
    assert [event.template for event in events_of(content) if isinstance(event, Send)] == ["promo", "promo"]
    (reject,) = rejects_of(content)
    assert (reject.where, reject.reason) == ("line 3", "3 columns, but the header has 4")
    rows = b"".join(b'wamid.%d,5491105550001,5" pipe,2026-11-18T12:00:00Z\n' % number for number in range(5))
    sends = [event for event in events_of(b"wamid,to,template,sent_at\n" + rows) if isinstance(event, Send)]
    assert [send.template for send in sends] == ['5" pipe'] * 5


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read(end: bytes) -> None:
    lines = (
        b"wamid,to,template,sent_at",
        b"wamid.1,5491105550001,promo,2026-11-18",
        b"wamid.2,5491105550002,p,2026-11-18",
    )
    assert len(events_of(end.join(lines))) == 2


def test_blank_rows_and_byte_order_marks_of_spreadsheets_are_skipped() -> None:
    """A spreadsheet writes a byte order mark at the start and rows of separators at the end."""
    assert len(events_of(b"\xef\xbb\xbfwamid;to;template;sent_at\nw1;549110;promo;18/11/2026\n;;;\n;;;\n")) == 1


@pytest.mark.parametrize(
    ("parts", "events", "rejects"),
    [
        ({"at": -1}, 0, 1),
        ({"at": True}, 0, 1),
        ({"at": 1e30}, 0, 1),
        ({"at": ["2026-11-18"]}, 0, 1),
        ({"at": "2026-11-18T12:00:00"}, 1, 0),
        ({"response": None}, 0, 1),
        ({"response": "{"}, 0, 1),
        ({"response": {"messages": [None]}}, 0, 1),
        ({"response": {"messages": "no", "error": {"code": 10**30}}}, 1, 0),
        ({"response": {"error": {"code": True}}}, 1, 0),
        ({"response": {"error": [1]}}, 1, 0),
        ({"response": {"errors": [{"code": 131008, "title": "Required parameter is missing"}]}}, 1, 0),
        ({"response": {"messages": [{"id": "wamid.1"}], "contacts": [7]}}, 1, 0),
        ({"phone_number_id": {"a": 1}}, 1, 0),
        ({"phone_number_id": 106540352242922}, 1, 0),
        ({"biz": "\ud800"}, 1, 0),
    ],
)
def test_values_of_wrong_types_reject_only_their_record(parts: dict[str, Any], events: int, rejects: int) -> None:
    text = record(response={"messages": [{"id": "wamid.good"}]}) + record(**parts)
    assert (len(events_of(text)) - 1, len(rejects_of(text))) == (events, rejects)


def test_a_failed_send_without_an_id_has_the_same_key_in_two_logs() -> None:
    failed = record(response={"error": {"code": 132000}})
    keys = {
        event.key
        for event in events_of(failed + failed + record(at=T + 1, response={"error": {"code": 1}}))
        if isinstance(event, Send)
    }
    assert len(keys) == 2


def test_the_line_option_applies_to_records_without_a_line() -> None:
    options = type(OPTIONS)(OPTIONS.time_zone, line=LineIds(number="5491100000009"))
    with_line, without = events_of(record(phone_number_id="1") + record(), options)
    assert isinstance(with_line, Send)
    assert isinstance(without, Send)
    assert (with_line.default_line, without.default_line) == (None, LineIds(number="5491100000009"))


@pytest.mark.parametrize("end", ["messages", "marketing_messages", "messages?x=1", "marketing_messages/"])
def test_the_url_of_the_request_names_the_line(end: str) -> None:
    for name in ("url", "path", "endpoint"):
        (send,) = events_of(record(**{name: f"https://graph.example/v23.0/100000000000001/{end}"}))
        assert send.line == LineIds("100000000000001")
    (other,) = events_of(record(url="https://graph.example/v23.0/100000000000001/message_templates"))
    assert other.line == LineIds()
