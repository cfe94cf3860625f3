"""People are found by any part of their profile name, as the plain rule in Python says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database.connection import reading
from storage.domain.events import ContactIds
from storage.domain.folding import folded
from storage.messages.people_names import contacts_named, contacts_whose_name_contains
from tests.cubes import sent, temporary_database, write
from tests.databases import NOON

NAMES = ("Lucía Gómez", "LUCÍA", "Luci\u0301a", "Lucia", "Ana 100% _x_", "Łucja", "Ana*Eva", "a\\b", "Jose\x00Maria")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("names") / "saludo.db"
    write(path, [sent(f"w{n}", NOON, contact=_person(n, name)) for n, name in enumerate(NAMES)])
    return path


def _person(number: int, name: str) -> ContactIds:
    return ContactIds(wa_ids=(f"54911555{number:05}",), name=name)


def _found(path: Path, *patterns: str) -> list[str]:
    with reading(path) as connection:
        names = dict(connection.execute("SELECT id, name FROM contacts"))
        return sorted(names[id] for id in contacts_named(connection, patterns))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("lucia", {"Lucía Gómez", "LUCÍA", "Luci\u0301a", "Lucia"}),
        ("LUCÍA", {"Lucía Gómez", "LUCÍA", "Luci\u0301a", "Lucia"}),
        ("gomez", {"Lucía Gómez"}),
        ("lu*mez", {"Lucía Gómez"}),
        ("lucja", {"Łucja"}),
        ("0% _", {"Ana 100% _x_"}),
        ("ana\\*", {"Ana*Eva"}),
        ("a\\\\b", {"a\\b"}),
        ("nobody", set()),
    ],
)
def test_any_part_of_a_name_finds_it(path: Path, pattern: str, names: set[str]) -> None:
    assert set(_found(path, pattern)) == names


@settings(deadline=None)
@given(st.lists(st.text(alphabet="aAáÁñßﬁ%_\\* ", max_size=6), max_size=6), st.text(alphabet="aáNss%_\\* ", min_size=1))
def test_the_same_are_found_as_by_the_plain_rule(names: list[str], wanted: str) -> None:
    with temporary_database() as path:
        write(path, [sent(f"w{n}", NOON, contact=_person(n, name)) for n, name in enumerate(names)])
        with reading(path) as connection:
            stored = dict(connection.execute("SELECT id, name FROM contacts WHERE name IS NOT NULL"))
            assert contacts_whose_name_contains(connection, wanted) == {
                id for id, name in stored.items() if folded(wanted) in folded(name)
            }
