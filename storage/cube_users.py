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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from storage.bitmaps import Blob, encode, united
from storage.cube_count import Leaf, Leaves
from storage.cube_layout import ALL, FAILED, PACK, REPEATED, SPARSE, STEPS, USERS, Block, children_of, has_repeated
from storage.packs import fit, is_big, pack, unpack, unpack_block
from storage.repeated import layers_of
from storage.writes import Write

_READ_LEAVES = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block BETWEEN ? AND ? AND line IN (SELECT value FROM json_each(?))
  AND template NOT IN ({ALL}, {REPEATED})
"""
_READ_BLOCK = f"""
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block = ? AND line <> {ALL} AND template <> {REPEATED}
"""
_READ_TOTALS = f"""
SELECT template, bitmap FROM users
WHERE kind = ? AND level = ? AND block = ? AND line = {ALL} AND template NOT IN ({ALL}, {REPEATED})
"""
_WRITE = "INSERT INTO users (kind, level, block, line, template, bitmap) VALUES (?, ?, ?, ?, ?, ?)"
_DROP_BLOCK = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ?"
_DROP_LINE = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = ?"
_DROP_TOTAL = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = 0 AND template = ?"

# Bytes up to which all sets of a block are one row: less than a page of the database. Every report asks for all failed
# ones by failure, and those of a block are few rows already.
_SPARSE = {USERS: 12_000, FAILED: 1_500, STEPS: 12_000}

Sets = list[tuple[Leaf, Blob]]
LineSets = dict[int, dict[Leaf, Blob]]  # leaves by line
Row = tuple[int, int, bytes]  # line, template, set


def leaves_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> Leaves:
    """The leaves of a coarse block, united from the blocks below it."""
    children, wanted = children_of(block), {*lines}
    parts: defaultdict[int, defaultdict[Leaf, list[Blob]]] = defaultdict(lambda: defaultdict(list))
    rows = connection.execute(
        _READ_LEAVES,
        (kind, block[0] - 1, children.start, children.stop - 1, json.dumps(sorted(wanted | {SPARSE}))),
    )
    for row in rows:
        for line, leaf, part in _leaves_of(kind, *row):
            if line in wanted:
                parts[line][leaf].append(part)
    return {line: {leaf: united(blobs) for leaf, blobs in of.items()} for line, of in parts.items()}


def _leaves_of(kind: int, line: int, template: int, bitmap: bytes) -> Iterator[tuple[int, Leaf, Blob]]:
    """The sets of a row with the line and the leaf of each."""
    if line == SPARSE:
        yield from ((of, (template, failure), blob) for (of, template, failure), blob in unpack_block(bitmap))
    elif kind == FAILED or template == PACK:
        yield from ((line, leaf, blob) for leaf, blob in unpack(bitmap))
    else:
        yield line, (template, 0), bitmap


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
        connection.execute(_READ_TOTALS, (kind, *block)).fetchall() if rows and has_repeated(kind, block[0]) else ()
    )
    return StoredBlock(rows, dict(totals))


def block_writes(
    kind: int, block: Block, lines: set[int], leaves: Mapping[int, dict[Leaf, bytes]], stored: StoredBlock
) -> list[Write]:
    """How to write the leaves of these lines, and every roll-up that they change."""
    before: LineSets = defaultdict(dict)
    for row in stored.rows:
        if row[1] != ALL:
            for line, leaf, blob in _leaves_of(kind, *row):
                before[line][leaf] = blob
    after: LineSets = {line: sets for line, sets in before.items() if line not in lines}
    after |= {line: {**leaves[line]} for line in lines if leaves.get(line)}
    changed = {line for line in lines if before.get(line) != after.get(line)}
    if not changed:
        return []
    drop = (_DROP_BLOCK, [(kind, *block)])
    if fit((blob for sets in after.values() for blob in sets.values()), _SPARSE[kind]):
        return [drop, _insert(kind, block, _sparse_row(after))]
    if any(line == SPARSE for line, *_ in stored.rows):
        return [drop, *_changed_rows(kind, block, {*after}, {}, after, StoredBlock())]
    return _changed_rows(kind, block, changed, before, after, stored)


def _insert(kind: int, block: Block, rows: Iterable[Row]) -> Write:
    return _WRITE, [(kind, *block, *row) for row in rows]


def _sparse_row(leaves: LineSets) -> list[Row]:
    sets = {(line, *leaf): blob for line, of in leaves.items() for leaf, blob in of.items()}
    return [(SPARSE, SPARSE, pack(sets.items()))] if sets else []


def _changed_rows(
    kind: int, block: Block, changed: set[int], before: LineSets, after: LineSets, stored: StoredBlock
) -> list[Write]:
    """How to write the rows of the lines that changed, and those roll-ups over lines that do."""
    nothing: dict[Leaf, Blob] = {}
    templates = {
        leaf[0] for line in changed for leaf in _different(before.get(line, nothing), after.get(line, nothing))
    }
    of_lines = [
        (leaf, blob)
        for row in stored.rows
        if row[1] == ALL and row[0] not in changed
        for _, leaf, blob in _leaves_of(kind, *row)
    ]
    rows: list[Row] = []
    for line in sorted(changed & after.keys()):
        rolled_up = _over_templates(kind, block, [*after[line].items()])
        rows += [(line, template, blob) for template, blob in (*_packed(kind, after[line]), *rolled_up)]
        of_lines += [(leaf, blob) for _, leaf, blob in _leaves_of(kind, line, *rolled_up[0])]
    by_template: defaultdict[int, Sets] = defaultdict(list)
    for sets in after.values():
        for leaf, blob in sets.items():
            if leaf[0] in templates:
                by_template[leaf[0]].append((leaf, blob))
    totals = {template: _over_lines(kind, template, sets) for template, sets in by_template.items()}
    rows += [(ALL, template, blob) for template, blob in sorted(totals.items())]
    if of_lines:
        if has_repeated(kind, block[0]):
            every = {template: blob for template, blob in stored.totals.items() if template not in templates} | totals
            of_lines = [
                (leaf, blob)
                for template in sorted(every)
                for _, leaf, blob in _leaves_of(kind, ALL, template, every[template])
            ]
        rows += [(ALL, template, blob) for template, blob in _over_templates(kind, block, of_lines)]
    if not stored.rows:
        return [_insert(kind, block, rows)]
    return [
        (_DROP_LINE, [(kind, *block, line) for line in changed]),
        (_DROP_TOTAL, [(kind, *block, template) for template in (*templates, ALL, REPEATED)]),
        _insert(kind, block, rows),
    ]


def _different(old: dict[Leaf, Blob], new: dict[Leaf, Blob]) -> Iterable[Leaf]:
    return (leaf for leaf in old.keys() | new.keys() if old.get(leaf) != new.get(leaf))


def _packed(kind: int, leaves: dict[Leaf, Blob]) -> list[tuple[int, bytes]]:
    """The leaves of a line as rows: the big ones, and a pack of the others."""
    apart = {leaf: blob for leaf, blob in leaves.items() if kind != FAILED and is_big(blob)}
    packed = {leaf: blob for leaf, blob in leaves.items() if leaf not in apart} if apart else leaves
    rows = [(leaf[0], bytes(blob)) for leaf, blob in sorted(apart.items(), key=itemgetter(0))]
    if packed:
        rows.append((PACK, pack(packed.items())))
    return rows


def _over_lines(kind: int, template: int, leaves: Sets) -> bytes:
    """The roll-up of leaves into one; of failed ones a pack by failure."""
    if kind != FAILED:
        return united([blob for _, blob in leaves])
    return pack(((template, failure), united(blobs)) for failure, blobs in _by_failure(leaves).items())


def _over_templates(kind: int, block: Block, leaves: Sets) -> list[tuple[int, bytes]]:
    """The rows that roll up leaves of many templates, the roll-up first."""
    if not has_repeated(kind, block[0]):
        return [(ALL, _over_lines(kind, ALL, leaves))]
    unions: dict[Leaf, bytes] = {}
    repeated: dict[Leaf, bytes] = {}
    for failure, blobs in _by_failure(leaves).items():
        users, layers = layers_of(blobs)
        unions[ALL, failure] = encode(users)
        repeated |= {(place, failure): encode(layer) for place, layer in enumerate(layers) if layer}
    rows = [(ALL, pack(unions.items()) if kind == FAILED else unions[ALL, 0])]
    return [*rows, (REPEATED, pack(repeated.items()))] if repeated else rows


def _by_failure(leaves: Sets) -> dict[int, list[Blob]]:
    by_failure: defaultdict[int, list[Blob]] = defaultdict(list)
    for (_, failure), blob in leaves:
        by_failure[failure].append(blob)
    return by_failure
