"""The distinct users of the cube: how to write a block of days, its roll-ups from the leaves. Owns `users`.

A leaf is the set of one line, template (and, of failed ones, failure). The leaves of a day are counted from its starts,
those of a coarser block come from the blocks below it; roll-ups of any block come from the leaves of the same block,
and with the roll-ups over templates, but of days, who stands in how many of them. A block that has little in it is one
row with all its leaves: to unite them takes as long as to read the rows that roll them up.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from storage.cube.bitmaps import encode, encoded_union
from storage.cube.day_counts import Leaves
from storage.cube.layout import (
    ALL,
    FAILED,
    MULTIPLICITY,
    PACKED_BLOCK,
    PACKED_LINE,
    STEPS,
    USERS,
    Block,
    children_of,
    has_multiplicity,
)
from storage.cube.multiplicity import layers_of
from storage.cube.packed_sets import BlockKey, PackKey, fit, is_big, pack, unpack, unpack_block, unpack_line
from storage.database.statements import BulkStatement

_READ_LEAVES = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block BETWEEN ? AND ? AND line IN (SELECT value FROM json_each(?))
  AND template NOT IN ({ALL}, {MULTIPLICITY})
"""
_READ_BLOCK = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block = ? AND line <> {ALL} AND template <> {MULTIPLICITY}
"""
_READ_TOTALS = f"""
SELECT template, bitmap FROM users
WHERE kind = ? AND level = ? AND block = ? AND line = {ALL} AND template NOT IN ({ALL}, {MULTIPLICITY})
"""
_WRITE = "INSERT INTO users (kind, level, block, line, template, bitmap) VALUES (?, ?, ?, ?, ?, ?)"
_DROP_BLOCK = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ?"
_DROP_LINE = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = ?"
_DROP_TOTAL = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = 0 AND template = ?"

# Bytes up to which all sets of a block are one row: less than a page of the database. Every report asks for all failed
# ones by failure, and those of a block are few rows already.
_SPARSE = {USERS: 12_000, FAILED: 1_500, STEPS: 12_000}

Sets = list[tuple[PackKey, bytes]]
Row = tuple[int, int, bytes]  # line, template, set


def leaves_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> Leaves:
    """The leaves of a coarse block, united from the blocks below it."""
    children, wanted = children_of(block), {*lines}
    parts: defaultdict[BlockKey, list[bytes]] = defaultdict(list)
    rows = connection.execute(
        _READ_LEAVES,
        (kind, block[0] - 1, children.start, children.stop - 1, json.dumps(sorted(wanted | {PACKED_BLOCK}))),
    )
    for row in rows:
        for leaf, part in _leaves_of(kind, *row):
            parts[leaf].append(part)
    return {
        leaf: blobs[0] if len(blobs) == 1 else encoded_union(blobs)
        for leaf, blobs in parts.items()
        if leaf[0] in wanted
    }


def _leaves_of(kind: int, line: int, template: int, bitmap: bytes) -> Iterable[tuple[BlockKey, bytes]]:
    """The sets of a row, by leaf."""
    if line == PACKED_BLOCK:
        return unpack_block(bitmap)
    if kind == FAILED or template == PACKED_LINE:
        return unpack_line(bitmap, line)
    return [((line, template, 0), bitmap)]


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it is.

    rows: its leaves, and the roll-ups over templates of single lines. totals: the roll-ups over lines by template, of a
    level where those over templates are made of them.
    """

    rows: Sequence[Row] = ()
    totals: Mapping[int, bytes] = field(default_factory=dict)


def stored_block(connection: sqlite3.Connection, kind: int, block: Block) -> StoredBlock:
    """Reads a block."""
    rows = connection.execute(_READ_BLOCK, (kind, *block)).fetchall()
    totals = (
        connection.execute(_READ_TOTALS, (kind, *block)).fetchall() if rows and has_multiplicity(kind, block[0]) else ()
    )
    return StoredBlock(rows, dict(totals))


def block_writes(kind: int, block: Block, lines: set[int], leaves: Leaves, stored: StoredBlock) -> list[BulkStatement]:
    """How to write the leaves of these lines, and every roll-up that they change."""
    before = {leaf: blob for row in stored.rows if row[1] != ALL for leaf, blob in _leaves_of(kind, *row)}
    after = {leaf: blob for leaf, blob in before.items() if leaf[0] not in lines} | leaves
    if before == after:
        return []
    drop = (_DROP_BLOCK, [(kind, *block)])
    if fit(after.values(), _SPARSE[kind]):
        return [drop, _insert(kind, block, [(PACKED_BLOCK, PACKED_BLOCK, pack(after.items()))] if after else [])]
    if any(line == PACKED_BLOCK for line, *_ in stored.rows):
        return [drop, *_changed_rows(kind, block, {}, after, StoredBlock())]
    return _changed_rows(kind, block, before, after, stored)


def _insert(kind: int, block: Block, rows: Iterable[Row]) -> BulkStatement:
    return _WRITE, [(kind, *block, *row) for row in rows]


def _changed_rows(kind: int, block: Block, before: Leaves, after: Leaves, stored: StoredBlock) -> list[BulkStatement]:
    """How to write the rows of the lines that changed, and those roll-ups over lines that do."""
    changed = before.items() ^ after.items()
    lines, templates = {line for (line, _, _), _ in changed}, {template for (_, template, _), _ in changed}
    by_line: defaultdict[int, Sets] = defaultdict(list)
    by_template: defaultdict[int, Sets] = defaultdict(list)
    for (line, template, failure), blob in after.items():
        leaf = (template, failure), blob
        if line in lines:
            by_line[line].append(leaf)
        if template in templates:
            by_template[template].append(leaf)
    of_lines = [
        one
        for line, template, blob in stored.rows
        if template == ALL and line not in lines
        for one in _rolled_up(kind, blob)
    ]
    rows: list[Row] = []
    for line, sets in sorted(by_line.items(), key=itemgetter(0)):
        rolled_up = _over_templates(kind, block, sets)
        rows += [(line, template, blob) for template, blob in (*_packed(kind, sets), *rolled_up)]
        of_lines += _rolled_up(kind, rolled_up[0][1])
    totals = {template: _over_lines(kind, template, sets) for template, sets in by_template.items()}
    rows += [(ALL, template, blob) for template, blob in sorted(totals.items())]
    if of_lines:
        if has_multiplicity(kind, block[0]):
            every = {template: blob for template, blob in stored.totals.items() if template not in templates} | totals
            of_lines = [one for _, blob in sorted(every.items()) for one in _rolled_up(kind, blob)]
        rows += [(ALL, template, blob) for template, blob in _over_templates(kind, block, of_lines)]
    if not stored.rows:
        return [_insert(kind, block, rows)]
    return [
        (_DROP_LINE, [(kind, *block, line) for line in lines]),
        (_DROP_TOTAL, [(kind, *block, template) for template in (*templates, ALL, MULTIPLICITY)]),
        _insert(kind, block, rows),
    ]


def _packed(kind: int, leaves: Sets) -> list[tuple[int, bytes]]:
    """The leaves of a line as rows: the big ones, and a pack of the others."""
    apart = [] if kind == FAILED else [leaf for leaf in leaves if is_big(leaf[1])]
    packed = [leaf for leaf in leaves if not is_big(leaf[1])] if apart else leaves
    rows = [(template, blob) for (template, _), blob in sorted(apart)]
    if packed:
        rows.append((PACKED_LINE, pack(packed)))
    return rows


def _rolled_up(kind: int, bitmap: bytes) -> Iterable[tuple[PackKey, bytes]]:
    """The sets of a roll-up."""
    return unpack(bitmap) if kind == FAILED else [((ALL, 0), bitmap)]


def _over_lines(kind: int, template: int, leaves: Sets) -> bytes:
    """The roll-up of leaves into one; of failed ones a pack by failure."""
    if kind != FAILED:
        return encoded_union([blob for _, blob in leaves])
    return pack(((template, failure), encoded_union(blobs)) for failure, blobs in _by_failure(leaves).items())


def _over_templates(kind: int, block: Block, leaves: Sets) -> list[tuple[int, bytes]]:
    """The rows that roll up leaves of many templates, the roll-up first."""
    if not has_multiplicity(kind, block[0]):
        return [(ALL, _over_lines(kind, ALL, leaves))]
    unions: dict[PackKey, bytes] = {}
    repeated: dict[PackKey, bytes] = {}
    for failure, blobs in _by_failure(leaves).items():
        users, layers = layers_of(blobs)
        unions[ALL, failure] = encode(users)
        repeated |= {(place, failure): encode(layer) for place, layer in enumerate(layers) if layer}
    rows = [(ALL, pack(unions.items()) if kind == FAILED else unions[ALL, 0])]
    return [*rows, (MULTIPLICITY, pack(repeated.items()))] if repeated else rows


def _by_failure(leaves: Sets) -> dict[int, list[bytes]]:
    by_failure: defaultdict[int, list[bytes]] = defaultdict(list)
    for (_, failure), blob in leaves:
        by_failure[failure].append(blob)
    return by_failure
