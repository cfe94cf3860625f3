"""A random history gives in ClickHouse what it gives in SQLite, in any order, split and repetition."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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


class _Locked:
    """An engine of two threads: their statements come in any order, one at a time."""

    def __init__(self, engine: Engine, lock: threading.Lock) -> None:
        self._engine, self._lock = engine, lock

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._engine, name)

        def locked(*arguments: Any) -> Any:
            with self._lock:
                return act(*arguments)

        return locked


@settings(few, max_examples=min(6, settings().max_examples))
@given(st.data(), events(), questions())
def test_two_importers_with_workers_at_once_give_what_sqlite_has(
    shared: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    """Each imports its half of the parts, and some that the other imports too."""
    empty(shared)
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    parts = data.draw(split(data.draw(shuffled(history))))
    repeated = data.draw(st.lists(st.sampled_from(parts), max_size=2))
    write(shared, time_zone=zone, answer_window=window)
    lock = threading.Lock()

    def imports(some: list[list[Event]]) -> None:
        engine: Any = _Locked(shared, lock)
        writer = EvidenceWriter(engine)
        for part in some:
            writer.write(batch_of(part))
        Worker(engine).derive_pending()

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(imports, some) for some in (parts[::2] + repeated, parts[1::2] + repeated)]:
            done.result()
    assert pending.count_pending(shared) == 0
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory, "a.db"), history, time_zone=zone, answer_window=window)
        assert stored(shared) == stored_in_sqlite(path)
    assert problems(shared, lambda done, of: None) == []
