"""Lines by their ids: found, named, and merged when a record gives ids of two together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.domain.events import LineIds
from storage.messages.lines import Lines


@contextmanager
def lines(path: Path) -> Iterator[tuple[Lines, sqlite3.Connection]]:
    with writing(path) as writer, writer.transaction() as connection:
        yield Lines(connection), connection


def test_ids_given_together_are_one_line_in_memory_and_in_the_database(tmp_path: Path) -> None:
    with lines(tmp_path / "saludo.db") as (known, connection):
        known.link(LineIds("100"))
        known.link(LineIds(number="5411000"))
        known.link(LineIds("200", "5411001", "Sales"))
        first, second, other = (known.find(text) for text in ("100", "5411000", "200"))
        assert first.owner != second.owner
        known.link(LineIds("100", "5411000"))
        assert known.merged == {first.owner, second.owner}
        kept = min(first.owner, second.owner)
        assert known.find("100") == first._replace(owner=kept)
        assert known.find("5411000") == second._replace(owner=kept)
        assert known.find("200") == other == known.find("Sales")._replace(id=other.id)
        again = Lines(connection)
        for text in ("100", "5411000", "200", "Sales"):
            assert again.find(text) == known.find(text)
        assert connection.execute("SELECT count(*) FROM lines").fetchone() == (2,)
        known.link(LineIds("200", "5411000"))
        assert known.merged == {first.owner, second.owner, other.owner}
        with pytest.raises(KeyError) as error:
            known.find("300")
        assert error.value.args == ("300",)


@pytest.mark.parametrize(
    ("given", "label", "value"),
    [
        ([LineIds("100")], "100", "100"),
        ([LineIds("100"), LineIds("100", "5411000")], "+5411000", "+5411000"),
        ([LineIds("100", None, "Sales")], "Sales", "100"),
        ([LineIds("100", "5411000", "Sales")], "Sales", "+5411000"),
        ([LineIds(name="Sales")], "Sales", "Sales"),
        # The same text as a name and as an identifier is the identifier: the smaller kind.
        ([LineIds(name="100"), LineIds("100")], "100", "100"),
        ([LineIds("100"), LineIds(name="100"), LineIds("100", name="Sales")], "Sales", "100"),
        ([LineIds(name="100"), LineIds("100"), LineIds("100", name="Sales")], "Sales", "100"),
        ([LineIds("200", name="100"), LineIds("100")], "100", "100"),
        # Two lines that turn out to be one are named anew.
        ([LineIds("100"), LineIds(number="5411000"), LineIds("100", "5411000")], "+5411000", "+5411000"),
    ],
)
def test_a_line_is_shown_by_name_and_filtered_by_number(
    tmp_path: Path, given: list[LineIds], label: str, value: str
) -> None:
    with lines(tmp_path / "saludo.db") as (known, connection):
        for ids in given:
            known.link(ids)
        assert connection.execute("SELECT label, value FROM lines").fetchall() == [(label, value)]
