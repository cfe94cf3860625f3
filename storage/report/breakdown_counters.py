"""The counts of each group of a breakdown, on days that are not dirty, from the cube's counters. Counts no users."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain

from storage.cube.layout import ALL
from storage.cube.start_classes import COUNTER_PLACES
from storage.database.codes import (
    ORIGINS,
    REFERRED_FROM,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUSES,
    USER_TYPES,
)
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS
from storage.domain.dimension import OF_FAILURES, OF_TIME, Dimension
from storage.report.counter_sql import packed_counters
from storage.report.cube_counters import CubeCounters
from storage.report.grouping import GroupCounts, GroupKey, first_day
from storage.report.metrics import DayCounts
from storage.report.selection import Dimensions, Selection
from storage.report.signed_ids import SignedIds

_LOWER_HALF = (1 << COUNTER_BITS) - 1

Grouped = Iterable[tuple[GroupKey, GroupCounts]]  # a key may come several times


def counts_by_group(counters: CubeCounters, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
    """The counts of each group, without users and without dirty days; some groups may have no starts."""
    counts: dict[GroupKey, GroupCounts] = {}
    for key, more in _grouped(counters, selection, dimension):
        before = counts.get(key)
        counts[key] = more if before is None else before.plus(more)
    return counts


def _grouped(counters: CubeCounters, selection: Selection, dimension: Dimension) -> Grouped:
    if dimension in OF_TIME:
        days = counters.day_counts(selection)
        return ((first_day(day.day, dimension, selection.calendar.first_weekday), _counts_of_day(day)) for day in days)
    if dimension in OF_FAILURES:
        return _by_failure(counters, selection, dimension)
    dimensions = selection.dimensions
    if dimensions.failures is not None:
        return _failed(counters, selection, dimension)
    if dimensions.excludes_failures:
        all_counts = _grouped(counters, selection.with_dimensions(dimensions.without_exclusions()), dimension)
        left_out = selection.with_dimensions(dimensions.of_excluded_failures())
        return chain(all_counts, ((key, of.negative()) for key, of in _failed(counters, left_out, dimension)))
    return _BY_CELL[dimension](counters, selection)


def _counts_of_day(day: DayCounts) -> GroupCounts:
    read = day.answered + day.read
    return GroupCounts(day.starts, day.sends, 0, day.failed, read + day.delivered, read, day.answered)


def failed_sends(count: int) -> GroupCounts:
    """The counts of a group of failed sends, without users."""
    return GroupCounts(starts=count, sends=count, failed=count)


def _by_failure(counters: CubeCounters, selection: Selection, dimension: Dimension) -> Grouped:
    kinds = counters.catalog.failure_kinds
    for total in counters.totals(selection):
        if total.failure:
            code, reason = kinds[total.failure]
            yield code if dimension is Dimension.CODE else reason, failed_sends(total.sends)


def _failed(counters: CubeCounters, selection: Selection, dimension: Dimension) -> Grouped:
    """The failed sends that a filter of failures selects."""
    blocks, dimensions = counters.catalog.clean_blocks(selection), selection.dimensions
    if dimension is Dimension.USER_TYPE:
        for user_type in _user_types(dimensions):
            of_type = dimensions.of_user_type(user_type)
            for _, *sends in counters.sends_by("1", of_type, blocks):
                yield user_type, failed_sends(sum(sends))
    elif dimension is Dimension.ORIGIN:
        for _, *sends in counters.sends_by("1", dimensions, blocks):
            for origin, count in enumerate(sends):
                yield origin, failed_sends(count)
    else:
        ids = _listed(counters, dimensions, dimension)
        for key, *sends in counters.sends_by(f"d.{dimension}", dimensions, blocks, ids):
            yield key, failed_sends(sum(sends))


def _by_line(counters: CubeCounters, selection: Selection) -> Grouped:
    totals = _totals(counters, selection, _listed(counters, selection.dimensions, Dimension.LINE), _line_of)
    return ((line, _group_counts(packed, selection.dimensions)) for line, packed in totals.items())


def _by_template(counters: CubeCounters, selection: Selection) -> Grouped:
    totals = _totals(counters, selection, _listed(counters, selection.dimensions, Dimension.TEMPLATE), _template_of)
    return ((template, _group_counts(packed, selection.dimensions)) for template, packed in totals.items())


def _by_origin(counters: CubeCounters, selection: Selection) -> Grouped:
    dimensions = selection.dimensions
    totals = _totals(counters, selection, counters.signed_ids(dimensions), _nothing_of)
    origins = range(len(ORIGINS)) if dimensions.origins is None else dimensions.origins
    for origin in origins:
        of_origin = dimensions.replace(origins=frozenset((origin,)))
        yield from ((origin, _group_counts(packed, of_origin)) for packed in totals.values())


def _by_user_type(counters: CubeCounters, selection: Selection) -> Grouped:
    dimensions = selection.dimensions
    ids = counters.signed_ids(dimensions)
    for user_type in _user_types(dimensions):
        of_type = selection.with_dimensions(dimensions.of_user_type(user_type))
        totals = _totals(counters, of_type, ids, _nothing_of)
        yield from ((user_type, _group_counts(packed, dimensions)) for packed in totals.values())


_BY_CELL: dict[Dimension, Callable[[CubeCounters, Selection], Grouped]] = {
    Dimension.LINE: _by_line,
    Dimension.TEMPLATE: _by_template,
    Dimension.ORIGIN: _by_origin,
    Dimension.USER_TYPE: _by_user_type,
}


def _user_types(dimensions: Dimensions) -> Iterable[int]:
    return range(len(USER_TYPES)) if dimensions.user_type is None else (dimensions.user_type,)


def _listed(counters: CubeCounters, dimensions: Dimensions, by: Dimension) -> tuple[SignedIds, SignedIds]:
    """The lines and templates to add up, with every selected one of the dimension that is grouped by."""
    catalog = counters.catalog
    lines, templates = counters.signed_ids(dimensions)
    if by is Dimension.LINE:
        every = catalog.lines if dimensions.lines is None else dimensions.lines
        return SignedIds(tuple(sorted(every))), templates
    every = catalog.templates if dimensions.templates is None else dimensions.templates
    return lines, SignedIds(tuple(sorted(every)))


def _line_of(line: int, template: int) -> int:
    return line


def _template_of(line: int, template: int) -> int:
    return template


def _nothing_of(line: int, template: int) -> int:
    return ALL


def _totals(
    counters: CubeCounters,
    selection: Selection,
    ids: tuple[SignedIds, SignedIds],
    key_of: Callable[[int, int], int],
) -> dict[int, list[int]]:
    """The packed counters of COUNTER_COLUMNS of each group, over all of its cells.

    SQLite groups cells by line and template without sorting them, because that is the order of the primary key.

    Args:
        key_of: the group of a line and template.
    """
    lines, templates = ids
    columns = ", ".join(f"sum({counter})" for counter in packed_counters(selection.dimensions.user_type))
    days = "c.day >= :since AND c.day < :until"
    if counters.catalog.has_dirty_days:
        days += " AND c.day NOT IN (SELECT block FROM dirty WHERE level = 0)"
    rows = counters.catalog.connection.execute(
        f"""
        SELECT c.line, c.template, {columns} FROM cells AS c
        WHERE c.line IN (SELECT value FROM json_each(:of_lines))
          AND c.template IN (SELECT value FROM json_each(:of_templates)) AND {days}
        GROUP BY c.line, c.template
        """,
        selection.parameters | {"of_lines": json.dumps(lines.ids), "of_templates": json.dumps(templates.ids)},
    )
    line_signs, template_signs = dict(lines.signed), dict(templates.signed)
    totals: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(COUNTER_COLUMNS))
    for line, template, *sums in rows:
        sign, total = line_signs[line] * template_signs[template], totals[key_of(line, template)]
        for column, packed in enumerate(sums):
            total[column] += sign * packed
    return totals


def _group_counts(packed: Sequence[int], dimensions: Dimensions) -> GroupCounts:
    """The selected counts of the packed counters of COUNTER_COLUMNS, without users; by status, `counts_of_class`."""
    by_status = [0] * len(STATUSES)
    for column, half, status in _selected_counters(dimensions.origins, dimensions.statuses):
        by_status[status] += packed[column] >> half & _LOWER_HALF
    failed, sent, delivered, read, answered, received = by_status
    read += answered
    delivered += read
    sends = failed + sent + delivered
    return GroupCounts(sends + received, sends, 0, failed, delivered, read, answered)


@lru_cache(maxsize=8)
def _selected_counters(origins: frozenset[int] | None, statuses: frozenset[int] | None) -> list[tuple[int, int, int]]:
    """The selected counters: where in COUNTER_COLUMNS each one's column is, its lowest bit there, and its status."""
    dimensions = Dimensions(origins=origins, statuses=statuses)
    return [
        (column, below, status)
        for (origin, status), (column, below) in COUNTER_PLACES.items()
        if dimensions.includes_class(origin, status)
    ]


def counts_of_class(origin: int, status: int, count: int) -> GroupCounts:
    """The counts of starts of one origin and status, without users."""
    if origin >= REFERRED_FROM:
        return GroupCounts(starts=count)
    return GroupCounts(
        starts=count,
        sends=count,
        failed=count if status == STATUS_FAILED else 0,
        delivered=count if status >= STATUS_DELIVERED else 0,
        read=count if status >= STATUS_READ else 0,
        answered=count if status == STATUS_ANSWERED else 0,
    )
