"""Packed sets are unpacked as they were packed, for any choice of lines and templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import encode_numbers, union_of
from storage.cube.packed_sets import (
    BlockSetKey,
    FailureSets,
    header_of_line,
    is_stored_alone,
    pack,
    packed_size,
    separate_sets_in_line,
    sets_in_block,
    sets_in_line,
    unpack,
    unpack_block,
    unpack_line,
)

ids = st.integers(-2, 6)
# Number lists and bitmaps.
numbers = st.sets(st.integers(0, 60), min_size=1) | st.integers(0, 300).map(
    lambda first: set(range(first, first + 120))
)
blocks = st.dictionaries(st.tuples(ids, ids, st.integers(0, 2)), numbers, min_size=1, max_size=20)
selections = st.none() | st.frozensets(ids)


def packed_block(sets: dict[BlockSetKey, set[int]]) -> bytes:
    return pack((key, encode_numbers(list(one))) for key, one in sets.items())


def packed_line(sets: dict[BlockSetKey, set[int]]) -> bytes:
    return pack(((template, failure), encode_numbers(list(one))) for (_, template, failure), one in sets.items())


def expected_by_failure(
    sets: dict[BlockSetKey, set[int]], lines: frozenset[int] | None, templates: frozenset[int] | None
) -> dict[int, set[int]]:
    """The selected users by failure, without the code under test."""
    found: dict[int, set[int]] = {}
    for (line, template, failure), one in sets.items():
        if (lines is None or line in lines) and (templates is None or template in templates):
            found.setdefault(failure, set()).update(one)
    return found


def by_failure(found: FailureSets) -> dict[int, set[int]]:
    failures = {failure for failure, _ in found}
    return {failure: set(union_of(encoded for of, encoded in found if of == failure)) for failure in failures}


@given(blocks, selections, selections)
def test_a_packed_block_gives_the_users_of_any_lines_and_templates(
    sets: dict[BlockSetKey, set[int]], lines: frozenset[int] | None, templates: frozenset[int] | None
) -> None:
    found = sets_in_block(packed_block(sets), lines, templates)
    assert by_failure(found) == expected_by_failure(sets, lines, templates)


@given(blocks, selections)
def test_a_packed_line_gives_the_users_of_any_templates(
    sets: dict[BlockSetKey, set[int]], templates: frozenset[int] | None
) -> None:
    of_line = {(0, template, failure): one for (_, template, failure), one in sets.items()}
    line = packed_line(of_line)
    assert by_failure(sets_in_line(line, templates)) == expected_by_failure(of_line, None, templates)
    if templates is not None:
        assert by_failure(separate_sets_in_line(line, templates)) == expected_by_failure(of_line, None, templates)


@given(blocks)
def test_unpacking_gives_the_packed_sets(sets: dict[BlockSetKey, set[int]]) -> None:
    assert {key: set(union_of([one])) for key, one in unpack_block(packed_block(sets))} == sets
    of_line = {(0, template, failure): one for (_, template, failure), one in sets.items()}
    line = packed_line(of_line)
    assert {(0, *key): set(union_of([one])) for key, one in unpack(line)} == of_line
    assert header_of_line(line).lines.tolist() == []
    assert [*unpack_line(line, 5)] == [((5, *key), one) for key, one in unpack(line)]


@given(blocks)
def test_packed_bytes_do_not_depend_on_the_order_of_the_sets(sets: dict[BlockSetKey, set[int]]) -> None:
    assert packed_block(sets) == packed_block(dict(sorted(sets.items(), reverse=True)))


# Two lines and three templates, of which two have several failures; number lists and bitmaps of different lengths.
SETS: dict[BlockSetKey, set[int]] = {
    (line, template, failure): set(range(100 * line + template, 100 * line + template + length))
    for line, template, failure, length in (
        (1, 1, 0, 1),
        (1, 2, 0, 3),
        (1, 1, 1, 2),
        (1, 3, 1, 120),
        (1, 2, 1, 140),
        (1, 1, 2, 130),
        (1, 2, 2, 5),
        (2, 1, 0, 4),
        (2, 3, 2, 150),
    )
}


@pytest.mark.parametrize("templates", [None, {1}, {2}, {3}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}, set()])
@pytest.mark.parametrize("lines", [None, {1}, {2}, {1, 2}, set()])
def test_each_failure_has_the_users_of_the_lines_and_templates_asked_for(
    lines: set[int] | None, templates: set[int] | None
) -> None:
    asked = None if templates is None else frozenset(templates)
    of_lines = None if lines is None else frozenset(lines)
    assert by_failure(sets_in_block(packed_block(SETS), of_lines, asked)) == expected_by_failure(SETS, of_lines, asked)
    if lines == {1}:
        line = {key: one for key, one in SETS.items() if key[0] == 1}
        expected = expected_by_failure(line, None, asked)
        assert by_failure(sets_in_line(packed_line(line), asked)) == expected
        if asked is not None:
            assert by_failure(separate_sets_in_line(packed_line(line), asked)) == expected


def test_long_sets_and_large_blocks_are_not_packed() -> None:
    assert not is_stored_alone(bytes(1000))
    assert is_stored_alone(bytes(1004))
    assert packed_size(1, 84) == 100
    assert packed_size(2, 68) == 100
