"""Tests of recognising a log by what comes late: behind heartbeats, behind NULs, behind the first 256 KB."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import tempfile
import threading
import tracemalloc
from pathlib import Path

import pytest

from storage.domain.events import Ignored, Reject
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from storage.sources.stream import SAMPLE_BYTES
from tests.captures import OPTIONS, capture, events_of, items_of, one_by_one
from tests.storage.sources.wrappers import LINES

LINES_OF_WEBHOOKS = capture("cloud_lines.jsonl").read_bytes()
HEARTBEATS = {
    "JSON": b'{"level":"info","msg":"heartbeat","pid":7}\n',
    "text": b"2026-11-18 INFO still alive\n",
    "printed": b"{'level': 'info', 'msg': 'heartbeat'}\n",
    "blank lines": b"\n",
}


def heartbeats(kind: str, size: int = 2 * SAMPLE_BYTES) -> bytes:
    return HEARTBEATS[kind] * (size // len(HEARTBEATS[kind]) + 1)


@pytest.mark.parametrize("kind", HEARTBEATS)
@pytest.mark.parametrize("size", [1_000, SAMPLE_BYTES - 300, SAMPLE_BYTES + 1_000])
@pytest.mark.long(keep=4)
def test_webhooks_behind_heartbeats_are_read(kind: str, size: int) -> None:
    items = items_of(heartbeats(kind, size) + LINES_OF_WEBHOOKS)
    assert sum(not isinstance(item, Ignored) for item in items) == 7
    assert not any(isinstance(item, Reject) for item in items)


@pytest.mark.parametrize("wrapper", ["JSON text twice over", "nginx escape=default", "Python dict", "form", "Docker"])
@pytest.mark.long(keep=3)
def test_wrapped_webhooks_behind_heartbeats_are_read(wrapper: str) -> None:
    texts = LINES_OF_WEBHOOKS.decode().splitlines()
    content = heartbeats("text") + "\n".join(LINES[wrapper](text) for text in texts).encode()
    assert len(events_of(content)) == 7
    assert len(events_of(gzip.compress(content))) == 7


@pytest.mark.parametrize("name", ["send_log.jsonl", "gupshup_v2.jsonl", "gupshup_v3.jsonl", "cloud_object.json"])
@pytest.mark.long(keep=2)
def test_other_records_behind_heartbeats_are_read(name: str) -> None:
    content = capture(name).read_bytes()
    source = open_source(io.BytesIO(heartbeats("JSON") + content), OPTIONS)
    assert [item for item in source.items() if not isinstance(item, Ignored)] == [
        item for item in items_of(content) if not isinstance(item, Ignored)
    ] or any(isinstance(item, Reject) for item in items_of(content))


@pytest.mark.parametrize("kind", [*HEARTBEATS][:3])
@pytest.mark.parametrize("more", [0, 3 * SAMPLE_BYTES])
def test_a_file_with_nothing_for_us_is_refused_with_what_was_expected(kind: str, more: int) -> None:
    with pytest.raises(UnknownFormat, match="unrecognised file format; expected gupshup, cloud_api"):
        items_of(heartbeats(kind, 1_000 + more))


def test_a_log_whose_only_webhook_cannot_be_read_is_no_unknown_file() -> None:
    items = items_of(heartbeats("text") + b"subscribed to whatsapp_business_account\n")
    assert sum(isinstance(item, Reject) for item in items) == 1


@pytest.mark.parametrize("count", [1, 7, 8, 4_096, SAMPLE_BYTES, 3 * SAMPLE_BYTES + 5])
@pytest.mark.parametrize("lines_before", [0, 1, 3])
def test_nuls_of_a_log_that_was_cut_are_skipped(count: int, lines_before: int) -> None:
    lines = LINES_OF_WEBHOOKS.splitlines(keepends=True)
    content = b"".join(lines[:lines_before]) + b"\0" * count + b"".join(lines[lines_before:])
    for text in (content, content + b"\0" * count):
        assert [item for item in items_of(text) if not isinstance(item, Ignored)] == items_of(LINES_OF_WEBHOOKS)


def test_a_line_that_a_crash_left_half_written_costs_only_itself() -> None:
    lines = LINES_OF_WEBHOOKS.splitlines(keepends=True)
    items = items_of(lines[0] + lines[1][:150] + b"\0" * 3_000 + b"\n" + lines[2] + lines[3])
    assert sum(isinstance(item, Reject) for item in items) == 1
    assert len(items) == 2 + 1 + 1 + 1


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 10,
        b"\x7fELF\0\0\0\1" + b"\0" * 100,
        "whatsapp_business_account".encode("utf-16-le"),
        bytes(range(256)) * 10,
        b"\0\0\0\x18ftypmp42",
    ],
)
def test_a_binary_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnknownFormat, match=r"binary file|unrecognised file format"):
        items_of(content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("end", [b"", LINES_OF_WEBHOOKS], ids=["nothing", "webhooks"])
@pytest.mark.long(keep=3)
def test_a_pipe_is_searched_to_its_end_as_well(pack: type[bytes], end: bytes) -> None:
    content = pack(heartbeats("JSON", 5 * SAMPLE_BYTES) + end)
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as out:
            out.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        if end:
            items = one_by_one(open_source(pipe, OPTIONS).items())
            assert items == items_of(content)
        else:
            with pytest.raises(UnknownFormat, match="unrecognised file format"):
                open_source(pipe, OPTIONS)
    thread.join()


def test_the_search_keeps_memory_flat() -> None:
    with tempfile.TemporaryFile() as file:
        for _ in range(40):
            file.write(heartbeats("text", 1_000_000))
        file.write(LINES_OF_WEBHOOKS)
        file.seek(0)
        tracemalloc.start()
        try:
            open_source(file, OPTIONS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 12_000_000


def test_webhooks_in_a_column_of_a_table_are_read(tmp_path: Path) -> None:
    texts = LINES_OF_WEBHOOKS.decode().splitlines()
    for header in ("id,created_at,payload", "message_id,phone,created_at,payload", "wamid,to,template,sent_at,payload"):
        width = header.count(",") - 1
        rows = [",".join(["5491155550001"] * width) + ',2026-11-18,"' + text.replace('"', '""') + '"' for text in texts]
        assert len(events_of("\n".join([header, *rows]).encode())) == 7


def test_base64_is_recognised() -> None:
    texts = LINES_OF_WEBHOOKS.decode().splitlines()
    encoded = [base64.b64encode(text.encode()).decode() for text in texts]
    assert len(events_of("\n".join(json.dumps({"body": text}) for text in encoded).encode())) == 7
