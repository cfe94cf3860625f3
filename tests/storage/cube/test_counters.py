"""Cells and details: what is written when lines of a day are counted again, and the sums of coarse blocks."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from storage.cube import counters
from storage.cube.counters import DetailSends, cell_writes, cells_by_day, columns_of_cells, detail_writes
from storage.cube.day_counts import pack_counters, unpack_counters
from storage.cube.layout import ALL, block_of
from storage.database.connection import reading
from storage.database.schema import COUNTER_COLUMNS
from storage.domain.events import Failure
from tests.cubes import problems, refresh_all, sent
from tests.databases import DAY, NOON, SECOND, build

SUNDAY = NOON + 4 * DAY  # 2026-11-22

DAY_NUMBER = 20_000


def cell(number: int) -> int:
    """The packed counters of a cell: a number in the first column."""
    return pack_counters([number] + [0] * (2 * len(COUNTER_COLUMNS) - 1))


CELLS = {
    (1, 1): cell(1),
    (1, 2): cell(2),
    (2, 1): cell(4),
    (1, ALL): cell(3),
    (2, ALL): cell(4),
    (ALL, 1): cell(5),
    (ALL, 2): cell(2),
    (ALL, ALL): cell(7),
}
DETAILS: DetailSends = {
    (1, 1, 0, 5, 0): (1, 2),
    (2, 1, 0, 5, 0): (4, 8),
    (1, ALL, 0, 5, 0): (1, 2),
    (2, ALL, 0, 5, 0): (4, 8),
    (ALL, 1, 0, 5, 0): (5, 10),
    (ALL, ALL, 0, 5, 0): (5, 10),
}
LEAVES = {of: counters for of, counters in CELLS.items() if ALL not in of}
DETAIL_LEAVES = {of: sends for of, sends in DETAILS.items() if ALL not in of[:2]}


def test_the_first_count_of_a_day_writes_every_cell_with_its_roll_ups() -> None:
    (_, written), (_, dropped) = cell_writes(DAY_NUMBER, {1, 2}, LEAVES, {})
    assert {row[:2]: pack_counters(row[3:]) for row in written} == CELLS
    assert {row[2] for row in written} == {DAY_NUMBER}
    assert dropped == []
    assert columns_of_cells(LEAVES) == {of: unpack_counters(number) for of, number in CELLS.items()}


def test_cells_that_stay_equal_are_not_written() -> None:
    for lines in ({1}, {2}, {1, 2}, {3}):
        leaves = {of: number for of, number in LEAVES.items() if of[0] in lines}
        assert [rows for _, rows in cell_writes(DAY_NUMBER, lines, leaves, CELLS)] == [[], []]


def test_a_line_without_starts_any_more_loses_its_cells() -> None:
    (_, written), (_, dropped) = cell_writes(DAY_NUMBER, {1}, {}, CELLS)
    assert {row[:2]: row[3] for row in written} == {(ALL, 1): 4, (ALL, ALL): 4}
    assert sorted(dropped) == [(ALL, 2, DAY_NUMBER), (1, ALL, DAY_NUMBER), (1, 1, DAY_NUMBER), (1, 2, DAY_NUMBER)]


def test_the_first_count_of_a_day_writes_every_detail_with_its_roll_ups() -> None:
    (_, written), (_, dropped) = detail_writes(DAY_NUMBER, {1, 2}, DETAIL_LEAVES, {})
    assert written == [(DAY_NUMBER, *of, *sends) for of, sends in sorted(DETAILS.items())]
    assert dropped == []


def test_details_that_stay_equal_are_not_written() -> None:
    for lines in ({1}, {2}, {1, 2}, {3}):
        leaves = {of: sends for of, sends in DETAIL_LEAVES.items() if of[0] in lines}
        assert [rows for _, rows in detail_writes(DAY_NUMBER, lines, leaves, DETAILS)] == [[], []]


def test_a_line_without_failures_any_more_loses_its_details() -> None:
    (_, written), (_, dropped) = detail_writes(DAY_NUMBER, {2}, {}, DETAILS)
    assert {row[1:3]: row[6:] for row in written} == {(ALL, 1): (1, 2), (ALL, ALL): (1, 2)}
    assert sorted(dropped) == [(DAY_NUMBER, 2, ALL, 0, 5, 0), (DAY_NUMBER, 2, 1, 0, 5, 0)]


def test_the_same_failure_on_the_days_around_the_end_of_a_block_is_counted_once_in_each_block(tmp_path: Path) -> None:
    """SUNDAY is the last day of a week; the day after begins the next one of the same month."""
    failed = [
        structs.replace(sent(str(at), at), failed_at=at + SECOND, failure=Failure(131026))
        for at in (SUNDAY - DAY, SUNDAY, SUNDAY + DAY)
    ]
    path = build(tmp_path / "saludo.db", failed)
    refresh_all(path)
    assert problems(path) == []
    first = SUNDAY // DAY
    with reading(path) as connection:
        sends = [
            {sum(pair) for pair in counters.stored_details(connection, block).values()}
            for block in (block_of(1, first), block_of(1, first + 1), block_of(2, first), block_of(3, first))
        ]
        days = set(cells_by_day(connection, range(first - 1, first + 1)))
    assert sends == [{2}, {1}, {3}, {3}]
    assert days == {first - 1, first}
