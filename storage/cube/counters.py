"""The counters of the cube: `cells` by day, `details` by block. Tells how to write what differs from what is there, and
every roll-up from the leaves. Owns both tables; knows no set of users.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from operator import add

from storage.cube.day_counts import Cell, Detail, Sends, Sums, columns_of, sums_of
from storage.cube.layout import ALL, Block, children_of
from storage.database.schema import COUNTER_COLUMNS, NEW_USERS_PREFIX
from storage.database.statements import BulkStatement
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID

Cells = dict[Cell, Sums]
Details = dict[Detail, Sends]

_NAMES = [f"{of}{column}" for of in ("", NEW_USERS_PREFIX) for column in COUNTER_COLUMNS]
_COLUMNS = ", ".join(_NAMES)
_HAS_DAY = f"SELECT 1 FROM cells WHERE line = {ALL} AND template = {ALL} AND day = ?"
_READ = f"""
SELECT line, template, {_COLUMNS} FROM cells
WHERE line IN (SELECT value FROM json_each(?)) AND template IN (SELECT value FROM json_each(?)) AND day = ?
"""
_WRITE = f"INSERT OR REPLACE INTO cells VALUES ({', '.join('?' * (3 + len(_NAMES)))})"
_DROP = "DELETE FROM cells WHERE line = ? AND template = ? AND day = ?"

_OF_DETAIL = 5  # columns that tell one detail of a day from the others
_READ_DETAILS = """
SELECT line, template, status, failure, marks, template_sends, notification_sends FROM details
WHERE level = 0 AND block = ?
"""
_WRITE_DETAIL = "INSERT OR REPLACE INTO details VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP_DETAIL = """
DELETE FROM details
WHERE level = 0 AND block = ? AND line = ? AND template = ? AND status = ? AND failure = ? AND marks = ?
"""
_DROP_BLOCK = """
DELETE FROM details WHERE level = :level AND block = :block AND line IN (SELECT value FROM json_each(:lines))
"""
_SUM_UP = """
INSERT INTO details
SELECT :level, :block, line, template, status, failure, marks, sum(template_sends), sum(notification_sends)
FROM details
WHERE level = :level - 1 AND block BETWEEN :child AND :last_child AND line IN (SELECT value FROM json_each(:lines))
GROUP BY line, template, status, failure, marks
"""


def all_lines(connection: sqlite3.Connection) -> set[int]:
    """Every line that a cell may have."""
    return {UNKNOWN_ID, *(id for (id,) in connection.execute("SELECT id FROM lines"))}


def all_templates(connection: sqlite3.Connection) -> set[int]:
    """Every template that a cell may have."""
    return {UNKNOWN_ID, NO_TEMPLATE, *(id for (id,) in connection.execute("SELECT id FROM templates"))}


def has_day(connection: sqlite3.Connection, day: int) -> bool:
    """Whether there are cells of a day, be they as dirty as they may."""
    return connection.execute(_HAS_DAY, (day,)).fetchone() is not None


def stored_cells(connection: sqlite3.Connection, day: int, lines: set[int]) -> Cells:
    """The cells of a day as they are; those of `lines` as well where a line is gone."""
    if not has_day(connection, day):
        return {}
    listed = (json.dumps(sorted(some | {ALL})) for some in (all_lines(connection) | lines, all_templates(connection)))
    rows = connection.execute(_READ, (*listed, day))
    return {(line, template): sums_of(columns) for line, template, *columns in rows}


def cell_writes(day: int, lines: set[int], leaves: Cells, stored: Cells) -> list[BulkStatement]:
    """How to write the counters of these lines on a day, and the roll-ups over them."""
    # The leaves of the other lines stay as they are.
    cells = {cell: sums for cell, sums in stored.items() if ALL not in cell and cell[0] not in lines} | leaves
    cells |= _roll_up(cells)
    written = [(*cell, day, *columns_of(sums)) for cell, sums in cells.items() if stored.get(cell) != sums]
    return [(_WRITE, written), (_DROP, [(*cell, day) for cell in stored if cell not in cells])]


def _roll_up(leaves: Cells) -> Cells:
    by_line: defaultdict[int, Sums] = defaultdict(int)
    by_template: defaultdict[int, Sums] = defaultdict(int)
    for (line, template), sums in leaves.items():
        by_line[line] += sums
        by_template[template] += sums
    totals = {(line, ALL): sums for line, sums in by_line.items()}
    totals |= {(ALL, template): sums for template, sums in by_template.items()}
    if leaves:
        totals[ALL, ALL] = sum(by_line.values())
    return totals


def stored_details(connection: sqlite3.Connection, day: int) -> Details:
    """The details of a day as they are."""
    return {row[:_OF_DETAIL]: row[_OF_DETAIL:] for row in connection.execute(_READ_DETAILS, (day,))}


def detail_writes(day: int, lines: set[int], leaves: Details, stored: Details) -> list[BulkStatement]:
    """How to write the details of these lines on a day, and the roll-ups over them."""
    details = {
        detail: sends for detail, sends in stored.items() if ALL not in detail[:2] and detail[0] not in lines
    } | leaves
    totals: Details = {}
    for (line, template, status, failure, marks), sends in details.items():
        for of_line, of_template in ((line, ALL), (ALL, template), (ALL, ALL)):
            detail = of_line, of_template, status, failure, marks
            known = totals.get(detail)
            totals[detail] = sends if known is None else tuple(map(add, known, sends))
    details |= totals
    written = [(day, *detail, *sends) for detail, sends in sorted(details.items()) if stored.get(detail) != sends]
    return [(_WRITE_DETAIL, written), (_DROP_DETAIL, [(day, *detail) for detail in stored if detail not in details])]


def refresh_details(connection: sqlite3.Connection, block: Block, lines: Iterable[int]) -> None:
    """Sums up the details of a coarse block from the blocks below it."""
    level, number = block
    children = children_of(block)
    parameters = {
        "level": level,
        "block": number,
        "child": children.start,
        "last_child": children.stop - 1,
        "lines": json.dumps([ALL, *sorted(lines)]),
    }
    connection.execute(_DROP_BLOCK, parameters)
    connection.execute(_SUM_UP, parameters)
