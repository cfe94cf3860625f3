"""The cells of a version: equal to a recount of its starts under every filter, and of one moment while others are made.

Months that did not change keep their cells; a worker that dies leaves the version before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.cube.layout import LEVELS, block_of
from storage.domain.dimension import Dimension
from storage.domain.events import Event, Step
from storage.domain.filters import Filter
from storage.published import cells, derived_starts, unchanged_months, versions
from storage.published.cell_counts import CellCounts
from storage.published.cells_without_people import CellsWithoutPeople
from storage.published.version_counts import VersionCounts
from storage.published.version_session import VersionSession, session_of_latest
from storage.report import filter_choices
from storage.report.breakdown import load_breakdown, recount_breakdown
from storage.report.metrics import MetricsSource
from storage.report.report import load_report, recount_report
from storage.report.selection import Selection
from storage.table import pages
from tests.clickhouse import batch_of, new_database, write
from tests.cubes import filters, periods_of
from tests.databases import DAY, HOUR, NOON, NOW, build
from tests.events import send, status
from tests.histories import Question, events, questions
from tests.published import publish

ALL = Filter.parse("period:all")


@pytest.fixture
def filled() -> Iterator[Engine]:
    """A database with sends of September, October and November, two of them in one quarter."""
    with new_database() as engine:
        write(engine, [send("w1", NOON - 60 * DAY), send("w2", NOON - 30 * DAY), send("w3", NOON)])
        yield engine


class FromStarts(VersionSession):
    """A session that reads no cell."""

    def _cells_of(self, selection: Selection) -> None:
        return None

    def metrics(self, selection: Selection) -> MetricsSource:
        return self.recount


def assert_is_recount(session: VersionSession, filter: Filter, question: Question) -> None:
    assert load_report(session, filter, question.now) == recount_report(session, filter, question.now), str(filter)
    for dimension in Dimension:
        counted = load_breakdown(session, filter, question.now, dimension)
        assert counted == recount_breakdown(session, filter, question.now, dimension), (str(filter), dimension)
    plain = FromStarts(session.connection.engine, session.version)
    for name in filter_choices.COUNTS:
        counts = filter_choices.counts(session, filter, name, question.now)
        assert counts == filter_choices.counts(plain, filter, name, question.now), (str(filter), name)
    for one in (pages.notifications_by_day, partial(pages.notifications, position=0, limit=1_000)):
        assert one(session, filter, question.now) == one(plain, filter, question.now), str(filter)


@settings(
    max_examples=settings().max_examples // 6,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    suppress_health_check=[*HealthCheck],
)
@given(st.data(), events(), questions())
def test_every_number_is_that_of_the_starts(
    engine: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        # Contacts as bitmaps, as lists, or as either; months one by one or all at once.
        patch.setattr(cells, "_FEW_IN_A_CONTAINER", data.draw(st.sampled_from((0, 1, 32))))
        patch.setattr(cells, "_AT_ONCE", data.draw(st.sampled_from((1, 2_000_000))))
        path = Path(directory) / "saludo.db"
        build(path, history, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
        publish(path, engine)
        session = session_of_latest(engine)
        for period in periods_of(question):
            assert_is_recount(session, data.draw(filters(path, period)), question)
        assert_is_recount(session, Filter.parse("period:all line:!none template:!none failure:!131026"), question)
        assert_is_recount(session, Filter.parse("period:all contact:!*1,(unknown)"), question)


def test_only_a_filter_of_people_is_counted_from_the_starts(filled: Engine) -> None:
    derived_starts.publish(filled)
    session = session_of_latest(filled)
    sources = {
        "template:w* failure:!131026 line:1 user:new": CellCounts,
        "contact:!(unknown)": CellsWithoutPeople,
        "contact:5491155550001": VersionCounts,
    }
    for text, source in sources.items():
        assert isinstance(session.metrics(session.select(Filter.parse(text), NOW)), source)


def test_a_filter_can_name_more_templates_than_a_statement_has_room_for(filled: Engine) -> None:
    number = derived_starts.publish(filled).number
    ids = range(1 << 62, (1 << 62) + 20_000)
    filled.insert(f"v{number}_templates", {"id": ids, "name": [f"t{id}" for id in ids]})
    session, filter = session_of_latest(filled), Filter.parse(f"period:all template:!t{ids[0]}")
    assert load_report(session, filter, NOW).sends == 3
    assert load_report(session, filter, NOW) == recount_report(session, filter, NOW)


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.long(keep=3)
def test_blocks_are_those_of_the_cube(engine: Engine, level: int) -> None:
    days = "SELECT toInt32(number) - 400 AS block FROM numbers(60000)"
    found = engine.rows(f"SELECT c.block, {cells._BLOCK_ABOVE[level]} FROM ({days}) AS c")
    assert found == [(day, block_of(level, day)[1]) for day in range(-400, 59_600)]


def _again(engine: Engine) -> versions.Version:
    """Another version, in which only the send of November has changed."""
    EvidenceWriter(engine).write(batch_of([status(Step.READ, NOON + 5, "w3")]))
    Worker(engine).derive_pending()
    return derived_starts.publish(engine)


def test_cells_of_months_and_quarters_that_did_not_change_are_taken_over(filled: Engine) -> None:
    before = derived_starts.publish(filled)
    for table, change in (("cells", "quality = [7]"), ("day_counts", "counters = [7]")):
        # Lost where cells are counted again.
        filled.run(f"ALTER TABLE v{before.number}_{table} UPDATE {change} WHERE 1 SETTINGS mutations_sync = 1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "_prove", lambda *_: None)
        after = _again(filled)
    for table, column in (("cells", "arraySum(quality)"), ("day_counts", "arraySum(counters)")):
        # A quarter that is counted again adds up what October kept, and November.
        kept = filled.rows(f"SELECT part, min({column}) = 7 FROM v{after.number}_{table} GROUP BY part ORDER BY part")
        months = [(202609, 1), (202610, 1), (202611, 0)]
        quarters = [(1_202_607, 1), (1_202_610, 0)]
        assert kept == (months + quarters if table == "cells" else months)


def test_a_version_of_a_database_without_cells_is_counted_again(filled: Engine) -> None:
    before = derived_starts.publish(filled)
    filled.run(f"DROP TABLE v{before.number}_cells")
    _again(filled)
    session = session_of_latest(filled)
    assert load_report(session, ALL, NOW) == recount_report(session, ALL, NOW)


def test_a_reader_stays_at_its_moment(filled: Engine) -> None:
    derived_starts.publish(filled)
    session = session_of_latest(filled)
    days = session.metrics(session.select(ALL, NOW)).day_counts(session.select(ALL, NOW))
    _again(filled)
    report = load_report(session, ALL, NOW)
    assert sum(day.read for day in days) == report.status.read == 0
    assert load_report(session_of_latest(filled), ALL, NOW).status.read == 1


def _dying(engine: Engine, statements: int) -> Callable[..., None]:
    """`run` of an engine whose process dies after so many inserts into cells."""
    run, left = engine.run, [statements]

    def dies(statement: str, parameters: object = None) -> None:
        if "_cells" in statement and "INSERT" in statement:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        run(statement)

    return dies


@pytest.mark.parametrize("statements", [0, 5])
@pytest.mark.long(keep=2)
def test_a_worker_that_dies_while_cells_are_made_leaves_the_version_before(filled: Engine, statements: int) -> None:
    derived_starts.publish(filled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filled, "run", _dying(filled, statements))
        patch.setattr(versions, "remove", lambda engine, number: None)  # it cannot tidy up
        with pytest.raises(KeyboardInterrupt):
            _again(filled)
    assert load_report(session_of_latest(filled), ALL, NOW).status.read == 0
    derived_starts.publish(filled)
    session = session_of_latest(filled)
    report = load_report(session, ALL, NOW)
    assert report.status.read == 1
    assert report == recount_report(session, ALL, NOW)


def test_an_insert_that_happens_twice_is_found(filled: Engine) -> None:
    run = filled.run

    def twice(statement: str, parameters: object = None) -> None:
        run(statement)
        if "_day_counts" in statement and "INSERT" in statement:
            run(statement.replace("non_replicated_deduplication_window", "") + ", insert_deduplicate = 0")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filled, "run", twice)
        patch.setattr(derived_starts, "_TRIES", 2)
        with pytest.raises(EngineError, match="exactly once"):
            derived_starts.publish(filled)
    assert versions.latest(filled) is None
    assert unchanged_months.months(filled) == unchanged_months.NOTHING
