"""The contact at a position of the table sorted by contact, from the cube's sets: no start is read.

A sample of the starts tells between which two labels the position is. The contacts with a smaller label are counted
in the sets, and those between the two labels are narrowed down to one. Every answer is exact: the sample only decides
how many contacts are between the labels.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from pyroaring import BitMap

from storage.report.read_session import ReadSession
from storage.report.selected_contacts import ContactStarts, contact_starts
from storage.report.selection import Selection

_SAMPLE = 2_000  # starts
_DEVIATIONS = 4  # of the sample's share: so far from it the position hardly ever is
_FEW = 20_000  # starts: of fewer, all contacts are sorted without a sample


class KnownLabel(NamedTuple):
    """A label, and how many starts have a smaller one."""

    label: str
    position: int


def label_at(session: ReadSession, selection: Selection, position: int, total: int | None) -> KnownLabel | None:
    """The label of the contact that has the start at a position, sorted by contact.

    Args:
        total: how many starts have a known contact; None: not known, and not compared.

    Returns:
        None if the sets cannot tell.
    """
    starts = contact_starts(session.cube.catalog, selection)
    if starts is None or (total is not None and starts.total != total):
        return None
    connection = session.connection
    for low, high in _ranges(connection, starts, position):
        before = 0 if low is None else starts.count(BitMap(_ids(connection, None, low, in_order=False)))
        if position < before:
            continue
        ids = _ids(connection, low, high, in_order=True)
        some = starts.within(BitMap(ids))
        if position < before + some.total:
            return _narrowed(connection, some, ids, before, position)
    return None


def _ranges(
    connection: sqlite3.Connection, starts: ContactStarts, position: int
) -> list[tuple[str | None, str | None]]:
    """Labels [from, to) between which the position is, the likeliest first; None: no bound."""
    everything: tuple[str | None, str | None] = (None, None)
    if starts.total <= _FEW:
        return [everything]
    labels = _labels(connection, starts.sample(_SAMPLE))
    share = position / max(1, starts.total)
    place, count = share * len(labels), len(labels)
    margin = _DEVIATIONS * sqrt(count * share * (1 - share)) + 2
    low, high = int(place - margin), int(place + margin)
    likely = labels[low] if low >= 0 else None, labels[high] if high < count else None
    return [likely, everything]


def _narrowed(
    connection: sqlite3.Connection, starts: ContactStarts, ids: Sequence[int], before: int, position: int
) -> KnownLabel:
    """The contact with the start at a position, among contacts in order."""
    first, end = 0, len(ids)
    while end - first > 1:
        middle = (first + end) // 2
        half = starts.within(BitMap(ids[first:middle]))
        count = half.total
        if before + count > position:
            end, starts = middle, half
        else:
            first, before = middle, before + count
    (label,) = _labels(connection, ids[first : first + 1])
    while first and _labels(connection, ids[first - 1 : first]) == [label]:  # those with the same label are together
        first -= 1
        before -= starts.count(BitMap(ids[first : first + 1]))
    return KnownLabel(label, before)


def _labels(connection: sqlite3.Connection, ids: Sequence[int]) -> list[str]:
    """The labels of some contacts, sorted."""
    rows = connection.execute(
        "SELECT c.label FROM json_each(?) AS one CROSS JOIN contacts AS c ON c.id = one.value ORDER BY 1",
        (json.dumps(list(ids)),),
    )
    return [label for (label,) in rows]


def _ids(connection: sqlite3.Connection, low: str | None, high: str | None, in_order: bool) -> array[int]:
    """The contacts with a label from `low` on and below `high`."""
    bounds = {"label >= :low": low, "label < :high": high}
    condition = " AND ".join(condition for condition, bound in bounds.items() if bound is not None)
    # As one text: a million rows would take three times as long.
    rows = f"contacts WHERE {condition or 1}"
    source = f"(SELECT id FROM {rows} ORDER BY label, id)" if in_order else rows
    (ids,) = connection.execute(f"SELECT json_group_array(id) FROM {source}", {"low": low, "high": high}).fetchone()
    return array("I", json.loads(ids))
