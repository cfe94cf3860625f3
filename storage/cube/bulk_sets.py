"""User sets of a new block, from arrays of numbers: the fast twin of user_sets.py, for the counting process.

Most sets of an import are short: of a log, nine of ten cells of a day have one start. So all numbers of a block are
sorted at once, and the sets are cut out of them; only a long set is looked at by itself. The plain rule is
`block_writes(kind, block, lines, leaf_sets_of_children(…), ())`, and tests/storage/cube/test_bulk_sets.py
compares the two. Knows no messages.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from storage.cube.bitmaps import LIST_LIMIT, decode, encode
from storage.cube.day_counts import LeafSets
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE, Block, has_multiplicity
from storage.cube.packed_sets import LineSetKey, is_stored_alone, pack
from storage.cube.user_sets import (
    SetRow,
    block_writes,
    is_packed,
    leaf_sets_of_children,
    new_block_writes,
    rows_of_children,
    stored_block,
)
from storage.database.statements import BulkStatement

Ids = NDArray[np.int64]
Numbers = NDArray[np.uint32]

_STORED_NUMBER, _STORED_ID = "<u4", "<i4"
_NUMBER_BITS = np.uint64(32)
_MOST_NUMBERS = 500_000  # of a block; some 30 bytes each. The bitmaps of the plain rule take less memory


class Sets(NamedTuple):
    """Sets, one after the other, ordered by failure, line and template.

    Attributes:
        lines: of each set.
        templates: likewise.
        failures: likewise; 0 unless the kind is FAILED.
        counts: how many numbers each set has, at least one.
        numbers: of all sets, ascending in each.
    """

    lines: Ids
    templates: Ids
    failures: Ids
    counts: Ids
    numbers: Numbers

    def by_leaf(self) -> LeafSets:
        """The sets by line, template and failure."""
        leaves = zip(self.lines.tolist(), self.templates.tolist(), self.failures.tolist(), strict=True)
        return dict(zip(leaves, _encoded(self.counts, self.numbers), strict=True))


def sets_of(lines: Ids, templates: Ids, failures: Ids, counts: Ids, numbers: Numbers) -> Sets:
    """Unites parts of sets, in any order and with duplicates; arguments as of `Sets`, of each part."""
    ranks, firsts = _ranked(failures, lines, templates)
    groups, distinct, _ = _distinct(np.repeat(ranks, counts), numbers)
    sizes = np.bincount(groups, minlength=len(firsts))
    return Sets(lines[firsts], templates[firsts], failures[firsts], sizes, distinct)


def coarse_block_writes(
    connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]
) -> list[BulkStatement]:
    """The writes of one kind of user sets of some lines in a coarse block, as `planned_writes.coarse_writes` has them.

    The sets of a block that is long are united by the plain rule, and the roll-ups of one that the cube holds already.
    """
    parts = _Parts.of_children(connection, kind, block, lines)
    stored = stored_block(connection, kind, block)
    if parts is None:
        return block_writes(kind, block, lines, leaf_sets_of_children(connection, kind, block, lines), stored)
    sets = parts.united(lines)
    if stored:
        return block_writes(kind, block, lines, {} if sets is None else sets.by_leaf(), stored)
    return writes_of_new_block(kind, block, sets)


def writes_of_new_block(kind: int, block: Block, sets: Sets | None) -> list[BulkStatement]:
    """The writes of a block that has these leaf sets and of which the cube holds nothing, roll-ups included."""
    if sets is None:
        return []
    encoded = _encoded(sets.counts, sets.numbers)
    if is_packed(kind, len(encoded), sum(map(len, encoded))):
        packed = _packed((sets.lines, sets.templates, sets.failures), sets.counts, sets.numbers, encoded)
        return new_block_writes(kind, block, [(PACKED_BLOCK, PACKED_BLOCK, packed)])
    return new_block_writes(kind, block, _rows(kind, block, sets, encoded))


class _Parts(NamedTuple):
    """The leaf sets of several blocks, with the columns of `Sets` but in any order."""

    lines: Ids
    templates: Ids
    failures: Ids
    counts: Ids
    numbers: Numbers

    @classmethod
    def of_children(cls, connection: sqlite3.Connection, kind: int, block: Block, lines: set[int]) -> _Parts | None:
        """Those of the blocks below a coarse block, of some lines at least; None if they are too long."""
        parts: list[_Parts] = []
        left = _MOST_NUMBERS
        for row in rows_of_children(connection, kind, block, lines):
            part = cls.of_row(*row)
            parts.append(part)
            left -= len(part.numbers)
            if left < 0:
                return None
        if not parts:
            return _NO_PARTS
        of_lines, templates, failures, counts, numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(of_lines, templates, failures, counts, numbers)

    @classmethod
    def of_row(cls, line: int, template: int, bitmap: bytes) -> _Parts:
        """Those in a row that is no roll-up."""
        if line != PACKED_BLOCK and template != PACKED_LINE:
            numbers = _numbers_of(bitmap)
            return cls(np.array([line]), np.array([template]), np.array([0]), np.array([len(numbers)]), numbers)
        columns = 4 if line == PACKED_BLOCK else 3
        size = int.from_bytes(bitmap[:4], "little")
        header = np.frombuffer(bitmap, _STORED_ID, columns * size, 4).astype(np.int64).reshape(columns, size)
        *lines, templates, failures, lengths = header
        counts, numbers = _cut(bitmap[4 + 4 * columns * size :], lengths)
        return cls(lines[0] if lines else np.full(size, line), templates, failures, counts, numbers)

    def united(self, lines: set[int]) -> Sets | None:
        """The sets of some lines; None if there are none."""
        are_wanted = np.isin(self.lines, np.fromiter(lines, np.int64, len(lines)))
        if not are_wanted.any():
            return None
        of_lines, templates, failures, counts = (ids[are_wanted] for ids in self[:4])
        return sets_of(of_lines, templates, failures, counts, self.numbers[np.repeat(are_wanted, self.counts)])


_NONE = np.zeros(0, np.int64)
_NO_PARTS = _Parts(_NONE, _NONE, _NONE, _NONE, np.zeros(0, np.uint32))


def _cut(sets: bytes, lengths: Ids) -> tuple[Ids, Numbers]:
    """How many numbers each of these sets has, which are one after the other, and the numbers of all.

    Args:
        sets: The encoded sets.
        lengths: Bytes of each.
    """
    counts, ends = lengths >> 2, np.cumsum(lengths)
    parts, start = [], 0
    for index in np.flatnonzero(lengths & 3).tolist():  # bitmaps
        end = int(ends[index])
        begin = end - int(lengths[index])
        numbers = _numbers_of(sets[begin:end])
        parts += [np.frombuffer(sets[start:begin], _STORED_NUMBER), numbers]
        counts[index], start = len(numbers), end
    rest = np.frombuffer(sets[start:], _STORED_NUMBER)
    return counts, np.concatenate([*parts, rest]) if parts else rest


def _numbers_of(encoded: bytes) -> Numbers:
    return np.asarray(decode(encoded).to_array()) if len(encoded) & 3 else np.frombuffer(encoded, _STORED_NUMBER)


def _ranked(*columns: Ids) -> tuple[Ids, Ids]:
    """The rank of each row of these columns among the distinct rows, and where each distinct one is first.

    Args:
        columns: The first one orders before the second, and so on.
    """
    order = np.lexsort(columns[::-1])
    begins = np.ones(len(order), bool)
    begins[1:] = False
    for column in columns:
        ordered = column[order]
        begins[1:] |= ordered[1:] != ordered[:-1]
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.cumsum(begins) - 1
    return ranks, order[begins]


def _distinct(groups: Ids, numbers: Numbers) -> tuple[Ids, Numbers, Ids]:
    """The distinct pairs of a group and a number, in order, and how often each occurs."""
    pairs = groups.astype(np.uint64) << _NUMBER_BITS | numbers
    pairs.sort()
    are_first = np.ones(len(pairs), bool)
    np.not_equal(pairs[1:], pairs[:-1], out=are_first[1:])
    firsts = np.flatnonzero(are_first)
    occurrences = np.diff(firsts, append=len(pairs))
    pairs = pairs[firsts]
    return (pairs >> _NUMBER_BITS).astype(np.int64), pairs.astype(np.uint32), occurrences


def _encoded(counts: Ids, numbers: Numbers) -> list[bytes]:
    """The bytes of sets that are one after the other."""
    data = numbers.astype(_STORED_NUMBER, copy=False).tobytes()
    ends = np.cumsum(counts)
    sets = [data[start:end] for start, end in pairwise([0, *(ends << 2).tolist()])]
    for index in np.flatnonzero(counts >= LIST_LIMIT).tolist():
        of_set = array("I")
        of_set.frombytes(numbers[ends[index] - counts[index] : ends[index]].tobytes())
        sets[index] = encode(BitMap(of_set))
    return sets


def _packed(keys: Sequence[Ids], counts: Ids, numbers: Numbers, encoded: Sequence[bytes]) -> bytes:
    """Sets that are one after the other as `packed_sets.pack` packs them, by the columns of their keys."""
    if counts.max() >= LIST_LIMIT:
        return pack(zip(zip(*(ids.tolist() for ids in keys), strict=True), encoded, strict=True))
    header = np.concatenate([[len(counts)], *keys, counts << 2]).astype(_STORED_ID)
    return header.tobytes() + numbers.astype(_STORED_NUMBER, copy=False).tobytes()


def _rows(kind: int, block: Block, sets: Sets, encoded: list[bytes]) -> Iterator[SetRow]:
    """The rows of a block that is not packed."""
    zeros = np.full(len(sets.counts), ALL)
    with_multiplicity = has_multiplicity(kind, block[0])
    over_templates = _Union.of(sets.lines, sets.failures, sets.counts, sets.numbers)
    over_lines = _Union.of(sets.templates, sets.failures, sets.counts, sets.numbers)
    # Multiplicities count leaf sets.
    parts = sets if with_multiplicity else over_templates
    total = _Union.of(zeros[: len(parts.counts)], parts.failures, parts.counts, parts.numbers)
    if kind == FAILED:
        columns = sets.lines.tolist(), sets.templates.tolist(), sets.failures.tolist()
        packed = _packed_by_owner(sorted(zip(*columns, encoded, strict=True)))
        yield from ((line, PACKED_LINE, users) for line, users in packed)
    else:
        yield from _leaf_rows(sets, encoded)
    for template, union in over_lines.sets(kind, over_lines.owners):
        yield ALL, template, union
    if with_multiplicity:
        for template, planes in over_lines.planes():
            yield MULTIPLICITY, template, planes
    for united in (over_templates, total):
        for owner, union in united.sets(kind, np.full(len(united.owners), ALL)):
            yield owner, ALL, union
        if with_multiplicity:
            for owner, planes in united.planes():
                yield owner, MULTIPLICITY, planes


def _leaf_rows(sets: Sets, encoded: list[bytes]) -> Iterator[SetRow]:
    """The leaf sets of each line: the long ones as they are, the others packed."""
    places = np.flatnonzero(np.diff(sets.lines, prepend=sets.lines[0] - 1))
    starts = np.cumsum(sets.counts) - sets.counts
    for begin, end in pairwise([*places.tolist(), len(sets.lines)]):
        line, counts = int(sets.lines[begin]), sets.counts[begin:end]
        keys = sets.templates[begin:end], sets.failures[begin:end]
        if counts.max() < LIST_LIMIT:
            numbers = sets.numbers[starts[begin] : starts[begin] + counts.sum()]
            yield line, PACKED_LINE, _packed(keys, counts, numbers, ())
            continue
        packed: list[tuple[LineSetKey, bytes]] = []
        for template, users in zip(keys[0].tolist(), encoded[begin:end], strict=True):
            if is_stored_alone(users):
                yield line, template, users
            else:
                packed.append(((template, 0), users))
        if packed:
            yield line, PACKED_LINE, pack(packed)


class _Union(NamedTuple):
    """Sets united by owner (a line, a template, or all of them) and failure.

    Attributes:
        owners: of each united set, in order.
        failures: likewise.
        counts: how many numbers each has.
        groups: of each number, the place of its set.
        numbers: of all sets, ascending in each.
        occurrences: in how many of the sets before each number occurs.
    """

    owners: Ids
    failures: Ids
    counts: Ids
    groups: Ids
    numbers: Numbers
    occurrences: Ids

    @classmethod
    def of(cls, owners: Ids, failures: Ids, counts: Ids, numbers: Numbers) -> _Union:
        """Unites sets that are one after the other."""
        ranks, firsts = _ranked(owners, failures)
        groups, distinct, occurrences = _distinct(np.repeat(ranks, counts), numbers)
        sizes = np.bincount(groups, minlength=len(firsts))
        return cls(owners[firsts], failures[firsts], sizes, groups, distinct, occurrences)

    def sets(self, kind: int, templates: Ids) -> Iterator[tuple[int, bytes]]:
        """Each owner's roll-up: a set; of FAILED packed sets by failure.

        Args:
            kind: The kind of user sets.
            templates: The template of each set; ALL in a roll-up over templates.
        """
        encoded = _encoded(self.counts, self.numbers)
        if kind != FAILED:
            return zip(self.owners.tolist(), encoded, strict=True)
        return _packed_by_owner(
            zip(self.owners.tolist(), templates.tolist(), self.failures.tolist(), encoded, strict=True)
        )

    def planes(self) -> Iterator[tuple[int, bytes]]:
        """Each owner's multiplicities, as `multiplicity.union_and_planes` has them, packed by bit and failure."""
        several = self.occurrences > 1
        more, groups, numbers = self.occurrences[several] - 1, self.groups[several], self.numbers[several]
        planes: list[tuple[int, int, int, bytes]] = []
        for bit in range(int(more.max(initial=0)).bit_length()):
            has_bit = more >> bit & 1 != 0
            counts = np.bincount(groups[has_bit], minlength=len(self.owners))
            owners, failures = self.owners[counts > 0].tolist(), self.failures[counts > 0].tolist()
            encoded = _encoded(counts[counts > 0], numbers[has_bit])
            planes += zip(owners, repeat(bit), failures, encoded, strict=False)
        planes.sort()
        return _packed_by_owner(planes)


def _packed_by_owner(keyed: Iterable[tuple[int, int, int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Packs sets by owner, each (owner, template or bit, failure, set)."""
    for owner, of_owner in groupby(keyed, lambda one: one[0]):
        yield owner, pack([((template, failure), users) for _, template, failure, users in of_owner])
