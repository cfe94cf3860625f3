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
