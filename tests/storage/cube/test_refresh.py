"""The cube equals the messages after any history, in any order, after a crash and with a helper process."""

from __future__ import annotations

import marshal
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube import refresh, user_sets
from storage.cube.counting_process import CountingProcess, answer_to
from storage.cube.layout import block_of, days_of
from storage.database.connection import DatabaseError, reading, writing
from storage.database.dirty_marks import MARK_ALL_WEEKS
from storage.database.schema import VERSION
from storage.domain.calendar import number_of
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.ingest import cube_sharing
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.integrity import rebuild
from tests.cubes import (
    PACKED_BLOCK_LIMITS,
    batch_of,
    dirty_marks,
    few_examples,
    filters,
    odd_cubes,
    periods_of,
    problems,
    refresh_all,
    reports,
    sent,
    temporary_database,
    write,
    written_in_parts,
)
from tests.databases import BETO, DAY, HOUR, NOON, build, cube_of
from tests.histories import Question, events, questions, shuffled, split


@few_examples
@given(st.data(), events(), questions())
def test_reports_equal_the_recount_after_any_history_and_any_refresh(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, odd_cubes(data):
        for _ in written_in_parts(data, path, history, question):
            for period in periods_of(question):
                filter = data.draw(filters(path, period))
                report, recount = reports(path, filter, question.now)
                assert report == recount
        refresh_all(path)
        assert dirty_marks(path) == []
        assert problems(path) == []


@few_examples
@given(st.data(), events(), questions())
def test_the_cube_is_the_same_in_any_order_and_after_a_rebuild(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    zone = question.time_zone.key
    with temporary_database() as one, temporary_database() as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", data.draw(st.sampled_from(PACKED_BLOCK_LIMITS)))
        build(one, history, time_zone=zone)
        build(other, *data.draw(split(data.draw(shuffled(history)))), time_zone=zone)
        refresh_all(one)
        refresh_all(other)
        shapes = [[(len(rows)) for rows in cube_of(path)] for path in (one, other)]
        assert shapes[0] == shapes[1]
        before = cube_of(other)
        with writing(other) as writer:
            rebuild(writer, refresh.no_progress)
        assert cube_of(other) == before


class ImmediateAnswers(CountingProcess):
    """A helper that answers each request at once, before the import goes on: as stale as an answer can be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answer: Any = None

    def _send(self, request: tuple[Any, ...]) -> None:
        self._answer = marshal.dumps(answer_to(self._path, marshal.loads(marshal.dumps(request))))

    def _receive(self) -> Any:
        return marshal.loads(self._answer)


@few_examples
@given(st.data(), events(), questions())
def test_stale_answers_of_the_helper_leave_no_stale_cell(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", data.draw(st.sampled_from(PACKED_BLOCK_LIMITS)))
        patch.setattr(refresh, "_FEW_STARTS", data.draw(st.sampled_from((0, 2))))
        patch.setattr(cube_sharing, "_BLOCKS", data.draw(st.sampled_from((1, 6))))
        build(path, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
        with writing(path) as writer:
            sharing = CubeSharing(writer.connection, ImmediateAnswers(path))
            ingest = BatchWriter(writer, sharing)
            for part in data.draw(split(data.draw(shuffled(history)))):
                with writer.transaction():
                    ingest.write(batch_of(part))
                while data.draw(st.booleans()):
                    with writer.transaction():
                        if not ingest.catch_up():
                            break
                report, recount = reports(path, Filter.parse("period:all"), question.now)
                assert report == recount
            refresh.refresh_all(writer, counting_process=ImmediateAnswers(path))
        assert dirty_marks(path) == []
        assert problems(path) == []


def test_a_waiting_import_refreshes_blocks_that_the_last_batch_did_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        ingest = BatchWriter(writer, CubeSharing(writer.connection, CountingProcess(None)))

        def catch_up() -> bool:
            with writer.transaction():
                return ingest.catch_up()

        assert not catch_up()
        for key, at in (("a", NOON), ("b", NOON + 400 * DAY)):
            with writer.transaction():
                ingest.write(batch_of([sent(key, at)]))
        assert sorted({level for level, _, _ in dirty_marks(path)}) == [1]
        (_, first, _), (_, second, _) = sorted(dirty_marks(path))
        settled = days_of((1, first))
        # A single day has one block of every level: so many blocks are refreshed, and then there are no more.
        while catch_up():
            report, recount = reports(path, Filter.parse("period:all"))
            assert report == recount
        assert sorted(dirty_marks(path))[0][:2] == (1, second)
        assert not any(day in days_of((level, block)) for level, block, _ in dirty_marks(path) for day in settled)
        refresh.refresh_all(writer)
    assert problems(path) == []


def test_a_waiting_import_has_the_helper_compute_each_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    monkeypatch.setattr(refresh, "coarse_writes", lambda *_: pytest.fail("the writer has computed a block"))
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        ingest = BatchWriter(writer, CubeSharing(writer.connection, ImmediateAnswers(path)))
        for key, at in (("a", NOON), ("b", NOON + 400 * DAY)):
            with writer.transaction():
                ingest.write(batch_of([sent(key, at)]))
        made = 0
        more = True
        while more:
            with writer.transaction():
                more = ingest.catch_up()
            made += more
            report, recount = reports(path, Filter.parse("period:all"))
            assert report == recount
        refresh.refresh_all(writer, counting_process=ImmediateAnswers(path))
    assert made == 3  # a week, a month and a quarter
    assert problems(path) == []


def test_a_dirty_day_that_lost_its_starts_is_not_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its starts move to the day before and are not refreshed yet; then it gets other starts."""
    monkeypatch.setattr(refresh, "_FEW_STARTS", 2)
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        ingest = BatchWriter(writer, CubeSharing(writer.connection, ImmediateAnswers(path)))
        parts: list[list[Event]] = [
            [sent(f"a{place}", NOON) for place in range(3)],
            [sent("a0", NOON - DAY), sent("a1", NOON - DAY), sent("a2", NOON - DAY)],
            [sent(f"b{place}", NOON, contact=BETO, template="other") for place in range(3)],
        ]
        for part in parts:
            with writer.transaction():
                ingest.write(batch_of(part))
            report, recount = reports(path, Filter.parse("period:all template:t"))
            assert report == recount
        refresh.refresh_all(writer)
    assert problems(path) == []


def test_the_helper_counts_days_that_the_batch_before_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of their starts moves to the day before meanwhile."""
    monkeypatch.setattr(refresh, "_FEW_STARTS", 3)
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer, monkeypatch.context() as patch:
        patch.setattr(refresh, "day_writes", lambda *_: pytest.fail("the writer has counted a day"))
        ingest = BatchWriter(writer, CubeSharing(writer.connection, ImmediateAnswers(path)))
        later = [sent(f"d{place}", NOON + DAY, contact=BETO) for place in range(4)]
        parts: list[list[Event]] = [
            [sent("a", NOON), sent("b", NOON, contact=BETO, template="other")],
            [sent("a", NOON - DAY), sent("c", NOON, template="other"), *later],
        ]
        for part in parts:
            with writer.transaction():
                ingest.write(batch_of(part))
            report, recount = reports(path, Filter.parse("period:all"))
            assert report == recount
        assert not any(level == 0 for level, _, _ in dirty_marks(path))
    refresh_all(path)
    assert problems(path) == []


def test_a_cube_of_an_older_layout_is_counted_again(tmp_path: Path) -> None:
    """Such as blocks with other numbers for the same days, and a single counter in each column."""
    path = build(tmp_path / "saludo.db", [sent(str(place), NOON - place * 20 * DAY) for place in range(12)])
    refresh_all(path)
    expected = reports(path, Filter.parse("period:all"))[1]
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE users SET block = block + 1000 WHERE level > 1")
        connection.execute("ALTER TABLE details RENAME COLUMN template_sends TO count")
        connection.execute("ALTER TABLE cells RENAME COLUMN template_failed_sent TO template_new_failed")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name <> 'tables'")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(DatabaseError, match="older version"), reading(path):
        pass
    with writing(path):
        pass
    assert reports(path, Filter.parse("period:all")) == (expected, expected)
    refresh_all(path)
    assert reports(path, Filter.parse("period:all")) == (expected, expected)
    assert problems(path) == []


@pytest.mark.parametrize("undone", [1, 2])
def test_coarse_blocks_of_an_older_form_are_made_again_by_the_next_import(tmp_path: Path, undone: int) -> None:
    """Such as blocks of 8, 32 and 128 days, with other numbers; killed in between, the next import goes on."""
    path = build(tmp_path / "saludo.db", [sent(str(place), NOON - place * 9 * DAY) for place in range(24)])
    refresh_all(path)
    expected = reports(path, Filter.parse("period:all"))[1]
    stored = "SELECT level, block, line, template, bitmap FROM users ORDER BY kind, level, block, line, template"
    with writing(path) as writer:
        rows = writer.connection.execute(stored).fetchall()
        for table in ("users", "details"):
            writer.connection.execute(f"UPDATE {table} SET block = -block WHERE level > 0")
        writer.connection.execute("INSERT INTO dirty VALUES (1, 2600, 1), (3, 162, 1)")
        for name in ("multiplicities_over_lines", "blocks_of_the_calendar")[:undone]:
            writer.connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
        writer.connection.execute(f"PRAGMA user_version = {VERSION - undone}")
    with writing(path):  # upgrades, and ends before anything is refreshed
        pass
    assert {level for level, _, _ in dirty_marks(path)} == {1}
    for text in ("period:all", "since:2026-05-01 until:2026-09-10"):
        report, recount = reports(path, Filter.parse(text))
        assert report == recount
    refresh_all(path)
    with reading(path) as connection:
        assert connection.execute(stored).fetchall() == rows
    assert reports(path, Filter.parse("period:all")) == (expected, expected)
    assert problems(path) == []


def test_a_migration_marks_the_weeks_that_the_cube_has() -> None:
    days = [number_of(date.min), -1, 0, *range(20_000, 20_500)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE cells (line, template, day)")
        connection.execute("CREATE TABLE dirty (level, block, line, PRIMARY KEY (level, block, line))")
        connection.executemany("INSERT INTO cells VALUES (?, ?, ?)", [(7, 0, day) for day in days])
        connection.execute("INSERT INTO cells VALUES (0, 0, 30000), (7, 1, 30000)")
        connection.execute(MARK_ALL_WEEKS)
        marks = connection.execute("SELECT level, block, line FROM dirty").fetchall()
    assert sorted(marks) == sorted({(*block_of(1, day), 7) for day in days})


def test_reports_are_right_after_a_crash_and_the_next_import_refreshes(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON)])
    refresh_all(path)
    write(path, [sent("b", NOON, contact=BETO), sent("c", NOON - 40 * DAY)], refreshed=False)
    assert len(dirty_marks(path)) == 2
    for text in ("period:all", "period:30d", "period:30d line:* template:t", "period:30d status:sent"):
        report, recount = reports(path, Filter.parse(text))
        assert report == recount
    assert reports(path, Filter.parse("period:all"))[0]["users"] == 2
    write(path, [sent("d", NOON - 80 * DAY)])
    assert not [mark for mark in dirty_marks(path) if mark[0] == 0]
    refresh_all(path)
    assert dirty_marks(path) == []
    assert problems(path) == []


def test_a_batch_leaves_the_newest_days_dirty_while_they_have_few_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 3)
    days = {0: 2, 1: 1, 2: 1}  # days ago -> starts
    starts = [sent(f"{ago}.{number}", NOON - ago * DAY) for ago, count in days.items() for number in range(count)]
    path = build(tmp_path / "saludo.db", starts)
    today = (NOON // DAY) - 2
    assert sorted(block for level, block, _ in dirty_marks(path) if level == 0) == [today + 1, today + 2]
    report, recount = reports(path, Filter.parse("period:all"))
    assert report == recount
    assert report["starts"] == 4


def test_an_update_from_outside_the_program_marks_the_day_dirty(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON)])
    refresh_all(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE messages SET status = 2")
    connection.commit()
    connection.close()
    assert len(dirty_marks(path)) == 1
    report, recount = reports(path, Filter.parse("period:all"))
    assert report == recount
    assert report["status"]["delivered"] == 1
