"""The distinct users of the cube: refreshed a block of days at a time, roll-ups from the leaves. Owns `users`.

A leaf is the set of one line, template (and, of failed ones, failure). The leaves of a day are counted from its starts,
those of a coarser block come from the blocks below it; roll-ups of any block come from the leaves of the same block,
and with the roll-ups over templates, but of days, who stands in how many of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping

from storage.bitmaps import Blob, encode, is_big, pack, united, unpack
from storage.cube_count import Leaf, Leaves
from storage.cube_layout import ALL, FAILED, PACK, REPEATED, Block, children_of, has_repeated
from storage.repeated import layers_of

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
_DROP_LINE = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = ?"
_DROP_TOTAL = "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = 0 AND template = ?"

Sets = list[tuple[Leaf, Blob]]


def leaves_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> Leaves:
    """The leaves of a coarse block, united from the blocks below it."""
    children = children_of(block)
    parts: defaultdict[int, defaultdict[Leaf, list[Blob]]] = defaultdict(lambda: defaultdict(list))
    rows = connection.execute(
        _READ_LEAVES, (kind, block[0] - 1, children.start, children.stop - 1, json.dumps(sorted(lines)))
    )
    for line, template, bitmap in rows:
        of_line = parts[line]
        for leaf, part in _leaves_of(kind, template, bitmap):
            of_line[leaf].append(part)
    return {line: {leaf: united(blobs) for leaf, blobs in of.items()} for line, of in parts.items()}


def _leaves_of(kind: int, template: int, bitmap: bytes) -> Iterable[tuple[Leaf, Blob]]:
    """The sets of a row."""
    return unpack(bitmap) if kind == FAILED or template == PACK else [((template, 0), bitmap)]


def refresh_block(
    connection: sqlite3.Connection, kind: int, block: Block, lines: set[int], leaves: Mapping[int, dict[Leaf, bytes]]
) -> None:
    """Writes the leaves of these lines, and every roll-up that they change."""
    stored = connection.execute(_READ_BLOCK, (kind, *block)).fetchall()
    before: Leaves = defaultdict(dict)
    for line, template, bitmap in stored:
        if line in lines and template != ALL:
            before[line] |= {leaf: bytes(blob) for leaf, blob in _leaves_of(kind, template, bitmap)}
    nothing: dict[Leaf, bytes] = {}
    changed = sorted(line for line in lines if before.get(line, nothing) != leaves.get(line, nothing))
    if not changed:
        return
    templates = {leaf[0] for line in changed for leaf in _different(before[line], leaves.get(line, nothing))}
    of_lines: Sets = []
    by_template: defaultdict[int, Sets] = defaultdict(list)
    rows: list[tuple[int, int, bytes]] = []
    for line in changed:
        if new := leaves.get(line, nothing):
            rolled_up = _over_templates(kind, block, [*new.items()])
            rows += [(line, template, blob) for template, blob in (*_packed(kind, new), *rolled_up)]
            of_lines += _leaves_of(kind, *rolled_up[0])
            for leaf, users in new.items():
                if leaf[0] in templates:
                    by_template[leaf[0]].append((leaf, users))
    for line, template, bitmap in stored:
        if line in changed:
            continue
        for leaf, blob in _leaves_of(kind, template, bitmap):
            if template == ALL:
                of_lines.append((leaf, blob))
            elif leaf[0] in templates:
                by_template[leaf[0]].append((leaf, blob))
    totals = {template: _over_lines(kind, template, sets) for template, sets in by_template.items()}
    rows += [(ALL, template, blob) for template, blob in sorted(totals.items())]
    if of_lines:
        if has_repeated(block[0]):
            unchanged = dict(connection.execute(_READ_TOTALS, (kind, *block)).fetchall() if stored else ())
            every = {template: blob for template, blob in unchanged.items() if template not in templates} | totals
            of_lines = [leaf for template in sorted(every) for leaf in _leaves_of(kind, template, every[template])]
        rows += [(ALL, template, blob) for template, blob in _over_templates(kind, block, of_lines)]
    if stored:
        connection.executemany(_DROP_LINE, [(kind, *block, line) for line in changed])
        connection.executemany(_DROP_TOTAL, [(kind, *block, template) for template in (*templates, ALL, REPEATED)])
    connection.executemany(_WRITE, [(kind, *block, *row) for row in rows])


def _different(old: dict[Leaf, bytes], new: dict[Leaf, bytes]) -> Iterable[Leaf]:
    return (leaf for leaf in old.keys() | new.keys() if old.get(leaf) != new.get(leaf))


def _packed(kind: int, leaves: dict[Leaf, bytes]) -> list[tuple[int, bytes]]:
    """The leaves of a line as rows: the big ones, and a pack of the others."""
    apart = {leaf: blob for leaf, blob in leaves.items() if kind != FAILED and is_big(blob)}
    packed = {leaf: blob for leaf, blob in leaves.items() if leaf not in apart} if apart else leaves
    rows = [(leaf[0], blob) for leaf, blob in sorted(apart.items())]
    if packed:
        rows.append((PACK, pack(packed)))
    return rows


def _over_lines(kind: int, template: int, leaves: Sets) -> bytes:
    """The roll-up of leaves into one; of failed ones a pack by failure."""
    if kind != FAILED:
        return united([blob for _, blob in leaves])
    return pack({(template, failure): united(blobs) for failure, blobs in _by_failure(leaves).items()})


def _over_templates(kind: int, block: Block, leaves: Sets) -> list[tuple[int, bytes]]:
    """The rows that roll up leaves of many templates, the roll-up first."""
    if not has_repeated(block[0]):
        return [(ALL, _over_lines(kind, ALL, leaves))]
    unions: dict[Leaf, bytes] = {}
    repeated: dict[Leaf, bytes] = {}
    for failure, blobs in _by_failure(leaves).items():
        users, layers = layers_of(blobs)
        unions[ALL, failure] = encode(users)
        repeated |= {(place, failure): encode(layer) for place, layer in enumerate(layers) if layer}
    rows = [(ALL, pack(unions) if kind == FAILED else unions[ALL, 0])]
    return [*rows, (REPEATED, pack(repeated))] if repeated else rows


def _by_failure(leaves: Sets) -> dict[int, list[Blob]]:
    by_failure: defaultdict[int, list[Blob]] = defaultdict(list)
    for (_, failure), blob in leaves:
        by_failure[failure].append(blob)
    return by_failure
