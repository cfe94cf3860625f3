"""What may be in a database is never taken for new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.messages import seen_keys
from storage.messages.seen_keys import SeenKeys

HASHES = st.lists(st.integers(-(1 << 63), (1 << 64) - 1), max_size=20)


@given(st.lists(HASHES, max_size=6), st.sampled_from((3, seen_keys._KEPT)))
def test_what_came_before_may_be_there_however_few_bits_are_kept(batches: list[list[int]], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_keys, "_KEPT", kept)
        known, before = SeenKeys(complete=True), set[int]()
        for batch in batches:
            there = known.take(batch)
            assert before & {*batch} <= there <= {*batch}
            assert there == {hash for hash in batch if hash & kept in {one & kept for one in before}}
            before |= {*batch}


def test_of_a_database_that_held_something_anything_may_be_there() -> None:
    known = SeenKeys(complete=False)
    assert known.take([1, 2]) == {1, 2}
    assert known.take([3]) == {3}
