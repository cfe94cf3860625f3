"""Any value in any place of a record is read, ignored or rejected, and the database stores what is read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database.connection import writing
from storage.domain.events import Ignored, Item, Reject
from storage.ingest.batch_writer import BatchWriter
from storage.messages.batch_merger import Merger
from tests.captures import capture, items_of
from tests.databases import report_of, tsv_of

_NAMES = (
    "cloud_lines.jsonl",
    "cloud_inbound.jsonl",
    "cloud_number_change.jsonl",
    "cloud_errors.jsonl",
    "cloud_wrapped_body_object.json",
    "send_log.jsonl",
    "send_log_variants.jsonl",
)
_ODD: tuple[Any, ...] = (None, True, False, 0, -1, 1.5, 1e30, 10**400, float("nan"), float("inf"), "", " ", "-", "x")
_ODD += ("\0", "\ud800", "\u202e", "\x1b[2J", "'", "=1+1", "true", "2026-11-18", "1795014000", 1795014000000, "🙂" * 99)
_ODD += ("{", '{"entry":[]}', [], {}, [[]], [{}], [None], {"a": 1}, {"id": []}, "5491105550001", "w" * 10_000)


def _records(name: str) -> Iterator[Any]:
    text = capture(name).read_text(encoding="utf-8")
    if text.lstrip().startswith("{\n"):
        position = 0
        while text[position:].strip():
            value, end = json.JSONDecoder().raw_decode(text[position:].lstrip())
            position = len(text) - len(text[position:].lstrip()) + end
            yield value
    else:
        yield from map(json.loads, text.splitlines())


RECORDS = [record for name in _NAMES for record in _records(name)]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, key))


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = value.copy()
    changed[path[0]] = _with(value[path[0]], path[1:], odd)
    return changed


@st.composite
def odd_records(draw: st.DrawFn) -> Any:
    """A record of the captures with up to three values replaced by odd ones."""
    record = draw(st.sampled_from(RECORDS))
    for _ in range(draw(st.integers(1, 3))):
        record = _with(record, draw(st.sampled_from(list(_places(record)))), draw(st.sampled_from(_ODD)))
    return record


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(odd_records(), min_size=1, max_size=8))
def test_any_value_anywhere_affects_only_its_record(records: list[Any]) -> None:
    good = json.dumps(RECORDS[0])
    lines = [json.dumps(record) for record in records if isinstance(record, dict)]
    text = "\n".join((good, *lines, good)).encode()
    items = items_of(text)
    expected = items_of(good.encode())
    assert items[: len(expected)] == expected
    assert len(items) >= 2 * len(expected) + len(lines)
    _write(items)


def _write(items: list[Item]) -> None:
    merger = Merger()
    for item in items:
        if isinstance(item, Reject):
            assert len(item.excerpt) <= 80
            assert item.excerpt.isprintable()
            assert item.reason.isprintable()
            assert not any(sign.isdigit() for sign in item.excerpt)
        elif not isinstance(item, Ignored):
            merger.add(item)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "saludo.db"
        with writing(path) as writer, writer.transaction():
            BatchWriter(writer).write(merger.batch())
        assert report_of(path)["starts"] == len(tsv_of(path))
