"""The dashboard ends within a second, whatever it is doing."""

from __future__ import annotations

from tests.faults.endings import endings


def test_it_ends_soon_and_restores_the_terminal() -> None:
    assert endings(8).failures == ()
