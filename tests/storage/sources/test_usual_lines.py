"""What is read in a quicker way than the rest, because nearly all is of its kind, gives what the general way gives."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage.sources import _JsonReaders, stream
from storage.sources.fields import EARLIEST, LATEST, Memo, Unreadable, time_of
from storage.sources.json_records import Record
from storage.sources.stream import Stream
from tests.captures import OPTIONS
from tests.storage.sources.test_odd_values import odd_records


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(odd_records())
def test_a_usual_line_gives_what_any_text_of_its_record_gives(record: Any) -> None:
    _is_read_as_ever(record)


_WORD = st.sampled_from(
    ("null", "true", "", " ", "sent", "failed", "individual", "group", "5491105550001", "\u00e9", "\0")
)
_TEXT = st.one_of(_WORD, st.just("5491100000001"), st.integers(0, 10**13), st.none())
_TIME = st.one_of(
    st.text("0123456789_+-. eE", min_size=9, max_size=14),
    st.integers(EARLIEST // 1000 - 1, EARLIEST // 1000 + 1).map(str),
    st.integers(LATEST // 1000 - 1, LATEST // 1000 + 1).map(str),
    st.sampled_from(
        ("1795014000", "1795014000.0", "1.795014e9", "179501400e1", "1795014000000", 1795014000, 1795014e3)
    ),
)
_CATEGORY = st.fixed_dictionaries({}, optional={"category": _TEXT})
_STATUS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(("wamid.A", "wamid.B", " wamid.A ", "", "wamid.\u00e9", "\ud800", 5, None)),
        "status": st.sampled_from(("sent", "delivered", "read", "played", "failed", "Read", "deleted", "null", None)),
        "timestamp": _TIME,
        "recipient_id": _TEXT,
    },
    optional={
        "recipient_user_id": _TEXT,
        "recipient_type": _TEXT,
        "biz_opaque_callback_data": _TEXT,
        "pricing": st.one_of(_CATEGORY, _WORD, st.none()),
        "conversation": st.one_of(
            st.fixed_dictionaries({"origin": st.one_of(st.fixed_dictionaries({"type": _TEXT}), _WORD)}),
            _WORD,
            st.none(),
        ),
        "errors": st.one_of(st.just([{"code": 131026, "title": "undeliverable"}]), st.just([]), _WORD, st.none()),
    },
)
_METADATA = st.fixed_dictionaries({}, optional={"phone_number_id": _TEXT, "display_phone_number": _TEXT})
_VALUE = st.fixed_dictionaries(
    {"statuses": st.one_of(st.lists(_STATUS, min_size=1, max_size=1), st.lists(_STATUS, max_size=2))},
    optional={
        "metadata": st.one_of(_METADATA, _WORD, st.none()),
        "contacts": st.one_of(st.just([{"wa_id": "5491100000001", "user_id": "AR.1"}]), st.just([]), _WORD, st.none()),
        "messages": st.one_of(st.just([]), _WORD),
        "errors": st.one_of(st.just([{"code": 1}]), _WORD),
    },
)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(_VALUE)
def test_a_line_of_one_status_gives_what_any_text_of_its_record_gives(value: Any) -> None:
    _is_read_as_ever({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})


@given(_TIME)
def test_a_usual_status_is_of_the_time_that_its_text_says(time: Any) -> None:
    status = {"id": "wamid.A", "status": "sent", "timestamp": time, "recipient_id": "5491100000001"}
    value = {"metadata": {"phone_number_id": "1"}, "statuses": [status]}
    _is_read_as_ever({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})


def _is_read_as_ever(record: Any) -> None:
    """A line of a record gives what the text of it gives that is read without knowing what it is."""
    line = json.dumps(record).encode()
    usual = _JsonReaders(OPTIONS).usual(line, 1)
    if usual is not None:
        general = _JsonReaders(OPTIONS).items(Record(line, 1))
        assert (usual if isinstance(usual, list) else [usual]) == general


@given(st.lists(st.binary(max_size=12), max_size=9).map(b"\n".join), st.integers(1, 20), st.integers(1, 20))
def test_lines_are_cut_in_blocks_as_they_are_one_by_one(content: bytes, block: int, longest: int) -> None:
    assume(not content.startswith(b"\x1f\x8b"))  # what begins so is packed, and its lines are others
    file, taken, count = io.BytesIO(content), 0, 0
    with patch.object(stream, "_CHUNK", block), patch.object(stream, "SAMPLE", 16):
        cut = Stream(io.BytesIO(content))
        for line in cut.lines(longest):
            assert line == file.readline(longest)
            assert cut.number == count + 1
            if line.endswith(b"\n"):
                taken, count = file.tell(), count + 1
            assert (cut.taken, cut.count) == (taken, count)
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


@given(st.lists(st.integers(0, 9)))
def test_a_memo_gives_what_its_function_does_and_stays_small(values: list[int]) -> None:
    memo = Memo(str, 4)
    assert [memo[value] for value in values] == [str(value) for value in values]
    assert len(memo) <= 4
