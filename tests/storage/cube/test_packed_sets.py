"""Sets in a pack come out as they went in, by any choice of lines and templates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import encode_numbers, union_of
from storage.cube.packed_sets import BlockKey, each_of, pack, picked, picked_of_block, unpack, unpack_block, unpack_line

ids = st.integers(-2, 6)
# Runs of numbers as they are, and long ones as bitmaps.
numbers = st.sets(st.integers(0, 60), min_size=1) | st.integers(0, 300).map(
    lambda first: set(range(first, first + 120))
)
blocks = st.dictionaries(st.tuples(ids, ids, st.integers(0, 2)), numbers, min_size=1, max_size=20)
some = st.none() | st.frozensets(ids)


def packed(sets: dict[BlockKey, set[int]]) -> bytes:
    return pack((key, encode_numbers(list(one))) for key, one in sets.items())


def chosen(
    sets: dict[BlockKey, set[int]], lines: frozenset[int] | None, templates: frozenset[int] | None
) -> dict[int, set[int]]:
    """The users of each failure."""
    found: dict[int, set[int]] = {}
    for (line, template, failure), one in sets.items():
        if (lines is None or line in lines) and (templates is None or template in templates):
            found.setdefault(failure, set()).update(one)
    return found


def encoded_union(found: list[tuple[int, bytes | memoryview]]) -> dict[int, set[int]]:
    failures = {failure for failure, _ in found}
    return {failure: set(union_of(blob for of, blob in found if of == failure)) for failure in failures}


@given(blocks, some, some)
def test_a_block_gives_the_users_of_any_lines_and_templates(
    sets: dict[BlockKey, set[int]], lines: frozenset[int] | None, templates: frozenset[int] | None
) -> None:
    assert encoded_union(picked_of_block(packed(sets), lines, templates)) == chosen(sets, lines, templates)


@given(blocks, some)
def test_a_line_gives_the_users_of_any_templates(
    sets: dict[BlockKey, set[int]], templates: frozenset[int] | None
) -> None:
    of_line = {(0, template, failure): one for (_, template, failure), one in sets.items()}
    line = pack(((template, failure), encode_numbers(list(one))) for (_, template, failure), one in of_line.items())
    assert encoded_union(picked(line, templates)) == chosen(of_line, None, templates)
    if templates is not None:
        assert encoded_union(each_of(line, templates)) == chosen(of_line, None, templates)
    unpacked = {(0, *key): set(union_of([blob])) for key, blob in unpack(line)}
    assert unpacked == of_line
    assert [*unpack_line(line, 5)] == [((5, *key), blob) for key, blob in unpack(line)]


@given(blocks)
def test_a_block_is_the_same_bytes_however_its_sets_were_ordered(sets: dict[BlockKey, set[int]]) -> None:
    assert packed(sets) == packed(dict(sorted(sets.items(), reverse=True)))
    assert {key: set(union_of([blob])) for key, blob in unpack_block(packed(sets))} == sets
