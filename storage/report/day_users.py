"""Distinct contacts of each day, or of cells of days, from their starts and repeats (storage/cube/repeats.py) alone.

Counts no start, and knows dirty days only as days to leave out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping

from pyroaring import BitMap

from storage.cube.layout import USERS
from storage.cube.repeats import Repeats, contacts_of_numbers, repeats_by_day, repeats_of_days
from storage.domain.calendar import number_of
from storage.domain.dimension import Dimension
from storage.report.cube_catalog import CubeCatalog
from storage.report.filter_conditions import UNKNOWN_CONTACT
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import selected_slices, set_queries, unless_all
from storage.report.user_set_reader import LeafCell

_PICKED_CELLS = 8  # of a day


def can_count(selection: Selection, dimension: Dimension) -> bool:
    """Whether `users_of_days` counts the users of a breakdown: of days, and by what USERS distinguishes."""
    return dimension is Dimension.DAY and [query.kind for query in set_queries(selection.dimensions)] == [USERS]


def users_of_days(catalog: CubeCatalog, selection: Selection, starts: Mapping[int, int]) -> dict[int, int]:
    """The distinct contacts of each day that is not dirty.

    Args:
        starts: how many selected starts each of these days has, without those of contacts that are left out.
    """
    users = dict(starts)
    slices = unless_all(selected_slices(selection.dimensions))
    for day, repeats in repeats_by_day(catalog.connection, number_of(selection.since), number_of(selection.until)):
        if day in users and not catalog.is_dirty_day(day):
            users[day] -= _more_starts_than_contacts(repeats, selection.dimensions, slices)
    return users


def _more_starts_than_contacts(repeats: Repeats, dimensions: Dimensions, slices: Container[int] | None) -> int:
    """How many more starts than contacts the selected repeats have."""
    contacts = contacts_of_numbers(repeats.selected(dimensions.lines, dimensions.templates, slices))
    distinct = BitMap(contacts)
    count = len(contacts)
    if dimensions.other_contacts:
        others = distinct & BitMap(dimensions.other_contacts)
        distinct -= others
        count -= sum(map(contacts.count, others))
    return count - len(distinct) + (UNKNOWN_CONTACT in distinct)


def users_of_cells(catalog: CubeCatalog, selection: Selection, starts: Mapping[LeafCell, int]) -> dict[LeafCell, int]:
    """The distinct contacts of some days, lines and templates; no day may be dirty, and `users_can_tell` must be true.

    Args:
        starts: how many selected starts each cell has, without those of contacts that are left out.
    """
    users = dict(starts)
    dimensions = selection.dimensions
    slices = unless_all(selected_slices(dimensions))
    cells: defaultdict[int, list[LeafCell]] = defaultdict(list)
    for cell in starts:
        cells[cell[0]].append(cell)
    others = dimensions.other_contacts
    for day, repeats in repeats_of_days(catalog.connection, cells):
        of_day = cells[day]
        if len(of_day) > _PICKED_CELLS:  # one pass finds those of all cells
            for (line, template), more in repeats.more_than_contacts(slices, others):
                if (day, line, template) in users:
                    users[day, line, template] -= more
            continue
        for cell in of_day:
            _, line, template = cell
            picked = repeats.selected((line,), (template,), slices)
            contacts = [contact for contact in contacts_of_numbers(picked) if contact not in others]
            users[cell] -= len(contacts) - len({*contacts} - {UNKNOWN_CONTACT})
    return users
