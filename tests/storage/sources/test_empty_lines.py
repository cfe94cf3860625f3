"""Long runs of empty lines are skipped in bulk, and every other line keeps its number and place."""

from __future__ import annotations

import gzip
import io
import time

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Status
from storage.sources.stream import Stream
from tests.captures import events_of, rejects_of
from tests.storage.sources.test_cloud_api import status, webhook


@given(st.lists(st.sampled_from([b"\n", b"\n" * 15, b"\n" * 40, b"\n" * 70_000, b"a\n", b"b", b" \n"]), max_size=6))
def test_lines_and_offsets_are_those_of_reading_line_by_line(parts: list[bytes]) -> None:
    content = b"".join(parts)
    plain, fast = Stream(io.BytesIO(content)), Stream(io.BytesIO(content))
    expected = [(line, plain.offset) for line in plain.lines() if line.strip(b"\n")]
    assert [(line, fast.offset) for line in fast.lines(skip_empty=True) if line.strip(b"\n")] == expected
    assert fast.offset == plain.offset


def test_a_reject_behind_many_empty_lines_has_its_place() -> None:
    broken = webhook({"statuses": [status(timestamp="yesterday")]})
    (reject,) = rejects_of(b"\n" * 100_000 + broken + b"\n")
    assert reject.where == "line 100001"


def test_a_small_archive_of_empty_lines_is_read_at_once() -> None:
    content = gzip.compress(
        webhook({"statuses": [status()]}) + b"\n" * 20_000_000 + webhook({"statuses": [status(id="b")]})
    )
    start = time.process_time()
    assert [event.key for event in events_of(content) if isinstance(event, Status)] == ["wamid.1", "b"]
    assert time.process_time() - start < 10  # line by line it takes minutes


def test_millions_of_empty_objects_are_skipped_at_once() -> None:
    good = webhook({"statuses": [status()]})
    start = time.process_time()
    assert len(events_of(good + b"\n" + b"{}" * 2_000_000 + b"{ }," * 500_000 + good)) == 2
    assert time.process_time() - start < 10  # one by one it takes far longer
    (reject,) = rejects_of(b"{}" * 40 + webhook({"statuses": [status(timestamp="yesterday")]}))
    assert reject.where == "line 1"
