"""Whose starts a selection has, day by day, and how many of each: from the cube's sets and repeats, reading no message.

A day's set of USERS names every known contact of its selected starts; its repeats tell which of them have several. So
the starts of any contacts are counted by intersecting sets.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import groupby

from pyroaring import BitMap

from storage.cube.bitmaps import CONTACT, SLICE_BITS, contacts_of, union_of, union_of_bitmaps
from storage.cube.layout import USERS
from storage.cube.repeats import further_contacts, repeats_by_day
from storage.cube.start_classes import USERS_SLICES
from storage.domain.calendar import number_of
from storage.report.cube_catalog import CubeCatalog
from storage.report.grouped_sets import SetReader
from storage.report.selection import Selection
from storage.report.user_counts import selected_slices, unless_all, users_can_tell

_MOST_DIRTY = 200_000  # starts of dirty days: more are not read, as they would take longer than what they spare


def contacts_by_day(catalog: CubeCatalog, selection: Selection) -> Iterator[tuple[int, BitMap]]:
    """The known contacts of the selected starts of each day; `users_can_tell` must be true, and no day dirty."""
    slices, others = selected_slices(selection.dimensions), BitMap(selection.dimensions.other_contacts)
    for day, numbers in _sets_by_day(catalog, selection):
        yield day, contacts_of(numbers, slices) - others


class ContactStarts:
    """How many selected starts contacts have. Unknown contacts have none here.

    Args:
        sets: of each day; a selected number is in one of them for each start, but for those in `more`.
        more: the contacts of further starts, as often as they have them.
        slices: of the numbers that are selected.
    """

    def __init__(self, sets: list[BitMap], more: array[int], slices: Collection[int]) -> None:
        self._sets, self._more, self._slices = sets, more, slices

    @cached_property
    def total(self) -> int:
        """All of the starts."""
        if len(self._slices) == len(USERS_SLICES):
            return sum(map(len, self._sets)) + len(self._more)
        slices = [number << SLICE_BITS for number in self._slices]
        ends = [number + (1 << SLICE_BITS) for number in slices]
        return sum(sum(map(one.range_cardinality, slices, ends)) for one in self._sets) + len(self._more)

    def count(self, contacts: BitMap) -> int:
        """The starts of some contacts."""
        numbers = self._numbers_of(contacts)
        return sum(map(numbers.intersection_cardinality, self._sets)) + sum(map(contacts.__contains__, self._more))

    def within(self, contacts: BitMap) -> ContactStarts:
        """Only the starts of some contacts: these are counted faster."""
        numbers = self._numbers_of(contacts)
        sets = [some for one in self._sets if (some := one & numbers)]
        found = ContactStarts(sets, array("I", filter(contacts.__contains__, self._more)), self._slices)
        found.total = sum(map(len, sets)) + len(found._more)
        return found

    def contacts(self) -> BitMap:
        """Everyone with a start."""
        users = union_of_bitmaps(self._sets)
        return contacts_of(users, self._slices) | BitMap(self._more)

    def sample(self, count: int) -> list[int]:
        """The contacts of about so many starts, evenly spread."""
        found = []
        step = max(1, sum(map(len, self._sets)) // count)
        place = step // 2
        for one in self._sets:
            while place < len(one):
                number = one[place]
                if number >> SLICE_BITS in self._slices:
                    found.append(number & CONTACT)
                place += step
            place -= len(one)
        return found

    def _numbers_of(self, contacts: BitMap) -> BitMap:
        return BitMap.union(BitMap(), *(contacts.shift(number << SLICE_BITS) for number in self._slices))


def contact_starts(catalog: CubeCatalog, selection: Selection) -> ContactStarts | None:
    """The starts of each contact of a selection; None if the sets cannot tell them, or too many days are dirty."""
    dimensions = selection.dimensions
    if not users_can_tell(dimensions):
        return None
    more = _starts_of_dirty_days(catalog, selection)
    if more is None:
        return None
    slices = selected_slices(dimensions)
    sets = [numbers for _, numbers in _sets_by_day(catalog, selection)]
    more.extend(_further_starts(catalog, selection, slices))
    found = ContactStarts(sets, more, slices)
    if dimensions.other_contacts:
        return found.within(found.contacts() - BitMap(dimensions.other_contacts))
    return found


def _sets_by_day(catalog: CubeCatalog, selection: Selection) -> Iterator[tuple[int, BitMap]]:
    """The numbers of each day that is not dirty, of the selected lines and templates; some are of other slices."""
    dimensions = selection.dimensions
    # The catalog reads its lines and templates when first asked.
    templates = catalog.templates if dimensions.templates is not None else ()
    lines = catalog.lines if dimensions.templates is not None or dimensions.lines is not None else ()
    reader = SetReader(catalog.connection, USERS, lines, templates)
    found = reader.by_block(catalog.clean_days(selection), dimensions)
    for (_, day), of_day in groupby(found, lambda one: one[0]):
        yield day, union_of(users for _, _, users in of_day)


def _further_starts(catalog: CubeCatalog, selection: Selection, slices: frozenset[int]) -> Iterator[int]:
    """The contacts of selected starts whose number another selected start of the same day has."""
    dimensions = selection.dimensions
    wanted = unless_all(slices)
    for day, repeats in repeats_by_day(catalog.connection, number_of(selection.since), number_of(selection.until)):
        if not catalog.is_dirty_day(day):
            numbers = repeats.selected(dimensions.lines, dimensions.templates, wanted)
            yield from further_contacts(numbers)


def _starts_of_dirty_days(catalog: CubeCatalog, selection: Selection) -> array[int] | None:
    """The contact of each known start of the dirty days; None if they are too many."""
    found = array("I")
    for part in catalog.dirty_parts(selection):
        rows = catalog.connection.execute(
            f"SELECT m.contact FROM messages AS m WHERE {part.condition} AND m.contact IS NOT NULL LIMIT :limit",
            part.parameters | {"limit": _MOST_DIRTY + 1},
        )
        found.extend(contact for (contact,) in rows)
        if len(found) > _MOST_DIRTY:
            return None
    return found
