"""A random history gives in ClickHouse what it gives in SQLite, in any order, split and repetition."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clickhouse.engine import Engine
from storage.domain.events import Event
from tests.clickhouse import empty, new_database, stored, stored_in_sqlite, write
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
