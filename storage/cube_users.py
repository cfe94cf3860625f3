"""The distinct users of the cube: refreshed a block of days at a time, roll-ups from the leaves. Owns `users`.

A leaf is the set of one line, template (and, of failed ones, failure). The leaves of a day come from its starts, those
of a coarser block from the blocks below it, where groups of templates are leaves as well; roll-ups of any block come
from the leaves of the same block.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping

from storage.bitmaps import SLICE_BITS, Blob, encode, encode_numbers, is_big, pack, unite, unpack
from storage.cube_cells import KIND_OF
from storage.cube_layout import (
    ALL,
    FAILED,
    FAILED_SLICE,
    PACK,
    STEP_STATUSES,
    STEPS,
    STEPS_SLICE,
    USERS,
    USERS_SLICE,
    Block,
    children_of,
    group_of,
    has_groups,
    is_group,
)

Leaf = tuple[int, int]  # template, failure (0 but in the kind FAILED)
Leaves = dict[int, dict[Leaf, bytes]]  # by line

_LEAVES = f"""
SELECT day, line, template,
       group_concat((({USERS_SLICE}) << {SLICE_BITS}) | contact),
       group_concat(CASE WHEN status BETWEEN {min(STEP_STATUSES)} AND {max(STEP_STATUSES)}
                         THEN (({STEPS_SLICE}) << {SLICE_BITS}) | contact END)
FROM cube_starts
WHERE contact IS NOT NULL
GROUP BY day, line, template
"""
_FAILED_LEAVES = f"""
SELECT day, line, template, {KIND_OF} AS failure, group_concat((({FAILED_SLICE}) << {SLICE_BITS}) | contact)
FROM cube_starts AS s
WHERE contact IS NOT NULL AND reason IS NOT NULL
GROUP BY day, line, template, failure
"""
_READ = """
SELECT line, template, bitmap FROM users
WHERE kind = ? AND level = ? AND block BETWEEN ? AND ? AND line IN (SELECT value FROM json_each(?)) AND template <> 0
"""


def leaves_of_starts(connection: sqlite3.Connection) -> dict[int, dict[int, Leaves]]:
    """The leaves of the starts that were taken, by day and kind."""
    found: dict[int, dict[int, Leaves]] = defaultdict(
        lambda: {kind: defaultdict(dict) for kind in (USERS, FAILED, STEPS)}
    )
    for day, line, template, users, steps in connection.execute(_LEAVES):
        found[day][USERS][line][template, 0] = encode_numbers(map(int, users.split(",")))
        if steps is not None:
            found[day][STEPS][line][template, 0] = encode_numbers(map(int, steps.split(",")))
    for day, line, template, failure, users in connection.execute(_FAILED_LEAVES):
        found[day][FAILED][line][template, failure] = encode_numbers(map(int, users.split(",")))
    return found


def leaves_of_children(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> Leaves:
    """The leaves of a coarse block, united from the blocks below it."""
    children = children_of(block)
    parts: defaultdict[int, defaultdict[Leaf, list[Blob]]] = defaultdict(lambda: defaultdict(list))
    rows = connection.execute(_READ, (kind, block[0] - 1, children.start, children.stop - 1, json.dumps(sorted(lines))))
    for line, template, bitmap in rows:
        for leaf, blob in _leaves_of(template, bitmap):
            parts[line][leaf].append(blob)
    leaves = {line: {leaf: _united(blobs) for leaf, blobs in of.items()} for line, of in parts.items()}
    if has_groups(kind, block[0]) and not has_groups(kind, block[0] - 1):
        for of_line in leaves.values():
            of_line |= _groups(of_line)
    return leaves


def _groups(leaves: dict[Leaf, bytes]) -> dict[Leaf, bytes]:
    """The sets of the groups of templates that these leaves are in."""
    members: defaultdict[int, list[Blob]] = defaultdict(list)
    for (template, _), blob in leaves.items():
        if (group := group_of(template)) is not None:
            members[group].append(blob)
    return {(group, 0): _united(blobs) for group, blobs in members.items()}


def _leaves_of(template: int, bitmap: bytes) -> Iterable[tuple[Leaf, Blob]]:
    if template != PACK:
        return [((template, 0), bitmap)]
    return unpack(bitmap)


def _united(blobs: list[Blob]) -> bytes:
    return bytes(blobs[0]) if len(blobs) == 1 else encode(unite(blobs))


def refresh_block(
    connection: sqlite3.Connection, kind: int, block: Block, lines: set[int], leaves: Mapping[int, dict[Leaf, bytes]]
) -> None:
    """Writes the leaves of these lines, and every roll-up that they change."""
    before = _stored(connection, kind, block, lines)
    changed = {line for line in lines if before.get(line, {}) != leaves.get(line, {})}
    if not changed:
        return
    _write(
        connection,
        kind,
        block,
        changed,
        [row for line in sorted(changed) for row in _rows(kind, line, leaves.get(line, {}))],
    )
    templates: set[int] = set()
    for line in changed:
        old, new = before.get(line, {}), leaves.get(line, {})
        templates |= {leaf[0] for leaf in old.keys() | new.keys() if old.get(leaf) != new.get(leaf)}
    _refresh_totals(connection, kind, block, templates)


def _stored(connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int]) -> Leaves:
    level, number = block
    found: Leaves = defaultdict(dict)
    for line, template, bitmap in connection.execute(_READ, (kind, level, number, number, json.dumps(sorted(lines)))):
        for leaf, blob in _leaves_of(template, bitmap):
            found[line][leaf] = bytes(blob)
    return found


def _rows(kind: int, line: int, leaves: dict[Leaf, bytes]) -> list[tuple[int, int, bytes]]:
    """The rows of a line: its total, the big leaves, and a pack of the others."""
    if not leaves:
        return []
    apart = {leaf: blob for leaf, blob in leaves.items() if kind != FAILED and is_big(blob)}
    packed = {leaf: blob for leaf, blob in leaves.items() if leaf not in apart}
    rows = [(line, leaf[0], blob) for leaf, blob in apart.items()]
    if packed:
        rows.append((line, PACK, pack(packed)))
    single = [(leaf, blob) for leaf, blob in leaves.items() if not is_group(leaf[0])]
    rows.append((line, ALL, _total(kind, ALL, single)))
    return rows


def _total(kind: int, template: int, leaves: Iterable[tuple[Leaf, Blob]]) -> bytes:
    """The roll-up of leaves; of failed ones a pack by failure."""
    by_failure: defaultdict[int, list[Blob]] = defaultdict(list)
    for (_, failure), blob in leaves:
        by_failure[failure].append(blob)
    if kind == FAILED:
        return pack({(template, failure): _united(blobs) for failure, blobs in by_failure.items()})
    return _united(by_failure[0])


def _write(
    connection: sqlite3.Connection, kind: int, block: Block, lines: Iterable[int], rows: list[tuple[int, int, bytes]]
) -> None:
    connection.executemany(
        "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = ?",
        [(kind, *block, line) for line in lines],
    )
    connection.executemany(
        "INSERT INTO users (kind, level, block, line, template, bitmap) VALUES (?, ?, ?, ?, ?, ?)",
        [(kind, *block, *row) for row in sorted(rows)],
    )


def _refresh_totals(connection: sqlite3.Connection, kind: int, block: Block, templates: set[int]) -> None:
    """The roll-ups over all lines of these templates and of all of them, from what the lines have."""
    by_template: defaultdict[int, list[tuple[Leaf, Blob]]] = defaultdict(list)
    everything: list[tuple[Leaf, Blob]] = []
    rows = connection.execute(
        "SELECT template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ? AND line <> 0", (kind, *block)
    )
    for template, bitmap in rows:
        if template == ALL:
            everything += _leaves_of(PACK if kind == FAILED else ALL, bitmap)
            continue
        for leaf, blob in _leaves_of(template, bitmap):
            if leaf[0] in templates:
                by_template[leaf[0]].append((leaf, blob))
    connection.executemany(
        "DELETE FROM users WHERE kind = ? AND level = ? AND block = ? AND line = 0 AND template = ?",
        [(kind, *block, template) for template in (*templates, ALL)],
    )
    totals = [(template, _total(kind, template, leaves)) for template, leaves in sorted(by_template.items())]
    if everything:
        totals.append((ALL, _total(kind, ALL, everything)))
    connection.executemany(
        "INSERT INTO users (kind, level, block, line, template, bitmap) VALUES (?, ?, ?, 0, ?, ?)",
        [(kind, *block, *total) for total in totals],
    )
