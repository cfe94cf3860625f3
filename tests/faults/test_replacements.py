"""The file under a dashboard's connections is replaced, cut or removed."""

from __future__ import annotations

from tests.faults.replacements import replacements


def test_a_replaced_file_is_read_or_told() -> None:
    assert replacements().failures == ()
