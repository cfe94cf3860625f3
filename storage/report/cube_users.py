"""Distinct contacts, from the cube's sets of users, with those of dirty days from the messages. Counts no start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterator
from itertools import chain

from pyroaring import BitMap

from storage.cube.bitmaps import SLICE_BITS, EncodedSet, contacts_of, union_of
from storage.cube.layout import FAILED
from storage.cube.start_classes import FAILED_SLICES, USERS_SLICE_SQL
from storage.report.cube_catalog import CubeCatalog
from storage.report.metrics import UserCounts
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import ALL_USERS, SetQuery, UserGroup, add_groups, groups_of, set_queries, user_counts
from storage.report.user_set_reader import LeafCell, sets_by_cell, sets_of


def _without(groups: dict[UserGroup, list[BitMap]], dimensions: Dimensions) -> dict[UserGroup, list[BitMap]]:
    """The groups without the contacts that are left out."""
    if not dimensions.other_contacts:
        return groups
    others = BitMap(dimensions.other_contacts)
    return {group: [contacts - others for contacts in sets] for group, sets in groups.items()}


class CubeUsers:
    """Distinct contacts in one read transaction."""

    def __init__(self, catalog: CubeCatalog) -> None:
        self._catalog = catalog
        self._connection = catalog.connection

    def counts(self, selection: Selection) -> UserCounts:
        """How many distinct contacts the selection has."""
        return user_counts(self._groups(selection))

    def contacts(self, selection: Selection) -> BitMap:
        """The distinct contacts themselves."""
        return BitMap.union(BitMap(), *chain.from_iterable(self._groups(selection).values()))

    def _groups(self, selection: Selection) -> dict[UserGroup, list[BitMap]]:
        groups = self.clean_groups(selection)
        for part in self._catalog.dirty_parts(selection):
            add_groups(groups, self._users_of_messages(part), groups_of(ALL_USERS, selection.dimensions))
        return groups

    def clean_groups(self, selection: Selection) -> dict[UserGroup, list[BitMap]]:
        """The contacts of each group of users, without dirty days."""
        dimensions = selection.dimensions
        groups: defaultdict[UserGroup, list[BitMap]] = defaultdict(list)
        for query in set_queries(dimensions):
            failures = self.failures_of(query, dimensions)
            sets = (users for failure, users in self._sets(query.kind, selection) if failure in failures)
            add_groups(groups, union_of(sets), groups_of(query, dimensions))
        return _without(groups, dimensions)

    def failures_of(self, query: SetQuery, dimensions: Dimensions) -> Container[int]:
        """The ids of the failure kinds whose sets a query reads."""
        if query.kind != FAILED:
            return (0,)
        return self._catalog.are_selected(dimensions, (0, *self._catalog.failure_kinds))  # 0: no error is known

    def _users_of_messages(self, selection: Selection) -> BitMap:
        rows = self._connection.execute(
            f"""
            SELECT (({USERS_SLICE_SQL}) << {SLICE_BITS}) | m.contact FROM messages AS m
            WHERE {selection.condition} AND m.contact IS NOT NULL
            """,
            selection.parameters,
        )
        return BitMap([number for (number,) in rows])

    def sent_by_cell(self, selection: Selection, cells: Collection[LeafCell]) -> dict[LeafCell, int]:
        """How many contacts the selected sends of each cell went to.

        Args:
            cells: day, line and template of each; the days must not be dirty.
        """
        dimensions = selection.dimensions
        groups: dict[LeafCell, defaultdict[UserGroup, list[BitMap]]] = {cell: defaultdict(list) for cell in cells}
        for query in set_queries(dimensions):
            failures = self.failures_of(query, dimensions)
            sets: defaultdict[LeafCell, list[EncodedSet]] = defaultdict(list)
            for cell, failure, users in sets_by_cell(self._connection, query.kind, cells):
                if failure in failures:
                    sets[cell].append(users)
            wanted = groups_of(query, dimensions)
            for cell, of_cell in sets.items():
                add_groups(groups[cell], union_of(of_cell), wanted)
        return {cell: user_counts(_without(of_cell, dimensions)).sent for cell, of_cell in groups.items()}

    def failed(self, selection: Selection) -> dict[int, BitMap]:
        """The contacts of the failed sends by the id of the failure kind, without dirty days."""
        dimensions = selection.dimensions
        slices = [number for number, origin, user_type, _ in FAILED_SLICES if dimensions.includes(origin, user_type)]
        sets: defaultdict[int, list[EncodedSet | BitMap]] = defaultdict(list)
        for failure, users in self._sets(FAILED, selection):
            sets[failure].append(users)
        wanted = self._catalog.are_selected(dimensions, sets)
        contacts = {failure: contacts_of(union_of(sets[failure]), slices) for failure in wanted}
        others = BitMap(dimensions.other_contacts)
        return {failure: of_failure - others for failure, of_failure in contacts.items()} if others else contacts

    def _sets(self, kind: int, selection: Selection) -> Iterator[tuple[int, EncodedSet | BitMap]]:
        """The sets of the days that are not dirty, each with its failure kind (0 unless the kind is FAILED)."""
        catalog, dimensions = self._catalog, selection.dimensions
        templates = catalog.templates if dimensions.templates is not None else ()
        lines = catalog.lines if dimensions.templates is not None or dimensions.lines is not None else ()
        return sets_of(self._connection, kind, catalog.clean_blocks(selection), dimensions, lines, templates)
