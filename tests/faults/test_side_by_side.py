"""Two commands on one database at the same time."""

from __future__ import annotations

from tests.faults.side_by_side import side_by_side


def test_two_commands_leave_what_one_after_the_other_leaves() -> None:
    assert side_by_side(5).failures == ()
