"""User sets: computes the writes of a block from its leaf sets. Owns `users` and knows no messages.

The leaf sets of a day are counted from its starts; those of a coarser block are united from the blocks below it. The
roll-ups of every block come from its own leaf sets:

* over the templates of a line, with multiplicities if the block has them: in the rows of the line;
* over the lines of a template, likewise;
* over both: united from the roll-ups over templates; its multiplicities count leaf sets, and are the sums of theirs.

A block with little data is a single row with all its leaf sets (PACKED_BLOCK): to unite them takes no longer than to
read the rows of their roll-ups.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from storage.cube.bitmaps import encode, encoded_union
from storage.cube.day_counts import LeafSets
from storage.cube.layout import (
    ALL,
    FAILED,
    MULTIPLICITY,
    PACKED_BLOCK,
    PACKED_LINE,
    STEPS,
    USERS,
    Block,
    days_of,
    has_multiplicity,
)
from storage.cube.multiplicity import BitPlanes, planes_by_failure, sum_of, union_and_planes
from storage.cube.packed_sets import (
    BlockSetKey,
    LineSetKey,
    is_stored_alone,
    pack,
    packed_size,
    unpack,
    unpack_block,
    unpack_line,
)
from storage.database.statements import BulkStatement

_READ_CHILDREN = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block BETWEEN ? AND ? AND line IN (SELECT value FROM json_each(?))
  AND template NOT IN ({ALL}, {MULTIPLICITY})
"""
_READ_BLOCK = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block = ? AND line NOT IN ({ALL}, {MULTIPLICITY})
"""
_WRITE = "INSERT INTO users (kind, level, block, line, template, bitmap) VALUES (?, ?, ?, ?, ?, ?)"
_DROP_BLOCK = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ?"
_DROP_LINE = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = ?"
_DROP_TEMPLATE_ROLL_UP = f"""
DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line IN ({ALL}, {MULTIPLICITY}) AND template = ?
"""

# Bytes up to which a block is packed into one row: less than a page of the database. FAILED has a lower limit: reports
# often read all its sets, and the roll-ups of a block are few rows.
_PACKED_BLOCK_LIMIT = {USERS: 12_000, FAILED: 1_500, STEPS: 12_000}

KeyedSets = list[tuple[LineSetKey, bytes]]
SetRow = tuple[int, int, bytes]  # line, template, bitmap: the last columns of `users`
LineRow = tuple[int, bytes]  # template, bitmap
Counted = tuple[BitMap, BitPlanes]  # a union, and in how many sets each of its numbers occurs
StoredBlock = Sequence[SetRow]  # what `users` holds of a block, without its roll-ups over lines


def leaf_sets_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> LeafSets:
    """The leaf sets of some lines in a coarse block, united from the blocks below it."""
    wanted = {*lines}
    parts: defaultdict[BlockSetKey, list[bytes]] = defaultdict(list)
    for row in rows_of_children(connection, kind, block, wanted):
        for leaf, part in _leaf_sets_of_row(*row):
            parts[leaf].append(part)
    return {leaf: encoded_union(sets) for leaf, sets in parts.items() if leaf[0] in wanted}


def rows_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> Iterable[SetRow]:
    """The rows of the blocks below a coarse block that hold leaf sets of some lines; packed blocks hold others too."""
    days = days_of(block)
    listed = json.dumps(sorted(lines | {PACKED_BLOCK}))
    return connection.execute(_READ_CHILDREN, (kind, block[0] - 1, days.start, days.stop - 1, listed))


def _leaf_sets_of_row(line: int, template: int, bitmap: bytes) -> Iterable[tuple[BlockSetKey, bytes]]:
    """The leaf sets in a row that is no roll-up."""
    if line == PACKED_BLOCK:
        return unpack_block(bitmap)
    if template == PACKED_LINE:
        return unpack_line(bitmap, line)
    return [((line, template, 0), bitmap)]


def stored_block(connection: sqlite3.Connection, kind: int, block: Block) -> StoredBlock:
    """Reads a block."""
    return connection.execute(_READ_BLOCK, (kind, *block)).fetchall()


def leaf_sets_of_block(stored: StoredBlock) -> LeafSets:
    """The leaf sets of a block that is stored."""
    leaf_rows = (row for row in stored if row[1] not in (ALL, MULTIPLICITY))
    return {leaf: users for row in leaf_rows for leaf, users in _leaf_sets_of_row(*row)}


def block_writes(
    kind: int, block: Block, lines: set[int], leaves: LeafSets, stored: StoredBlock
) -> list[BulkStatement]:
    """The writes of a block when the leaf sets of some lines are replaced, roll-ups included.

    Args:
        lines: The lines whose leaf sets are replaced.
        leaves: All leaf sets of these lines.
    """
    before = leaf_sets_of_block(stored)
    after = {leaf: users for leaf, users in before.items() if leaf[0] not in lines} | leaves
    if before == after:
        return []
    drop = (_DROP_BLOCK, [(kind, *block)])
    if is_packed(kind, len(after), sum(map(len, after.values()))):
        return [drop, _insert(kind, block, [(PACKED_BLOCK, PACKED_BLOCK, pack(after.items()))] if after else [])]
    if any(line == PACKED_BLOCK for line, *_ in stored):
        return [drop, *_changed_rows(kind, block, {}, after, ())]
    return _changed_rows(kind, block, before, after, stored)


def block_rows(kind: int, block: Block, leaves: LeafSets) -> list[SetRow]:
    """All rows of a block that has these leaf sets, roll-ups included."""
    rows = [row for _, rows in block_writes(kind, block, set(), leaves, ()) for row in rows]
    return [row[-3:] for row in rows if len(row) > 3]


def is_packed(kind: int, sets: int, size: int) -> bool:
    """Whether a block of so many leaf sets, which have so many bytes together, is packed into one row."""
    return packed_size(sets, size) <= _PACKED_BLOCK_LIMIT[kind]


def new_block_writes(kind: int, block: Block, rows: Iterable[SetRow]) -> list[BulkStatement]:
    """The writes of a block that has these rows, and had none."""
    return [_insert(kind, block, rows)]


def _insert(kind: int, block: Block, rows: Iterable[SetRow]) -> BulkStatement:
    return _WRITE, [(kind, *block, *row) for row in rows]


def _changed_rows(
    kind: int, block: Block, before: LeafSets, after: LeafSets, stored: StoredBlock
) -> list[BulkStatement]:
    """The writes of the rows of changed lines, and of the roll-ups over lines that change with them."""
    changes = _Changes.between(before, after)
    of_lines = {line: _LineRows.of(kind, block, sets) for line, sets in sorted(changes.by_line.items())}
    of_templates = {
        template: _roll_up(kind, block, template, sets) for template, sets in sorted(changes.by_template.items())
    }
    unchanged = [row for row in stored if row[0] not in changes.lines and row[1] in (ALL, MULTIPLICITY)]
    roll_ups = [*unchanged, *((line, *row) for line, of_line in of_lines.items() for row in of_line.roll_up)]
    rows: list[SetRow] = [
        *((line, *row) for line, of_line in of_lines.items() for row in (*of_line.leaves, *of_line.roll_up)),
        *((line, template, users) for template, of_both in of_templates.items() for line, users in of_both),
        *((ALL, *row) for row in _total(kind, block, roll_ups)),
    ]
    if not stored:
        return [_insert(kind, block, rows)]
    return [
        (_DROP_LINE, [(kind, *block, line) for line in changes.lines]),
        (_DROP_TEMPLATE_ROLL_UP, [(kind, *block, template) for template in (*changes.templates, ALL, MULTIPLICITY)]),
        _insert(kind, block, rows),
    ]


@dataclass(frozen=True, slots=True)
class _Changes:
    """The lines and templates with a changed leaf set, and all their leaf sets as they will be."""

    lines: set[int]
    templates: set[int]
    by_line: Mapping[int, KeyedSets]
    by_template: Mapping[int, KeyedSets]

    @classmethod
    def between(cls, before: LeafSets, after: LeafSets) -> _Changes:
        # Without anything before, all of it is new; to hash the sets as well would take as long as the rest.
        changed = {leaf for leaf, _ in before.items() ^ after.items()} if before else after.keys()
        lines = {line for line, _, _ in changed}
        templates = {template for _, template, _ in changed}
        by_line: defaultdict[int, KeyedSets] = defaultdict(list)
        by_template: defaultdict[int, KeyedSets] = defaultdict(list)
        for (line, template, failure), users in after.items():
            keyed = (template, failure), users
            if line in lines:
                by_line[line].append(keyed)
            if template in templates:
                by_template[template].append(keyed)
        return cls(lines, templates, by_line, by_template)


@dataclass(frozen=True, slots=True)
class _LineRows:
    """The rows of a line.

    Attributes:
        roll_up: Over its templates; multiplicities, if there are any, come second.
    """

    leaves: list[LineRow]
    roll_up: list[LineRow]

    @classmethod
    def of(cls, kind: int, block: Block, leaves: KeyedSets) -> _LineRows:
        return cls(_leaf_rows(kind, leaves), _roll_up(kind, block, ALL, leaves))


def _leaf_rows(kind: int, leaves: KeyedSets) -> list[LineRow]:
    """The leaf sets of a line: the long ones as they are, the others packed; of FAILED all are packed."""
    alone = [] if kind == FAILED else [keyed for keyed in leaves if is_stored_alone(keyed[1])]
    packed = [keyed for keyed in leaves if not is_stored_alone(keyed[1])] if alone else leaves
    rows = [(template, users) for (template, _), users in sorted(alone)]
    if packed:
        rows.append((PACKED_LINE, pack(packed)))
    return rows


def _roll_up(kind: int, block: Block, template: int, leaves: KeyedSets) -> list[tuple[int, bytes]]:
    """The union of sets, and their multiplicities if the block has them and any number occurs twice.

    Args:
        template: Of the keys in a roll-up of FAILED, which is packed sets by failure.

    Returns:
        Each with ALL or MULTIPLICITY, which takes the place of the template or of the line.
    """
    if has_multiplicity(kind, block[0]):
        counted = {failure: union_and_planes(sets) for failure, sets in _by_failure(leaves).items()}
        return _counted_rows(kind, template, counted)
    unions = {failure: encoded_union(sets) for failure, sets in _by_failure(leaves).items()}
    return [(ALL, _encoded_roll_up(kind, template, unions))]


def _counted_rows(kind: int, template: int, counted: Mapping[int, Counted]) -> list[tuple[int, bytes]]:
    unions = {failure: encode(union) for failure, (union, _) in counted.items()}
    planes = {
        (bit, failure): encode(plane)
        for failure, (_, of_failure) in counted.items()
        for bit, plane in enumerate(of_failure)
        if plane
    }
    rows = [(ALL, _encoded_roll_up(kind, template, unions))]
    return [*rows, (MULTIPLICITY, pack(planes.items()))] if planes else rows


def _encoded_roll_up(kind: int, template: int, unions: Mapping[int, bytes]) -> bytes:
    return pack(((template, failure), union) for failure, union in unions.items()) if kind == FAILED else unions[0]


def _total(kind: int, block: Block, roll_ups: Iterable[SetRow]) -> list[tuple[int, bytes]]:
    """The roll-up over lines and templates, from those over the templates of each line."""
    sets: defaultdict[int, dict[int, bytes]] = defaultdict(dict)  # by failure and line
    planes: dict[int, bytes] = {}
    for line, template, bitmap in roll_ups:
        if template == MULTIPLICITY:
            planes[line] = bitmap
        else:
            for (_, failure), users in unpack(bitmap) if kind == FAILED else [((ALL, 0), bitmap)]:
                sets[failure][line] = users
    if not has_multiplicity(kind, block[0]):
        unions = {failure: encoded_union([*by_line.values()]) for failure, by_line in sets.items()}
        return [(ALL, _encoded_roll_up(kind, ALL, unions))]
    by_line = {line: planes_by_failure(bitmap) for line, bitmap in planes.items()}
    counted = {
        failure: sum_of((users, by_line.get(line, {}).get(failure, [])) for line, users in of_failure.items())
        for failure, of_failure in sets.items()
    }
    return _counted_rows(kind, ALL, counted)


def _by_failure(leaves: KeyedSets) -> dict[int, list[bytes]]:
    by_failure: defaultdict[int, list[bytes]] = defaultdict(list)
    for (_, failure), users in leaves:
        by_failure[failure].append(users)
    return by_failure
