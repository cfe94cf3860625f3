"""Counts the starts of one day in arrays: what `day_counts` counts start by start. Only `block_proof` needs it: a
report does not load numpy. tests/storage/cube/test_block_proof.py compares the two.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from storage.cube.bitmaps import CONTACT, SLICE_BITS
from storage.cube.counters import DetailSends
from storage.cube.layout import ALL, FAILED, STEPS, USERS
from storage.cube.repeats import encode_repeats
from storage.cube.set_arrays import LEAST_ID, NUMBER_BITS, IdBits, Integers, Unproven, distinct, integers
from storage.cube.start_classes import (
    COUNTER_PLACES,
    FAILED_SLICES,
    STEP_STATUSES,
    STEPS_SLICES,
    USERS_SLICE_SQL,
    USERS_SLICES,
)
from storage.database.codes import REFERRED_FROM, STATUS_SENT, USER_NEW
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID
from storage.domain.calendar import Calendar

CELL_COLUMNS = 3 + 2 * len(COUNTER_COLUMNS)  # of a row of `cells`: line, template, day, counters

_STEP_BITS, _FLAG_BITS = 2, 4
_STEPS = f"{min(STEP_STATUSES)} AND {max(STEP_STATUSES)}"
# Line, template, number in the sets of USERS and step, in one integer. A number has contact 0 where it is unknown.
_START = f"""
((({LINE_ID} - {LEAST_ID}) << :template | ({TEMPLATE_ID} - {LEAST_ID})) << {NUMBER_BITS + _STEP_BITS})
| ({USERS_SLICE_SQL} << {SLICE_BITS + _STEP_BITS}) | (ifnull(m.contact, 0) << {_STEP_BITS})
| iif(m.origin < {REFERRED_FROM} AND m.status BETWEEN {_STEPS}, m.status - {STATUS_SENT - 1}, 0)
"""
# Failure and data-quality flags. Without an id of the failure it is NULL, which no array takes.
_DETAIL = f"""
iif(m.failure_reason IS NULL, 0, (
    SELECT id FROM failure_kinds WHERE ifnull(code, '') = ifnull(m.failure_code, '') AND reason = m.failure_reason
)) << {_FLAG_BITS} | m.marks
"""
_STARTS = f"""
SELECT {_START}, {_DETAIL} FROM messages AS m INDEXED BY starts_by_time
WHERE m.origin IS NOT NULL AND m.start_at >= :since AND m.start_at < :until AND m.day = :day
"""
_NUMBER = (1 << NUMBER_BITS) - 1
_STEP = (1 << _STEP_BITS) - 1
_CLASS_BITS = 4 + _STEP_BITS  # slice and step


@dataclass(frozen=True, slots=True)
class _Class:
    """What every start of a slice of USERS and a step adds to the cube: see `_StartClass` of day_counts.py.

    Attributes:
        column: of `cells`.
        counter: added to it.
    """

    origin: int
    user_type: int
    status: int
    column: int
    counter: int


def _classes() -> dict[int, _Class]:
    """The classes by slice << _STEP_BITS | step."""
    classes = {}
    for number, origin, user_type, status in USERS_SLICES:
        steps = sorted(STEP_STATUSES) if status == STATUS_SENT else [status]
        for of_step in steps:
            step = of_step - STATUS_SENT + 1 if status == STATUS_SENT else 0
            column, below = COUNTER_PLACES[origin, of_step]
            classes[number << _STEP_BITS | step] = _Class(origin, user_type, of_step, column, 1 << below)
    return classes


_CLASSES = _classes()
_CLASS_OF_STARTS = {(one.origin, one.user_type, one.status): number for number, one in _CLASSES.items()}


def _by_class(of_classes: dict[int, int]) -> Integers:
    """A value for each class; -1 where there is none."""
    table = np.full(1 << _CLASS_BITS, -1, np.int64)
    for number, value in of_classes.items():
        table[number] = value
    return table


_COLUMN = _by_class({number: one.column for number, one in _CLASSES.items()})
_COUNTER = _by_class({number: one.counter for number, one in _CLASSES.items()})
_IS_NEW = _by_class({number: int(one.user_type == USER_NEW) for number, one in _CLASSES.items()})
_IS_SEND = _by_class({number: int(one.origin < REFERRED_FROM) for number, one in _CLASSES.items()})
_SLICES = {
    STEPS: _by_class({_CLASS_OF_STARTS[one[1:]]: one.number for one in STEPS_SLICES}),
    FAILED: _by_class({_CLASS_OF_STARTS[one[1:]]: one.number for one in FAILED_SLICES}),
}


@dataclass(frozen=True, slots=True)
class DayStarts:
    """The starts of a day; each array has a value for each start.

    Attributes:
        cells: line and template, as in the keys of leaf sets.
        numbers: as in the sets of USERS, with contact 0 where it is unknown.
        classes: slice and step.
        details: failure and data-quality flags.
    """

    bits: IdBits
    cells: Integers
    numbers: Integers
    classes: Integers
    details: Integers

    @classmethod
    def read(cls, connection: sqlite3.Connection, calendar: Calendar, bits: IdBits, day: int) -> DayStarts:
        """The starts on a local day from `messages`.

        Raises:
            Unproven: one has a class that cannot be.
        """
        within = {"since": calendar.start_of(day), "until": calendar.start_of(day + 1), "day": day}
        starts = integers(connection.execute(_STARTS, within | {"template": bits.template}), 2)
        starts = starts[np.argsort(starts[:, 0])]
        keys, details = starts[:, 0], starts[:, 1]
        numbers = keys >> _STEP_BITS & _NUMBER
        classes = (numbers >> SLICE_BITS) << _STEP_BITS | keys & _STEP
        if (_COLUMN[classes] < 0).any():
            raise Unproven
        return cls(bits, keys >> NUMBER_BITS + _STEP_BITS, numbers, classes, details)

    def leaf_sets(self, kind: int) -> Integers:
        """The elements of the leaf sets, in order."""
        contacts = self.numbers & CONTACT
        in_sets, failures, numbers = contacts != 0, 0 * contacts, self.numbers
        if kind != USERS:
            slices = _SLICES[kind][self.classes]
            in_sets = in_sets & (slices >= 0)
            numbers = slices << SLICE_BITS | contacts
        if kind == FAILED:
            failures = self.details >> _FLAG_BITS
            in_sets = in_sets & (failures > 0)
        elements = (self.cells << self.bits.failure | failures) << NUMBER_BITS | numbers
        return distinct(np.sort(elements[in_sets]))[0]

    def leaf_details(self) -> DetailSends:
        """The leaf details."""
        counted = (self.details != 0) & (_IS_SEND[self.classes] == 1)
        detail_bits = self.bits.failure + _FLAG_BITS
        keys = (self.cells << _CLASS_BITS | self.classes) << detail_bits | self.details
        groups, counts = distinct(np.sort(keys[counted]))
        found: defaultdict[tuple[int, int, int, int, int], list[int]] = defaultdict(lambda: [0] * REFERRED_FROM)
        lines, templates = self.ids(groups >> detail_bits + _CLASS_BITS)
        columns = (lines, templates, groups >> detail_bits & (1 << _CLASS_BITS) - 1, groups, counts)
        for line, template, number, group, count in zip(*(column.tolist() for column in columns), strict=True):
            of, detail = _CLASSES[number], group & (1 << detail_bits) - 1
            sends = count if of.user_type == USER_NEW else count << COUNTER_BITS
            failure, flags = detail >> _FLAG_BITS, detail & (1 << _FLAG_BITS) - 1
            found[line, template, of.status, failure, flags][of.origin] += sends
        return {detail: tuple(sends) for detail, sends in found.items()}

    def ids(self, cells: Integers) -> tuple[Integers, Integers]:
        """The lines and templates of cells."""
        return (cells >> self.bits.template) + LEAST_ID, (cells & (1 << self.bits.template) - 1) + LEAST_ID

    def repeats(self) -> bytes | None:
        """The bytes of the repeats of the day (repeats.py)."""
        contacts = self.numbers & CONTACT
        distinct_contacts, counts = distinct(np.sort(contacts))
        repeated = distinct_contacts[(counts > 1) | (distinct_contacts == 0)]
        if not repeated.size:
            return None
        places = np.minimum(np.searchsorted(repeated, contacts), repeated.size - 1)
        are_repeats = repeated[places] == contacts
        contacts, cells, numbers = contacts[are_repeats], self.cells[are_repeats], self.numbers[are_repeats]
        order = np.lexsort((numbers, cells, contacts))
        lines, templates = self.ids(cells[order])
        return encode_repeats(lines.tolist(), templates.tolist(), array("I", numbers[order].tolist()))


def counted_cells(starts: DayStarts, day: int) -> Integers:
    """The rows of `cells` of a day, roll-ups included, in any order."""
    groups, counts = distinct(np.sort(starts.cells << _CLASS_BITS | starts.classes))
    cells, classes = groups >> _CLASS_BITS, groups & (1 << _CLASS_BITS) - 1
    added = np.zeros((groups.size, 2 * len(COUNTER_COLUMNS)), np.int64)
    rows = np.arange(groups.size)
    amounts = counts * _COUNTER[classes]
    added[rows, _COLUMN[classes]] = amounts
    added[rows, _COLUMN[classes] + len(COUNTER_COLUMNS)] = amounts * _IS_NEW[classes]
    lines, templates = starts.ids(cells)
    everywhere = np.full(cells.size, ALL)
    parts = [
        _sums_by(of_lines, of_templates, day, added)
        for of_lines, of_templates in (
            (lines, templates),
            (lines, everywhere),
            (everywhere, templates),
            (everywhere, everywhere),
        )
    ]
    return np.concatenate(parts)


def _sums_by(lines: Integers, templates: Integers, day: int, added: Integers) -> Integers:
    """A row for each line and template: the sums of what its groups add."""
    order = np.lexsort((templates, lines))
    lines, templates = lines[order], templates[order]
    first = np.flatnonzero(np.concatenate(([True], (lines[1:] != lines[:-1]) | (templates[1:] != templates[:-1]))))
    sums = np.add.reduceat(added[order], first)
    return np.column_stack((lines[first], templates[first], np.full(first.size, day), sums))
