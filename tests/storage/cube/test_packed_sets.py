"""Packed sets are unpacked as they were packed, for any choice of lines and templates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import encode_numbers, union_of
from storage.cube.packed_sets import (
    BlockSetKey,
    FailureSets,
    pack,
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
    assert [*unpack_line(line, 5)] == [((5, *key), one) for key, one in unpack(line)]


@given(blocks)
def test_packed_bytes_do_not_depend_on_the_order_of_the_sets(sets: dict[BlockSetKey, set[int]]) -> None:
    assert packed_block(sets) == packed_block(dict(sorted(sets.items(), reverse=True)))
