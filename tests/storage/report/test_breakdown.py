"""A breakdown from the cube equals its recount for every dimension, its rows add up to the report, and the filter of a
row selects what the row counts."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.dimension import OF_FAILURES, Dimension
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.report.breakdown import Breakdown, load_breakdown, recount_breakdown
from storage.report.breakdown_filter import filter_of, filter_of_rows
from storage.report.grouping import GroupCounts
from storage.report.report import Report, load_report
from tests.cubes import few_examples, filters, odd_cubes, periods_of, temporary_database, written_in_parts
from tests.databases import session_of
from tests.histories import Question, events, questions


def assert_adds_up(breakdown: Breakdown, report: Report) -> None:
    """Everything but users adds up to the report."""
    total = GroupCounts()
    for row in breakdown.rows:
        total = total.plus(row.counts)
    status = report.status
    if breakdown.dimension in OF_FAILURES:
        assert total._replace(users=0) == GroupCounts(starts=status.failed, sends=status.failed, failed=status.failed)
        return
    read = status.answered + status.read
    expected = GroupCounts(
        report.starts, report.sends, 0, status.failed, read + status.delivered, read, status.answered
    )
    assert total._replace(users=0) == expected
    assert max((row.counts.users for row in breakdown.rows), default=0) <= report.users <= total.users


@few_examples
@given(st.data(), events(), questions())
def test_every_dimension_equals_its_recount_and_adds_up_to_the_report(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, odd_cubes(data):
        for _ in written_in_parts(data, path, history, question):
            pass
        for period in periods_of(question):
            assert_recounted(path, data.draw(filters(path, period)), question)


def assert_recounted(path: Path, filter: Filter, question: Question) -> None:
    with session_of(path) as session:
        report = load_report(session, filter, question.now)
        for dimension in Dimension:
            breakdown = load_breakdown(session, filter, question.now, dimension)
            assert breakdown == recount_breakdown(session, filter, question.now, dimension)
            assert_adds_up(breakdown, report)
            for row in breakdown.rows:
                narrowed = load_report(session, filter_of(filter, breakdown, row), question.now)
                assert (narrowed.starts, narrowed.users) == (row.counts.starts, row.counts.users)
            for rows in (breakdown.rows[:2], breakdown.rows[1:]):
                several = filter_of_rows(filter, breakdown, rows) if rows else None
                if several is not None:
                    found = load_report(session, several, question.now)
                    assert found.starts == sum(row.counts.starts for row in rows)
