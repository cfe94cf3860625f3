"""The sends grouped by template, line and day: a page of groups, from the cube; dirty days from the messages.

A filter of a single contact is grouped from the messages alone. Names are read only to sort by them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_DELIVERED, STATUS_FAILED, STATUS_READ
from storage.database.queries import Queries
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID, UNKNOWN_ID
from storage.domain.calendar import date_of
from storage.domain.filter_synonyms import value_word
from storage.domain.folding import folded
from storage.domain.patterns import UNKNOWN
from storage.domain.proportions import Rate
from storage.report.cube_metrics import Cube
from storage.report.day_cells import templates_of_lines
from storage.report.day_users import users_of_cells
from storage.report.excluded_starts import ExcludedStarts, counts_of
from storage.report.leaf_cells import counters_of, leaf_cells, of_sends
from storage.report.metrics import DayCounts, total_of
from storage.report.read_session import ReadSession
from storage.report.selection import Dimensions, Selection
from storage.report.session import Session
from storage.report.user_counts import users_can_tell
from storage.report.user_set_reader import LeafCell

# Up to so many days, and from so many pairs of line and template on, the pairs with a start are looked for first.
_FEW_DAYS, _MANY_PAIRS = 4, 300
_GROWTH = 4  # factor: each step of a search for a position reads so many times the days of the step before

# The statuses of the counts of a group: all sends, failed, delivered or further, read or further, answered.
_COUNTED = (
    range(STATUS_FAILED, STATUS_ANSWERED + 1),
    range(STATUS_FAILED, STATUS_FAILED + 1),
    range(STATUS_DELIVERED, STATUS_ANSWERED + 1),
    range(STATUS_READ, STATUS_ANSWERED + 1),
    range(STATUS_ANSWERED, STATUS_ANSWERED + 1),
)

_GROUPS_OF_MESSAGES = f"""
SELECT m.day, {TEMPLATE_ID}, {LINE_ID}, count(*), sum(m.status = {STATUS_FAILED}), sum(m.status >= {STATUS_DELIVERED}),
       sum(m.status >= {STATUS_READ}), sum(m.status = {STATUS_ANSWERED}), count(DISTINCT m.contact)
FROM messages AS m WHERE {{condition}} AND m.origin < {REFERRED_FROM}
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
    delivered: int
    read: int
    answered: int


class _SendGroup(NamedTuple):
    """A Notification with the cube's day numbers and ids; `users` is None until they are counted."""

    day: int
    template: int
    line: int
    sends: int
    failed: int
    delivered: int
    read: int
    answered: int
    users: int | None


def groups_by_day(session: Session, selection: Selection) -> dict[int, int]:
    """How many groups of sends each day of the selection has; days without any are missing."""
    cube = _cube_of(session, selection)
    if cube is None:
        return Counter(group.day for group in _groups_without_cube(session, selection, users=False))
    return _counts_by_day(cube, selection)


def _cube_of(session: Session, selection: Selection) -> Cube | None:
    """The cube, if there is one and it can answer."""
    return session.cube if isinstance(session, ReadSession) and not selection.dimensions.needs_recount else None


def groups(
    session: Session, selection: Selection, position: int, limit: int, by_day: Mapping[int, int] | None
) -> list[Notification]:
    """The groups from a position on: newest day first, then by the names of template and line, unknown ones last.

    Args:
        by_day: the result of `groups_by_day`; None: the days are searched for the position.
    """
    cube = _cube_of(session, selection)
    if by_day is not None or cube is None:
        counts = iter(sorted((by_day or groups_by_day(session, selection)).items(), reverse=True))
    else:
        counts = _newest_first(cube, selection)
    days, skipped = _days_at(counts, position, limit)
    if not days:
        return []
    of_days = selection.between(date_of(days[-1]), date_of(days[0] + 1))
    in_order = _sorted(session.connection, _groups_of_days(session, of_days))
    return _notifications(
        _cube_of(session, selection), of_days, in_order[position - skipped : position - skipped + limit]
    )


class GroupOrder(StrEnum):
    """What the groups can be sorted by: days newest first, names from A, the greatest numbers and rates first."""

    DAY = "day"
    TEMPLATE = "template"
    LINE = "line"
    USERS = "users"
    SENDS = "sends"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    FAILED = "failed"


class SortedGroups:
    """The groups of a selection in another order than by day: all of them are counted once, when first asked for.

    Their users are counted page by page, unless they are what the groups are sorted by.
    """

    def __init__(self, order: GroupOrder, reverse: bool) -> None:
        self._order, self._reverse = order, reverse
        self._found: list[_SendGroup] | None = None

    def page(self, session: Session, selection: Selection, position: int, limit: int) -> list[Notification]:
        """The groups from a position on."""
        if self._found is None:
            self._found = self._sorted(session, selection)
        return _notifications(_cube_of(session, selection), selection, self._found[position : position + limit])

    def find(self, session: Session, selection: Selection, text: str, place: int, by: int) -> int | None:
        """The position of the next (1) or previous (-1) group whose template or line has a text, round the end.

        Case and accents do not matter.
        """
        if self._found is None:
            self._found = self._sorted(session, selection)
        wanted, count, connection = folded(text), len(self._found), session.connection
        templates = _matching(connection.execute("SELECT id, name FROM templates"), wanted)
        lines = _matching(connection.execute("SELECT id, label || ' ' || value FROM lines"), wanted)
        if any(wanted in folded(word) for word in (UNKNOWN, value_word(UNKNOWN))):
            templates, lines = templates | {UNKNOWN_ID}, lines | {UNKNOWN_ID}
        for step in range(1, count + 1):
            group = self._found[(place + by * step) % count]
            if group.template in templates or group.line in lines:
                return (place + by * step) % count
        return None

    def _sorted(self, session: Session, selection: Selection) -> list[_SendGroup]:
        found = _sorted(session.connection, _groups_of_days(session, selection))
        if self._order in (GroupOrder.DAY, GroupOrder.TEMPLATE, GroupOrder.LINE):
            if self._order is not GroupOrder.DAY:
                names = _ranks(session.connection, self._order)
                found.sort(key=lambda group: names.get(getattr(group, self._order), len(names)))
            return found[::-1] if self._reverse else found
        if self._order is GroupOrder.USERS:
            users = [one.users for one in _notifications(_cube_of(session, selection), selection, found)]
            found = [group._replace(users=count) for group, count in zip(found, users, strict=True)]
        return sorted(found, key=_ORDERS[self._order], reverse=not self._reverse)


def _matching(named: Iterable[tuple[int, str]], wanted: str) -> set[int]:
    return {id for id, name in named if wanted in folded(name)}


def _ranks(connection: Queries, order: GroupOrder) -> dict[int, int]:
    """The place of each template or line by its name, without case and accents; unknown ones have none."""
    column, table = ("name", "templates") if order is GroupOrder.TEMPLATE else ("label", "lines")
    named = connection.execute(f"SELECT id, {column} FROM {table}").fetchall()
    return {id: rank for rank, (id, _) in enumerate(sorted(named, key=lambda row: (folded(row[1]), row[1])))}


def _by_rate(count: Callable[[_SendGroup], int], base: Callable[[_SendGroup], int]) -> _GroupKey:
    """By rate; groups whose base is under 30 come after all others, by count."""

    def key(group: _SendGroup) -> tuple[float, ...]:
        shown = Rate(count(group), base(group)).shown
        return shown is not None, shown or 0.0, count(group)

    return key


_GroupKey = Callable[["_SendGroup"], tuple[float, ...]]
_ORDERS: dict[GroupOrder, _GroupKey] = {
    GroupOrder.USERS: lambda group: (group.users or 0,),
    GroupOrder.SENDS: lambda group: (group.sends,),
    GroupOrder.DELIVERED: _by_rate(lambda group: group.delivered, lambda group: group.sends),
    GroupOrder.READ: _by_rate(lambda group: group.read, lambda group: group.delivered),
    GroupOrder.ANSWERED: _by_rate(lambda group: group.answered, lambda group: group.delivered),
    GroupOrder.FAILED: _by_rate(lambda group: group.failed, lambda group: group.sends),
}


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
    """Days, newest first, and how many groups each has. Reads one day first, then more and more days at once."""
    until = selection.until
    length = 1
    while until > selection.since:
        since = max(selection.since, until - timedelta(days=length))
        yield from sorted(_counts_by_day(cube, selection.between(since, until)).items(), reverse=True)
        until = since
        length *= _GROWTH


def _counts_by_day(cube: Cube, selection: Selection) -> dict[int, int]:
    condition, parameters = leaf_cells(cube.catalog, selection, of_sends(selection.dimensions))
    rows = cube.connection.execute(f"SELECT day, count(*) {condition} GROUP BY day", parameters)
    counts = Counter(dict(rows))
    counts.subtract(_emptied_by_day(cube, selection))
    for part in cube.catalog.dirty_parts(selection):
        counts.update(group.day for group in _groups_of_messages(cube.connection, part))
    return counts


def _emptied_by_day(cube: Cube, selection: Selection) -> dict[int, int]:
    """How many groups of each day that is not dirty have sends of excluded contacts only."""
    excluded = _excluded_by_cell(cube, selection)
    if not excluded:
        return {}
    dimensions = of_sends(selection.dimensions)
    if dimensions.failures is not None or dimensions.other_failures:
        return Counter(cell[0] for cell in excluded if not _sends_of_cell(cube, selection, *cell).sends)
    sends = " + ".join(counters_of(dimensions, range(STATUS_FAILED, STATUS_ANSWERED + 1))) or "0"
    rows = cube.connection.execute(
        f"""
        SELECT c.day FROM json_each(?) AS one CROSS JOIN cells AS c
            ON c.line = one.value ->> 1 AND c.template = one.value ->> 2 AND c.day = one.value ->> 0
        WHERE {sends} = one.value ->> 3
        """,
        (json.dumps([(*cell, counts.sends) for cell, counts in excluded.items()]),),
    )
    return Counter(day for (day,) in rows)


def _excluded_by_cell(cube: Cube, selection: Selection) -> dict[LeafCell, DayCounts]:
    """The counts of the selected sends of excluded contacts, by day, line and template."""
    of_cells: dict[LeafCell, list[ExcludedStarts]] = defaultdict(list)
    for one in cube.excluded.starts(selection.with_dimensions(of_sends(selection.dimensions))):
        of_cells[one.day, one.line, one.template].append(one)
    return {cell: counts_of(cell[0], starts) for cell, starts in of_cells.items()}


def _sends_of_cell(cube: Cube, selection: Selection, day: int, line: int, template: int) -> DayCounts:
    """The selected sends of one day, line and template."""
    dimensions = of_sends(selection.dimensions).replace(lines=frozenset((line,)), templates=frozenset((template,)))
    that_day = selection.between(date_of(day), date_of(day + 1)).with_dimensions(dimensions)
    return total_of(cube.day_counts(that_day))


def _groups_of_days(session: Session, selection: Selection) -> list[_SendGroup]:
    cube = _cube_of(session, selection)
    if cube is None:
        return _groups_without_cube(session, selection)
    dimensions = of_sends(selection.dimensions)
    condition, parameters = leaf_cells(cube.catalog, selection, dimensions, _known_cells(cube, selection, dimensions))
    columns = ", ".join(" + ".join(counters_of(dimensions, statuses)) or "0" for statuses in _COUNTED)
    rows = cube.connection.execute(f"SELECT day, template, line, {columns}, NULL {condition}", parameters)
    found = list(map(_SendGroup._make, rows))
    if dimensions.failures is not None or dimensions.other_failures:
        # A cell's counters know no failure kind.
        found = [
            _with_counts(group, _sends_of_cell(cube, selection, group.day, group.line, group.template))
            for group in found
        ]
    elif excluded := _excluded_by_cell(cube, selection):
        found = [_less(group, excluded.get((group.day, group.line, group.template))) for group in found]
    found = [group for group in found if group.sends]
    for part in cube.catalog.dirty_parts(selection):
        found += _groups_of_messages(cube.connection, part)
    return found


def _known_cells(cube: Cube, selection: Selection, dimensions: Dimensions) -> dict[int, set[int]] | None:
    """The lines with a start on few days, each with its templates; None: every line and template is looked up."""
    lines = cube.catalog.lines if dimensions.lines is None else dimensions.lines
    templates = cube.catalog.templates if dimensions.templates is None else dimensions.templates
    days = (selection.until - selection.since).days
    if days > _FEW_DAYS or len(lines) * len(templates) < _MANY_PAIRS or cube.catalog.is_dirty(selection):
        return None
    return templates_of_lines(cube.connection, selection, lines, templates)


def _with_counts(group: _SendGroup, counts: DayCounts) -> _SendGroup:
    sends, failed, delivered, read, answered = _counts(counts)
    return group._replace(sends=sends, failed=failed, delivered=delivered, read=read, answered=answered)


def _counts(counts: DayCounts) -> tuple[int, int, int, int, int]:
    """The sends, and those of them that failed, were delivered or got further, were read or answered, were answered."""
    read = counts.read + counts.answered
    return counts.sends, counts.failed, counts.delivered + read, read, counts.answered


def _less(group: _SendGroup, excluded: DayCounts | None) -> _SendGroup:
    """The group without the sends of excluded contacts."""
    if excluded is None:
        return group
    sends, failed, delivered, read, answered = _counts(excluded)
    return group._replace(
        sends=group.sends - sends,
        failed=group.failed - failed,
        delivered=group.delivered - delivered,
        read=group.read - read,
        answered=group.answered - answered,
    )


def _groups_without_cube(session: Session, selection: Selection, users: bool = True) -> list[_SendGroup]:
    rows = session.send_groups(selection, users)
    return _groups_of_messages(session.connection, selection) if rows is None else list(map(_SendGroup._make, rows))


def _groups_of_messages(connection: Queries, selection: Selection) -> list[_SendGroup]:
    statement = _GROUPS_OF_MESSAGES.format(condition=selection.condition)
    return list(map(_SendGroup._make, connection.execute(statement, selection.parameters)))


def _sorted(connection: Queries, found: list[_SendGroup]) -> list[_SendGroup]:
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


def _notifications(cube: Cube | None, selection: Selection, found: list[_SendGroup]) -> list[Notification]:
    """The groups, with the users that are not counted yet."""
    sends = {(group.day, group.line, group.template): group.sends for group in found if group.users is None}
    of_sends_only = selection.with_dimensions(of_sends(selection.dimensions))
    users: Mapping[LeafCell, int] = {}
    if cube is None:  # the messages have told all users
        pass
    elif users_can_tell(of_sends_only.dimensions):
        users = users_of_cells(cube.catalog, of_sends_only, sends)
    else:
        users = cube.sent_by_cell(of_sends_only, sends.keys())
    return [
        Notification(
            day=date_of(group.day),
            template=None if group.template == UNKNOWN_ID else group.template,
            line=None if group.line == UNKNOWN_ID else group.line,
            users=users[group.day, group.line, group.template] if group.users is None else group.users,
            sends=group.sends,
            failed=group.failed,
            delivered=group.delivered,
            read=group.read,
            answered=group.answered,
        )
        for group in found
    ]
