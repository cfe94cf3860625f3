"""Every object of the schema that can be made again is dropped once, and what tables say of each other is changed."""

from __future__ import annotations

import pytest

from tests.faults.schema_damage import schema_damage


def test_check_names_what_was_dropped_or_changed_and_makes_it_again(pytestconfig: pytest.Config) -> None:
    assert schema_damage(one_in=1 if pytestconfig.getoption("--long") else 3).failures == ()
