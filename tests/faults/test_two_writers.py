"""Two writers by two names of one database."""

from __future__ import annotations

from tests.faults.two_writers import two_writers


def test_a_writer_by_another_name_is_told_to_wait() -> None:
    assert two_writers().failures == ()
