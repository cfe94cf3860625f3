"""The starts of a day add up to what each of them is, column by column, however many they are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import SLICE_BITS
from storage.cube.day_counts import CountedStart, columns_of, count, sums_of
from storage.cube.start_classes import class_number
from storage.database.codes import USER_TYPES
from storage.database.connection import DatabaseError
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS

CLASSES = [
    (*key, user_type) for pair in COUNTER_COLUMNS.values() for key in pair for user_type in range(len(USER_TYPES))
]
MOST = (1 << 2 * COUNTER_BITS) - 1  # in a column: both halves as full as they may be


def start_of(line: int, template: int, origin: int, status: int, user_type: int) -> CountedStart:
    return line, template, class_number(origin, user_type, status), 0, 0, None


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-2, 2), st.sampled_from(CLASSES)), max_size=60))
def test_each_start_is_counted_once_in_its_cell(starts: list[tuple[int, int, tuple[int, int, int]]]) -> None:
    counted = count(start_of(line, template, *of) for line, template, of in starts)
    wanted = Counter((line, template, of) for line, template, of in starts)
    found: Counter[tuple[int, int, tuple[int, int, int]]] = Counter()
    for (line, template), sums in counted.cells.items():
        columns = columns_of(sums)
        of_all, of_new = columns[: len(COUNTER_COLUMNS)], columns[len(COUNTER_COLUMNS) :]
        for (lower, upper), everybody, new in zip(COUNTER_COLUMNS.values(), of_all, of_new, strict=True):
            for key, all_users, new_users in (
                (lower, everybody & (1 << COUNTER_BITS) - 1, new & (1 << COUNTER_BITS) - 1),
                (upper, everybody >> COUNTER_BITS, new >> COUNTER_BITS),
            ):
                found[line, template, (*key, 0)] += new_users
                found[line, template, (*key, 1)] += all_users - new_users
    assert +found == wanted


@given(st.lists(st.tuples(*[st.integers(0, MOST // 8)] * 2 * len(COUNTER_COLUMNS)), min_size=1, max_size=8))
def test_cells_are_added_up_column_by_column(cells: list[tuple[int, ...]]) -> None:
    assert columns_of(sum(sums_of(columns) for columns in cells)) == tuple(map(sum, zip(*cells, strict=True)))


def test_full_columns_stay_in_their_places() -> None:
    columns = (MOST, 0) * len(COUNTER_COLUMNS)
    assert columns_of(sums_of(columns)) == columns


def test_a_contact_beyond_what_a_set_holds_is_an_error() -> None:
    line, template, number, marks, failure, _ = start_of(1, 1, *CLASSES[0])
    count([(line, template, number, marks, failure, (1 << SLICE_BITS) - 1)])
    with pytest.raises(DatabaseError, match="more than 268,435,456 contacts"):
        count([(line, template, number, marks, failure, 1 << SLICE_BITS)])
