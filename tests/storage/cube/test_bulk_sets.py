"""Coarse blocks that are made with arrays are those of the plain rule."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube import planned_writes, user_sets
from storage.cube.bitmaps import encode_numbers
from storage.cube.day_counts import LeafSets
from storage.cube.layout import FAILED, KINDS, Block, block_of, days_of
from storage.cube.user_sets import block_writes
from storage.database.statements import execute
from tests.cubes import PACKED_BLOCK_LIMITS, few_examples, written

pytest.importorskip("numpy")
from storage.cube import bulk_sets

BLOCK = block_of(1, 20_000)
LINES = {-1, 1, 2}
Leaf = tuple[int, int, int, int]  # child, line, template, failure
LONG = set(range(1, 300 * 70_000, 70_000))  # of 1,200 bytes as a list
NEAR = set(range(1_000, 1_400))  # shorter as a bitmap

contacts = st.one_of(
    st.sets(st.integers(1, 9), min_size=1, max_size=4),
    st.sampled_from((LONG, NEAR, NEAR | LONG, {*range(2_000, 2_095)}, {*range(2_000, 2_096)})),
)
leaves = st.dictionaries(
    st.tuples(
        st.sampled_from(days_of(BLOCK)), st.sampled_from([*LINES]), st.sampled_from((-2, 1, 2)), st.integers(1, 2)
    ),
    contacts,
    max_size=12,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """The table of user sets."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE users (kind, level, block, line, template, bitmap)")
    yield connection
    connection.close()


def fill(connection: sqlite3.Connection, kind: int, sets: dict[Leaf, set[int]]) -> None:
    """Writes the blocks below BLOCK."""
    connection.execute("DELETE FROM users")
    by_child: defaultdict[int, dict[tuple[int, int, int], set[int]]] = defaultdict(dict)
    for (child, line, template, failure), of_leaf in sets.items():
        leaf = line, template, failure if kind == FAILED else 0
        by_child[child].setdefault(leaf, set()).update(of_leaf)
    for child, of_child in by_child.items():
        encoded = {leaf: encode_numbers(list(numbers)) for leaf, numbers in of_child.items()}
        execute(connection, block_writes(kind, (0, child), LINES, encoded, ()))


def compare(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> None:
    fast = bulk_sets.coarse_block_writes(connection, kind, block, lines)
    assert written(fast) == written(planned_writes.coarse_writes(connection, kind, block, lines))


@few_examples
@given(st.data(), leaves, st.sampled_from(KINDS), st.sampled_from(((LINES), {1}, {2, 7}, {9})))
def test_coarse_blocks_are_those_of_the_plain_rule(
    connection: sqlite3.Connection, data: st.DataObject, sets: dict[Leaf, set[int]], kind: int, lines: set[int]
) -> None:
    below, above = data.draw(st.sampled_from(PACKED_BLOCK_LIMITS)), data.draw(st.sampled_from(PACKED_BLOCK_LIMITS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", below)
        fill(connection, kind, sets)
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", above)
        compare(connection, kind, BLOCK, lines)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_that_the_cube_holds_and_long_ones_are_those_of_the_plain_rule(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, kind: int
) -> None:
    first, second = days_of(BLOCK)[:2]
    fill(connection, kind, {(first, 1, 1, 1): NEAR, (second, 1, 1, 1): NEAR})
    united: list[int] = []
    plain = user_sets.leaf_sets_of_children

    def counted(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> LeafSets:
        united.append(kind)
        return plain(connection, kind, block, lines)

    monkeypatch.setattr(bulk_sets, "leaf_sets_of_children", counted)
    for most, by_plain_rule in ((2 * len(NEAR), 0), (2 * len(NEAR) - 1, 1)):
        monkeypatch.setattr(bulk_sets, "_MOST_NUMBERS", most)
        compare(connection, kind, BLOCK, LINES)
        assert len(united) == by_plain_rule
    execute(connection, bulk_sets.coarse_block_writes(connection, kind, BLOCK, LINES))
    assert bulk_sets.coarse_block_writes(connection, kind, BLOCK, LINES) == []
    connection.execute("DELETE FROM users WHERE level = 0 AND block = ?", (second,))
    execute(connection, block_writes(kind, (0, second), LINES, {(2, 1, 0): encode_numbers([7])}, ()))
    monkeypatch.setattr(bulk_sets, "_MOST_NUMBERS", 2 * len(NEAR))
    assert bulk_sets.coarse_block_writes(connection, kind, BLOCK, LINES) == planned_writes.coarse_writes(
        connection, kind, BLOCK, LINES
    )
    assert bulk_sets.coarse_block_writes(connection, kind, BLOCK, {9}) == []
