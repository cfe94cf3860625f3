"""The repeats of a day: the starts of contacts that have several starts on it, and those of unknown contacts. Owns the
table `repeats`, and knows nothing of what a slice means.

Every other start of the day has a contact of its own. So the distinct contacts of any starts of a day are as many as
these starts, less the repeats among them, plus the distinct contacts of these repeats: no sets have to be united.

A repeat is a number as in the sets of USERS (bitmaps.py): its slice and its contact, 0 for an unknown one. The bytes of
a day, little-endian:

* three 32-bit integers: the counts of repeats, of lines and of templates;
* the lines, then the templates: 32 bits each, signed;
* the numbers: 32 bits each, ordered by contact;
* the place of each one's line, then of each one's template: a byte each, two where there are more than 256 of them, or
  four where there are more than 65,536.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from itertools import compress, repeat
from typing import NamedTuple

from storage.cube.bitmaps import CONTACT, SLICE_BITS, EncodedSet, decode, little_endian
from storage.database.statements import BulkStatement

Cell = tuple[int, int]  # line, template
StartsByCell = Mapping[Cell, Sequence[int]]  # a number for each start, equal ones as often as they occur
Places = bytes | memoryview  # of lines or templates

_SLICE_PLACE = SLICE_BITS - 24  # of the slice in the highest byte of a number
_HIGHEST = slice(3, None, 4)
_WITHOUT_SLICE = bytes(byte & (1 << _SLICE_PLACE) - 1 for byte in range(256))
_INVERTED = bytes(byte ^ 1 for byte in range(256))  # of a mask
_BYTE, _TWO_BYTES = 256, 65_536  # ids whose places fit

_READ = "SELECT starts FROM repeats WHERE day = ?"
_READ_DAYS = "SELECT day, starts FROM repeats WHERE day >= ? AND day < ?"
_READ_LISTED = "SELECT day, starts FROM repeats WHERE day IN (SELECT value FROM json_each(?))"
_WRITE = "INSERT OR REPLACE INTO repeats (day, starts) VALUES (?, ?)"
_DROP = "DELETE FROM repeats WHERE day = ?"


class Repeats(NamedTuple):
    """The repeats of a day.

    Attributes:
        lines: the ids of their lines.
        templates: the ids of their templates.
        numbers: ordered by contact.
        line_places: where in `lines` each one's line is.
        template_places: where in `templates` each one's template is.
    """

    lines: array[int]
    templates: array[int]
    numbers: array[int]
    line_places: Places
    template_places: Places

    def by_cell(self) -> dict[Cell, list[int]]:
        """The repeats by line and template."""
        found: defaultdict[Cell, list[int]] = defaultdict(list)
        for number, line, template in zip(self.numbers, self.line_places, self.template_places, strict=True):
            found[self.lines[line], self.templates[template]].append(number)
        return dict(found)

    def selected(
        self, lines: Container[int] | None, templates: Container[int] | None, slices: Container[int] | None
    ) -> array[int]:
        """The numbers of some lines, templates and slices (None: all), ordered by contact."""
        masks = self._masks(lines, templates)
        if slices is not None:
            masks.append(self._in_slices(slices))
        return array("I", compress(self.numbers, _all_of(masks))) if masks else self.numbers

    def more_than_contacts(self, slices: Container[int] | None, others: Container[int]) -> Iterator[tuple[Cell, int]]:
        """How many more starts than known contacts each cell has, of some slices (None: all).

        Args:
            others: contacts whose starts are left out.

        Yields:
            (cell, starts), for several contacts of a cell one after the other.
        """
        found = zip(self.line_places, self.template_places, contacts_of_numbers(self.numbers), strict=True)
        selected = found if slices is None else compress(found, self._in_slices(slices))
        for (line, template, contact), count in Counter(selected).items():
            if (count > 1 or not contact) and contact not in others:
                yield (self.lines[line], self.templates[template]), count - (contact > 0)

    def _in_slices(self, slices: Container[int]) -> bytes:
        """A byte for each number: 1 if its slice is wanted, else 0."""
        wanted = bytes(number in slices for number in range(16))
        return self.numbers.tobytes()[_HIGHEST].translate(
            b"".join(wanted[slice : slice + 1] * 16 for slice in range(16))
        )

    def partly_selected(self, lines: Container[int] | None, templates: Container[int] | None) -> set[int]:
        """The numbers that a start of some lines and templates has, and a start of others as well."""
        selected = _all_of(self._masks(lines, templates))
        others = {*compress(self.numbers, selected.translate(_INVERTED))}
        return others.intersection(compress(self.numbers, selected)) if others else others

    def _masks(self, lines: Container[int] | None, templates: Container[int] | None) -> list[bytes]:
        masks = []
        if lines is not None:
            masks.append(_are_wanted(self.line_places, self.lines, lines))
        if templates is not None:
            masks.append(_are_wanted(self.template_places, self.templates, templates))
        return masks


def _are_wanted(places: Places, ids: array[int], wanted: Container[int]) -> bytes:
    """A byte for each place: 1 if the id there is wanted, else 0."""
    table = bytes(map(wanted.__contains__, ids))
    return (
        places.translate(table.ljust(_BYTE, b"\0"))
        if isinstance(places, bytes)
        else bytes(map(table.__getitem__, places))
    )


def _all_of(masks: list[bytes]) -> bytes:
    """The bytes that are 1 in all masks."""
    first, *others = masks
    if not others:
        return first
    combined = int.from_bytes(first, "little")
    for mask in others:
        combined &= int.from_bytes(mask, "little")
    return combined.to_bytes(len(first), "little")


def contacts_of_numbers(numbers: array[int]) -> array[int]:
    """The contact of each number."""
    contacts = bytearray(little_endian(numbers[:]).tobytes())
    contacts[_HIGHEST] = contacts[_HIGHEST].translate(_WITHOUT_SLICE)
    found = array("I")
    found.frombytes(contacts)
    return little_endian(found)


def further_contacts(numbers: array[int]) -> list[int]:
    """The contact of each number that an earlier one is equal to, without the unknown contact."""
    seen: set[int] = set()
    found: list[int] = []
    for number in numbers:
        if number not in seen:
            seen.add(number)
        elif contact := number & CONTACT:
            found.append(contact)
    return found


def repeats_of(starts: StartsByCell) -> bytes | None:
    """The bytes of the repeats among all starts of a day; None if there are none."""
    numbers = array("I")
    for of_cell in starts.values():
        numbers.extend(of_cell)
    contacts = contacts_of_numbers(numbers)
    counts = Counter(contacts)
    if len(counts) == len(contacts) and 0 not in counts:
        return None
    repeated = {contact for contact, count in counts.items() if count > 1} | {0}
    are_repeats = bytes(map(repeated.__contains__, contacts))
    found: list[tuple[int, int, int, int]] = []
    start = 0
    for (line, template), of_cell in starts.items():
        end = start + len(of_cell)
        repeats = compress(of_cell, are_repeats[start:end])
        found += [(number & CONTACT, line, template, number) for number in repeats]
        start = end
    found.sort()
    _, lines, templates, numbers_found = zip(*found, strict=True)
    return encode_repeats(lines, templates, numbers_found)


def encode_repeats(lines: Sequence[int], templates: Sequence[int], numbers: Sequence[int]) -> bytes:
    """The bytes of repeats, which are ordered by contact, line, template and number."""
    columns = [(sorted(set(ids)), ids) for ids in (lines, templates)]
    header = array("i", [len(numbers), *(len(distinct) for distinct, _ in columns)])
    for distinct, _ in columns:
        header.extend(distinct)
    parts = [little_endian(header).tobytes(), little_endian(array("I", numbers)).tobytes()]
    for distinct, ids in columns:
        place = {id: place for place, id in enumerate(distinct)}
        places = array(_place_type(len(distinct)), map(place.__getitem__, ids))
        parts.append(places.tobytes() if places.itemsize == 1 else little_endian(places).tobytes())
    return b"".join(parts)


def _place_type(ids: int) -> str:
    """The type of array for places among so many ids."""
    return "B" if ids <= _BYTE else "H" if ids <= _TWO_BYTES else "I"


def decode_repeats(encoded: bytes) -> Repeats:
    """The repeats of these bytes."""
    sizes = little_endian(array("i", encoded[:12]))
    count, lines, templates = sizes
    ids = little_endian(array("i", encoded[12 : 12 + 4 * (lines + templates)]))
    start = 12 + 4 * (lines + templates)
    end = start + 4 * count
    numbers = little_endian(array("I", encoded[start:end]))
    places: list[Places] = []
    for distinct in (lines, templates):
        of_column = array(_place_type(distinct))
        size = of_column.itemsize * count
        of_column.frombytes(encoded[end : end + size])
        places.append(of_column.tobytes() if of_column.itemsize == 1 else memoryview(little_endian(of_column)))
        end += size
    return Repeats(ids[:lines], ids[lines:], numbers, *places)


def starts_of_sets(sets: Mapping[Cell, EncodedSet], repeats: Repeats | None) -> StartsByCell:
    """The starts of some cells of a day, from their sets of USERS and its repeats: a set holds equal numbers once.

    Args:
        sets: by line and template.
        repeats: those of the same cells, and of others.
    """
    starts: dict[Cell, array[int]] = {cell: decode(users).to_array() for cell, users in sets.items()}
    if repeats is not None:
        for cell, numbers in repeats.by_cell().items():
            of_cell = starts.setdefault(cell, array("I"))
            for number, count in Counter(numbers).items():
                of_cell.extend(repeat(number, count - 1 if number & CONTACT else count))
    return starts


def stored_repeats(connection: sqlite3.Connection, day: int) -> bytes | None:
    """The bytes that are stored of a day."""
    row = connection.execute(_READ, (day,)).fetchone()
    return None if row is None else row[0]


def repeats_by_day(connection: sqlite3.Connection, first: int, end: int) -> Iterator[tuple[int, Repeats]]:
    """The repeats of the days [first, end) that have some; those of dirty days are out of date."""
    for day, encoded in connection.execute(_READ_DAYS, (first, end)):
        yield day, decode_repeats(encoded)


def repeats_of_days(connection: sqlite3.Connection, days: Collection[int]) -> Iterator[tuple[int, Repeats]]:
    """The repeats of those of some days that have some, of no day between them."""
    for day, encoded in connection.execute(_READ_LISTED, (json.dumps([*days]),)):
        yield day, decode_repeats(encoded)


def repeats_writes(day: int, repeats: bytes | None, stored: bytes | None) -> list[BulkStatement]:
    """The writes of a day's repeats."""
    if repeats == stored:
        return []
    return [(_DROP, [(day,)])] if repeats is None else [(_WRITE, [(day, repeats)])]
