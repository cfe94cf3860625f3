"""Tests of recognition: by content alone, and every refusal is an UnknownFormat."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sources import formats
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, Counted, capture, counted, events_of, items_of


@pytest.mark.parametrize("one", counted(), ids=lambda one: one.name)
def test_a_format_is_recognised_by_content(one: Counted) -> None:
    assert open_source(io.BytesIO(capture(one.name).read_bytes()), OPTIONS).format == one.format


@pytest.mark.parametrize("one", counted(), ids=lambda one: one.name)
def test_naming_the_right_format_changes_nothing(one: Counted) -> None:
    content = capture(one.name).read_bytes()
    assert items_of(content, replace(OPTIONS, format=one.format)) == items_of(content)


@pytest.mark.parametrize("format", [*formats.names(), "another"])
def test_a_format_that_does_not_fit_is_refused(format: str) -> None:
    content = b"name\tage\nAna\t3\n" if format != "botmaker" else capture("sends_comma.csv").read_bytes()
    if format in ("cloud_api", "send_log"):
        content = capture("starting_causes.tsv").read_bytes()
    with pytest.raises(UnknownFormat, match=format):
        open_source(io.BytesIO(content), replace(OPTIONS, format=format))


def test_a_first_object_longer_than_the_sample_is_still_recognised() -> None:
    content = capture("cloud_lines.jsonl").read_bytes()
    long = content.replace(b'"messages",', b'"messages","padding":"' + b"x" * 400_000 + b'",', 1)
    assert len(events_of(long)) == 7


def test_a_log_that_begins_with_rubbish_is_recognised() -> None:
    rubbish = b"starting, {not json\n\n{}\n[]\n\x1b[32mok\x1b[0m; done, really; yes\n"
    assert len(events_of(rubbish + capture("cloud_lines.jsonl").read_bytes())) == 7


def test_blank_lines_before_a_header_are_skipped() -> None:
    assert len(events_of(b"\r\n\n" + capture("starting_causes.tsv").read_bytes())) == 5


def test_a_header_may_span_two_lines() -> None:
    content = b'wamid,to,template,sent_at,"note\nof hand"\nw1,549110,promo,2026-11-18,x\n'
    assert len(events_of(content)) == 1


def refusal_of(content: bytes) -> str:
    """Why the file is refused; empty where it is read."""
    try:
        items_of(content)
    except UnknownFormat as error:
        return str(error)
    return ""


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", b'{"entry":[{"changes":[{"value":{"statuses":[', b"wamid,to,template,sent_at\n"):
        assert "\n" not in refusal_of(start + content)


@given(st.data())
def test_a_capture_with_some_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([one.name for one in counted()]))
    content = bytearray(capture(name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        if not content:
            return
    assert "\n" not in refusal_of(bytes(content))
