"""What is too long is told, costs no memory, and everything behind it is read."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest

from storage.domain.events import Ignored, Reject
from storage.sources import json_reader, json_scanner, object_finder, stream, table_lines, table_rows
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, capture, events_of, items_of, rejects_of
from tests.storage.sources.wrappers import WHOLE

GOOD = capture("cloud_lines.jsonl").read_bytes()
WEBHOOKS = GOOD.decode().splitlines()
HEADER = b"message_id,to,template,status,sent_at\n"
ROW = b"wamid.%d,5491155550001,promo,sent,2026-11-18 15:00:00\n"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of a few kilobytes."""
    for module in (json_reader, json_scanner, object_finder):
        monkeypatch.setattr(module, "PIECE_BYTES", 4_000)
    for module in (json_scanner, object_finder):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", 20_000)
    for module in (stream, table_lines, table_rows):
        monkeypatch.setattr(module, "MAX_ROW_BYTES", 100_000)


TEXTS = ("a", "{", "}", '\\"', "\\\\", "\u20ac", "{}", '{\\"a\\":', "%7B", "&quot;")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "around",
    [
        '{"msg":"TEXT"}',
        '{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"statuses":[{"id":"TEXT"}]}}]}]}',
        'INFO hook {"a":[{"b":"TEXT"}]} done',
        '{"body":"{\\"object\\":\\"whatsapp_business_account\\",\\"entry\\":[{\\"id\\":\\"TEXT\\"}]}"}',
        "{'object': 'whatsapp_business_account', 'entry': [{'id': 'TEXT'}]}",
    ],
)
@pytest.mark.long(keep=4)
def test_a_long_text_in_one_line_is_told_and_the_rest_is_read(around: str, text: str, end: bytes) -> None:
    line = around.replace("TEXT", text * 60_000).encode()
    assert len(events_of(GOOD + line + b"\n" + GOOD)) == 14
    assert len(events_of(GOOD + line + end)) == 7
    if text == "a":
        assert rejects_of(GOOD + line + end)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_record_of_any_size_that_holds_many_is_read_object_by_object(whole: str, end: str) -> None:
    content = (WHOLE[whole](WEBHOOKS * 30) + end).encode()
    expected = {event.key for event in events_of(GOOD) if hasattr(event, "key")}
    items = [*open_source(io.BytesIO(content + GOOD if end else content), OPTIONS).items()]
    found = [item for item in items if not isinstance(item, (Ignored, Reject))]
    assert len(found) == 7 * 30 + (7 if end else 0)
    assert {event.key for event in found if hasattr(event, "key")} == expected


@pytest.mark.usefixtures("short")
def test_a_pretty_printed_record_of_any_size_is_read_object_by_object() -> None:
    texts = [json.loads(text) for text in WEBHOOKS * 30]
    for value in ({"log": {"entries": [{"body": text} for text in texts]}}, {"data": texts, "next": None}):
        content = json.dumps(value, indent=2).encode() + b"\n" + GOOD
        assert len(events_of(content)) == 7 * 31


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("separator", [b",", b"\t", b";"])
@pytest.mark.parametrize("cell", [b"a", b'"', b'""', b"\r\r" + b"a" * 20, "\u20ac".encode(), b"a" * 500 + b"\n"])
@pytest.mark.long(keep=4)
def test_a_long_row_is_told_and_the_other_rows_are_read(cell: bytes, separator: bytes) -> None:
    long = ROW % 3
    for quote in (b"", b'"'):
        row = long.replace(b"promo", quote + cell * (300_000 // len(cell)) + quote)
        content = (HEADER + ROW % 1 + row + ROW % 2).replace(b",", separator)
        items = items_of(content)
        keys = [item.key for item in items if hasattr(item, "key")]
        assert keys[0] == "wamid.1"
        assert "wamid.2" in keys
        assert any(isinstance(item, Reject) for item in items)


@pytest.mark.usefixtures("short")
def test_a_row_behind_a_long_one_has_its_place() -> None:
    content = HEADER + ROW % 1 + b"a" * 300_000 + b"\n" + b"\n" * 90 + b",,,,\n" * 90 + b"wrong\n"
    first, last = rejects_of(content)
    assert (first.where, first.reason[:12]) == ("line 3", "longer than ")
    assert (last.where, last.reason) == ("line 184", "1 columns, but the header has 5")


def test_memory_does_not_grow_with_a_line() -> None:
    text = b"a" * 30_000_000
    tracemalloc.start()
    try:
        content = io.BytesIO(b'%s{"object":"whatsapp_business_account","entry":[{"id":"%s"}]}\n%s' % (GOOD, text, GOOD))
        del text
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        items = [*open_source(content, OPTIONS).items()]
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert [item.reason for item in items if isinstance(item, Reject)] == ["longer than 16 MB"]
    assert peak < 60_000_000  # the limit thrice: its pieces, and the whole twice for a moment


@pytest.mark.parametrize("text", [b'\\"x' * 3_000 + b"a" * 5_000_000, b'\\"' * 2_100_000], ids=["text", "quotes"])
def test_a_webhook_beside_a_text_of_megabytes_with_escaped_quotes_is_read_once_over(text: bytes) -> None:
    """To look for the end of the text from each quote in it would take minutes."""
    webhook = GOOD.splitlines()[0]
    assert events_of(b'%s,"x":"%s"}\n' % (webhook.rstrip()[:-1], text)) == events_of(webhook + b"\n")
