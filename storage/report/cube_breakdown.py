"""The groups of a breakdown from the cube, which is faster than recount.py; dirty days are counted from the messages.

Writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator

from pyroaring import BitMap

from storage.cube.bitmaps import union_of
from storage.cube.contact_unions import contacts_of_sets
from storage.cube.layout import Block
from storage.database.codes import STATUS_FAILED
from storage.domain.calendar import date_of, number_of
from storage.domain.dimension import OF_FAILURES, Dimension
from storage.report.block_complements import UserSet
from storage.report.breakdown_counters import counts_by_group, counts_of_class
from storage.report.cube_counters import CubeCounters
from storage.report.cube_users import CubeUsers
from storage.report.day_users import can_count, users_of_days
from storage.report.excluded_starts import ExcludedReader, ExcludedStarts
from storage.report.grouped_sets import SetReader
from storage.report.grouping import GroupCounts, GroupKey, end_day, first_day
from storage.report.recount import Recount
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import SetQuery, groups_of, set_queries

Contacts = dict[GroupKey, BitMap]


class CubeBreakdown:
    """Groups of starts in one read transaction."""

    def __init__(self, counters: CubeCounters, users: CubeUsers, excluded: ExcludedReader, recount: Recount) -> None:
        self._counters, self._users, self._excluded, self._recount = counters, users, excluded, recount
        self._catalog = counters.catalog

    def groups(self, selection: Selection, dimension: Dimension) -> dict[GroupKey, GroupCounts]:
        """The counts of each group that has a selected start, in any order."""
        counts = counts_by_group(self._counters, selection, dimension)
        for key, left_out in self._of_excluded_contacts(selection, dimension):
            counts[key] = counts.get(key, GroupCounts()).plus(left_out.negative())
        users: dict[GroupKey, int] = {}
        contacts: Contacts = {}
        if can_count(selection, dimension):
            starts = {key: of.starts for key, of in counts.items() if isinstance(key, int)}
            users.update(users_of_days(self._catalog, selection, starts).items())
        else:
            contacts = self._contacts(selection, dimension)
        for part in self._catalog.dirty_parts(selection):
            for key, more in self._recount.groups(part, dimension).items():
                counts[key] = counts.get(key, GroupCounts()).plus(more)
            for key, of_part in self._recount.contacts(part, dimension).items():
                contacts[key] = contacts.get(key, BitMap()) | of_part
        users.update((key, len(of_group)) for key, of_group in contacts.items())
        return {key: of._replace(users=users.get(key, 0)) for key, of in counts.items() if of.starts}

    def _of_excluded_contacts(
        self, selection: Selection, dimension: Dimension
    ) -> Iterator[tuple[GroupKey, GroupCounts]]:
        """What the cube counts of contacts that the filter leaves out; a key may come several times."""
        first_weekday = selection.calendar.first_weekday
        for one in self._excluded.starts(selection):
            if dimension not in OF_FAILURES or one.status == STATUS_FAILED:
                key = _key_of(one, dimension, first_weekday)
                yield key, counts_of_class(one.origin, one.status, one.starts)

    def _contacts(self, selection: Selection, dimension: Dimension) -> Contacts:
        """The contacts of each group, without dirty days."""
        if dimension in OF_FAILURES:
            return self._of_failures(selection, dimension)
        if dimension in (Dimension.ORIGIN, Dimension.USER_TYPE):
            return self._of_slices(selection, dimension)
        found: defaultdict[GroupKey, list[BitMap]] = defaultdict(list)
        for query in set_queries(selection.dimensions):
            failures = self._users.failures_of(query, selection.dimensions)
            slices = groups_of(query, selection.dimensions)
            for key, sets in self._sets(query, selection, dimension, failures):
                found[key].append(contacts_of_sets(sets, slices))
        contacts = {key: union_of(parts) for key, parts in found.items()}
        others = BitMap(selection.dimensions.other_contacts)
        return {key: of_group - others for key, of_group in contacts.items()} if others else contacts

    def _of_failures(self, selection: Selection, dimension: Dimension) -> Contacts:
        contacts: defaultdict[GroupKey, list[BitMap]] = defaultdict(list)
        for id, of_kind in self._users.failed(selection).items():
            code, reason = self._catalog.failure_kinds[id]
            contacts[code if dimension is Dimension.CODE else reason].append(of_kind)
        return {key: union_of(parts) for key, parts in contacts.items()}

    def _of_slices(self, selection: Selection, dimension: Dimension) -> Contacts:
        contacts: defaultdict[GroupKey, list[BitMap]] = defaultdict(list)
        for group, sets in self._users.clean_groups(selection).items():
            contacts[group.origin if dimension is Dimension.ORIGIN else group.user_type] += sets
        return {key: union_of(parts) for key, parts in contacts.items()}

    def _sets(
        self, query: SetQuery, selection: Selection, dimension: Dimension, failures: Container[int]
    ) -> Iterator[tuple[GroupKey, list[UserSet]]]:
        """The sets of each group."""
        catalog, dimensions = self._catalog, selection.dimensions
        reader = SetReader(catalog.connection, query.kind, catalog.lines, catalog.templates)
        found: defaultdict[GroupKey, list[UserSet]] = defaultdict(list)
        for key, failure, users in self._keyed_sets(reader, selection, dimensions, dimension):
            if failure in failures:
                found[key].append(users)
        return iter(found.items())

    def _keyed_sets(
        self, reader: SetReader, selection: Selection, dimensions: Dimensions, dimension: Dimension
    ) -> Iterator[tuple[GroupKey, int, UserSet]]:
        if dimension is Dimension.LINE:
            yield from reader.by_line(self._catalog.clean_blocks(selection), dimensions)
        elif dimension is Dimension.TEMPLATE:
            yield from reader.by_template(self._catalog.clean_blocks(selection), dimensions)
        else:
            groups = self._groups_of_blocks(selection, dimension)
            for block, failure, users in reader.by_block(list(groups), dimensions):
                yield groups[block], failure, users

    def _groups_of_blocks(self, selection: Selection, dimension: Dimension) -> dict[Block, int]:
        """The fewest blocks that cover the clean days of each day, week or month, with the first day of each."""
        if dimension is Dimension.DAY:
            return {block: block[1] for block in self._catalog.clean_days(selection)}
        first, end = number_of(selection.since), number_of(selection.until)
        blocks: dict[Block, int] = {}
        day = first
        while day < end:
            group = first_day(day, dimension, selection.calendar.first_weekday)
            following = min(end, end_day(group, dimension))
            part = selection.between(date_of(day), date_of(following))
            blocks |= dict.fromkeys(self._catalog.clean_blocks(part), group)
            day = following
        return blocks


def _key_of(one: ExcludedStarts, dimension: Dimension, first_weekday: int) -> GroupKey:
    match dimension:
        case Dimension.TEMPLATE:
            return one.template
        case Dimension.LINE:
            return one.line
        case Dimension.ORIGIN:
            return one.origin
        case Dimension.USER_TYPE:
            return one.user_type
        case Dimension.REASON:
            return one.reason
        case Dimension.CODE:
            return one.code
        case _:
            return first_day(one.day, dimension, first_weekday)
