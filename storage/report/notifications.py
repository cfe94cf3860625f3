"""The sends grouped by template, line and day, from the cells; and which lines and templates hold what is selected."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from storage.cube.layout import ALL, ANSWER, FAILURE, cover
from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID, UNKNOWN_ID
from storage.domain.calendar import date_of, number_of
from storage.report.counter_sql import chosen_counters, has_sends, numbers_of, send_origins, sends_of
from storage.report.cube_metrics import Cube
from storage.report.selection import Dimensions, Selection

_WIDER = 4  # times: how fast a search for a position takes in more days
_SENDS = frozenset(range(REFERRED_FROM))
_WITHIN = """
FROM cells AS c
WHERE line IN (SELECT value FROM json_each(:of_lines)) AND template IN (SELECT value FROM json_each(:of_templates))
  AND day >= :since AND day < :until"""
_WITH_FAILURES = """
  AND (day, line, template) IN (
      SELECT block, line, template FROM details
      WHERE level = 0 AND block >= :since AND block < :until AND failure IN (SELECT value FROM json_each(:kinds))
        AND {dimensions})"""
_FAILURES_BY = """
SELECT {column}, {sends}
FROM json_each(:blocks) AS b CROSS JOIN details AS d ON d.level = b.value ->> 0 AND d.block = b.value ->> 1
    AND d.line IN (SELECT value FROM json_each(:of_lines))
    AND d.template IN (SELECT value FROM json_each(:of_templates))
WHERE failure IN (SELECT value FROM json_each(:kinds)) AND {dimensions}
GROUP BY 1"""
_FROM_MESSAGES = """
SELECT m.day, {template}, {line}, count(*), sum(m.status = {failed}), sum(m.status = {answered}),
       count(DISTINCT m.contact)
FROM messages AS m WHERE {condition} AND m.origin < {referred}
GROUP BY 1, 2, 3
"""


class Notification(NamedTuple):
    """The sends of one template on one line and day, by ids (None: unknown)."""

    day: date
    template: int | None
    line: int | None
    users: int
    sends: int
    failed: int
    answered: int


Group = tuple[
    int, int, int, int, int, int, int | None
]  # day, template, line, sends, failed, answered, users if counted


def notifications_of(connection: sqlite3.Connection, cube: Cube, selection: Selection) -> tuple[list[list[int]], int]:
    """The pairs of line and template that hold what is selected, and how many starts of any kind those pairs have."""
    condition, parameters = _condition(cube, selection, selection.dimensions)
    counted = " + ".join(_counters(Dimensions(), range(len(STATUSES))))
    rows = connection.execute(
        f"SELECT line, template, sum({counted}) {condition} GROUP BY line, template", parameters
    ).fetchall()
    return [[line, template] for line, template, _ in rows], sum(row[2] for row in rows)


def counts_by_line(connection: sqlite3.Connection, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each line has, by its id."""
    return _counts_by(connection, selection, selection.dimensions, "line")


def counts_by_template(connection: sqlite3.Connection, selection: Selection) -> dict[int, int]:
    """How many sends of the selection each template has, by its id; referred starts have none by nature."""
    return _counts_by(connection, selection, _sends(selection.dimensions), "template")


def starts_by_template(connection: sqlite3.Connection, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each template has, by its id."""
    return _counts_by(connection, selection, selection.dimensions, "template")


def _counts_by(connection: sqlite3.Connection, selection: Selection, chosen: Dimensions, column: str) -> dict[int, int]:
    cube = Cube(connection)
    counts: defaultdict[int, int] = defaultdict(int)
    in_cells = not chosen.by_contact  # no cell tells one contact
    if in_cells:
        condition, parameters = _condition(cube, selection, chosen)
        other = "templates" if column == "line" else "lines"
        if getattr(chosen, other) is None:
            parameters[f"of_{other}"] = json.dumps([ALL])
        counted = " + ".join(_counters(chosen, range(len(STATUSES)))) or "0"
        statement = f"SELECT {column}, sum({counted}) {condition} GROUP BY 1"
        if chosen.failures is not None:
            dirty = connection.execute("SELECT DISTINCT level, block FROM dirty").fetchall()
            blocks = cover(number_of(selection.since), number_of(selection.until), dirty)
            parameters["blocks"] = json.dumps(blocks)
            sends = " + ".join(sends_of(origin, chosen.user_type) for origin in send_origins(chosen)) or "0"
            statement = _FAILURES_BY.format(column=column, sends=sends, dimensions=_dimensions(chosen))
        counts |= dict(connection.execute(statement, parameters))
    id = LINE_ID if column == "line" else TEMPLATE_ID
    origins = json.dumps(sorted(range(len(ORIGINS)) if chosen.origins is None else chosen.origins))
    for part in cube.dirty_parts(selection) if in_cells else (selection,):
        rows = connection.execute(
            f"""
            SELECT {id}, count(*) FROM messages AS m
            WHERE {part.condition} AND m.origin IN (SELECT value FROM json_each(:of_origins))
            GROUP BY 1
            """,
            part.parameters | {"of_origins": origins},
        )
        for value, count in rows:
            counts[value] += count
    return dict(counts)


def groups_a_day(connection: sqlite3.Connection, selection: Selection) -> dict[int, int]:
    """How many groups of sends each day of the selection has, that has any."""
    if selection.dimensions.by_contact:
        return Counter(day for day, *_ in _groups_of_messages(connection, selection))
    return _counts_by_day(Cube(connection), selection)


def groups(
    connection: sqlite3.Connection, selection: Selection, position: int, limit: int, a_day: Mapping[int, int] | None
) -> list[Notification]:
    """The groups from a position on: newest day first, then by the names of template and line, unknown ones last.

    a_day: what `groups_a_day` says, where that is known; else the days are searched for the position.
    """
    cube = Cube(connection)
    if a_day is None and selection.dimensions.by_contact:
        a_day = groups_a_day(connection, selection)
    counts = _newest_first(cube, selection) if a_day is None else iter(sorted(a_day.items(), reverse=True))
    passed = skipped = 0
    days = []
    while passed < position + limit and (next_day := next(counts, None)) is not None:
        day, count = next_day
        if passed + count > position:
            days.append(day)
        else:
            skipped += count
        passed += count
    if not days:
        return []
    of_days = selection.between(date_of(days[-1]), date_of(days[0] + 1))
    found = _sorted(connection, _groups_of_days(connection, cube, of_days))
    return _notifications(cube, of_days, found[position - skipped : position - skipped + limit])


def _newest_first(cube: Cube, selection: Selection) -> Iterator[tuple[int, int]]:
    """Days and how many groups they have, as few days at once as may do, then ever more."""
    until = selection.until
    length = 1
    while until > selection.since:
        since = max(selection.since, until - timedelta(days=length))
        yield from sorted(_counts_by_day(cube, selection.between(since, until)).items(), reverse=True)
        until = since
        length *= _WIDER


def _counts_by_day(cube: Cube, selection: Selection) -> dict[int, int]:
    condition, parameters = _condition(cube, selection, _sends(selection.dimensions))
    rows = cube.connection.execute(f"SELECT day, count(*) {condition} GROUP BY day", parameters)
    counts = Counter(dict(rows))
    for part in cube.dirty_parts(selection):
        counts.update(day for day, *_ in _groups_of_messages(cube.connection, part))
    return counts


def _groups_of_days(connection: sqlite3.Connection, cube: Cube, selection: Selection) -> list[Group]:
    if selection.dimensions.by_contact:
        return _groups_of_messages(connection, selection)
    chosen = _sends(selection.dimensions)
    condition, parameters = _condition(cube, selection, chosen)
    columns = ", ".join(
        " + ".join(_counters(chosen, statuses)) or "0"
        for statuses in (range(FAILURE, ANSWER + 1), (FAILURE,), (ANSWER,))
    )
    rows = connection.execute(f"SELECT day, template, line, {columns} {condition}", parameters)
    found: list[Group] = []
    for day, template, line, *counts in rows:
        if chosen.failures is not None:
            of_cell = selection.between(date_of(day), date_of(day + 1)).with_dimensions(_only(chosen, line, template))
            failed = sum(sum(row[6:]) for row in cube.rows(of_cell))
            counts = [failed, failed, 0]
        found.append((day, template, line, *counts, None))
    for part in cube.dirty_parts(selection):
        found += _groups_of_messages(connection, part)
    return found


def _groups_of_messages(connection: sqlite3.Connection, selection: Selection) -> list[Group]:
    statement = _FROM_MESSAGES.format(
        template=TEMPLATE_ID,
        line=LINE_ID,
        failed=FAILURE,
        answered=ANSWER,
        condition=selection.condition,
        referred=REFERRED_FROM,
    )
    return [
        (day, template, line, *counts)
        for day, template, line, *counts in connection.execute(statement, selection.parameters)
    ]


def _sorted(connection: sqlite3.Connection, found: list[Group]) -> list[Group]:
    templates = dict(connection.execute("SELECT id, name FROM templates"))
    labels = {id: (label, value) for id, label, value in connection.execute("SELECT id, label, value FROM lines")}

    def place(group: Group) -> tuple[int, bool, str, bool, tuple[str, str]]:
        day, template, line, *_ = group
        return (
            -day,
            template not in templates,
            templates.get(template, ""),
            line not in labels,
            labels.get(line, ("", "")),
        )

    return sorted(found, key=place)


def _notifications(cube: Cube, selection: Selection, found: list[Group]) -> list[Notification]:
    """The groups with the users that are not counted yet."""
    cells = {(day, line, template) for day, template, line, *_, users in found if users is None}
    counted = cube.sent_by_cell(selection.with_dimensions(_sends(selection.dimensions)), cells)
    return [
        Notification(
            date_of(day),
            None if template == UNKNOWN_ID else template,
            None if line == UNKNOWN_ID else line,
            counted[day, line, template] if users is None else users,
            sends,
            failed,
            answered,
        )
        for day, template, line, sends, failed, answered, users in found
    ]


def _sends(chosen: Dimensions) -> Dimensions:
    """What is chosen of the sends."""
    return chosen.replace(origins=_SENDS if chosen.origins is None else chosen.origins & _SENDS)


def _only(chosen: Dimensions, line: int, template: int) -> Dimensions:
    return chosen.replace(lines=frozenset((line,)), templates=frozenset((template,)))


def _counters(chosen: Dimensions, statuses: range | tuple[int, ...]) -> list[str]:
    """The chosen counters of some statuses."""
    counters = chosen_counters(chosen, numbers_of(chosen.user_type))
    return [counter for (_, status), counter in counters.items() if status in statuses]


def _condition(cube: Cube, selection: Selection, chosen: Dimensions) -> tuple[str, dict[str, str | int]]:
    """The cells of single lines and templates that have a start that is chosen, on the days that are not dirty."""
    counted = _counters(chosen, range(len(STATUSES)))
    condition = f"{_WITHIN} AND ({' OR '.join(counted) or '0'})"
    if cube.is_dirty(selection):
        condition += " AND day NOT IN (SELECT block FROM dirty WHERE level = 0)"
    parameters: dict[str, str | int] = selection.parameters | {
        "of_lines": json.dumps(sorted(cube.lines if chosen.lines is None else chosen.lines)),
        "of_templates": json.dumps(sorted(cube.templates if chosen.templates is None else chosen.templates)),
    }
    if chosen.failures is not None:
        condition += _WITH_FAILURES.format(dimensions=_dimensions(chosen))
        parameters["kinds"] = json.dumps(cube.kinds_of(chosen))
    return condition, parameters


def _dimensions(chosen: Dimensions) -> str:
    """What is chosen of the details besides their lines, templates and failures."""
    dimensions = has_sends(chosen)
    if chosen.statuses is not None:
        dimensions += " AND status IN (SELECT value FROM json_each(:statuses))"
    return dimensions
