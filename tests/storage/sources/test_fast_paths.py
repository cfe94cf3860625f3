"""The fast paths for common lines give what the plain rules give."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from itertools import combinations, islice
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage.domain.events import Item
from storage.domain.log_lines import Items
from storage.sources import formats, stream
from storage.sources.decompression import compression_of
from storage.sources.fields import EARLIEST, LATEST, Unreadable, time_of
from storage.sources.json_reader import JsonReaders
from storage.sources.json_scanner import Record
from storage.sources.stream import Stream
from tests.captures import OPTIONS
from tests.storage.sources.test_odd_values import odd_records


@settings(max_examples=5 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(odd_records())
def test_shortcuts_for_odd_records_equal_the_plain_rule(record: Any) -> None:
    _check_record(record)


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


def test_the_shortcut_for_one_status_equals_the_plain_rule() -> None:
    usual = {
        "object": "whatsapp_business_account",
        "entry": [{"changes": [{"value": _VALUE | {"statuses": [_STATUS]}}]}],
    }
    assert len(_in_common_shape(JsonReaders(CONTEXT), json.dumps(usual).encode())) == 1
    _check_value(_VALUE | {"statuses": [_STATUS, _STATUS | {"status": "failed", "errors": [{"code": 1}]}]})
    _check_value(_VALUE | {"statuses": [_STATUS, _STATUS | {"pricing": None}]})
    of_status = [(name, value) for name, values in _MEMBERS_OF_STATUS.items() for value in values]
    for (name, value), (other, second) in islice(combinations(of_status, 2), 0, None, 3):
        _check_value(_VALUE | {"statuses": [_with_member(_with_member(_STATUS, name, value), other, second)]})
    for name, values in _MEMBERS_OF_VALUE.items():
        for value in values:
            _check_value(_with_member(_VALUE | {"statuses": [_STATUS]}, name, value))


_PERSON = {"wa_id": "5491100000001", "profile": {"name": "Ana"}}
_MESSAGE = {"id": "wamid.B", "from": "5491100000001", "timestamp": "1795014000", "type": "text", "text": {"body": "x"}}
_NUMBERS = (_ABSENT, None, "", "x", 5, 5.0, "+54 9 11 0000-0001", "5491100000002", "AR.1", "0000000")
_NOT_ONE: tuple[Any, ...] = ([], [None], None, {})
_MEMBERS_OF_PERSON: dict[str, tuple[Any, ...]] = {
    "wa_id": (*_NUMBERS, 5491100000001, "05491100000001"),
    "user_id": (None, "AR.1", "x"),
    "parent_user_id": (None, "AR.ENT.1"),
    "profile": (_ABSENT, None, {}, "x", {"name": None}, {"name": " Eva "}, {"name": 5}, {"name": []}),
}
_MEMBERS_OF_MESSAGE: dict[str, tuple[Any, ...]] = {
    "id": (_ABSENT, None, "", " wamid.B", "\0", 5),
    "from": (*_NUMBERS, 5491100000001, 5491100000001.0),
    "from_user_id": (None, "AR.1", ""),
    "from_parent_user_id": (None, "AR.ENT.1"),
    "timestamp": (_ABSENT, None, "x", 1795014000),
    "type": (_ABSENT, None, "Reaction", "system", {}),
    "group_id": (None, "g"),
    "context": (None, {}, "x", {"id": "wamid.A"}, {"id": "wamid.A", "forwarded": True}),
    "referral": (None, {"source_type": "ad"}, {}),
    "system": (None, {}, {"type": "user_changed_number", "new_wa_id": "5491100000003"}),
}


def test_the_shortcut_for_one_message_equals_the_plain_rule() -> None:
    usual = _VALUE | {"contacts": [_PERSON], "messages": [_MESSAGE]}
    line = {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": usual}]}]}
    assert len(_in_common_shape(JsonReaders(CONTEXT), json.dumps(line).encode())) == 1
    people = [_PERSON, *(_with_member(_PERSON, *odd) for odd in _each_member(_MEMBERS_OF_PERSON))]
    messages = [_MESSAGE, *(_with_member(_MESSAGE, *odd) for odd in _each_member(_MEMBERS_OF_MESSAGE))]
    system = _MESSAGE | {"type": "system", "system": {"type": "user_changed_number", "new_wa_id": "5491100000003"}}
    pairs = [(_PERSON, system), *((one, _MESSAGE) for one in people), *((_PERSON, one) for one in messages)]
    pairs += [
        (_with_member(_PERSON, "wa_id", one), _with_member(_MESSAGE, "from", one)) for one in (*_NUMBERS, 5491100000001)
    ]
    for one, message in pairs:
        _check_value(usual | {"contacts": [one], "messages": [message]})
    for name, one in (("contacts", _PERSON), ("messages", _MESSAGE)):
        for some in _NOT_ONE:
            _check_value(usual | {name: some})
        _check_value(usual | {name: [one, one]})
    for name, values in _MEMBERS_OF_VALUE.items():
        for value in values:
            _check_value(_with_member(usual, name, value))


def _each_member(members: dict[str, tuple[Any, ...]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in members.items() for value in values]


@given(st.text("0123456789.eE+-", min_size=3, max_size=12))
def test_the_shortcut_reads_timestamps_as_the_plain_rule_does(more: str) -> None:
    for time in (more, f"1795{more}"):
        _check_value(_VALUE | {"statuses": [_STATUS | {"timestamp": time}]})


def _check_value(value: Any) -> None:
    _check_record({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})


def _check_record(record: Any) -> None:
    """Reading a record as a line, by shortcuts, gives what reading its text by the plain rule gives."""
    line = json.dumps(record).encode()
    readers, general = JsonReaders(CONTEXT), JsonReaders(CONTEXT).items(Record(line, 1))
    common, sink = _in_common_shape(readers, line), Items()
    assert common in ([], general)
    if readers.several(line, 1, sink):
        assert sink.taken() == general


def _in_common_shape(readers: JsonReaders, line: bytes) -> list[Item]:
    """The items of a line that has a common shape."""
    sink = Items()
    is_common = readers.into(sink)(line)
    items = sink.taken()
    assert is_common is bool(items)
    return items


@given(st.lists(st.binary(max_size=12), max_size=9).map(b"\n".join), st.integers(1, 20), st.integers(1, 20))
def test_lines_from_blocks_equal_lines_read_one_by_one(content: bytes, block: int, longest: int) -> None:
    assume(compression_of(content) is None)  # what is compressed is decompressed first
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
def test_a_time_may_be_a_number_a_fraction_or_a_text(number: int) -> None:
    assert _time(number) == _time(float(number)) == _time(f"{number}") == _time(f" {number} ")


@given(st.text("0123456789_+-. ٣", min_size=10, max_size=10))
def test_ten_characters_are_the_same_time_with_blanks_around_them(text: str) -> None:
    assert _time(text) == _time(f" {text} ")
