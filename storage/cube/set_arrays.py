"""The stored user sets of a block as arrays of integers, so that numpy compares millions of them at once. Only
`block_proof` needs it: a report does not load numpy.

An element of a set is one integer of 63 bits: a key, then the 32 bits of its number (bitmaps.py). The key has the ids
of the set's line, template and failure, in as many bits as the ids of this database need (`IdBits`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.cube.bitmaps import decode, little_endian
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE

Integers = npt.NDArray[np.int64]

NUMBER_BITS = 32
PLANE_BITS = 5  # of the place of a bit plane
LEAST_ID = -15  # ids of the cube begin above it
_KEY_BITS = 29
_MANY_NUMBERS = 50  # of a key on average: fewer are sorted together
_NUMBER = (1 << NUMBER_BITS) - 1
_LAST_IDS = """
SELECT ifnull((SELECT max(id) FROM lines), 0), ifnull((SELECT max(id) FROM templates), 0),
       ifnull((SELECT max(id) FROM failure_kinds), 0)
"""
_ROWS = "SELECT line, template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ?"
# What a stored set is, by its row.
_LEAF, _OF_LINE, _OF_TEMPLATE, _TOTAL, _LINE_PLANE, _TEMPLATE_PLANE, _TOTAL_PLANE = range(7)
_INT, _NUMBERS = np.dtype("<i4"), np.dtype("<u4")


class Unproven(Exception):
    """The proof says nothing: the plain comparison has to tell whether something differs."""


@dataclass(frozen=True, slots=True)
class IdBits:
    """How many bits of a key the ids of lines, templates and failures take. An id is stored less LEAST_ID."""

    line: int
    template: int
    failure: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> IdBits:
        """Those of a database.

        Raises:
            Unproven: its ids are too large.
        """
        line, template, failure = connection.execute(_LAST_IDS).fetchone()
        bits = cls((line - LEAST_ID).bit_length(), (template - LEAST_ID).bit_length(), failure.bit_length())
        longest = max(bits.line + bits.template, bits.line + PLANE_BITS, bits.template + PLANE_BITS)
        if longest + bits.failure > _KEY_BITS:
            raise Unproven
        return bits

    def leaf(self, lines: Integers, templates: Integers, failures: Integers) -> Integers:
        """The keys of leaf sets."""
        return (((lines - LEAST_ID) << self.template | (templates - LEAST_ID)) << self.failure) | failures

    def roll_up(self, ids: Integers, failures: Integers) -> Integers:
        """The keys of roll-ups of lines, or of templates."""
        return (ids - LEAST_ID) << self.failure | failures

    def plane(self, ids: Integers, places: Integers, failures: Integers) -> Integers:
        """The keys of bit planes of lines, of templates, or of all lines."""
        return ((ids - LEAST_ID) << PLANE_BITS | places) << self.failure | failures


class BlockSets(NamedTuple):
    """The elements of the sets of one kind in a block, in order.

    Attributes:
        packed: whether the block is one row with all leaf sets, and no roll-ups.
        leaves: the leaf sets; the keys of `IdBits.leaf`.
        of_lines: the roll-ups over templates; the keys of `IdBits.roll_up`.
        of_templates: the roll-ups over lines; likewise.
        total: the roll-up over both; a key is a failure.
        line_planes: the multiplicities of lines; the keys of `IdBits.plane`.
        template_planes: those of templates; likewise.
        total_planes: those of the roll-up over both; likewise, of line 0.
    """

    packed: bool
    leaves: Integers
    of_lines: Integers
    of_templates: Integers
    total: Integers
    line_planes: Integers
    template_planes: Integers
    total_planes: Integers

    def arrays(self) -> tuple[Integers, ...]:
        """All elements; first those of the leaf sets."""
        return self[1:]


def stored_sets(connection: sqlite3.Connection, bits: IdBits, kind: int, block: tuple[int, int]) -> BlockSets:
    """The sets that are stored of a block.

    Raises:
        Unproven: a row does not have the form that this program writes.
        ValueError: bytes are no set.
    """
    packs = _Packs()
    alone: list[tuple[int, int, bytes]] = []
    rows = connection.execute(_ROWS, (kind, *block)).fetchall()
    for line, template, bitmap in rows:
        if line == PACKED_BLOCK:
            _check(template == PACKED_BLOCK and len(rows) == 1)
            packs.add(_LEAF, bitmap)
        elif line == MULTIPLICITY:
            packs.add(_TEMPLATE_PLANE, bitmap, template)  # the id of a template takes the place of a line's
        elif template == PACKED_LINE:
            packs.add(_LEAF, bitmap, line)
        elif template == MULTIPLICITY:
            packs.add(_TOTAL_PLANE if line == ALL else _LINE_PLANE, bitmap, line)
        elif kind == FAILED:
            _check(ALL in (line, template))
            packs.add(_what(line, template), bitmap, line, template)
        else:
            alone.append((line, template, bitmap))
    return _elements(bits, packs, alone, packed=bool(rows) and rows[0][0] == PACKED_BLOCK)


def _what(line: int, template: int) -> int:
    """What the set of a row is that is not packed."""
    if line == ALL:
        return _TOTAL if template == ALL else _OF_TEMPLATE
    return _OF_LINE if template == ALL else _LEAF


class _Packs:
    """Collects packed sets (packed_sets.py). The columns are bytes of 32-bit integers, a value for each set.

    Attributes:
        counts: of the sets in each pack.
        what: the sets of a pack are.
        sets: the bytes of the sets of each pack.
    """

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.what: list[int] = []
        self.columns: tuple[list[bytes], ...] = ([], [], [], [])  # lines, templates, failures, lengths
        self.sets: list[bytes] = []

    def add(self, what: int, packed: bytes, line: int | None = None, template: int | None = None) -> None:
        """Adds a pack.

        Args:
            what: its sets are.
            packed: the bytes.
            line: of its sets; None: they have a column with it.
            template: that its sets must have; None: any.
        """
        n = int.from_bytes(packed[:4], "little")
        size = 4 * n
        lines, templates, failures, lengths = self.columns
        if line is None:
            lines.append(packed[4 : 4 + size])
            end = 4 + size
        else:
            lines.append(line.to_bytes(4, "little", signed=True) * n)
            end = 4
        of_templates = packed[end : end + size]
        _check(template is None or of_templates == template.to_bytes(4, "little", signed=True) * n)
        templates.append(of_templates)
        failures.append(packed[end + size : end + 2 * size])
        lengths.append(packed[end + 2 * size : end + 3 * size])
        self.sets.append(packed[end + 3 * size :])
        self.counts.append(n)
        self.what.append(what)


def _elements(bits: IdBits, packs: _Packs, alone: list[tuple[int, int, bytes]], *, packed: bool) -> BlockSets:
    """All sets of a block, from its packs and its sets that have a row of their own."""
    counts = np.array(packs.counts, np.int64)
    columns = [np.frombuffer(b"".join(column), _INT).astype(np.int64) for column in packs.columns]
    _check(all(column.size == counts.sum() for column in columns) and bool((counts > 0).all()))
    _check(bool((columns[-1] > 0).all()))
    if counts.size:
        sizes = np.add.reduceat(columns[-1], np.cumsum(counts) - counts)
        _check(sizes.tolist() == [*map(len, packs.sets)])
        _check_order(counts, *columns)
    what = np.repeat(np.array(packs.what, np.int64), counts)
    lines, templates, failures, lengths = columns
    sets = packs.sets
    if alone:
        own_lines, own_templates, bitmaps = zip(*alone, strict=True)
        lines = np.concatenate((lines, np.array(own_lines, np.int64)))
        templates = np.concatenate((templates, np.array(own_templates, np.int64)))
        failures = np.concatenate((failures, np.zeros(len(alone), np.int64)))
        lengths = np.concatenate((lengths, np.array([*map(len, bitmaps)], np.int64)))
        what = np.concatenate((what, np.array([*map(_what, own_lines, own_templates)], np.int64)))
        sets = [*sets, *bitmaps]
        _check(bool((lengths > 0).all()))
    numbers, members = _numbers_of(b"".join(sets), lengths)
    ascending = numbers[1:] > numbers[:-1]
    ascending[np.cumsum(members)[:-1] - 1] = True
    _check(bool(ascending.all()))
    keys = _keys(bits, what, lines, templates, failures)
    # Each set is in order: to put the sets in order takes a fifth of the time of sorting their elements.
    order = np.lexsort((keys, what))
    starts, members = (np.cumsum(members) - members)[order], members[order]
    ends = np.cumsum(members)
    places = np.repeat(starts - (ends - members), members) + np.arange(numbers.size)
    elements = np.repeat(keys[order], members) << NUMBER_BITS | numbers[places]
    bounds = np.concatenate(([0], ends))[np.searchsorted(what[order], np.arange(8))].tolist()
    return BlockSets(packed, *(_ascending(elements[start:end]) for start, end in pairwise(bounds)))


def _check(holds: bool) -> None:
    if not holds:
        raise Unproven


def _numbers_of(sets: bytes, lengths: Integers) -> tuple[Integers, Integers]:
    """The numbers of sets, one after the other, and how many each has."""
    bitmaps = np.flatnonzero(lengths & 3)
    members = lengths >> 2
    if not bitmaps.size:
        return np.frombuffer(sets, _NUMBERS).astype(np.int64), members
    ends = np.cumsum(lengths)
    parts: list[bytes] = []
    position = 0
    for place in bitmaps.tolist():
        end = int(ends[place])
        start = end - int(lengths[place])
        numbers = little_endian(decode(sets[start:end]).to_array()).tobytes()
        members[place] = len(numbers) >> 2
        parts += (sets[position:start], numbers)
        position = end
    parts.append(sets[position:])
    return np.frombuffer(b"".join(parts), _NUMBERS).astype(np.int64), members


def _check_order(counts: Integers, lines: Integers, templates: Integers, failures: Integers, lengths: Integers) -> None:
    """The sets of a pack are ordered by failure, number lists before bitmaps, then by line and template."""
    columns = (failures, (lengths & 3 > 0).astype(np.int64), lines, templates)
    rows = np.repeat(np.arange(counts.size), counts)
    before = np.zeros(max(0, rows.size - 1), bool)
    equal = rows[1:] == rows[:-1]
    before |= ~equal
    for column in columns:
        before |= equal & (column[:-1] < column[1:])
        equal &= column[:-1] == column[1:]
    _check(bool(before.all()))


def _keys(bits: IdBits, what: Integers, lines: Integers, templates: Integers, failures: Integers) -> Integers:
    """The key of each set, by what it is."""
    of_templates = what == _TEMPLATE_PLANE
    _check_ids(lines[~of_templates], bits.line)
    _check_ids(lines[of_templates], bits.template)
    _check_ids(templates, bits.template)
    _check_ids(failures + LEAST_ID, bits.failure)
    planes = what >= _LINE_PLANE
    _check(bool((templates[planes] >= 0).all() and (templates[planes] < 1 << PLANE_BITS).all()))
    _check(not ((what == _LEAF) & ((lines == ALL) | (templates == ALL))).any())
    return np.select(
        [what == _LEAF, what == _OF_LINE, what == _OF_TEMPLATE, what == _TOTAL],
        [
            bits.leaf(lines, templates, failures),
            bits.roll_up(lines, failures),
            bits.roll_up(templates, failures),
            failures,
        ],
        bits.plane(lines, templates, failures),
    )


def _check_ids(ids: Integers, bits: int) -> None:
    stored = ids - LEAST_ID
    _check(bool((stored >= 0).all() and (stored >> bits == 0).all()))


def _ascending(elements: Integers) -> Integers:
    """The elements, each of which must be greater than the one before."""
    _check(bool((elements[1:] > elements[:-1]).all()))
    return elements


def distinct(ordered: Integers) -> tuple[Integers, Integers]:
    """The distinct values among ordered ones, and how often each occurs."""
    if not ordered.size:
        return ordered, ordered
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[first], np.diff(first, append=ordered.size)


def in_groups(keys: Integers, elements: Integers) -> Integers:
    """The elements in order, with these keys in place of their own.

    Numbers of 32 bits are sorted in a third of the time of elements: of each key by themselves, if there are many.
    """
    if not keys.size:
        return keys
    if (keys[1:] < keys[:-1]).any():
        # Of integers of 16 bits this is a radix sort.
        order = np.argsort(keys.astype(np.uint16) if keys.max() < 1 << 16 else keys, kind="stable")
        keys, elements = keys[order], elements[order]
    ends = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    if ends.size * _MANY_NUMBERS > keys.size:
        return np.sort(keys << NUMBER_BITS | number_of(elements))
    numbers = elements.astype(np.uint32)
    for some in np.split(numbers, ends):
        some.sort()
    return keys << NUMBER_BITS | numbers


def united(parts: Iterable[Integers]) -> Integers:
    """The distinct values of ordered arrays, in order."""
    joined = np.concatenate([np.empty(0, np.int64), *parts])
    joined.sort()
    return distinct(joined)[0]


def integers(rows: Iterable[tuple[int, ...]], columns: int) -> Integers:
    """The rows of a query whose columns are all integers, as a matrix."""
    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, columns)


def number_of(elements: Integers) -> Integers:
    """The numbers of elements."""
    return elements & _NUMBER
