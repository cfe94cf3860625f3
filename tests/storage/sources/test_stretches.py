"""What is passed over in bulk is counted as if every line and object had been read, and nothing of use is lost."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.domain.events import Ignored, Item, Reject
from storage.sources import json_scanner, stretches
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, capture, events_of, rejects_of

GOOD = capture("cloud_lines.jsonl").read_bytes()
SEND = capture("send_log.jsonl").read_bytes().splitlines(keepends=True)[0]
BROKEN = b'{"object":"whatsapp_business_account","entry":[{"changes":[{"value":\n'
LINES = (
    b"\n",
    b"[\n",
    b"GET / 200\n",
    b'{"level":"info","n":1}\n',
    b'{"a":{"b":[{"c":"x}{"}]}},\n',
    b"{}\n",
    b"{ },\n",
    b"}\n",
    b"{\n",
    b'{"\n',
    b'{"a":\n',
    b'"a": {\n',
    b'"a": [1, 2],\n',
    b"  },\n",
    b"a%20b\n",
    b'\\"\n',
    b'{"msg":"{\\"a\\":1}"}\n',
    b'\xff{"a":"\xff"}\n',
    b"GET /{id}/{ } 200 }{\n",
    b"{ a: {\t1 }\n",
    b"x {\n",
    b"[{\n",
    b"x {&quot;a&quot;:1}\n",
    b"whatsapp_business_account\n",
    BROKEN,
    SEND,
    GOOD,
)


def _found(content: bytes) -> tuple[list[Item], Counter[str], set[tuple[str, str]], int]:
    """The events, what is ignored, the different rejects, and how many records there are."""
    source = open_source(io.BytesIO(content), OPTIONS)
    items = list(source.items())
    ignored: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Ignored):
            ignored[item.what] += item.count
    rejects = {(item.reason, item.digest) for item in items if isinstance(item, Reject)}
    return [item for item in items if not isinstance(item, (Reject, Ignored))], ignored, rejects, source.records


@given(st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from([1, 2, 5, 30])), max_size=12))
@example([(b"{\n", 1), (b'"a": {\n', 1), (b"\n", 1), (b'"a": {\n', 1)])  # a blank line within an object
def test_a_log_gives_what_reading_line_by_line_gives(parts: list[tuple[bytes, int]]) -> None:
    content = GOOD + b"".join(line * count for line, count in parts) + b"\n" + GOOD
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "_WORTH_A_LOOK", 1 << 60)
        expected = _found(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "_WORTH_A_LOOK", 2)
        patch.setattr(stretches, "_FEWEST_BYTES", 8)
        assert _found(content) == expected


OBJECTS = (
    b'{"a":"}{"}',
    b'{"a":"\\"}{"}',
    b'{"a":"}{',
    b'{"a":1}}',
    b'{"a":1}',
    b'{"a":{"b":[{}, {"c":"}"}]}}',
    b'{"a":"\\u0041"}',
    b'{"x',
    b"[1]",
    b"7",
    GOOD.split(b"\n")[0],
)


@given(st.lists(st.tuples(st.sampled_from(OBJECTS), st.sampled_from([b",", b" ", b"", b", "])), max_size=40))
def test_a_long_line_gives_what_looking_at_each_object_gives(parts: list[tuple[bytes, bytes]]) -> None:
    content = b"[" + b"".join(one + between for one, between in parts) * 3 + GOOD.split(b"\n")[0] + b"]\n" + GOOD
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_scanner, "_LOOKED_AT", 1 << 60)
        patch.setattr(json_scanner, "_LONGEST_JOINED", 0)
        expected = _found(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_scanner, "_LOOKED_AT", 2)
        patch.setattr(json_scanner, "_LONG_TEXT", 1)
        assert _found(content) == expected


def test_a_run_of_equal_lines_that_cannot_be_read_is_told_once_with_its_place() -> None:
    lines = 7 + 70_000
    rejects = rejects_of(GOOD + BROKEN * 70_000 + GOOD)
    assert len(events_of(GOOD + BROKEN * 70_000 + GOOD)) == 14
    assert len({one.digest for one in rejects}) == 1
    assert len(rejects) < 300
    first, last = rejects[0], rejects[-1]
    assert first.where == "line 5"
    assert last.where.startswith("line ")
    assert int(last.where.split()[-1]) <= lines
