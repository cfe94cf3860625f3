"""A log that is read many lines at a time gives what the general rule gives of each line, merged event by event."""

from __future__ import annotations

import io
import json
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.ingest.batch_reader import PartRead, file_parts
from storage.ingest.file_part import FilePart
from storage.sources import formats, json_reader, stream
from storage.sources.json_reader import JsonReaders
from storage.sources.opened import Offset, Options
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, capture
from tests.databases import OTHER_LINE
from tests.storage.sources.test_odd_values import odd_records

_KEYS = ("wamid.A", "wamid.B", " wamid.A", "wamid.\u00e9", "")
_TIMES = ("1795014000", "1795014060", "1795013000", 1795014000, "1795014000000", "x")
_STEPS = ("sent", "delivered", "read", "played", "failed", "deleted")
_LINES: tuple[dict[str, str] | None, ...] = (
    {"phone_number_id": "1", "display_phone_number": "5491100000009"},
    {"phone_number_id": "2"},
    {},
    None,
)
# What a status may say besides its key, step and time; the first one is the usual one.
_USUAL = {"recipient_id": "5491100000001", "pricing": {"category": "utility"}}
_ABOUTS: tuple[dict[str, Any], ...] = (
    *3 * (_USUAL,),
    _USUAL | {"pricing": {"category": "Utility"}},
    _USUAL | {"recipient_id": "+54 9 11 0000-0001"},
    _USUAL | {"recipient_id": "5491100000002"},
    _USUAL | {"recipient_user_id": "AR.1"},
    _USUAL | {"biz_opaque_callback_data": "spring"},
    _USUAL | {"conversation": {"id": "c", "origin": {"type": "marketing"}}},
    _USUAL | {"errors": [{"code": 131026, "title": "gone"}]},
    _USUAL | {"errors": {"code": 131026}},
    _USUAL | {"recipient_type": "group"},
    _USUAL | {"conversation": "odd"},
    {"recipient_id": "5491100000001"},
    {"recipient_id": "5491100000001", "conversation": {"origin": {"type": "marketing"}}},
    {"pricing": {"category": None}},
)
_MORE = (
    b"",
    b"GET / 200",
    b"whatsapp_business_account",
    b'{"object":"whatsapp_business_account","entry":[{"changes":[{"value":',
    b'{"object":"whatsapp_business_account","entry":[]}',
    b'{"level":"info"}',
    *(
        line
        for name in ("cloud_lines.jsonl", "cloud_inbound.jsonl", "cloud_errors.jsonl", "send_log.jsonl")
        for line in capture(name).read_bytes().splitlines()
    ),
)


@st.composite
def _webhooks(draw: st.DrawFn) -> bytes:
    """A webhook of one or more statuses of few messages."""
    statuses = [
        {"id": draw(_mostly(_KEYS)), "status": draw(_mostly(_STEPS)), "timestamp": draw(_mostly(_TIMES))}
        | draw(st.sampled_from(_ABOUTS))
        for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3))))
    ]
    value = {"messaging_product": "whatsapp", "metadata": draw(_mostly(_LINES)), "statuses": statuses}
    return _written({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"value": value}]}]})


@st.composite
def _sends(draw: st.DrawFn) -> bytes:
    """The record of a send of one of these messages."""
    to = draw(st.sampled_from(("5491100000001", "+54 9 11 0000-0001", "5491100000002", "11111111", 5491100000001)))
    request = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": {"name": "promo"}}
    known = draw(
        st.sampled_from(({"wa_id": to}, {"wa_id": "5491100000001", "input": to}, {"wa_id": to, "user_id": "AR.1"}))
    )
    response = {"messages": [{"id": draw(_mostly(_KEYS))}], "contacts": [known]}
    if draw(st.booleans()):
        request["biz_opaque_callback_data"] = "spring"
    return _written({"at": draw(_mostly(_TIMES)), "phone_number_id": "1", "request": request, "response": response})


def _mostly(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(values[0]), st.sampled_from(values[:3]), st.sampled_from(values))


def _written(record: Any) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


_LINE = st.one_of(
    *3 * (_webhooks(),), _sends(), st.sampled_from(_MORE), odd_records().map(_written), st.just(_MORE[-1])
)
_LOGS = st.tuples(
    st.sampled_from((b"", b"", b"\xef\xbb\xbf")),
    st.lists(st.tuples(_LINE, st.sampled_from((b"\n", b"\n", b"\r\n"))), max_size=20),
    st.sampled_from((b"", _MORE[-1], _MORE[-1][:-9])),
).map(lambda parts: parts[0] + _MORE[-1] + b"\n" + b"".join(b"".join(line) for line in parts[1]) + parts[2])


def _parts(content: bytes, options: Options, size: int, start: Offset) -> list[FilePart]:
    return list(file_parts(open_source(io.BytesIO(content), options, start), size))


def _plain_parts(content: bytes, options: Options, size: int, start: Offset) -> list[FilePart]:
    """The same by the general rule and from events alone."""
    with (
        patch.object(JsonReaders, "into", lambda *_: lambda _: False),
        patch.object(JsonReaders, "several", lambda *_: False),
    ):
        return _parts(content, options, size, start)


def _said(part: FilePart) -> tuple[object, ...]:
    """Everything in a part that was read to the end, with the order of its rows and contacts."""
    batch = part.batch
    lines = sorted(map(repr, batch.lines))
    told = batch.rows, batch.references, batch.people, lines, batch.contacts, batch.names, batch.recipients
    return *told, batch.events, part.rejects, part.ignored, part.place, part.records, part.last


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_LOGS, st.sampled_from((1, 7, 40, 1 << 16)), st.sampled_from((1, 2, 200)), st.booleans())
def test_many_lines_give_what_each_line_gives(content: bytes, chunk: int, together: int, has_line: bool) -> None:
    options = Options(OPTIONS.time_zone, line=OTHER_LINE if has_line else None)
    (expected,) = _plain_parts(content, options, 1 << 30, Offset())
    with patch.object(stream, "_CHUNK_BYTES", chunk), patch.object(json_reader, "_MOST_LINES", together):
        (found,) = _parts(content, options, 1 << 30, Offset())
    assert _said(found) == _said(expected)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_LOGS, st.integers(1, 12), st.sampled_from((1, 3, 200)))
def test_a_log_in_parts_gives_all_of_it_once_and_resumes_behind_each_part(
    content: bytes, size: int, together: int
) -> None:
    (expected,) = _plain_parts(content, OPTIONS, 1 << 30, Offset())
    with patch.object(json_reader, "_MOST_LINES", together):
        parts = _parts(content, OPTIONS, size, Offset())
        assert sum(part.batch.events for part in parts) == expected.batch.events
        assert [one for part in parts for one in part.rejects] == expected.rejects
        assert sum(part.ignored for part in parts) == expected.ignored
        assert parts[-1].place == expected.place
        middle = parts[len(parts) // 2]
        again = _parts(content, OPTIONS, size, middle.place)
    behind = _plain_parts(content, OPTIONS, 1 << 30, middle.place)
    assert sum(part.batch.events for part in again) == behind[0].batch.events


def test_statuses_that_differ_in_step_and_time_are_merged_without_events() -> None:
    lines = [
        _written(
            {
                "object": "whatsapp_business_account",
                "entry": [{"changes": [{"value": {"metadata": _LINES[0], "statuses": [_USUAL | {"id": key, **one}]}}]}],
            }
        )
        for key in _KEYS[:2]
        for one in ({"status": step, "timestamp": _TIMES[0]} for step in _STEPS[:3])
    ]
    merger = PartRead()
    take = JsonReaders(formats.context_of(OPTIONS)).into(merger)
    assert all(map(take, lines))
    assert (merger.events, merger.merged) == (6, 6)
    assert len(merger.batch().rows) == 2
    assert not merger.steps
    assert not merger.events
