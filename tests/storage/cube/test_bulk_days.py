"""Days that are counted with arrays are counted as by the plain rule."""

from __future__ import annotations

import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube import planned_writes, user_sets
from storage.cube.bitmaps import SLICE_BITS
from storage.database.codes import (
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    REFERRED_FROM,
    STATUS_FAILED,
    STATUS_RECEIVED,
    USER_TYPES,
)
from storage.database.connection import DatabaseError
from storage.database.schema import COUNTER_COLUMNS
from tests.cubes import PACKED_BLOCK_LIMITS, few_examples, written

pytest.importorskip("numpy")
from storage.cube import bulk_days

FAILURES = {(131026, "number_gone"): 1, (None, "other"): 2, (131049, "limit"): 7}
CLASSES = [key for pair in COUNTER_COLUMNS.values() for key in pair]
DAYS = (20_400, 20_401, 20_409)
Derived = tuple[Any, ...]


@st.composite
def starts(draw: st.DrawFn) -> Derived:
    """The derived columns of a start."""
    origin, status = draw(st.sampled_from(CLASSES))
    code, reason = draw(st.sampled_from([*FAILURES])) if status == STATUS_FAILED else (None, None)
    return (
        draw(st.sampled_from((None, 1, 2, 70_000))),
        draw(st.sampled_from((None, 1, 2, 3, 4, 5, 6, 7, (1 << SLICE_BITS) - 1))),
        draw(st.sampled_from((None, 1, 2, 3))),
        0,
        draw(st.sampled_from(DAYS)),
        origin,
        draw(st.integers(0, len(USER_TYPES) - 1)),
        status,
        None,
        draw(st.sampled_from((0, 0, 0, 1, 2, 8))) if origin < REFERRED_FROM else 0,
        code,
        reason,
        None,
    )


def compare(derived: list[Derived]) -> None:
    plain = planned_writes.writes_by_day(derived, FAILURES)
    fast = bulk_days.writes_by_day(derived, FAILURES)
    assert {day: written(writes) for day, writes in fast.items()} == {
        day: written(writes) for day, writes in plain.items()
    }
    assert marshal.loads(marshal.dumps(fast)) == fast  # it goes through a pipe


@few_examples
@given(st.data(), st.lists(starts(), max_size=40))
def test_days_are_counted_as_by_the_plain_rule(data: st.DataObject, derived: list[Derived]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", data.draw(st.sampled_from(PACKED_BLOCK_LIMITS)))
        compare(derived)


def start(contact: int, template: int = 1, status: int = STATUS_RECEIVED - 1, origin: int = ORIGIN_TEMPLATE) -> Derived:
    failure = (131026, "number_gone") if status == STATUS_FAILED else (None, None)
    return 1, contact, template, 0, DAYS[0], origin, contact % 2, status, None, 0, *failure, None


@pytest.mark.parametrize("limits", PACKED_BLOCK_LIMITS)
@pytest.mark.parametrize("count", [95, 96, 97, 300, 3_000])
def test_long_sets_are_those_of_the_plain_rule(
    monkeypatch: pytest.MonkeyPatch, count: int, limits: dict[int, int]
) -> None:
    """From 96 numbers on a set can be a bitmap, and from 250 on it has a row of its own."""
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", limits)
    near, far = [*range(1, count + 1)], [*range(1, 70_000 * count, 70_000)]
    for contacts in (near, [contact % (1 << SLICE_BITS) + 1 for contact in far]):
        sends = [start(contact, template) for contact in contacts for template in (1, 2)]
        failed = [start(contact, 3, STATUS_FAILED, ORIGIN_NOTIFICATION) for contact in contacts]
        compare([*sends, *failed, *(start(contact, 4) for contact in contacts[:5])])


def test_a_contact_that_no_set_can_hold_is_refused() -> None:
    for too_great in ([start(1 << SLICE_BITS)], [start(1), start(1 << SLICE_BITS)]):
        with pytest.raises(DatabaseError):
            bulk_days.writes_by_day(too_great, FAILURES)
