"""What is read in a quicker way than the rest, because nearly all is of its kind, gives what the general way gives."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from itertools import combinations
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage.sources import formats, stream
from storage.sources.fields import EARLIEST, LATEST, Unreadable, time_of
from storage.sources.json_reader import JsonReaders
from storage.sources.json_scanner import Record
from storage.sources.stream import Stream
from tests.captures import OPTIONS
from tests.storage.sources.test_odd_values import odd_records


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(odd_records())
def test_a_usual_line_gives_what_any_text_of_its_record_gives(record: Any) -> None:
    _is_read_as_ever(record)


CONTEXT = formats.context_of(OPTIONS)
_ABSENT = object()
_WORDS: tuple[Any, ...] = (_ABSENT, None, "null", "", " ", "x", "\u00e9", "\0", "\ud800", 5, True, [], {})
_TIMES: tuple[Any, ...] = ("1795014000000", "1795014000.0", "1795014000.5", "179501400e1", "0", 1795014000, 1795014e3)
_TIMES += (str(EARLIEST // 1000 - 1), str(EARLIEST // 1000), str(LATEST // 1000 - 1), str(LATEST // 1000), "2026-11-18")
_STATUS = {
    "id": "wamid.A",
    "status": "sent",
    "timestamp": "1795014000",
    "recipient_id": "5491100000001",
    "conversation": {"id": "c", "origin": {"type": "utility"}},
    "pricing": {"billable": True, "category": "marketing"},
}
_VALUE = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1", "display_phone_number": "2"}}
_MEMBERS_OF_STATUS: dict[str, tuple[Any, ...]] = {
    "id": _WORDS,
    "status": (*_WORDS, "delivered", "read", "played", "failed", "deleted", "Read"),
    "timestamp": _WORDS + _TIMES,
    "recipient_id": (*_WORDS, "+54 9 11 0000-0001", "AR.1"),
    "recipient_user_id": (*_WORDS, "AR.1"),
    "recipient_type": (*_WORDS, "individual", "group"),
    "biz_opaque_callback_data": (*_WORDS, " spring "),
    "conversation": (*_WORDS, {"origin": None}, {"origin": "null"}, {"origin": {"type": None}}),
    "pricing": (*_WORDS, {"category": None}, {"category": "null"}, {"category": "Utility"}),
    "errors": (*_WORDS, [{"code": 131026, "title": "gone"}], [{"code": 1, "error_data": "null"}], {"code": 1}),
}
_MEMBERS_OF_VALUE: dict[str, tuple[Any, ...]] = {
    "messaging_product": _WORDS,
    "metadata": (*_WORDS, {"phone_number_id": 1}, {"phone_number_id": "null", "display_phone_number": None}),
    "contacts": (*_WORDS, [{"wa_id": "5491100000001", "user_id": "AR.1"}]),
    "messages": (*_WORDS, [{"id": "wamid.B", "from": "5491100000001", "timestamp": "1795014000", "type": "text"}]),
    "message_echoes": _WORDS,
    "errors": (*_WORDS, [{"code": 1}]),
    "statuses": (*_WORDS, [_STATUS, _STATUS]),
}


def _with_member(members: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    others = {known: given for known, given in members.items() if known != name}
    return others if value is _ABSENT else others | {name: value}


def test_a_line_of_one_status_gives_what_any_text_of_its_record_gives() -> None:
    usual = {
        "object": "whatsapp_business_account",
        "entry": [{"changes": [{"value": _VALUE | {"statuses": [_STATUS]}}]}],
    }
    assert JsonReaders(CONTEXT).one(json.dumps(usual).encode()) is not None
    of_status = [(name, value) for name, values in _MEMBERS_OF_STATUS.items() for value in values]
    for (name, value), (other, second) in combinations(of_status, 2):
        _assert_read_as_ever(_VALUE | {"statuses": [_with_member(_with_member(_STATUS, name, value), other, second)]})
    for name, values in _MEMBERS_OF_VALUE.items():
        for value in values:
            _assert_read_as_ever(_with_member(_VALUE | {"statuses": [_STATUS]}, name, value))


@given(st.text("0123456789.eE+-", min_size=3, max_size=12))
def test_a_usual_status_is_of_the_time_that_its_text_says(more: str) -> None:
    for time in (more, f"1795{more}"):
        _assert_read_as_ever(_VALUE | {"statuses": [_STATUS | {"timestamp": time}]})


def _assert_read_as_ever(value: Any) -> None:
    _is_read_as_ever({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})


def _is_read_as_ever(record: Any) -> None:
    """A line of a record gives what the text of it gives that is read without knowing what it is."""
    line = json.dumps(record).encode()
    readers, general = JsonReaders(CONTEXT), JsonReaders(CONTEXT).items(Record(line, 1))
    one, several = readers.one(line), readers.several(line, 1)
    assert one is None or [one] == general
    assert several is None or several == general


@given(st.lists(st.binary(max_size=12), max_size=9).map(b"\n".join), st.integers(1, 20), st.integers(1, 20))
def test_lines_are_cut_in_blocks_as_they_are_one_by_one(content: bytes, block: int, longest: int) -> None:
    assume(not content.startswith(b"\x1f\x8b"))  # what begins so is packed, and its lines are others
    file, taken, count = io.BytesIO(content), 0, 0
    with patch.object(stream, "_CHUNK_BYTES", block), patch.object(stream, "SAMPLE_BYTES", 16):
        cut = Stream(io.BytesIO(content))
        for line in cut.lines(longest):
            assert line == file.readline(longest)
            if line.endswith(b"\n"):
                taken, count = file.tell(), count + 1
            assert cut.offset == (taken, count)
    assert file.read() == b""


def _time(value: Any) -> int | None:
    with suppress(Unreadable):
        return time_of(value, OPTIONS.time_zone)
    return None


_NEAR = st.one_of(*(st.integers(*ends) for ends in ((10**8, 10**10), (EARLIEST, LATEST), (-(10**14), 10**14))))


@given(_NEAR)
def test_a_time_is_the_same_as_a_number_a_fraction_and_a_text(number: int) -> None:
    assert _time(number) == _time(float(number)) == _time(f"{number}") == _time(f" {number} ")


@given(st.text("0123456789_+-. ٣", min_size=10, max_size=10))
def test_ten_signs_are_the_time_that_they_are_with_blanks_around_them(text: str) -> None:
    assert _time(text) == _time(f" {text} ")
