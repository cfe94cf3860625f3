"""The counters of the cube: refreshed from the starts of some days of some lines, by SQL alone. Knows no bitmap.

Owns `cells`, `details` and `failure_kinds`, and a temporary table of the starts that a refresh is about.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from storage.calendar import Calendar
from storage.cube_layout import ALL, Block, children_of
from storage.schema import COUNTERS, REFERRED_FROM
from storage.selection import NO_TEMPLATE, UNKNOWN_ID

_STARTS = """
CREATE TEMP TABLE IF NOT EXISTS cube_starts (
    line INTEGER, template INTEGER, day INTEGER, origin INTEGER, user_type INTEGER, status INTEGER, marks INTEGER,
    code INTEGER, reason TEXT, contact INTEGER
)
"""
LINE = f"ifnull(m.line, {UNKNOWN_ID})"
TEMPLATE = f"ifnull(m.start_template, iif(m.origin < {REFERRED_FROM}, {UNKNOWN_ID}, {NO_TEMPLATE}))"
_FILL = f"""
INSERT INTO cube_starts
SELECT {LINE}, {TEMPLATE}, m.day, m.origin, m.user_type, m.status, m.marks, m.failure_code, m.failure_reason, m.contact
FROM messages AS m INDEXED BY starts_by_time
WHERE m.origin IS NOT NULL AND m.start_at >= :since_at AND m.start_at < :until_at AND m.day BETWEEN :first AND :last
  AND {LINE} IN (SELECT value FROM json_each(:lines))
"""

_BY_STATUS = ", ".join(
    f"sum(origin = {origin} AND user_type = {user_type} AND status = {status})"
    for origin, user_type, status in COUNTERS
)
_SUMS = ", ".join(f"sum({column})" for column in COUNTERS.values())
_LEAVES = f"""
INSERT INTO cells SELECT line, template, day, {_BY_STATUS} FROM cube_starts GROUP BY line, template, day
"""
_WITHIN = """
line IN (SELECT value FROM json_each(:lines)) AND template IN (SELECT value FROM json_each(:templates))
AND day BETWEEN :first AND :last"""
_DROP = f"DELETE FROM cells WHERE {_WITHIN}"
_ROLL_UP = f"""
INSERT INTO cells
SELECT {{line}}, {{template}}, day, {_SUMS}
FROM cells WHERE {_WITHIN}
GROUP BY {{by}}, day
"""
_LINE_TOTALS = _ROLL_UP.format(line="line", template=ALL, by="line")
_TEMPLATE_TOTALS = _ROLL_UP.format(line=ALL, template="template", by="template")
_TOTALS = _ROLL_UP.format(line=ALL, template=ALL, by="line")

_NEW_KINDS = """
INSERT INTO failure_kinds (code, reason)
SELECT DISTINCT code, reason FROM cube_starts WHERE reason IS NOT NULL ORDER BY code, reason
ON CONFLICT DO NOTHING
"""
KIND_OF = """
CASE WHEN reason IS NULL THEN 0
     ELSE (SELECT k.id FROM failure_kinds AS k
           WHERE ifnull(k.code, -1) = ifnull(s.code, -1) AND k.reason = s.reason) END"""
_DETAIL_LEAVES = f"""
INSERT INTO details
SELECT 0, day, line, template, origin, user_type, status, {KIND_OF} AS failure, marks, count(*)
FROM cube_starts AS s WHERE reason IS NOT NULL OR marks <> 0
GROUP BY day, line, template, origin, user_type, status, failure, marks
"""
_DETAIL_DROP = """
DELETE FROM details
WHERE level = :level AND block BETWEEN :first AND :last AND line IN (SELECT value FROM json_each(:lines))
"""
_DETAIL_LINES = f"""
INSERT INTO details
SELECT level, block, line, {ALL}, origin, user_type, status, failure, marks, sum(count)
FROM details WHERE level = 0 AND block BETWEEN :first AND :last AND line IN (SELECT value FROM json_each(:lines))
GROUP BY level, block, line, origin, user_type, status, failure, marks
"""
_DETAIL_TOTALS = f"""
INSERT INTO details
SELECT level, block, {ALL}, template, origin, user_type, status, failure, marks, sum(count)
FROM details WHERE level = 0 AND block BETWEEN :first AND :last AND line <> {ALL}
GROUP BY level, block, template, origin, user_type, status, failure, marks
"""
_DETAIL_COARSE = """
INSERT INTO details
SELECT :level, :block, line, template, origin, user_type, status, failure, marks, sum(count)
FROM details
WHERE level = :level - 1 AND block BETWEEN :child AND :last_child AND line IN (SELECT value FROM json_each(:lines))
GROUP BY line, template, origin, user_type, status, failure, marks
"""


def all_lines(connection: sqlite3.Connection) -> set[int]:
    """Every line that a cell may have."""
    return {UNKNOWN_ID, *(id for (id,) in connection.execute("SELECT id FROM lines"))}


def all_templates(connection: sqlite3.Connection) -> set[int]:
    """Every template that a cell may have."""
    return {UNKNOWN_ID, NO_TEMPLATE, *(id for (id,) in connection.execute("SELECT id FROM templates"))}


def take_starts(
    connection: sqlite3.Connection, calendar: Calendar, first: int, last: int, lines: Iterable[int]
) -> None:
    """Puts the starts of these lines on the days first to last into the temporary table."""
    connection.execute(_STARTS)
    connection.execute("DELETE FROM cube_starts")
    bounds = {"since_at": calendar.start_of(first), "until_at": calendar.start_of(last + 1)}
    connection.execute(_FILL, bounds | {"first": first, "last": last, "lines": json.dumps(sorted(lines))})
    connection.execute(_NEW_KINDS)


def refresh_days(connection: sqlite3.Connection, first: int, last: int, lines: set[int], fresh: bool) -> None:
    """Counts the starts taken, which are those of these lines on these days; `fresh`: none of it was counted before."""
    bounds = {"first": first, "last": last}
    known = all_templates(connection)

    def run(statement: str, of: Iterable[int], templates: Iterable[int]) -> None:
        listed = {"lines": json.dumps(sorted(of)), "templates": json.dumps(sorted(templates))}
        connection.execute(statement, bounds | listed)

    touched = known
    if not fresh:
        touched = _touched(connection, first, last, lines, known)
        run(_DROP, lines, touched | {ALL})
        run(_DROP, {ALL}, touched | {ALL})
    connection.execute(_LEAVES)
    run(_LINE_TOTALS, lines, known)
    run(_TEMPLATE_TOTALS, all_lines(connection), touched)
    run(_TOTALS, {ALL}, known)
    if not fresh:
        connection.execute(_DETAIL_DROP, bounds | {"level": 0, "lines": json.dumps([ALL, *lines])})
    connection.execute(_DETAIL_LEAVES)
    connection.execute(_DETAIL_LINES, bounds | {"lines": json.dumps(sorted(lines))})
    connection.execute(_DETAIL_TOTALS, bounds)


def _touched(connection: sqlite3.Connection, first: int, last: int, lines: set[int], known: set[int]) -> set[int]:
    """The templates that these lines have, or had when they were counted last."""
    parameters = {
        "first": first,
        "last": last,
        "lines": json.dumps(sorted(lines)),
        "templates": json.dumps(sorted(known)),
    }
    rows = connection.execute(
        f"SELECT template FROM cells WHERE {_WITHIN} UNION SELECT template FROM cube_starts", parameters
    )
    return {template for (template,) in rows}


def refresh_details(connection: sqlite3.Connection, block: Block, lines: set[int]) -> None:
    """Sums up the details of a coarse block from the blocks below it."""
    level, number = block
    children = children_of(block)
    parameters = {
        "level": level,
        "block": number,
        "first": number,
        "last": number,
        "child": children.start,
        "last_child": children.stop - 1,
        "lines": json.dumps([ALL, *sorted(lines)]),
    }
    connection.execute(_DETAIL_DROP, parameters)
    connection.execute(_DETAIL_COARSE, parameters)
