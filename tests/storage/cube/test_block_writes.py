"""The rows of a block hold its leaf sets and all their roll-ups, whatever changes in which order."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from storage.cube import user_sets
from storage.cube.bitmaps import decode, encode_numbers
from storage.cube.layout import (
    ALL,
    FAILED,
    KINDS,
    MULTIPLICITY,
    PACKED_BLOCK,
    PACKED_LINE,
    STEPS,
    Block,
    block_of,
    days_of,
    has_multiplicity,
)
from storage.cube.packed_sets import BlockSetKey, unpack, unpack_block, unpack_line
from storage.cube.user_sets import SetRow, block_rows, block_writes, leaf_sets_of_children, stored_block
from storage.database.statements import execute

State = dict[BlockSetKey, set[int]]
LONG = set(range(0, 300 * 70_000, 70_000))  # a list of 1,200 bytes, which has a row of its own
# Contacts by line, template and failure; of kinds without failures all of a template are one set.
STATES: list[State] = [
    {},
    {(3, 1, 1): {1}, (1, 1, 2): {4}},
    {
        (1, 1, 1): {1, 2, 3},
        (1, 1, 2): {3, 4},
        (1, 2, 1): {3, 9},
        (1, 3, 1): LONG | {3},
        (2, 1, 1): {3, 5},
        (2, 2, 2): {5},
        (2, 5, 1): {3},
    },
    {
        (1, 1, 1): {1, 2},
        (1, 2, 1): {3, 9},
        (1, 3, 1): LONG,
        (1, 4, 2): {1, 7},
        (2, 1, 1): {3, 5},
        (2, 2, 2): {5},
        (2, 5, 1): {3},
    },
    {(1, 1, 1): {1, 2}, (1, 2, 1): {3, 9}, (1, 3, 1): LONG, (1, 4, 2): {1, 7}, (3, 1, 1): {1}},
    {(3, 1, 1): {1}},
    {},
]
LIMITS = {"none": 0, "some": 130, "all": 100_000}


def of_kind(state: State, kind: int) -> State:
    """The leaf sets of a kind."""
    found: defaultdict[BlockSetKey, set[int]] = defaultdict(set)
    for (line, template, failure), contacts in state.items():
        found[line, template, failure if kind == FAILED else 0] |= contacts
    return dict(found)


def encoded(state: State) -> dict[BlockSetKey, bytes]:
    return {leaf: encode_numbers(list(contacts)) for leaf, contacts in state.items()}


def expected(kind: int, level: int, state: State) -> dict[tuple[int, ...], set[int]]:
    """Leaf sets and roll-ups by line, template and failure; multiplicities with their bit as well."""
    united: defaultdict[BlockSetKey, list[set[int]]] = defaultdict(list)
    for (line, template, failure), contacts in state.items():
        for cell in ((line, ALL), (ALL, template), (ALL, ALL)):
            united[*cell, failure].append(contacts)
    found: dict[tuple[int, ...], set[int]] = dict(state.items())
    for (line, template, failure), sets in united.items():
        found[line, template, failure] = set().union(*sets)
        counts = Counter(contact for one in sets for contact in one)
        place = (MULTIPLICITY, template) if template else (line, MULTIPLICITY)
        for bit in range(3) if has_multiplicity(kind, level) else ():
            if plane := {contact for contact, count in counts.items() if (count - 1) >> bit & 1}:
                found[*place, failure, bit] = plane
    return found


def stored(kind: int, rows: list[SetRow]) -> dict[tuple[int, ...], set[int]]:
    """What rows hold, in the form of `expected`."""
    found: dict[tuple[int, ...], set[int]] = {}
    for row in rows:
        for key, users in _sets_of(kind, *row):
            assert key not in found
            found[key] = set(decode(users))
    return found


def _sets_of(kind: int, line: int, template: int, bitmap: bytes) -> Iterator[tuple[tuple[int, ...], bytes]]:
    if line == PACKED_BLOCK:
        yield from unpack_block(bitmap)
    elif template == PACKED_LINE:
        yield from unpack_line(bitmap, line)
    elif MULTIPLICITY in (line, template):
        yield from (((line, template, failure, bit), users) for (bit, failure), users in unpack(bitmap))
    elif kind == FAILED:
        yield from (((line, known, failure), users) for (known, failure), users in unpack(bitmap))
        assert {known for (known, _), _ in unpack(bitmap)} == {template}
    else:
        yield (line, template, 0), bitmap


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """The table of user sets, with a set in other blocks, which stays."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE users (kind, level, block, line, template, bitmap,"
        " PRIMARY KEY (kind, level, block, line, template))"
    )
    connection.executemany(user_sets._WRITE, [(9, 0, 0, 1, 1, b"a"), (0, 9, 0, 1, 1, b"b"), (0, 0, 9, 1, 1, b"c")])
    yield connection
    assert len(connection.execute("SELECT * FROM users WHERE kind = 9 OR level = 9 OR block = 9").fetchall()) == 3
    connection.close()


def rows_of(connection: sqlite3.Connection, kind: int, block: Block) -> list[SetRow]:
    statement = "SELECT line, template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ?"
    return connection.execute(statement, (kind, *block)).fetchall()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_holds_its_leaf_sets_and_their_roll_ups_after_every_change(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, kind: int, level: int, limit: str
) -> None:
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, LIMITS[limit]))
    block = (level, 0)
    before: State = {}
    for state in (of_kind(one, kind) for one in STATES):
        changed = {leaf[0] for leaf in before.keys() | state.keys() if before.get(leaf) != state.get(leaf)}
        leaves = {leaf: users for leaf, users in encoded(state).items() if leaf[0] in changed}
        writes = block_writes(kind, block, changed, leaves, stored_block(connection, kind, block))
        if limit == "none" and before:
            written = {line for sql, rows in writes if sql == user_sets._WRITE for *_, line, _, _ in rows}
            assert written <= changed | {ALL, MULTIPLICITY}
        execute(connection, writes)
        rows = rows_of(connection, kind, block)
        assert sorted(rows) == sorted(block_rows(kind, block, encoded(state)))
        if rows and rows[0][:2] == (PACKED_BLOCK, PACKED_BLOCK):
            assert len(rows) == 1
            assert stored(kind, rows) == state
        else:
            assert stored(kind, rows) == (expected(kind, level, state) if state else {})
        again = stored_block(connection, kind, block)
        assert block_writes(kind, block, changed, leaves, again) == []
        before = state


def test_long_sets_have_rows_of_their_own_unless_they_are_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, 0))
    for kind in KINDS:
        rows = block_rows(kind, (0, 8), encoded(of_kind(STATES[2], kind)))
        of_line = sorted(template for line, template, _ in rows if line == 1)
        assert of_line == ([PACKED_LINE, ALL] if kind == FAILED else [PACKED_LINE, ALL, 3])
    assert block_rows(STEPS, (0, 8), {}) == []


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_coarse_block_has_the_leaf_sets_of_the_blocks_below(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, kind: int, limit: str
) -> None:
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, LIMITS[limit]))
    block = block_of(1, 20_000)
    days = days_of(block)
    states = {days[0]: STATES[2], days[3]: STATES[4], days[-1]: STATES[3]}
    for day, state in {days[0] - 1: {(1, 8, 1): {8}}, **states, days[-1] + 1: {(1, 9, 1): {9}}}.items():
        leaves = encoded(of_kind(state, kind))
        execute(connection, block_writes(kind, (0, day), {1, 2, 3}, leaves, ()))
    united: defaultdict[BlockSetKey, set[int]] = defaultdict(set)
    for state in states.values():
        for leaf, contacts in of_kind(state, kind).items():
            united[leaf] |= contacts
    for lines in ({1, 2, 3}, {1}, {2, 7}):
        found = leaf_sets_of_children(connection, kind, block, lines)
        assert found == encoded({leaf: contacts for leaf, contacts in united.items() if leaf[0] in lines})
