"""The distinct users of the cube: refreshed a block of days at a time, roll-ups from the leaves. Owns `users`.

A leaf is the set of one line, template (and, of failed ones, failure). The leaves of a day are counted from its starts,
those of a coarser block come from the blocks below it, where groups of templates are leaves as well; roll-ups of any
block come from the leaves of the same block.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping

from storage.bitmaps import Blob, is_big, pack, united, unpack
from storage.cube_count import Leaf, Leaves
from storage.cube_layout import ALL, FAILED, PACK, Block, children_of, group_of, has_groups, is_group

_READ_LEAVES = """
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block BETWEEN ? AND ? AND line IN (SELECT value FROM json_each(?)) AND template <> 0
"""
_READ_BLOCK = "SELECT line, template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ? AND line <> 0"
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
        for leaf, part in _leaves_of(template, bitmap):
            of_line[leaf].append(part)
    leaves: Leaves = {line: {leaf: united(blobs) for leaf, blobs in of.items()} for line, of in parts.items()}
    if has_groups(kind, block[0]) and not has_groups(kind, block[0] - 1):
        for united_leaves in leaves.values():
            united_leaves |= _groups(united_leaves)
    return leaves


def _groups(leaves: dict[Leaf, bytes]) -> dict[Leaf, bytes]:
    """The sets of the groups of templates that these leaves are in."""
    members: defaultdict[int, list[Blob]] = defaultdict(list)
    for (template, _), blob in leaves.items():
        if (group := group_of(template)) is not None:
            members[group].append(blob)
    return {(group, 0): united(blobs) for group, blobs in members.items()}


def _leaves_of(template: int, bitmap: bytes) -> Iterable[tuple[Leaf, Blob]]:
    if template != PACK:
        return [((template, 0), bitmap)]
    return unpack(bitmap)


def refresh_block(
    connection: sqlite3.Connection, kind: int, block: Block, lines: set[int], leaves: Mapping[int, dict[Leaf, bytes]]
) -> None:
    """Writes the leaves of these lines, and every roll-up that they change."""
    stored = connection.execute(_READ_BLOCK, (kind, *block)).fetchall()
    before: Leaves = defaultdict(dict)
    for line, template, bitmap in stored:
        if line in lines and template != ALL:
            before[line] |= {leaf: bytes(blob) for leaf, blob in _leaves_of(template, bitmap)}
    nothing: dict[Leaf, bytes] = {}
    changed = sorted(line for line in lines if before.get(line, nothing) != leaves.get(line, nothing))
    if not changed:
        return
    templates: set[int] = set()
    everything: Sets = []
    by_template: defaultdict[int, Sets] = defaultdict(list)
    rows: list[tuple[int, int, bytes]] = []
    for line in changed:
        old, new = before.get(line, nothing), leaves.get(line, nothing)
        templates |= {leaf[0] for leaf in old.keys() | new.keys() if old.get(leaf) != new.get(leaf)}
        if new:
            total = _total(kind, ALL, [item for item in new.items() if not is_group(item[0][0])])
            rows += [(line, template, blob) for template, blob in _packed(kind, new)]
            rows.append((line, ALL, total))
            everything += _leaves_of(PACK if kind == FAILED else ALL, total)
            for leaf, users in new.items():
                by_template[leaf[0]].append((leaf, users))
    for line, template, bitmap in stored:
        if line in changed:
            continue
        if template == ALL:
            everything += _leaves_of(PACK if kind == FAILED else ALL, bitmap)
            continue
        for leaf, blob in _leaves_of(template, bitmap):
            if leaf[0] in templates:
                by_template[leaf[0]].append((leaf, blob))
    rows += [
        (ALL, template, _total(kind, template, sets))
        for template, sets in sorted(by_template.items())
        if template in templates
    ]
    if everything:
        rows.append((ALL, ALL, _total(kind, ALL, everything)))
    if stored:
        connection.executemany(_DROP_LINE, [(kind, *block, line) for line in changed])
        connection.executemany(_DROP_TOTAL, [(kind, *block, template) for template in (*templates, ALL)])
    connection.executemany(_WRITE, [(kind, *block, *row) for row in rows])


def _packed(kind: int, leaves: dict[Leaf, bytes]) -> list[tuple[int, bytes]]:
    """The leaves of a line as rows: the big ones, and a pack of the others."""
    apart = {leaf: blob for leaf, blob in leaves.items() if kind != FAILED and is_big(blob)}
    packed = {leaf: blob for leaf, blob in leaves.items() if leaf not in apart} if apart else leaves
    rows = [(leaf[0], blob) for leaf, blob in sorted(apart.items())]
    if packed:
        rows.append((PACK, pack(packed)))
    return rows


def _total(kind: int, template: int, leaves: Sets) -> bytes:
    """The roll-up of leaves; of failed ones a pack by failure."""
    if kind != FAILED:
        return united([blob for _, blob in leaves])
    by_failure: defaultdict[int, list[Blob]] = defaultdict(list)
    for (_, failure), blob in leaves:
        by_failure[failure].append(blob)
    return pack({(template, failure): united(blobs) for failure, blobs in by_failure.items()})
