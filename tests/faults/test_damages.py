"""A short form of the random damages; `python -m tests.faults values` and `pages` try more."""

from __future__ import annotations

from tests.faults.damaged_pages import damaged_pages
from tests.faults.tally import Tally
from tests.faults.wrong_values import wrong_values


def test_a_wrong_value_is_detected_harmless_or_evidence() -> None:
    assert wrong_values(6, Tally()).failures == ()


def test_damaged_bytes_are_detected_or_harmless() -> None:
    assert damaged_pages(4, Tally()).failures == ()
