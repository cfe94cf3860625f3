"""Tests of webhooks in whatever people keep them in: each wrapper gives the events of the bare webhooks."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Event, Ignored, Item, Reject, Send
from storage.sources import json_reader, json_scanner, object_finder, unwrapping
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, capture, events_of, items_of, rejects_of
from tests.storage.sources.wrappers import LINES, WHOLE, mysql, nginx

WEBHOOKS = capture("cloud_lines.jsonl").read_text().splitlines()
SENDS = capture("send_log.jsonl").read_text().splitlines()
HOSTILE = 'say "hi" \\ \'ho\' {} }{ %7B &quot; \n\t ñ 😀 \\n \\x22 ""'

# Without any escape, quotes cannot be told from those around them.
AMBIGUOUS = ("nginx escape=none in a JSON log",)
# No text, but one of so many bytes is no log.
BYTES = ("bytes of journald", "buffer of Node", "base64", "gzip in base64")
# On several lines, braces in strings may hide the end of an object: then the lines are told.
TOLD = ("pretty in a CSV cell", "Python pprint")


def hostile_webhooks() -> list[str]:
    """The webhooks with a person's name that has every sign an escape may stumble over."""
    texts = []
    for text in WEBHOOKS:
        webhook = json.loads(text)
        value = webhook["entry"][0]["changes"][0]["value"]
        for contact in value.get("contacts", ()):
            contact["profile"]["name"] = HOSTILE
        value["padding"] = [HOSTILE, None, True, 1.5, ""]
        texts.append(json.dumps(webhook, ensure_ascii=False, separators=(",", ":")))
    return texts


def file_of(wrapper: str, texts: list[str]) -> bytes:
    """A log of webhooks in a wrapper, one after another."""
    return "".join(f"{LINES[wrapper](text)}\n" for text in texts).encode()


def bare(texts: list[str]) -> list[Event]:
    """The events of the webhooks as they came."""
    return events_of("\n".join(texts).encode())


def events_in(items: list[Item]) -> list[Event]:
    return [item for item in items if not isinstance(item, (Ignored, Reject))]


@pytest.mark.parametrize("wrapper", LINES)
def test_a_webhook_in_a_wrapper_gives_its_events(wrapper: str) -> None:
    items = items_of(file_of(wrapper, WEBHOOKS))
    assert events_in(items) == bare(WEBHOOKS)
    assert not any(isinstance(item, Reject) for item in items)


@pytest.mark.parametrize("wrapper", sorted(set(LINES) - set(AMBIGUOUS)))
def test_hostile_names_are_read_or_told(wrapper: str) -> None:
    texts = hostile_webhooks()
    items = items_of(file_of(wrapper, texts))
    if wrapper in TOLD:
        assert any(isinstance(item, Reject) for item in items) or events_in(items) == bare(texts)
    else:
        assert events_in(items) == bare(texts)


@pytest.mark.parametrize("wrapper", sorted(set(LINES) - {"kept twice", "ELK", *AMBIGUOUS, *BYTES}))
def test_a_large_record_is_read_object_by_object(wrapper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bare(WEBHOOKS)
    monkeypatch.setattr(unwrapping, "_LARGE", 500)
    assert events_of(file_of(wrapper, WEBHOOKS)) == expected


@pytest.mark.parametrize("whole", WHOLE)
def test_a_large_record_of_many_webhooks_is_read_object_by_object(whole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bare(WEBHOOKS)
    monkeypatch.setattr(unwrapping, "_LARGE", 500)
    assert events_of(WHOLE[whole](WEBHOOKS).encode()) == expected


@pytest.mark.parametrize(
    ("whole", "end"), [("lines in a text", "\n"), ("CloudWatch", ""), ("array as text", ""), ("one INSERT", "\n")]
)
@pytest.mark.long(keep=2)
def test_a_record_of_many_megabytes_is_read_whole(whole: str, end: str) -> None:
    assert len(events_of((WHOLE[whole](WEBHOOKS * 1_900) + end).encode())) == 7 * 1_900


def test_an_object_that_is_cut_off_in_a_long_text_is_told_in_time() -> None:
    text = WHOLE["lines in a text"](WEBHOOKS * 120)
    assert len(rejects_of(f"{WEBHOOKS[0]}\n{text[:-9]}\n{WEBHOOKS[1]}\n".encode())) <= 1


@pytest.mark.parametrize("whole", WHOLE)
def test_many_webhooks_in_one_record_give_all_events(whole: str) -> None:
    for texts in (WEBHOOKS, hostile_webhooks()):
        assert events_of(WHOLE[whole](texts).encode() + b"\n") == bare(texts)


NESTED = (
    "member twice over",
    "Docker",
    "nginx escape=default",
    "form",
    "JSON text",
    "Splunk",
    "CSV cell",
)


@given(st.lists(st.sampled_from(NESTED), max_size=4))
def test_wrappers_may_be_wrapped(names: list[str]) -> None:
    texts = hostile_webhooks()
    for name in names:
        texts = [LINES[name](text) for text in texts]
    assert events_of("\n".join(texts).encode()) == bare(hostile_webhooks())


@given(st.sampled_from([*LINES]), st.data())
def test_a_line_that_is_cut_off_is_read_or_told_and_affects_no_other(wrapper: str, data: st.DataObject) -> None:
    first, second = (LINES[wrapper](text) for text in WEBHOOKS[:2])
    place = data.draw(st.integers(0, len(first)))
    items = items_of(f"{first[:place]}\n{LINES[wrapper](WEBHOOKS[3])}\n{second}\n".encode())
    told = any(isinstance(item, Reject) for item in items)
    if "whatsapp_business_account" in first[:place] and "pretty" not in wrapper and wrapper not in TOLD:
        assert told or set(bare(WEBHOOKS[:1])) <= set(events_in(items))
    if "pretty" not in wrapper and wrapper not in TOLD:
        assert told or set(bare(WEBHOOKS[1:2])) <= set(events_in(items))


@pytest.mark.parametrize("wrapper", ["Docker", "journald", "ELK", "nginx escape=default", "form", "CSV cell"])
def test_sends_are_found_in_wrappers_beside_webhooks(wrapper: str) -> None:
    events = events_of(file_of(wrapper, [*WEBHOOKS, *SENDS]))
    assert [event for event in events if isinstance(event, Send)] == events_of(capture("send_log.jsonl"))
    assert len(events) == 7 + 6


@pytest.mark.parametrize("whole", ["one INSERT", "array as text", "CloudWatch", "lines in a text"])
@given(piece=st.integers(60, 900))
def test_a_long_escaped_line_may_come_in_pieces(whole: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (json_reader, json_scanner, object_finder):
            patch.setattr(module, "PIECE_BYTES", piece)
        content = (WHOLE[whole](WEBHOOKS) + "\n").encode() * 2
        assert events_of(content) == bare(WEBHOOKS) * 2


@pytest.mark.long
def test_a_line_of_many_records_is_read_with_flat_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_reader, json_scanner, object_finder):
        monkeypatch.setattr(module, "PIECE_BYTES", 100_000)
    line = "INSERT INTO hooks VALUES " + ",".join(f"(1,'{mysql(WEBHOOKS[0])}')" for _ in range(8_000)) + ";\n"
    content = io.BytesIO(line.encode())
    tracemalloc.start()
    try:
        count = sum(1 for item in open_source(content, OPTIONS).items() if not isinstance(item, Ignored))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 16_000
    assert peak < 3_500_000 < len(line) / 1.5


@pytest.mark.parametrize(
    "line",
    [
        "POST /hook {\\x22object\\x22:\\x22whatsapp_business_account\\x22,\\x22entry\\x22:[",
        "subscribed to whatsapp_business_account",
        "{ object: 'whatsapp_business_account', entry: [ { id: '1', changes: [Array] } ] }",
        "{'object': 'whatsapp_business_account', 'entry': [Entry(1)]}",
        '{"body":"{\\"object\\":\\"whatsapp_business_account\\",\\"ent","level":"info"}',
        '{"object":"whatsapp_business_account"}',
        '{"object":"whatsapp_business_account","entry":"none"}',
        "payload=%7B%22object%22%3A%22whatsapp_business_account%22%2C",
        '1,\'{\\"object\\":\\"whatsapp_business_account\\",\\"entry\\":[',
        '7,"{""object"":""whatsapp_business_account"",""entry"":[{""id',
        "object(whatsapp_business_account)",
    ],
)
def test_a_line_that_speaks_of_a_webhook_and_cannot_be_read_is_one_reject(line: str) -> None:
    content = f"{WEBHOOKS[0]}\n{line}\n{WEBHOOKS[1]}\n".encode()
    (reject,) = rejects_of(content)
    assert reject.where == "line 2"
    assert reject.reason
    assert events_of(content) == bare(WEBHOOKS[:2])


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","msg":"server started"}',
        '{"level":"info","msg":"template {name} has no {} in it"}',
        "{'level': 'info', 'msg': 'server started'}",
        "{ level: 'info', pid: 7 }",
        "{}",
        "server started",
        '{"a":[[[[{"b":"{}"}]]]]}',
        "GET /x?filter=%7B%22a%22%3A1%7D",
        'say \\"hi\\" {\\"a\\":1}',
        '"{\\"level\\":\\"info\\"}"',
        '{"statuses":{"db":"up"}}',
        '  Parameters: {"controller"=>"hooks", "id"=>nil}',
    ],
)
def test_a_line_that_does_not_is_ignored(line: str) -> None:
    items = items_of(f"{WEBHOOKS[0]}\n{line}\n{WEBHOOKS[1]}\n".encode())
    assert [item for item in items if isinstance(item, Reject)] == []
    assert sum(isinstance(item, Ignored) for item in items) <= 1
    assert events_in(items) == bare(WEBHOOKS[:2])


@pytest.mark.parametrize("wrapper", ["JSON text", "member twice over", "form", "Python dict", "kept twice", "webhook"])
def test_an_empty_webhook_is_recognised_and_ignored(wrapper: str) -> None:
    empty = {"object": "whatsapp_business_account", "entry": []}
    for text in (json.dumps(empty), json.dumps(dict(reversed(empty.items())))):
        assert items_of(text.encode()) == [Ignored("webhook without changes")]
        assert items_of(LINES[wrapper](text).encode()) == [Ignored("webhook without changes")]


def test_two_broken_webhooks_in_one_record_are_two_rejects() -> None:
    bad = WEBHOOKS[0].replace('"timestamp":"1795014000"', '"timestamp":"never"')
    other = WEBHOOKS[0].replace('"timestamp":"1795014001"', '"timestamp":"never"')
    events = [{"message": text} for text in (bad, WEBHOOKS[1], other)]
    assert len({reject.digest for reject in rejects_of(json.dumps({"events": events}).encode())}) == 2
    parsed = [json.loads(text) for text in (bad, WEBHOOKS[1], other)]
    assert len({reject.digest for reject in rejects_of(json.dumps({"events": parsed}).encode())}) == 2


def test_a_broken_webhook_among_whole_ones_in_a_record_is_told() -> None:
    events = [{"message": text} for text in (WEBHOOKS[0], WEBHOOKS[1][:200], WEBHOOKS[3])]
    items = items_of(json.dumps({"events": events}).encode())
    assert events_in(items) == bare([WEBHOOKS[0], WEBHOOKS[3]])
    assert sum(isinstance(item, Reject) for item in items) == 1


def test_a_cut_off_envelope_gives_the_whole_webhooks_in_it_and_is_told() -> None:
    text = json.dumps({"hooks": [json.loads(one) for one in WEBHOOKS]}, separators=(",", ":"))
    items = items_of((text[: text.rindex('"object"') + 60] + "\n" + WEBHOOKS[0] + "\n").encode())
    assert events_in(items) == bare([*WEBHOOKS[:3], WEBHOOKS[0]])
    assert sum(isinstance(item, Reject) for item in items) == 1


def test_a_body_in_nginx_escapes_keeps_its_utf_8() -> None:
    text = hostile_webhooks()[3]
    for wrapper in ("nginx escape=default", "nginx escape=default in a JSON log"):
        (event,) = [event for event in events_of(file_of(wrapper, [text])) if event.contact.name]
        assert event.contact.name == HOSTILE.strip()
    assert "\\xC3\\xB1" in nginx(text)
