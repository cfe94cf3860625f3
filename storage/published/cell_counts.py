"""The counts of a version from its cells (`cells`), which is faster than counting starts. Equal to `Recount`.

Blocks of days make up the period: the fewest of them for sets of contacts, and single days for counts of each day.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from storage.cube.layout import Block, cover
from storage.database.codes import (
    ORIGINS,
    REFERRED_FROM,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
)
from storage.database.schema import FIRST_AND_LAST_DAY
from storage.domain.calendar import number_of
from storage.domain.dimension import OF_FAILURES, OF_TIME, Dimension
from storage.published.cells import Scope, class_of, contacts_of_cells, part_of
from storage.published.dialect import VersionConnection
from storage.published.version_tables import COUNTERS
from storage.report import selected_failures
from storage.report.filter_exclusions import negated
from storage.report.grouping import GroupCounts, GroupKey, end_day, first_day
from storage.report.leaf_cells import of_sends
from storage.report.metrics import (
    DataQualityCounts,
    DayCounts,
    FailureCount,
    UserCounts,
    day_counts_of,
    failure_order,
)
from storage.report.selection import Dimensions, Selection

_SENDS = f"m.origin < {REFERRED_FROM}"
# Which of UserCounts each class of starts is counted by (`class_of`), or by _FAILURE: the users of each failure.
_FAILURE = len(UserCounts._fields)
_COUNTED_BY = [
    [*(UserCounts._fields.index(name) for name in names), *([_FAILURE] if failed else [])]
    for failed, names in (
        (True, ("users", "sent")),
        (False, ("users", "sent", "reached", "eligible", "new")),
        (False, ("users", "sent", "reached", "eligible")),
        (False, ("users", "sent", "reached", "answered", "eligible", "new")),
        (False, ("users", "sent", "reached", "answered", "eligible")),
        (False, ("users", "eligible", "new")),
        (False, ("users", "eligible")),
    )
]
# UserCounts, DataQualityCounts, and the failures. Each set of contacts is read and united once. One union of rows that
# stand for several counts is analysed faster than a union for each count.
_TOTALS = f"""
SELECT arrayJoin({_COUNTED_BY}[class + 1]) AS counted, if(counted = {_FAILURE}, code, NULL),
       if(counted = {_FAILURE}, reason, NULL), groupBitmapMerge(users), sum(of_starts), sumForEach(of_quality)
FROM (
    SELECT {class_of("m")} AS class, m.failure_code AS code, m.failure_reason AS reason, {{contacts}} AS users,
           sum(m.starts) AS of_starts, sumForEach(m.quality) AS of_quality
    FROM cells AS m WHERE {{condition}} GROUP BY class, code, reason
)
GROUP BY 1, 2, 3
"""
_GROUP_KEYS = {
    Dimension.TEMPLATE: "m.template",
    Dimension.LINE: "m.line",
    Dimension.ORIGIN: "m.origin",
    Dimension.USER_TYPE: "m.user_type",
    Dimension.REASON: "m.failure_reason",
    Dimension.CODE: "m.failure_code",
}
_SCOPES = {Dimension.LINE: Scope.LINE, Dimension.TEMPLATE: Scope.TEMPLATE}
_LINES, _TEMPLATES = "cell_lines", "cell_templates"  # parameters: a statement can be too short for all of them
_AROUND = 7  # days that are read before and after a period: the week of the funnel
_TIMES = frozenset(("since", "until", "since_at", "until_at"))  # the parameters of a selection's period
_Named = tuple[Dimensions, frozenset[tuple[str, str | int]]]


class _Totals(NamedTuple):
    """What a report counts of all days together."""

    users: UserCounts
    quality: DataQualityCounts
    failures: tuple[FailureCount, ...]


class CellCounts:
    """Counts from the cells of one version; a `storage.report.metrics.MetricsSource`.

    What a filter excludes by contact is left out of the sets of contacts, not of the counts (`cells_without_people`).

    What a report asks for one after the other is read together: analysing a query takes ClickHouse longer than adding
    up what it selects.
    """

    def __init__(self, connection: VersionConnection) -> None:
        self._connection = connection
        self._days: tuple[_Named, range, list[DayCounts]] | None = None
        self._totals: tuple[Selection, _Totals] | None = None

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start, in any order."""
        wanted, named = self._days_of(selection), _named(selection)
        if self._days is None or self._days[0] != named or not _contains(self._days[1], wanted):
            read = range(wanted.start - _AROUND, wanted.stop + _AROUND)
            self._days = named, read, [day for day in self._read_days(selection, read) if day.starts]
        return [day for day in self._days[2] if day.day in wanted]

    def _read_days(self, selection: Selection, days: range) -> list[DayCounts]:
        """The counts of some days: from one row a day, line and template, unless failures are told apart."""
        dimensions = selection.dimensions
        if dimensions.failures is not None or dimensions.other_failures:
            sums = ", ".join(
                (
                    *(f"sumIf(m.starts, m.status = {status})" for status in range(STATUS_RECEIVED)),
                    *(f"sumIf(m.starts, m.origin = {origin})" for origin in range(len(ORIGINS))),
                )
            )
            condition = _condition(selection, days, ())
            return day_counts_of(
                self._rows(f"SELECT m.block, {sums} FROM cells AS m WHERE {condition} GROUP BY m.block", selection)
            )
        named = " AND ".join((f"m.scope = {_scope(dimensions).value}", *_of_names(dimensions)))
        rows = self._rows(
            "SELECT m.block, sumForEach(m.counters) FROM day_counts AS m"
            f" WHERE {_in_parts((0, day) for day in days)} AND m.block >= {days.start} AND m.block < {days.stop}"
            f" AND {named} GROUP BY m.block",
            selection,
        )
        of_statuses, of_origins = _places(dimensions)
        return [
            DayCounts(
                day,
                *(sum([counters[place] for place in places]) for places in of_statuses),
                *(sum([counters[place] for place in places]) for places in of_origins),
            )
            for day, counters in rows
        ]

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, and starts of unknown contacts."""
        return self._read_totals(selection).quality

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""
        return self._read_totals(selection).users

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """Failures by count, descending; then by code, none last; then by reason."""
        return self._read_totals(selection).failures

    def _read_totals(self, selection: Selection) -> _Totals:
        if self._totals is None or self._totals[0] != selection:
            condition = _condition(selection, range(0), self._fewest(selection), classes=True)
            rows = self._rows(_TOTALS.format(condition=condition, contacts=_contacts(selection)), selection)
            self._totals = selection, _totals(rows)
        return self._totals[1]

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
        days, blocks = self._days_of(selection), self._fewest(selection)
        if not days:
            return {}
        if dimension is Dimension.DAY:
            key, blocks = "m.block", []
        elif dimension in OF_TIME:
            groups = _groups_of_blocks(days, dimension, selection.calendar.first_weekday)
            key = (
                f"transform(m.block * 4 + m.level, {[4 * day + level for level, day in groups]}, {[*groups.values()]})"
            )
            blocks = [*groups]
        else:
            key = _GROUP_KEYS[dimension]
        condition = _condition(selection, days, blocks, _SCOPES.get(dimension, Scope.EVERY))
        if dimension in OF_FAILURES:
            condition += f" AND m.status = {STATUS_FAILED}"
        rows = self._rows(
            f"""
            SELECT {key}, sum(m.starts), sumIf(m.starts, {_SENDS}), bitmapCardinality({_contacts(selection)}),
                   sumIf(m.starts, m.status = {STATUS_FAILED}),
                   sumIf(m.starts, m.status BETWEEN {STATUS_DELIVERED} AND {STATUS_ANSWERED}),
                   sumIf(m.starts, m.status BETWEEN {STATUS_READ} AND {STATUS_ANSWERED}),
                   sumIf(m.starts, m.status = {STATUS_ANSWERED})
            FROM cells AS m WHERE {condition} GROUP BY 1
            """,
            selection,
        )
        return {key: GroupCounts(*counts) for key, *counts in rows}

    def starts_by(self, selection: Selection, dimension: Dimension) -> dict[int, int]:
        """How many starts each line or template has, by its id."""
        condition = _condition(selection, range(0), self._fewest(selection), _SCOPES[dimension])
        key = _GROUP_KEYS[dimension]
        return dict(self._rows(f"SELECT {key}, sum(m.starts) FROM cells AS m WHERE {condition} GROUP BY 1", selection))

    def days_of_templates(self, selection: Selection) -> list[tuple[int, ...]]:
        """How many starts each template has on each day: rows of its id, the day and the starts, newest first."""
        condition = _condition(selection, self._days_of(selection), (), Scope.TEMPLATE)
        return self._rows(
            "SELECT m.template, m.block, sum(m.starts) FROM cells AS m"
            f" WHERE {condition} GROUP BY 1, 2 ORDER BY 2 DESC",
            selection,
        )

    def send_groups(self, selection: Selection, users: bool) -> list[tuple[int, ...]]:
        """The sends by day, template and line, as `Session.send_groups` has them."""
        of_sends_only = selection.with_dimensions(of_sends(selection.dimensions))
        contacts = f"bitmapCardinality({contacts_of_cells('m')})" if users else "0"
        return self._rows(
            f"""
            SELECT m.block, m.template, m.line, sum(m.starts), sumIf(m.starts, m.status = {STATUS_FAILED}),
                   sumIf(m.starts, m.status >= {STATUS_DELIVERED}), sumIf(m.starts, m.status >= {STATUS_READ}),
                   sumIf(m.starts, m.status = {STATUS_ANSWERED}), {contacts}
            FROM cells AS m WHERE {_condition(of_sends_only, self._days_of(selection), (), Scope.BOTH)}
            GROUP BY 1, 2, 3
            """,
            selection,
        )

    def _days_of(self, selection: Selection) -> range:
        """The days of the selection, without those before the first start and after the last one."""
        first, last = self._connection.execute(FIRST_AND_LAST_DAY).fetchone()
        if first is None:
            return range(0)
        return range(max(first, number_of(selection.since)), min(last + 1, number_of(selection.until)))

    def _fewest(self, selection: Selection) -> list[Block]:
        """The fewest blocks that make up the days of the selection."""
        days = self._days_of(selection)
        return cover(days.start, days.stop, ())

    def _rows(self, sql: str, selection: Selection) -> list[tuple[Any, ...]]:
        dimensions = selection.dimensions
        listed = {_LINES: dimensions.lines, _TEMPLATES: dimensions.templates}
        parameters = {name: json.dumps(sorted(ids)) for name, ids in listed.items() if ids is not None}
        return self._connection.rows_as_they_are(sql, selection.parameters | parameters)


def _totals(rows: Iterable[tuple[Any, ...]]) -> _Totals:
    """The rows of _TOTALS."""
    users, quality, failures = [0] * _FAILURE, [[0] * len(DataQualityCounts._fields)] * _FAILURE, []
    for counted, code, reason, contacts, starts, flags in rows:
        if counted == _FAILURE:
            failures.append(FailureCount(code, reason, starts, contacts))
        else:
            users[counted], quality[counted] = contacts, flags
    # All flags but that of unknown contacts are of sends.
    of_all, of_sends = quality[:2]
    return _Totals(
        UserCounts(*users),
        DataQualityCounts(*of_sends)._replace(unknown_contacts=of_all[-1]),
        tuple(sorted(failures, key=failure_order)),
    )


def _contacts(selection: Selection) -> str:
    """SQL: the bitmap of the contacts of grouped cells, without those that are excluded."""
    contacts, others = contacts_of_cells("m"), sorted(selection.dimensions.other_contacts)
    return f"bitmapAndnot({contacts}, bitmapBuild({others}::Array(UInt32)))" if others else contacts


def _places(dimensions: Dimensions) -> tuple[list[list[int]], list[list[int]]]:
    """The places of the selected counters of sends by status, and of all starts by origin."""
    selected = {
        key: place
        for key, place in COUNTERS.items()
        if dimensions.includes(*key[:2]) and dimensions.includes_class(key[0], key[2])
    }
    return (
        [[place for key, place in selected.items() if key[2] == status] for status in range(STATUS_RECEIVED)],
        [[place for key, place in selected.items() if key[0] == origin] for origin in range(len(ORIGINS))],
    )


def _named(selection: Selection) -> _Named:
    """What a selection names and excludes, without its period."""
    return selection.dimensions, frozenset(item for item in selection.parameters.items() if item[0] not in _TIMES)


def _contains(days: range, wanted: range) -> bool:
    return days.start <= wanted.start and wanted.stop <= days.stop


def _groups_of_blocks(days: range, dimension: Dimension, first_weekday: int) -> dict[Block, int]:
    """The fewest blocks that make up each week or month of some days, with the first day of each."""
    blocks: dict[Block, int] = {}
    day = days.start
    while day < days.stop:
        group = first_day(day, dimension, first_weekday)
        following = min(days.stop, end_day(group, dimension))
        blocks |= dict.fromkeys(cover(day, following, ()), group)
        day = following
    return blocks


def _condition(
    selection: Selection, days: range, blocks: Collection[Block], by: Scope = Scope.EVERY, classes: bool = False
) -> str:
    """SQL about `cells AS m`: what the selection has in some days or some blocks.

    Args:
        by: by what cells are told apart, besides what the selection names.
        classes: whether rows may be those of classes.
    """
    dimensions = selection.dimensions
    scope = _scope(dimensions, by)
    conditions = [_in_parts(blocks or [(0, day) for day in days]), *_of_names(dimensions)]
    if blocks:
        of_classes = classes and dimensions.is_of_all_classes and scope is not Scope.BOTH
        keys = [
            (scope.value + (Scope.CLASSES.value if of_classes and level else 0), level, day) for level, day in blocks
        ]
        conditions.append(f"(m.scope, m.level, m.block) IN ({', '.join(map(str, keys))})")
    else:
        conditions.append(f"m.scope = {scope.value} AND m.level = 0")
        conditions.append(f"m.block >= {days.start} AND m.block < {days.stop}")
    if dimensions.origins is not None:
        conditions.append(_is_in("origin", dimensions.origins))
    if dimensions.user_type is not None:
        conditions.append(_is_in("user_type", (dimensions.user_type,)))
    if dimensions.statuses is not None:
        conditions.append(_is_in("status", dimensions.statuses))
    # Their values are among the selection's parameters.
    if dimensions.failures is not None:
        conditions.append(selected_failures.condition(dimensions.failures)[0])
    if dimensions.other_failures:
        conditions.append(negated(selected_failures.condition(dimensions.other_failures)[0]))
    return " AND ".join(conditions)


def _in_parts(blocks: Iterable[Block]) -> str:
    return _is_in("part", {part_of(block) for block in blocks})


def _scope(dimensions: Dimensions, by: Scope = Scope.EVERY) -> Scope:
    """The scope with the fewest rows that tells apart what is selected and what is asked for."""
    of_line = Scope.LINE if dimensions.lines is not None else Scope.EVERY
    of_template = Scope.TEMPLATE if dimensions.templates is not None else Scope.EVERY
    return by | of_line | of_template


def _of_names(dimensions: Dimensions) -> list[str]:
    """SQL: the lines and templates that are selected."""
    conditions = []
    if dimensions.lines is not None:
        conditions.append(f"m.line IN (SELECT value FROM json_each(:{_LINES}))")
    if dimensions.templates is not None:
        conditions.append(f"m.template IN (SELECT value FROM json_each(:{_TEMPLATES}))")
    return conditions


def _is_in(column: str, values: Collection[int]) -> str:
    return f"m.{column} IN ({', '.join(map(str, sorted(values)))})" if values else "0"
