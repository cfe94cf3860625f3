"""The sets of users that make up a selection: which rows of `users` those are, and no row more is read. Counts nobody.

What has no roll-up of its own is made up of its templates and lines; all templates but a few are the roll-up over all
of them, less the users who stand in none but those few.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from pyroaring import BitMap

from storage.cube.bitmaps import EncodedSet, decode
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE, Block, has_multiplicity
from storage.cube.multiplicity import Layers, only_in
from storage.cube.packed_sets import PackKey, each_of, picked, picked_of_block, unpack, unpack_block
from storage.report.selection import Dimensions

Cell = tuple[int, int, int]  # day, line, template

_LISTED_TEMPLATES = 20  # templates of a line that are looked up one by one; more are looked for among all of the line's
_FEWER = 5  # times as few templates that are not chosen: to count them is faster than to unite those that are
_MOST = 0.75  # of all templates: so many failed ones are read from the packs of the lines


def sets_of(
    connection: sqlite3.Connection,
    kind: int,
    blocks: Iterable[Block],
    chosen: Dimensions,
    lines: Collection[int],
    templates: Collection[int],
) -> Iterator[tuple[int, EncodedSet | BitMap]]:
    """The sets, each with its failure (0 but in the kind FAILED); `lines` and `templates` are all that there are.

    One by one as they are read: to hold them all takes more memory, and so more time, than to unite them.
    """
    of_lines: Collection[int] = (ALL,) if chosen.lines is None else chosen.lines
    if chosen.templates is None:
        yield from _sets_of_templates(connection, kind, list(blocks), of_lines, (ALL,))
        return
    most = len(chosen.templates) > max(len(lines), _MOST * len(templates))
    others = set(templates) - chosen.templates
    few = len(others) * _FEWER < len(chosen.templates)
    for has_them, some in groupby(blocks, lambda block: has_multiplicity(kind, block[0])):
        if few and has_them:
            for block in some:
                yield from _all_but(connection, kind, block, of_lines, chosen.templates, others)
        elif kind == FAILED and chosen.lines is None and most:
            # A template has a row in each block, as has a line for all its templates, of which the most are neighbours.
            yield from _sets_of_templates(connection, kind, list(some), lines, chosen.templates)
        else:
            yield from _sets_of_templates(connection, kind, list(some), of_lines, chosen.templates)


def _sets_of_templates(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], templates: Collection[int]
) -> Iterator[tuple[int, EncodedSet]]:
    """The sets of these templates, which may be ALL, of these lines, which may be ALL."""
    leaf = ALL not in lines and ALL not in templates
    stored = {PACKED_LINE} if leaf and kind == FAILED else {PACKED_LINE, *templates} if leaf else templates
    for line, template, bitmap in _rows(connection, kind, blocks, lines, stored):
        if line == PACKED_BLOCK:
            yield from _of_sparse(bitmap, lines, templates)
        elif template == PACKED_LINE or kind == FAILED:
            yield from picked(bitmap, templates if leaf else None)
        else:
            yield 0, bitmap


def _of_sparse(packed: bytes, lines: Collection[int], templates: Collection[int]) -> Iterable[tuple[int, EncodedSet]]:
    """The same of a block that is one row."""
    return picked_of_block(packed, None if ALL in lines else lines, None if ALL in templates else templates)


def _all_but(
    connection: sqlite3.Connection,
    kind: int,
    block: Block,
    lines: Collection[int],
    templates: Collection[int],
    others: Collection[int],
) -> Iterator[tuple[int, EncodedSet | BitMap]]:
    """The sets of these templates, all but the others, of these lines: all users of a line less those who stand in
    none but the others."""
    totals: dict[int, list[tuple[int, EncodedSet]]] = {}
    repeated: dict[int, dict[PackKey, EncodedSet]] = {}
    leaving: defaultdict[tuple[int, int], list[EncodedSet]] = defaultdict(list)  # by line and failure
    for line, template, bitmap in _rows(connection, kind, [block], lines, {ALL, MULTIPLICITY, PACKED_LINE, *others}):
        if line == PACKED_BLOCK:
            yield from _of_sparse(bitmap, lines, templates)
        elif template == ALL:
            totals[line] = picked(bitmap, None) if kind == FAILED else [(0, bitmap)]
        elif template == MULTIPLICITY:
            repeated[line] = dict(unpack(bitmap))
        elif template == PACKED_LINE or kind == FAILED:
            for failure, blob in each_of(bitmap, others if template == PACKED_LINE else (template,)):
                leaving[line, failure].append(blob)
        else:
            leaving[line, 0].append(bitmap)
    for line, sets in totals.items():
        layers = repeated.get(line, {})
        for failure, everybody in sets:
            if (some := leaving.get((line, failure))) is None:
                yield failure, everybody
            else:
                users = decode(everybody)
                users -= only_in(some, _layers(layers, failure))
                yield failure, users


def _layers(repeated: dict[PackKey, EncodedSet], failure: int) -> Layers:
    """The layers of one failure; one that is not there is empty."""
    places = [place for place, of in repeated if of == failure]
    return [decode(repeated.get((place, failure), b"")) for place in range(max(places, default=-1) + 1)]


def sets_by_cell(
    connection: sqlite3.Connection, kind: int, cells: Iterable[Cell]
) -> Iterator[tuple[Cell, int, EncodedSet]]:
    """The sets of these cells, which are of single days, lines and templates, each with its failure."""
    wanted: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for day, line, template in cells:
        wanted[day, line].add(template)
    rows_of = {(day, of) for day, line in wanted for of in (line, PACKED_BLOCK)}
    rows = connection.execute(
        f"""
        SELECT u.block, u.line, u.template, u.bitmap
        FROM json_each(?) AS w CROSS JOIN users AS u
            ON u.kind = ? AND u.level = 0 AND u.block = w.value ->> 0 AND u.line = w.value ->> 1
        WHERE u.template <> {ALL}
        """,
        (json.dumps(sorted(rows_of)), kind),
    )
    for day, line, template, bitmap in rows:
        if line == PACKED_BLOCK:
            for (of_line, of, failure), blob in unpack_block(bitmap):
                if of in wanted.get((day, of_line), ()):
                    yield (day, of_line, of), failure, blob
            continue
        templates = wanted[day, line]
        if template != PACKED_LINE:
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
        SELECT u.line, u.template, u.bitmap
        FROM b CROSS JOIN users AS u
            ON u.kind = :kind AND u.level = b.level AND u.block = b.block
           AND u.line IN (SELECT value FROM json_each(:lines))
           AND {sign}u.template IN (SELECT value FROM json_each(:templates))
        """,
        {
            "kind": kind,
            "blocks": json.dumps(blocks),
            "lines": json.dumps(sorted((PACKED_BLOCK, *lines))),
            "templates": json.dumps(sorted((PACKED_BLOCK, *templates))),
        },
    )
