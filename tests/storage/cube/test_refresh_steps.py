"""Refreshing in steps: which blocks are refreshed when, by whom, and what is told of the progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from storage.cube import counters, refresh
from storage.cube.counting_process import CountingProcess, Task, answer_to
from storage.cube.layout import KINDS, LEVELS, Block, block_of
from storage.cube.planned_writes import coarse_writes, day_writes
from storage.cube.refresh import ready_blocks, refresh_batch, write_block
from storage.database.connection import Writer, writing
from storage.database.settings import load_settings
from storage.database.statements import BulkStatement
from storage.domain.calendar import Calendar
from storage.domain.events import ContactIds, Failure
from tests.cubes import dirty_marks, problems, refresh_all, sent, write
from tests.databases import BETO, DAY, NOON, OTHER_LINE, SECOND, build

FIRST = NOON // DAY
CHAIN: list[Block] = [block_of(level, FIRST) for level in LEVELS]


def dirty(path: Path, *events: Any) -> Path:
    """A database with these events, of which nothing is refreshed."""
    build(path)
    write(path, events, refreshed=False)
    return path


def marks(writer: Writer) -> list[tuple[int, int, int]]:
    return sorted(writer.connection.execute("SELECT level, block, line FROM dirty").fetchall())


@pytest.mark.parametrize("rebuilt", [False, True])
def test_the_progress_counts_the_blocks_that_are_done_and_known(tmp_path: Path, rebuilt: bool) -> None:
    path = dirty(tmp_path / "saludo.db", sent("a", NOON), sent("b", NOON + 5 * DAY))
    told: list[tuple[int, int]] = []
    with writing(path) as writer:
        if rebuilt:
            with writer.transaction() as connection:
                refresh.rebuild(connection, lambda *blocks: told.append(blocks))
        else:
            refresh.refresh_all(writer, lambda *blocks: told.append(blocks))
    assert told == [(2, 4), (4, 5), (5, 6), (6, 6)]
    assert problems(path) == []


@pytest.mark.parametrize(("starts", "is_left"), [(2, False), (3, False), (4, True), (6, True)])
def test_a_batch_with_many_starts_on_dirty_days_leaves_all_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: int, is_left: bool
) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    monkeypatch.setattr(refresh, "_BATCH_STARTS", 3)
    path = dirty(tmp_path / "saludo.db", *(sent(str(place), NOON) for place in range(starts)))
    with writing(path) as writer, writer.transaction() as connection:
        assert refresh_batch(connection) == {FIRST}
        assert marks(writer) == [(*CHAIN[0 if is_left else 1], 1)]


def test_computed_writes_of_a_day_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    path = dirty(tmp_path / "saludo.db", sent("a", NOON), sent("b", NOON + 5 * DAY))
    with writing(path) as writer, writer.transaction() as connection:
        computed = day_writes(connection, Calendar(load_settings(connection).zone), FIRST, {1})
        monkeypatch.setattr(refresh, "day_writes", lambda *arguments: [])
        assert refresh_batch(connection, {FIRST: computed}) == {FIRST, FIRST + 5}
        assert counters.has_day(connection, FIRST)
        assert not counters.has_day(connection, FIRST + 5)
        assert [level for level, _, _ in marks(writer)] == [1, 1]


def test_blocks_are_ready_when_nothing_below_is_dirty(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    (week, month), (other_week, other_month) = ([block_of(level, day) for level in (1, 2)] for day in (800, 1600))
    quarter = block_of(3, 2400)
    with writing(path) as writer, writer.transaction() as connection:
        connection.executemany(
            "INSERT INTO dirty (level, block, line) VALUES (?, ?, ?)",
            [
                (0, 800, 1),
                (*week, 1),
                (*other_week, 2),
                (*other_week, 3),
                (*month, 1),
                (*other_month, 1),
                (*quarter, 5),
            ],
        )
        assert ready_blocks(connection) == {other_week: {2, 3}, quarter: {5}}
        connection.execute("DELETE FROM dirty WHERE level = 0")
        assert list(ready_blocks(connection)) == [week, other_week, quarter]


def failed(key: str, at: int, **other: Any) -> Any:
    return structs.replace(sent(key, at, **other), failed_at=at + SECOND, failure=Failure(131026))


def test_the_writes_of_a_ready_block_are_executed_and_its_parent_is_next(tmp_path: Path) -> None:
    path = dirty(tmp_path / "saludo.db", failed("a", NOON))
    with writing(path) as writer:
        with writer.transaction() as connection:
            refresh_batch(connection)
            refresh._refresh_day(connection, Calendar(load_settings(connection).zone), FIRST)
        with writer.transaction() as connection:
            ((block, lines),) = ready_blocks(connection).items()
            assert (block, lines) == (CHAIN[1], {1})
            writes = [one for kind in KINDS for one in coarse_writes(connection, kind, block, lines)]
            write_block(connection, block, lines, writes)
            assert marks(writer) == [(*CHAIN[2], 1)]
    refresh_all(path)
    assert problems(path) == []


class Recorder(CountingProcess):
    """A helper that computes what it is asked for at once, and keeps what that was."""

    def __init__(self, writer: Writer, *, answers: bool) -> None:
        super().__init__(None)
        self.asked: list[list[Task]] = []
        self._writer, self._answers = writer, answers

    def ask_for_blocks(self, tasks: Any) -> None:
        self.asked.append([*tasks])

    def blocks(self) -> list[list[BulkStatement]] | None:
        if not self._answers:
            return None
        return [coarse_writes(self._writer.connection, *task) for task in self.asked[-1]]


@pytest.mark.parametrize("answers", [True, False])
def test_the_helper_computes_all_sets_of_coarse_blocks(tmp_path: Path, answers: bool) -> None:
    path = dirty(tmp_path / "saludo.db", failed("a", NOON), sent("b", NOON), sent("c", NOON + 5 * DAY))
    with writing(path) as writer:
        helper = Recorder(writer, answers=answers)
        refresh.refresh_all(writer, counting_process=helper)
        two = [block_of(1, FIRST), block_of(1, FIRST + 5)]
    asked = [[(kind, block, {1}) for block in blocks for kind in KINDS] for blocks in (two, CHAIN[2:3], CHAIN[3:])]
    assert helper.asked == asked
    assert dirty_marks(path) == []
    assert problems(path) == []


@pytest.mark.parametrize("answers", [True, False])
def test_the_helper_counts_every_other_dirty_day(tmp_path: Path, answers: bool) -> None:
    path = dirty(tmp_path / "saludo.db", *(sent(str(day), NOON + day * DAY) for day in range(5)))
    asked: list[list[tuple[int, set[int]]]] = []

    class Helper(CountingProcess):
        def ask_for_recounts(self, days: Any) -> None:
            asked.append([*days])

        def recounts(self) -> dict[int, list[BulkStatement]]:
            return answer_to(path, ("recounts", asked[-1])) if answers else {}

    with writing(path) as writer:
        refresh.refresh_all(writer, counting_process=Helper(None))
    assert asked == [[(FIRST + 1, {1}), (FIRST + 3, {1})]]
    assert dirty_marks(path) == []
    assert problems(path) == []


def test_failures_of_another_line_on_the_day_stay_counted(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [failed("a", NOON)])
    refresh_all(path)
    write(path, [failed("b", NOON + 1, line=OTHER_LINE, contact=BETO)])
    refresh_all(path)
    assert problems(path) == []


def test_blocks_are_refreshed_level_by_level_a_few_in_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_BLOCKS_PER_TRANSACTION", 2)
    path = dirty(tmp_path / "saludo.db", *(sent(str(day), NOON - day * DAY) for day in range(3)))
    told: list[tuple[int, int]] = []
    with writing(path) as writer:
        refresh.refresh_all(writer, lambda *blocks: told.append(blocks))
    assert told == [(2, 4), (3, 4), (4, 5), (5, 6), (6, 6)]
    assert problems(path) == []


def test_an_empty_batch_has_no_dirty_days(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer, writer.transaction() as connection:
        assert refresh_batch(connection) == set()
        assert ready_blocks(connection) == {}


def test_contacts_with_several_starts_on_a_day_stay_counted_when_another_line_changes(tmp_path: Path) -> None:
    """Line 1 has Ana thrice and two unknown contacts; only line 2 is counted again, then line 1 loses starts."""
    starts = [sent("a", NOON, template="t1"), sent("b", NOON + 1, template="t2"), sent("e", NOON + 9, template="t2")]
    nobody = [sent(key, NOON + 2, contact=ContactIds(), template="t2") for key in ("n", "m")]
    path = build(tmp_path / "saludo.db", starts, nobody)
    refresh_all(path)
    assert problems(path) == []
    write(
        path, [sent("c", NOON + 3, line=OTHER_LINE, template="t2"), sent("d", NOON + 4, line=OTHER_LINE, contact=BETO)]
    )
    refresh_all(path)
    assert problems(path) == []
    with writing(path) as writer:
        for keys in ("'n', 'm', 'e'", "'b', 'c'"):
            with writer.transaction() as connection:
                connection.execute(f"DELETE FROM messages WHERE key IN ({keys})")
            refresh.refresh_all(writer)
    # The runs of keys still name what was deleted here; the program itself deletes no message.
    assert problems(path) == ["integrity: index key_runs has other entries than its table"]
