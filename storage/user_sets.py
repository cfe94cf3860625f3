"""The sets of users that make up a selection: which rows of `users` those are, and no row more is read. Counts nobody.

Sets have no "all less the others": what has no roll-up of its own is made up of groups, templates and lines.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from storage.bitmaps import Blob, picked, unpack
from storage.cube_layout import ALL, FAILED, PACK, Block, grouped, has_groups
from storage.selection import Chosen

Cell = tuple[int, int, int]  # day, line, template

_LISTED_TEMPLATES = 20  # templates of a line that are looked up one by one; more are looked for among all of the line's
_MOST = 0.75  # of all templates: so many failed ones are read from the packs of the lines


def sets_of(
    connection: sqlite3.Connection,
    kind: int,
    blocks: Iterable[Block],
    chosen: Chosen,
    lines: Collection[int],
    templates: Collection[int],
) -> Iterator[tuple[int, Blob]]:
    """The sets, each with its failure (0 but in the kind FAILED); `lines` and `templates` are all that there are.

    One by one as they are read: to hold them all takes more memory, and so more time, than to unite them.
    """
    of_lines: Collection[int] = (ALL,) if chosen.lines is None else chosen.lines
    wanted: Collection[int] = (ALL,) if chosen.templates is None else chosen.templates
    if kind == FAILED and chosen.lines is None and chosen.templates is not None:
        # A template has a row in each block, and so has a line for all its templates, of which the most are neighbours.
        most = len(wanted) > len(lines) and len(wanted) > _MOST * len(templates)
        of_lines = lines if most else of_lines
    leaf = ALL not in of_lines and chosen.templates is not None
    for grouping, some in groupby(blocks, lambda block: has_groups(kind, block[0])):
        whole = grouped(wanted, templates) if grouping and chosen.templates is not None else frozenset(wanted)
        stored = {PACK} if leaf and kind == FAILED else {PACK, *whole} if leaf else whole
        for template, bitmap in _rows(connection, kind, list(some), of_lines, stored):
            if template == PACK or kind == FAILED:
                yield from picked(bitmap, whole if leaf else None)
            else:
                yield 0, bitmap


def sets_by_cell(connection: sqlite3.Connection, kind: int, cells: Iterable[Cell]) -> Iterator[tuple[Cell, int, Blob]]:
    """The sets of these cells, which are of single days, lines and templates, each with its failure."""
    wanted: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for day, line, template in cells:
        wanted[day, line].add(template)
    rows = connection.execute(
        f"""
        SELECT u.block, u.line, u.template, u.bitmap
        FROM json_each(?) AS w CROSS JOIN users AS u
            ON u.kind = ? AND u.level = 0 AND u.block = w.value ->> 0 AND u.line = w.value ->> 1
        WHERE u.template <> {ALL}
        """,
        (json.dumps(sorted(wanted)), kind),
    )
    for day, line, template, bitmap in rows:
        templates = wanted[day, line]
        if template != PACK:
            if template in templates:
                yield (day, line, template), 0, bitmap
            continue
        for (of, failure), blob in unpack(bitmap):
            if of in templates:
                yield (day, line, of), failure, blob


def _rows(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], templates: Collection[int]
) -> sqlite3.Cursor:
    # With the plus, SQLite passes over other templates within the index, and does not seek each one that is listed.
    sign = "" if len(templates) <= _LISTED_TEMPLATES else "+"
    return connection.execute(
        f"""
        WITH b (level, block) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:blocks))
        SELECT u.template, u.bitmap
        FROM b CROSS JOIN users AS u
            ON u.kind = :kind AND u.level = b.level AND u.block = b.block
           AND u.line IN (SELECT value FROM json_each(:lines))
           AND {sign}u.template IN (SELECT value FROM json_each(:templates))
        """,
        {
            "kind": kind,
            "blocks": json.dumps(blocks),
            "lines": json.dumps(sorted(lines)),
            "templates": json.dumps(sorted(templates)),
        },
    )
