"""The sends grouped by template, line and day; and how many starts each line and each template has. From the cube.

Dirty days, and filters of a single contact, are counted from the messages. Shows nothing: names serve only to sort by.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

from storage.cube.layout import ALL
from storage.database.codes import ORIGINS, REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, STATUSES
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.report.counter_sql import has_sends, packed_counters, selected_counters, send_origins, sum_of_sends
from storage.report.cube_metrics import Cube
from storage.report.metrics import starts_of
from storage.report.read_session import ReadSession
from storage.report.selection import Dimensions, Selection

_GROWTH = 4  # times: each further step of a search for a position takes so many times as many days
_ALL_STATUSES = range(len(STATUSES))
_SENDS = frozenset(range(REFERRED_FROM))

# The cells of single lines and templates in the selection's days; `_leaf_cells` adds what is selected.
_LEAF_CELLS = """
FROM cells AS c
WHERE line IN (SELECT value FROM json_each(:of_lines)) AND template IN (SELECT value FROM json_each(:of_templates))
  AND day >= :since AND day < :until"""
_WITH_FAILURES = """
  AND (day, line, template) IN (
      SELECT block, line, template FROM details
      WHERE level = 0 AND block >= :since AND block < :until AND failure IN (SELECT value FROM json_each(:failures))
        AND {dimensions})"""
_FAILURES_BY = """
SELECT {column}, {sends}
FROM json_each(:blocks) AS b CROSS JOIN details AS d ON d.level = b.value ->> 0 AND d.block = b.value ->> 1
    AND d.line IN (SELECT value FROM json_each(:of_lines))
    AND d.template IN (SELECT value FROM json_each(:of_templates))
WHERE failure IN (SELECT value FROM json_each(:failures)) AND {dimensions}
GROUP BY 1"""
_GROUPS_OF_MESSAGES = f"""
SELECT m.day, {TEMPLATE_ID}, {LINE_ID}, count(*), sum(m.status = {STATUS_FAILED}), sum(m.status = {STATUS_ANSWERED}),
       count(DISTINCT m.contact)
FROM messages AS m WHERE {{condition}} AND m.origin < {REFERRED_FROM}
GROUP BY 1, 2, 3
"""
_STARTS_OF_MESSAGES = """
SELECT {id}, count(*) FROM messages AS m
WHERE {condition} AND m.origin IN (SELECT value FROM json_each(:of_origins))
GROUP BY 1
"""

GroupBy = Literal["line", "template"]
Parameters = dict[str, str | int]


class Notification(NamedTuple):
    """The sends of one template on one line and day, by ids (None: unknown)."""

    day: date
    template: int | None
    line: int | None
    users: int
    sends: int
    failed: int
    answered: int


class _SendGroup(NamedTuple):
    """A Notification before its users are counted (users None), in the cube's numbers and ids."""

    day: int
    template: int
    line: int
    sends: int
    failed: int
    answered: int
    users: int | None


# Starts by line and by template


def pairs_with_starts(cube: Cube, selection: Selection) -> tuple[list[tuple[int, int]], int]:
    """The pairs of line and template that have a selected start, and how many starts of any kind these pairs have.

    No day of the selection may be dirty.
    """
    condition, parameters = _leaf_cells(cube, selection, selection.dimensions)
    any_start = " + ".join(_counters(Dimensions(), _ALL_STATUSES))
    rows = cube.connection.execute(
        f"SELECT line, template, sum({any_start}) {condition} GROUP BY line, template", parameters
    ).fetchall()
    return [(line, template) for line, template, _ in rows], sum(count for _, _, count in rows)


def counts_by_line(session: ReadSession, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each line has, by its id."""
    return _starts_by(session, selection, selection.dimensions, "line")


def counts_by_template(session: ReadSession, selection: Selection) -> dict[int, int]:
    """How many sends of the selection each template has, by its id; a referred start usually has none."""
    return _starts_by(session, selection, _of_sends(selection.dimensions), "template")


def starts_by_template(session: ReadSession, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each template has, by its id."""
    return _starts_by(session, selection, selection.dimensions, "template")


def _starts_by(session: ReadSession, selection: Selection, dimensions: Dimensions, by: GroupBy) -> dict[int, int]:
    """dimensions: what to count, in place of the selection's own."""
    counts: Counter[int] = Counter()
    if dimensions.by_contact:
        from_messages: Iterable[Selection] = (selection,)
    else:
        from_messages = session.cube.catalog.dirty_parts(selection)
        counts.update(_starts_of_cells(session.cube, selection, dimensions, by))
    for part in from_messages:
        counts.update(_starts_of_messages(session.connection, part, dimensions, by))
    return dict(counts)


def _starts_of_cells(cube: Cube, selection: Selection, dimensions: Dimensions, by: GroupBy) -> dict[int, int]:
    condition, parameters = _leaf_cells(cube, selection, dimensions)
    # The roll-up over all of the other dimension, unless the filter names some of it.
    if by == "line" and dimensions.templates is None:
        parameters["of_templates"] = json.dumps([ALL])
    if by == "template" and dimensions.lines is None:
        parameters["of_lines"] = json.dumps([ALL])
    if dimensions.failures is None:
        starts = " + ".join(_counters(dimensions, _ALL_STATUSES)) or "0"
        statement = f"SELECT {by}, sum({starts}) {condition} GROUP BY 1"
    else:
        parameters["blocks"] = json.dumps(cube.catalog.clean_blocks(selection))
        sends = " + ".join(sum_of_sends(origin, dimensions.user_type) for origin in send_origins(dimensions)) or "0"
        statement = _FAILURES_BY.format(column=by, sends=sends, dimensions=_of_details(dimensions))
    return dict(cube.connection.execute(statement, parameters))


def _starts_of_messages(
    connection: sqlite3.Connection, selection: Selection, dimensions: Dimensions, by: GroupBy
) -> dict[int, int]:
    id = LINE_ID if by == "line" else TEMPLATE_ID
    origins = range(len(ORIGINS)) if dimensions.origins is None else dimensions.origins
    parameters = selection.parameters | {"of_origins": json.dumps(sorted(origins))}
    return dict(
        connection.execute(_STARTS_OF_MESSAGES.format(id=id, condition=selection.condition), parameters).fetchall()
    )


# Groups of sends


def groups_by_day(session: ReadSession, selection: Selection) -> dict[int, int]:
    """How many groups of sends each day of the selection has; days without any are missing."""
    if selection.dimensions.by_contact:
        return Counter(group.day for group in _groups_of_messages(session.connection, selection))
    return _counts_by_day(session.cube, selection)


def groups(
    session: ReadSession, selection: Selection, position: int, limit: int, by_day: Mapping[int, int] | None
) -> list[Notification]:
    """The groups from a position on: newest day first, then by the names of template and line, unknown ones last.

    Args:
        by_day: the result of `groups_by_day`; None: the days are searched for the position.
    """
    if by_day is None and selection.dimensions.by_contact:
        by_day = groups_by_day(session, selection)
    counts = _newest_first(session.cube, selection) if by_day is None else iter(sorted(by_day.items(), reverse=True))
    days, skipped = _days_at(counts, position, limit)
    if not days:
        return []
    of_days = selection.between(date_of(days[-1]), date_of(days[0] + 1))
    in_order = _sorted(session.connection, _groups_of_days(session.cube, of_days))
    return _notifications(session.cube, of_days, in_order[position - skipped : position - skipped + limit])


def _days_at(counts: Iterator[tuple[int, int]], position: int, limit: int) -> tuple[list[int], int]:
    """The days that hold the groups from a position on, and how many groups the skipped days before them have."""
    passed = skipped = 0
    days = []
    while passed < position + limit and (next_day := next(counts, None)) is not None:
        day, count = next_day
        if passed + count > position:
            days.append(day)
        else:
            skipped += count
        passed += count
    return days, skipped


def _newest_first(cube: Cube, selection: Selection) -> Iterator[tuple[int, int]]:
    """Days and how many groups they have: the newest day alone, then ever more days at once."""
    until = selection.until
    length = 1
    while until > selection.since:
        since = max(selection.since, until - timedelta(days=length))
        yield from sorted(_counts_by_day(cube, selection.between(since, until)).items(), reverse=True)
        until = since
        length *= _GROWTH


def _counts_by_day(cube: Cube, selection: Selection) -> dict[int, int]:
    condition, parameters = _leaf_cells(cube, selection, _of_sends(selection.dimensions))
    rows = cube.connection.execute(f"SELECT day, count(*) {condition} GROUP BY day", parameters)
    counts = Counter(dict(rows))
    for part in cube.catalog.dirty_parts(selection):
        counts.update(group.day for group in _groups_of_messages(cube.connection, part))
    return counts


def _groups_of_days(cube: Cube, selection: Selection) -> list[_SendGroup]:
    if selection.dimensions.by_contact:
        return _groups_of_messages(cube.connection, selection)
    dimensions = _of_sends(selection.dimensions)
    condition, parameters = _leaf_cells(cube, selection, dimensions)
    columns = ", ".join(
        " + ".join(_counters(dimensions, statuses)) or "0"
        for statuses in (range(STATUS_FAILED, STATUS_ANSWERED + 1), (STATUS_FAILED,), (STATUS_ANSWERED,))
    )
    rows = cube.connection.execute(f"SELECT day, template, line, {columns}, NULL {condition}", parameters)
    found = list(map(_SendGroup._make, rows))
    if dimensions.failures is not None:
        found = [_with_failures_only(cube, selection, dimensions, group) for group in found]
    for part in cube.catalog.dirty_parts(selection):
        found += _groups_of_messages(cube.connection, part)
    return found


def _with_failures_only(cube: Cube, selection: Selection, dimensions: Dimensions, group: _SendGroup) -> _SendGroup:
    """The group without the sends that the filter's failures leave out: a cell's counters know no failure kind."""
    of_cell = dimensions.replace(lines=frozenset((group.line,)), templates=frozenset((group.template,)))
    that_day = selection.between(date_of(group.day), date_of(group.day + 1)).with_dimensions(of_cell)
    failed = starts_of(cube.day_counts(that_day))
    return group._replace(sends=failed, failed=failed, answered=0)


def _groups_of_messages(connection: sqlite3.Connection, selection: Selection) -> list[_SendGroup]:
    statement = _GROUPS_OF_MESSAGES.format(condition=selection.condition)
    return list(map(_SendGroup._make, connection.execute(statement, selection.parameters)))


def _sorted(connection: sqlite3.Connection, found: list[_SendGroup]) -> list[_SendGroup]:
    templates = dict(connection.execute("SELECT id, name FROM templates"))
    lines = {id: (label, value) for id, label, value in connection.execute("SELECT id, label, value FROM lines")}

    def order(group: _SendGroup) -> tuple[int, bool, str, bool, tuple[str, str]]:
        return (
            -group.day,
            group.template not in templates,
            templates.get(group.template, ""),
            group.line not in lines,
            lines.get(group.line, ("", "")),
        )

    return sorted(found, key=order)


def _notifications(cube: Cube, selection: Selection, found: list[_SendGroup]) -> list[Notification]:
    """The groups, with the users that are not counted yet."""
    cells = {(group.day, group.line, group.template) for group in found if group.users is None}
    users = cube.sent_by_cell(selection.with_dimensions(_of_sends(selection.dimensions)), cells)
    return [
        Notification(
            day=date_of(group.day),
            template=None if group.template == UNKNOWN_ID else group.template,
            line=None if group.line == UNKNOWN_ID else group.line,
            users=users[group.day, group.line, group.template] if group.users is None else group.users,
            sends=group.sends,
            failed=group.failed,
            answered=group.answered,
        )
        for group in found
    ]


# What both count of the cube


def _of_sends(dimensions: Dimensions) -> Dimensions:
    """What is selected, without referred starts."""
    return dimensions.replace(origins=_SENDS if dimensions.origins is None else dimensions.origins & _SENDS)


def _counters(dimensions: Dimensions, statuses: Iterable[int]) -> list[str]:
    """The selected counters of some statuses."""
    wanted = frozenset(statuses)
    counters = selected_counters(dimensions, packed_counters(dimensions.user_type))
    return [counter for (_, status), counter in counters.items() if status in wanted]


def _leaf_cells(cube: Cube, selection: Selection, dimensions: Dimensions) -> tuple[str, Parameters]:
    """FROM and WHERE of the cells of single lines and templates with a selected start, on days that are not dirty."""
    counters = _counters(dimensions, _ALL_STATUSES)
    condition = f"{_LEAF_CELLS} AND ({' OR '.join(counters) or '0'})"
    catalog = cube.catalog
    if catalog.is_dirty(selection):
        condition += " AND day NOT IN (SELECT block FROM dirty WHERE level = 0)"
    parameters: Parameters = selection.parameters | {
        "of_lines": json.dumps(sorted(catalog.lines if dimensions.lines is None else dimensions.lines)),
        "of_templates": json.dumps(sorted(catalog.templates if dimensions.templates is None else dimensions.templates)),
    }
    if dimensions.failures is not None:
        condition += _WITH_FAILURES.format(dimensions=_of_details(dimensions))
        parameters["failures"] = json.dumps(catalog.failure_ids(dimensions))
    return condition, parameters


def _of_details(dimensions: Dimensions) -> str:
    """The condition on `details` for everything selected but lines, templates and failures."""
    condition = has_sends(dimensions)
    if dimensions.statuses is not None:
        condition += " AND status IN (SELECT value FROM json_each(:statuses))"
    return condition
