"""What importers and workers wrote is published with the report and the files that SQLite gives, in every version."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.database.connection import reading
from storage.domain.events import Event, Step
from storage.domain.filters import Filter
from storage.published.derived_starts import publish
from storage.report.report import load_report
from storage.report.report_json import as_json
from storage.stores.interface import Content, Store
from storage.stores.opening import store
from tests.clickhouse import batch_of, new_database, write
from tests.databases import DAY, HOUR, NOON, NOW, build
from tests.events import row, send, status
from tests.histories import Question, events, questions, shuffled, split
from tests.published import exported, forget

ALL = Filter.parse("period:all")
few = settings(
    max_examples=min(4, settings().max_examples // 6), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with new_database() as opened:
        yield opened


def answers(opened: Store, question: Question | None = None) -> list[Any]:
    """The report and the files of a store."""
    now = NOW if question is None else question.now
    report = json.dumps(as_json(load_report(opened.session, ALL, now)))
    return [report, *(exported(opened, ALL, now, content) for content in Content)]


def assert_same(engine: Engine, path: Path, question: Question | None = None) -> None:
    with reading(path) as connection, store(connection) as one, store(engine) as other:
        assert answers(other, question) == answers(one, question)


@few
@given(st.data(), events(), questions())
def test_each_version_of_a_growing_history_is_what_sqlite_has(
    shared: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    forget(shared)
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    parts = data.draw(split(data.draw(shuffled(history))))
    half = len(parts) // 2
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a.db")
        for some in (parts[:half], parts[half:]):
            write(shared, *some, time_zone=zone, answer_window=window)
            publish(shared)
            build(path, *some, time_zone=zone, answer_window=window)
            assert_same(shared, path, question)


def test_only_months_that_changed_are_read_again(shared: Engine, tmp_path: Path) -> None:
    forget(shared)
    first = [send("w1", NOON - 60 * DAY), send("w2"), row("r1", NOON + 1_000)]
    more = [status(Step.READ, NOON + 5, "w2")]
    write(shared, first)
    before = publish(shared)
    shared.run(_CHANGE.format(version=before.number, value="'kept'"))  # lost if September were read again
    EvidenceWriter(shared).write(batch_of(more))
    Worker(shared).derive_pending()
    after = publish(shared)
    found = shared.rows(f"SELECT key, channel_id FROM v{after.number}_messages ORDER BY key")
    assert found == [("w1", "kept"), ("w2", None)]
    shared.run(_CHANGE.format(version=after.number, value="NULL"))
    assert_same(shared, build(tmp_path / "a.db", first, more))


def test_a_version_without_a_change_is_that_before(shared: Engine, tmp_path: Path) -> None:
    forget(shared)
    write(shared, [send("w1")])
    first = publish(shared)
    assert publish(shared).number == first.number + 1
    assert_same(shared, build(tmp_path / "a.db", [send("w1")]))


_CHANGE = "ALTER TABLE v{version}_messages UPDATE channel_id = {value} WHERE key = 'w1' SETTINGS mutations_sync = 1"
