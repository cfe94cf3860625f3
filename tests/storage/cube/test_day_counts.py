"""The starts of a day are counted column by column, and packed counters never overflow into each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import SLICE_BITS, decode
from storage.cube.day_counts import (
    FailureKinds,
    _group_key,
    _start_classes,
    count,
    pack_counters,
    unpack_counters,
)
from storage.cube.layout import FAILED, STEPS, USERS
from storage.cube.start_classes import FAILED_SLICES, STEPS_SLICES, class_number, users_slice
from storage.database.codes import (
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    ORIGIN_WEBCHAT,
    ORIGINS,
    STATUS_FAILED,
    STATUS_RECEIVED,
    STATUS_SENT,
    STATUSES,
    USER_NEW,
    USER_TYPES,
)
from storage.database.connection import DatabaseError
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS

COUNTED = [key for pair in COUNTER_COLUMNS.values() for key in pair]
CLASSES = [(*key, user_type) for key in COUNTED for user_type in range(len(USER_TYPES))]
MOST = (1 << 2 * COUNTER_BITS) - 1  # a column whose two counters are as high as they can be

ClassKey = tuple[int, int, int]  # origin, status, user type


def group_of(line: int, template: int, origin: int, status: int, user_type: int) -> tuple[int, int, int, int, int]:
    return line, template, class_number(origin, user_type, status), 0, 0


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-2, 2), st.sampled_from(CLASSES)), max_size=60))
def test_each_start_is_counted_once_in_its_cell(starts: list[tuple[int, int, ClassKey]]) -> None:
    groups: defaultdict[tuple[int, int, int, int, int], list[int | None]] = defaultdict(list)
    for line, template, of in starts:
        groups[group_of(line, template, *of)].append(None)
    counted = count(groups)
    expected = Counter((line, template, of) for line, template, of in starts)
    found: Counter[tuple[int, int, ClassKey]] = Counter()
    for (line, template), counters in counted.cells.items():
        columns = unpack_counters(counters)
        of_all, of_new = columns[: len(COUNTER_COLUMNS)], columns[len(COUNTER_COLUMNS) :]
        for (lower, upper), all_starts, new_starts in zip(COUNTER_COLUMNS.values(), of_all, of_new, strict=True):
            for key, of_all_users, of_new_users in (
                (lower, all_starts & (1 << COUNTER_BITS) - 1, new_starts & (1 << COUNTER_BITS) - 1),
                (upper, all_starts >> COUNTER_BITS, new_starts >> COUNTER_BITS),
            ):
                found[line, template, (*key, 0)] += of_new_users
                found[line, template, (*key, 1)] += of_all_users - of_new_users
    assert +found == expected


@given(st.lists(st.tuples(*[st.integers(0, MOST // 8)] * 2 * len(COUNTER_COLUMNS)), min_size=1, max_size=8))
def test_packed_counters_add_up_column_by_column(cells: list[tuple[int, ...]]) -> None:
    total = sum(pack_counters(columns) for columns in cells)
    assert unpack_counters(total) == tuple(map(sum, zip(*cells, strict=True)))


def test_full_columns_do_not_change_their_neighbours() -> None:
    columns = (MOST, 0) * len(COUNTER_COLUMNS)
    assert unpack_counters(pack_counters(columns)) == columns


def test_a_contact_id_beyond_the_bits_of_a_slice_is_an_error() -> None:
    group = group_of(1, 1, *CLASSES[0])
    count({group: [None, (1 << SLICE_BITS) - 1]})
    with pytest.raises(DatabaseError, match="more than 268,435,456 contacts"):
        count({group: [1, 1 << SLICE_BITS]})


def test_a_start_of_each_class_adds_one_to_its_counter_and_its_contact_to_its_slices() -> None:
    classes = dict(enumerate(_start_classes()))
    places = {
        key: (column, upper) for column, pair in enumerate(COUNTER_COLUMNS.values()) for upper, key in enumerate(pair)
    }
    slices = {
        kind: {(one.origin, one.user_type, one.status): one.number << SLICE_BITS for one in of}
        for kind, of in ((STEPS, STEPS_SLICES), (FAILED, FAILED_SLICES))
    }
    for key in product(range(len(ORIGINS)), range(len(USER_TYPES)), range(len(STATUSES))):
        origin, user_type, status = key
        found = classes.pop(class_number(*key))
        if (origin, status) not in places:
            assert found is None
            continue
        assert found is not None
        column, upper = places[origin, status]
        expected = [0] * 2 * len(COUNTER_COLUMNS)
        expected[column] = 1 << COUNTER_BITS * upper
        if user_type == USER_NEW:
            expected[column + len(COUNTER_COLUMNS)] = expected[column]
        assert unpack_counters(found.counters) == tuple(expected)
        assert (found.origin, found.status) == (origin, status)
        assert found.sends == (1 if user_type == USER_NEW else 1 << COUNTER_BITS)
        assert found.users == users_slice(*key) << SLICE_BITS
        assert (found.steps, found.failed) == (slices[STEPS].get(key), slices[FAILED].get(key))
    assert classes == {}


def test_only_sends_that_failed_or_carry_a_flag_have_details() -> None:
    new, recurrent = range(len(USER_TYPES))
    assert new == USER_NEW

    def group(origin: int, user_type: int, status: int, flags: int, failure: int) -> tuple[int, int, int, int, int]:
        return 3, 4, class_number(origin, user_type, status), flags, failure

    counted = count(
        {
            group(ORIGIN_TEMPLATE, new, STATUS_SENT, 0, 0): [1],
            group(ORIGIN_WEBCHAT, new, STATUS_RECEIVED, 2, 0): [2],
            group(ORIGIN_TEMPLATE, new, STATUS_SENT, 2, 0): [3],
            group(ORIGIN_TEMPLATE, new, STATUS_FAILED, 0, 7): [4, 5],
            group(ORIGIN_TEMPLATE, recurrent, STATUS_FAILED, 0, 7): [6, None, 6],
            group(ORIGIN_NOTIFICATION, new, STATUS_FAILED, 0, 7): [None],
            group(ORIGIN_NOTIFICATION, new, STATUS_FAILED, 0, 0): [8],
        }
    )
    assert counted.details == {
        (3, 4, STATUS_SENT, 0, 2): (1, 0),
        (3, 4, STATUS_FAILED, 7, 0): (2 | 3 << COUNTER_BITS, 1),
    }
    starts = [
        (ORIGIN_TEMPLATE, new, STATUS_SENT, (1, 3)),
        (ORIGIN_WEBCHAT, new, STATUS_RECEIVED, (2,)),
        (ORIGIN_TEMPLATE, new, STATUS_FAILED, (4, 5)),
        (ORIGIN_TEMPLATE, recurrent, STATUS_FAILED, (6, 0, 6)),
        (ORIGIN_NOTIFICATION, new, STATUS_FAILED, (0, 8)),
    ]
    expected = Counter(
        users_slice(origin, user_type, status) << SLICE_BITS | contact
        for origin, user_type, status, contacts in starts
        for contact in contacts
    )
    assert {cell: Counter(numbers) for cell, numbers in counted.starts.items()} == {(3, 4): expected}
    contacts = {
        kind: {leaf: {number & (1 << SLICE_BITS) - 1 for number in decode(users)} for leaf, users in sets.items()}
        for kind, sets in counted.leaf_sets.items()
    }
    assert contacts == {
        USERS: {(3, 4, 0): {1, 2, 3, 4, 5, 6, 8}},
        STEPS: {(3, 4, 0): {1, 3}},
        FAILED: {(3, 4, 7): {4, 5, 6}},
    }


def test_the_key_of_starts_is_read_from_a_number_or_a_text() -> None:
    def packed(line: int, template: int, number: int, flags: int) -> int:
        ids = (line + 15) << 26 | (template + 15)
        return (ids << 6 | number) << 4 | flags

    class Kinds(FailureKinds):
        def __init__(self) -> None:
            """Needs no database."""

        def id_of(self, code: int | None, reason: str) -> int:
            return {(131026, "number_gone"): 7, (None, "opted_out"): 8}[code, reason]

    for key in ((1, 2, 3, 4, 0), (-1, -2, 63, 15, 0), (0, 0, 0, 0, 0), ((1 << 26) - 16, (1 << 26) - 16, 5, 1, 0)):
        assert _group_key(packed(*key[:4]), Kinds()) == key
    assert _group_key("3 -2 5 16 131026 number_gone", Kinds()) == (3, -2, 5, 16, 7)
    assert _group_key("3 4 5 6  opted_out", Kinds()) == (3, 4, 5, 6, 8)
    assert _group_key("3 4 5 16  ", Kinds()) == (3, 4, 5, 16, 0)
