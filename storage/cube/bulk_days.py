"""Counts new days with arrays: the fast twin of day_counts.py and of `planned_writes.new_day_writes`, for the counting
process. tests/storage/cube/test_bulk_days.py compares the two. Needs no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from storage.cube.bulk_sets import Ids, Sets, sets_of, writes_of_new_block
from storage.cube.counters import WRITE_CELL, detail_writes
from storage.cube.day_counts import CLASSES, Detail, Failure, check_contacts
from storage.cube.layout import ALL, FAILED, STEPS, USERS
from storage.cube.repeats import encode_repeats, repeats_writes
from storage.cube.start_classes import COUNTER_PLACES
from storage.database.codes import REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.schema import COUNTER_COLUMNS
from storage.database.statements import BulkStatement
from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID

_NOT_COUNTED = -1
_COLUMNS = len(COUNTER_COLUMNS)


def _table(values: Iterable[int | None]) -> Ids:
    return np.array([_NOT_COUNTED if value is None else value for value in values], np.int64)


# By class number: the counter of a start (its column, and what is added), whether its user is new, and the first number
# of its slice in the sets of each kind; _NOT_COUNTED: it is not in them.
_PLACES = [(None, None) if of is None else COUNTER_PLACES[of.origin, of.status] for of in CLASSES]
_COLUMN = _table(column for column, _ in _PLACES)
_ADDED = _table(None if below is None else 1 << below for _, below in _PLACES)
_IS_NEW = np.array([of is not None and of.sends == 1 for of in CLASSES])
_SLICES = {
    USERS: _table(None if of is None else of.users for of in CLASSES),
    FAILED: _table(None if of is None else of.failed for of in CLASSES),
    STEPS: _table(None if of is None else of.steps for of in CLASSES),
}


class _Starts(NamedTuple):
    """Starts, a value each: ids as in the cube, `class_number`, data-quality flags, failure (0: none) and contact (0:
    unknown)."""

    lines: Ids
    templates: Ids
    classes: Ids
    flags: Ids
    failures: Ids
    contacts: Ids

    def only(self, chosen: Any) -> _Starts:
        """Some of them, by a mask or by places."""
        return _Starts(*(column[chosen] for column in self))


def writes_by_day(
    derived: Sequence[tuple[Any, ...]], failures: Mapping[Failure, int]
) -> dict[int, list[BulkStatement]]:
    """The writes of days of which the cube has nothing, by day.

    Args:
        derived: The values of DERIVED in storage/messages/store.py for each start of these days.
        failures: The ids of `FailureKinds` of all failures among them.

    Raises:
        DatabaseError: A contact's id has too many bits.
    """
    if not derived:
        return {}
    lines, contacts, templates, _, days, origins, user_types, statuses, _, flags, codes, reasons, _ = zip(
        *derived, strict=True
    )
    of_origins = np.array(origins)
    of_templates = _ids(templates, UNKNOWN_ID)
    of_templates[(of_templates == UNKNOWN_ID) & (of_origins >= REFERRED_FROM)] = NO_TEMPLATE
    of_failures = [0 if reason is None else failures[code, reason] for code, reason in zip(codes, reasons, strict=True)]
    starts = _Starts(
        _ids(lines, UNKNOWN_ID),
        of_templates,
        _class_numbers(of_origins, user_types, statuses),
        np.array(flags),
        np.array(of_failures),
        _ids(contacts, 0),
    )
    check_contacts(int(starts.contacts.max()))
    of_days = np.array(days)
    order = np.argsort(of_days, kind="stable")
    starts, of_days = starts.only(order), of_days[order]
    rows_of_days = {day: [*rows] for day, rows in groupby(_cell_rows(of_days, starts), itemgetter(2))}
    begins = np.flatnonzero(np.diff(of_days, prepend=of_days[0] - 1))
    ends = [*begins[1:].tolist(), len(of_days)]
    return {
        day: _writes(day, rows, starts.only(slice(begin, end)))
        for (day, rows), begin, end in zip(rows_of_days.items(), begins.tolist(), ends, strict=True)
    }


def _class_numbers(origins: Ids, user_types: Sequence[int], statuses: Sequence[int]) -> Ids:
    """`class_number` of each start."""
    numbers: Ids = (origins * len(USER_TYPES) + np.array(user_types)) * len(STATUSES) + np.array(statuses)
    return numbers


def _ids(ids: Sequence[int | None], unknown: int) -> Ids:
    return np.array([unknown if id is None else id for id in ids] if None in ids else ids, np.int64)


def _writes(day: int, cells: list[tuple[int, ...]], starts: _Starts) -> list[BulkStatement]:
    writes: list[BulkStatement] = [(WRITE_CELL, cells), *_detail_writes(day, starts)]
    for kind in (USERS, FAILED, STEPS):
        writes += writes_of_new_block(kind, (0, day), _sets(kind, starts))
    return writes + repeats_writes(day, _repeats(starts), None)


def _cell_rows(days: Ids, starts: _Starts) -> list[tuple[int, ...]]:
    """The rows of the counters of all cells of all days, roll-ups included, ordered by day, line and template."""
    order = np.lexsort((starts.templates, starts.lines, days))
    days, lines, templates, classes = (ids[order] for ids in (days, starts.lines, starts.templates, starts.classes))
    counters = np.zeros((len(order), 2 * _COLUMNS), np.int64)
    places, columns, added = np.arange(len(order)), _COLUMN[classes], _ADDED[classes]
    counters[places, columns] = added
    counters[places, columns + _COLUMNS] = np.where(_IS_NEW[classes], added, 0)
    every = np.full(len(order), ALL)
    by_template = np.lexsort((templates, days))
    rows = np.concatenate(
        [
            _summed(counters, lines, templates, days),
            _summed(counters, lines, every, days),
            _summed(counters[by_template], every, templates[by_template], days),
            _summed(counters, every, every, days),
        ]
    )
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0], rows[:, 2]))]
    return [*zip(*rows.T.tolist(), strict=True)]


def _summed(counters: Ids, *ids: Ids) -> Ids:
    """The rows of cells: the sums of the counters of equal ids (line, template and day), which are neighbours."""
    begins = np.ones(len(counters), bool)
    begins[1:] = False
    for column in ids:
        begins[1:] |= column[1:] != column[:-1]
    firsts = np.flatnonzero(begins)
    return np.column_stack([*(column[firsts] for column in ids), np.add.reduceat(counters, firsts)])


def _detail_writes(day: int, starts: _Starts) -> list[BulkStatement]:
    """The details of the few sends that failed or carry a flag."""
    counted = starts.only((starts.failures != 0) | (starts.flags != 0))
    details: defaultdict[Detail, list[int]] = defaultdict(lambda: [0] * REFERRED_FROM)
    for line, template, number, flags, failure in zip(*(column.tolist() for column in counted[:5]), strict=True):
        of = CLASSES[number]
        assert of is not None
        if of.origin < REFERRED_FROM:
            details[line, template, of.status, failure, flags][of.origin] += of.sends
    sends = {detail: tuple(of_origins) for detail, of_origins in details.items()}
    return detail_writes(day, {line for line, *_ in sends}, sends, {})


def _sets(kind: int, starts: _Starts) -> Sets | None:
    """The leaf sets of a kind."""
    slices = _SLICES[kind][starts.classes]
    are_in = (slices != _NOT_COUNTED) & (starts.contacts != 0)
    if kind == FAILED:
        are_in &= starts.failures != 0
    if not are_in.any():
        return None
    lines, templates, _, _, failures, contacts = starts.only(are_in)
    numbers = (slices[are_in] | contacts).astype(np.uint32)
    failures = failures if kind == FAILED else np.zeros_like(failures)
    return sets_of(lines, templates, failures, np.ones_like(lines), numbers)


def _repeats(starts: _Starts) -> bytes | None:
    """The bytes of the starts of contacts that have several, and of unknown contacts; None if there are none."""
    _, places, counts = np.unique(starts.contacts, return_inverse=True, return_counts=True)
    lines, templates, classes, _, _, contacts = starts.only((counts[places] > 1) | (starts.contacts == 0))
    if not len(lines):
        return None
    numbers = _SLICES[USERS][classes] | contacts
    order = np.lexsort((numbers, templates, lines, contacts))
    return encode_repeats(lines[order].tolist(), templates[order].tolist(), numbers[order].tolist())
