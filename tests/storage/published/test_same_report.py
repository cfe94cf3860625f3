"""A published version gives what SQLite gives, in every number, row and byte: of any history and filter."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.clickhouse import tables
from storage.clickhouse.all_tables import ALL
from storage.clickhouse.engine import Engine
from storage.database.connection import reading
from storage.domain.dimension import Dimension
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.published import derived_starts, proof, versions
from storage.report import filter_choices
from storage.report.breakdown import load_breakdown
from storage.report.freshness import last_import
from storage.report.notifications import GroupOrder, SortedGroups
from storage.report.report import load_report
from storage.report.unknown_values import unknown_values
from storage.stores.interface import Content, Store
from storage.stores.opening import store
from storage.table.sorting import Order, Sorting
from tests.clickhouse import empty, write
from tests.databases import HOUR, build
from tests.histories import Question, events, questions, shuffled, split
from tests.published import both, exported

_FILTERS = (
    "period:all",
    "period:30d user:new",
    "status:failed,read",
    "origin:!webchat line:*1",
    "template:!*a* status:!failed",
    "failure:131026,number_gone,other/none",
    "failure:!131026 contact:!*1",
    "contact:*0001",
    "contact:(unknown)",
    "name:a",
    "line:(unknown)",
    "template:(unknown)",
    "template:none line:none",
)


def _assert_same(one: Store, other: Store, filter: Filter, now: datetime) -> None:
    assert load_report(one.session, filter, now) == load_report(other.session, filter, now)
    for dimension in Dimension:
        assert load_breakdown(one.session, filter, now, dimension) == load_breakdown(
            other.session, filter, now, dimension
        )
    for content in Content:
        assert exported(one, filter, now, content) == exported(other, filter, now, content)
    assert _rows(one, filter, now) == _rows(other, filter, now)
    assert _choices(one, filter, now) == _choices(other, filter, now)


def _rows(opened: Store, filter: Filter, now: datetime) -> list[object]:
    first = opened.page(filter, now, limit=3)
    found: list[object] = [first, opened.last_page(filter, now, limit=3)]
    found.append(opened.page_at(filter, now, position=1, limit=3))
    found += [opened.sorted_page(filter, now, Sorting(order), 1, 5) for order in Order]
    found.append(opened.notifications(filter, now, position=1, limit=3))
    found += [opened.sorted_notifications(filter, now, SortedGroups(order, True), 0, 3) for order in GroupOrder]
    cursors = Counter(row.cursor for row in opened.page(Filter.parse("period:all"), now, limit=100))
    for row in first:
        if cursors[row.cursor] == 1:  # two messages with one key are one cursor
            found.append(opened.detail(row.cursor))
        found.append(opened.page(filter, now, limit=2, after=row.cursor))
        found.append(opened.page(filter, now, limit=2, before=row.cursor))
        for text in (row.contact[-3:], row.template[:3], row.name[:2], "(no such text)"):
            for older in (True, False):
                found.append(opened.find(filter, now, text, row.cursor, older, lambda day: None))
    retries = opened.retries(lambda sends: None)
    people = [one for some in retries.find(opened.session, filter, now) for one in some]
    found.append(opened.failed_rows(retries, [one.id for one in people]))
    return found


def _choices(opened: Store, filter: Filter, now: datetime) -> list[object]:
    session = opened.session
    return [
        filter_choices.choices(session),
        *(filter_choices.counts(session, filter, name, now) for name in filter_choices.COUNTS),
        unknown_values(session, filter),
        last_import(session.connection),
        session.settings,
    ]


@pytest.mark.long
# Without shrinking: each history is published by itself, which takes a third of a second.
@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate), suppress_health_check=[*HealthCheck])
@given(st.data(), events(), questions())
def test_any_history_and_filter(engine: Engine, data: st.DataObject, history: list[Event], question: Question) -> None:
    """Four of thirteen filters are asked of each history, so that few histories are enough."""
    with tempfile.TemporaryDirectory() as directory:
        zone, window = question.time_zone.key, question.answer_window_ms / 3_600_000
        path = build(Path(directory) / "saludo.db", history, time_zone=zone, answer_window=window)
        with both(path, engine) as (one, other):
            assert proof.differences(one.session, other.session, question.now) == []
            for text in data.draw(st.permutations(_FILTERS))[:4]:
                _assert_same(one, other, Filter.parse(text), question.now)


@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate), suppress_health_check=[*HealthCheck])
@given(st.data(), events(), questions())
def test_any_imported_history(engine: Engine, data: st.DataObject, history: list[Event], question: Question) -> None:
    """What importers and workers have written, in any order and split, is published as what SQLite has."""
    tables.create(engine, ALL)
    empty(engine)
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    write(engine, *data.draw(split(data.draw(shuffled(history)))), time_zone=zone, answer_window=window)
    versions.publish(engine, lambda version: derived_starts.fill(engine, version))
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory) / "saludo.db", history, time_zone=zone, answer_window=window)
        with reading(path) as connection, store(connection) as one, store(engine) as other:
            assert proof.differences(one.session, other.session, question.now) == []
            for text in data.draw(st.permutations(_FILTERS))[:3]:
                filter = Filter.parse(text)
                assert load_report(one.session, filter, question.now) == load_report(
                    other.session, filter, question.now
                )
                for content in Content:
                    assert exported(one, filter, question.now, content) == exported(
                        other, filter, question.now, content
                    )
                assert _rows(one, filter, question.now) == _rows(other, filter, question.now)
