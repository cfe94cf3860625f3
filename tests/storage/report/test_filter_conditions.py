"""Every field of the filter has a condition, and the conditions do not get in each other's way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from storage.database.connection import reading
from storage.domain.filters import FIELDS, Filter
from storage.report.filter_conditions import CONDITIONS
from tests.databases import build

EVERY_FIELD = Filter.parse(
    'period:7d origin:template line:"(unknown)" template:a,"(unknown)" user:new status:failed failure:131026,media'
    " contact:1 name:ana"
)


def test_every_field_except_the_period_has_a_condition() -> None:
    assert set(CONDITIONS) == set(FIELDS) - {"period"}
    assert all(EVERY_FIELD.values(name) for name in FIELDS)


def test_no_two_conditions_share_a_parameter(tmp_path: Path) -> None:
    with reading(build(tmp_path / "saludo.db", [])) as connection:
        names = Counter(
            parameter
            for name, condition_of in CONDITIONS.items()
            for parameter in condition_of(connection, EVERY_FIELD.values(name)).parameters
        )
    assert set(names.values()) == {1}


def test_only_what_the_cube_does_not_count_by_needs_a_recount(tmp_path: Path) -> None:
    with reading(build(tmp_path / "saludo.db", [])) as connection:
        uncounted = {
            name
            for name, condition_of in CONDITIONS.items()
            if condition_of(connection, EVERY_FIELD.values(name)).dimensions is None
        }
    assert uncounted == {"contact", "name"}
