"""A random history gives in ClickHouse what it gives in SQLite, in any order, split and repetition."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clickhouse import pending
from storage.clickhouse.derived_check import problems
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.domain.events import Event
from tests.clickhouse import batch_of, empty, new_database, stored, stored_in_sqlite, write
from tests.databases import HOUR, build
from tests.histories import Question, events, questions, shuffled, split
from tests.turns import in_turns

few = settings(
    max_examples=min(25, settings().max_examples), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with new_database() as opened:
        yield opened


@few
@given(st.data(), events(), questions())
def test_any_order_split_and_repetition_gives_what_sqlite_has(
    shared: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    empty(shared)
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    write(shared, *data.draw(split(data.draw(shuffled(history)))), time_zone=zone, answer_window=window)
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory, "a.db"), history, time_zone=zone, answer_window=window)
        assert stored(shared) == stored_in_sqlite(path)


@settings(few, max_examples=min(6, settings().max_examples))
@given(st.data(), events(), questions())
def test_two_importers_with_workers_at_once_give_what_sqlite_has(
    shared: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    """Each imports its half of the parts, and some that the other imports too; their statements come in any order."""
    empty(shared)
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    parts = data.draw(split(data.draw(shuffled(history))))
    repeated = data.draw(st.lists(st.sampled_from(parts), max_size=2))
    write(shared, time_zone=zone, answer_window=window)

    def imports(some: list[list[Event]], engine: Any) -> None:
        writer = EvidenceWriter(engine)
        for part in some:
            writer.write(batch_of(part))
            if derives_early:
                Worker(engine).derive_some()
        Worker(engine).derive_pending()

    derives_early = data.draw(st.booleans())
    order = Random(data.draw(st.integers(0, 1 << 32), label="order"))
    both = [partial(imports, some) for some in (parts[::2] + repeated, parts[1::2] + repeated)]
    in_turns(shared, both, order.randrange)
    assert pending.count_pending(shared) == 0
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory, "a.db"), history, time_zone=zone, answer_window=window)
        assert stored(shared) == stored_in_sqlite(path)
    assert problems(shared, lambda done, of: None) == []
