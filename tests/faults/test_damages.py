"""A short form of the random damages; `python -m tests.faults values` and `pages` try 500 each."""

from __future__ import annotations

from tests.faults.damaged_pages import damaged_pages
from tests.faults.wrong_values import wrong_values


def test_a_wrong_value_never_ends_in_a_traceback() -> None:
    assert wrong_values(24).failures == ()


def test_damaged_bytes_never_end_in_a_traceback() -> None:
    assert damaged_pages(6).failures == ()
