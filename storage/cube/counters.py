"""The counters of the cube: computes the writes of `cells` (by day) and `details` (by block). Owns both tables.

It knows no user set. Only rows that differ from the stored ones are written.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import add

from storage.cube.day_counts import Detail, PackedCounters, PackedSends, pack_counters, unpack_counters
from storage.cube.dimension_ids import all_lines, all_templates
from storage.cube.layout import ALL, Block, days_of
from storage.cube.repeats import Cell
from storage.database.schema import COUNTER_COLUMNS, NEW_USERS_PREFIX
from storage.database.statements import BulkStatement

CellCounters = dict[Cell, PackedCounters]
DetailSends = dict[Detail, PackedSends]

_COLUMN_NAMES = [f"{prefix}{column}" for prefix in ("", NEW_USERS_PREFIX) for column in COUNTER_COLUMNS]
_HAS_DAY = f"SELECT 1 FROM cells WHERE line = {ALL} AND template = {ALL} AND day = ?"
_READ_CELLS = f"""
SELECT line, template, {", ".join(_COLUMN_NAMES)} FROM cells
WHERE line IN (SELECT value FROM json_each(?)) AND template IN (SELECT value FROM json_each(?)) AND day = ?
"""
_PAIRS = "SELECT DISTINCT line, template FROM cells ORDER BY line, template"
# The primary key leads to the days of each line and template without a scan of the whole table.
_READ_DAYS = f"""
SELECT c.line, c.template, c.day, {", ".join(f"c.{name}" for name in _COLUMN_NAMES)}
FROM json_each(?) AS p CROSS JOIN cells AS c
ON c.line = p.value ->> 0 AND c.template = p.value ->> 1 AND c.day BETWEEN ? AND ?
"""
WRITE_CELL = f"INSERT OR REPLACE INTO cells VALUES ({', '.join('?' * (3 + len(_COLUMN_NAMES)))})"
_DROP_CELL = "DELETE FROM cells WHERE line = ? AND template = ? AND day = ?"

_DETAIL_KEY = 5  # columns of _READ_DETAILS that are the key of a detail
_READ_DETAILS = """
SELECT line, template, status, failure, marks, template_sends, notification_sends FROM details
WHERE level = ? AND block = ?
"""
_WRITE_DETAIL = "INSERT OR REPLACE INTO details VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP_DETAIL = """
DELETE FROM details
WHERE level = 0 AND block = ? AND line = ? AND template = ? AND status = ? AND failure = ? AND marks = ?
"""
_DROP_BLOCK = """
DELETE FROM details WHERE level = :level AND block = :block AND line IN (SELECT value FROM json_each(:lines))
"""
_SUM_CHILDREN = """
INSERT INTO details
SELECT :level, :block, line, template, status, failure, marks, sum(template_sends), sum(notification_sends)
FROM details
WHERE level = :level - 1 AND block BETWEEN :block AND :last AND line IN (SELECT value FROM json_each(:lines))
GROUP BY line, template, status, failure, marks
"""


def has_day(connection: sqlite3.Connection, day: int) -> bool:
    """Whether the cube has cells of a day, clean or dirty."""
    return connection.execute(_HAS_DAY, (day,)).fetchone() is not None


def stored_cells(connection: sqlite3.Connection, day: int, lines: set[int]) -> CellCounters:
    """The stored cells of a day.

    Args:
        lines: Dirty lines; they may include lines that no longer exist, whose cells are read as well.
    """
    if not has_day(connection, day):
        return {}
    ids = (all_lines(connection) | lines, all_templates(connection))
    listed = (json.dumps(sorted(of_dimension | {ALL})) for of_dimension in ids)
    rows = connection.execute(_READ_CELLS, (*listed, day))
    return {(line, template): pack_counters(columns) for line, template, *columns in rows}


def cell_writes(day: int, lines: set[int], leaves: CellCounters, stored: CellCounters) -> list[BulkStatement]:
    """The writes of a day's cells when some lines are counted again, roll-ups included.

    Args:
        lines: The lines that are counted again.
        leaves: All leaf cells of these lines.
        stored: All cells of the day that are stored.
    """
    of_other_lines = {cell: counters for cell, counters in stored.items() if ALL not in cell and cell[0] not in lines}
    cells = of_other_lines | leaves
    cells |= _cell_roll_ups(cells)
    written = [(*cell, day, *unpack_counters(of)) for cell, of in cells.items() if stored.get(cell) != of]
    return [(WRITE_CELL, written), (_DROP_CELL, [(*cell, day) for cell in stored if cell not in cells])]


def _cell_roll_ups(leaves: CellCounters) -> CellCounters:
    by_line: defaultdict[int, PackedCounters] = defaultdict(int)
    by_template: defaultdict[int, PackedCounters] = defaultdict(int)
    for (line, template), counters in leaves.items():
        by_line[line] += counters
        by_template[template] += counters
    roll_ups = {(line, ALL): counters for line, counters in by_line.items()}
    roll_ups |= {(ALL, template): counters for template, counters in by_template.items()}
    if leaves:
        roll_ups[ALL, ALL] = sum(by_line.values())
    return roll_ups


def lines_and_templates(connection: sqlite3.Connection) -> str:
    """Every pair of a line and a template that has cells, whatever their ids, as JSON."""
    return json.dumps(connection.execute(_PAIRS).fetchall())


def cells_by_day(
    connection: sqlite3.Connection, days: range, pairs: str | None = None
) -> dict[int, dict[Cell, tuple[int, ...]]]:
    """All stored cells of some days, roll-ups included; the columns as they are stored.

    Args:
        connection: the database.
        days: the days.
        pairs: of `lines_and_templates`, if it is known.
    """
    pairs = lines_and_templates(connection) if pairs is None else pairs
    by_day: defaultdict[int, dict[Cell, tuple[int, ...]]] = defaultdict(dict)
    for line, template, day, *columns in rows_of_days(connection, days, pairs):
        by_day[day][line, template] = tuple(columns)
    return by_day


def rows_of_days(connection: sqlite3.Connection, days: range, pairs: str) -> Iterator[tuple[int, ...]]:
    """The stored rows of some days, roll-ups included, in the order of line, template and day.

    Args:
        connection: the database.
        days: the days.
        pairs: of `lines_and_templates`.
    """
    return connection.execute(_READ_DAYS, (pairs, days.start, days.stop - 1))


def columns_of_cells(leaves: CellCounters) -> dict[Cell, tuple[int, ...]]:
    """The columns of a day's cells, from its leaf cells, roll-ups included."""
    return {cell: unpack_counters(counters) for cell, counters in (leaves | _cell_roll_ups(leaves)).items()}


def stored_details(connection: sqlite3.Connection, block: Block) -> DetailSends:
    """The stored details of a block."""
    return {row[:_DETAIL_KEY]: row[_DETAIL_KEY:] for row in connection.execute(_READ_DETAILS, block)}


def with_roll_ups(leaves: DetailSends) -> DetailSends:
    """The details of a block, from those of its leaf cells, roll-ups included."""
    return leaves | _detail_roll_ups(leaves)


def detail_writes(day: int, lines: set[int], leaves: DetailSends, stored: DetailSends) -> list[BulkStatement]:
    """The writes of a day's details when some lines are counted again; arguments as of `cell_writes`."""
    of_other_lines = {
        detail: sends for detail, sends in stored.items() if ALL not in detail[:2] and detail[0] not in lines
    }
    details = with_roll_ups(of_other_lines | leaves)
    written = [(day, *detail, *sends) for detail, sends in sorted(details.items()) if stored.get(detail) != sends]
    return [(_WRITE_DETAIL, written), (_DROP_DETAIL, [(day, *detail) for detail in stored if detail not in details])]


def _detail_roll_ups(leaves: DetailSends) -> DetailSends:
    roll_ups: DetailSends = {}
    for (line, template, status, failure, flags), sends in leaves.items():
        for rolled_line, rolled_template in ((line, ALL), (ALL, template), (ALL, ALL)):
            detail = rolled_line, rolled_template, status, failure, flags
            known = roll_ups.get(detail)
            roll_ups[detail] = sends if known is None else tuple(map(add, known, sends))
    return roll_ups


def refresh_details(connection: sqlite3.Connection, block: Block, lines: Iterable[int]) -> None:
    """Replaces the details of some lines in a coarse block by the sums of its children."""
    level, first = block
    parameters = {
        "level": level,
        "block": first,
        "last": days_of(block).stop - 1,
        "lines": json.dumps([ALL, *sorted(lines)]),
    }
    connection.execute(_DROP_BLOCK, parameters)
    connection.execute(_SUM_CHILDREN, parameters)
