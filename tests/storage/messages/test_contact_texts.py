"""The texts in memory find the contacts that a search of the tables finds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.connection import reading, writing
from storage.domain.folding import folded, folded_lines
from storage.messages import contact_texts
from storage.messages.contact_texts import ContactTexts
from storage.table.search import contacts_with
from tests.cubes import few_examples, temporary_database
from tests.databases import create

SIGNS = st.sampled_from("aAáÁbñÑ1290 %_\\+-()ßıİłØﬁ１ſKΩς\u0301\u0327漢字🌸\n\r\v")
NAMES = st.lists(st.one_of(st.none(), st.text(SIGNS, max_size=6), st.text(max_size=5)), max_size=8)


def fill(path: Path, names: list[str | None], ids: list[str], gaps: int) -> None:
    """Writes contacts with these names, and these ids one after the other to them."""
    create(path)
    with writing(path) as writer, writer.transaction() as connection:
        for number, name in enumerate(names):
            connection.execute("INSERT INTO contacts (id, name) VALUES (?, ?)", (1 + number * gaps, name))
        for number, text in enumerate(ids):
            contact = 1 + number % max(1, len(names)) * gaps
            connection.execute(
                "INSERT OR IGNORE INTO contact_ids (kind, text, contact) VALUES (?, ?, ?)", (number % 3, text, contact)
            )


@few_examples
@given(st.data(), NAMES, st.lists(st.text(SIGNS, min_size=1, max_size=6), max_size=8))
def test_a_text_is_found_where_the_tables_have_it(data: st.DataObject, names: list[str | None], ids: list[str]) -> None:
    readable = [None if name is None else name.encode("utf-8", "replace").decode().replace("\0", "") for name in names]
    parts = [text[begin : begin + 2] for text in (*filter(None, readable), *ids) for begin in (0, 1)]
    with temporary_database() as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_texts, "_SPAN", data.draw(st.integers(1, 9)))
        fill(path, readable, ids, data.draw(st.sampled_from((1, 3))))
        texts = ContactTexts()
        with reading(path) as connection:
            for text in (*parts, "a", "A", "1", "nowhere", "+54 9", "%", "_", ""):
                if "\n" in text:
                    assert texts.contacts_with(connection, text) is None
                else:
                    assert texts.contacts_with(connection, text) == contacts_with(connection, text), text


@given(st.lists(st.text(SIGNS), max_size=5), st.lists(st.text(), max_size=5))
def test_many_lines_are_folded_as_each_is(some: list[str], others: list[str]) -> None:
    lines = [line for text in (*some, *others) for line in text.split("\n")]
    assert folded_lines("\n".join(lines)) == "\n".join(map(folded, lines))


def test_texts_are_read_again_when_the_database_or_the_connection_is_another(tmp_path: Path) -> None:
    path = tmp_path / "saludo.db"
    fill(path, ["Ana"], ["5491155550001"], 1)
    texts = ContactTexts()
    with reading(path) as connection:
        assert texts.contacts_with(connection, "ana") == {1}
        with writing(path) as writer, writer.transaction() as other:
            other.execute("UPDATE contacts SET name = 'Beto'")
        assert texts.contacts_with(connection, "ana") == set()
        assert texts.contacts_with(connection, "beto") == {1}
    with reading(path) as connection:
        assert texts.contacts_with(connection, "BÉTO") == {1}


def test_a_reading_that_was_interrupted_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_texts, "_SPAN", 10)
    path = tmp_path / "saludo.db"
    fill(path, [f"Person {number}" for number in range(400)], [], 1)
    texts, stopped = ContactTexts(), 0
    with reading(path) as connection:
        for steps in (300, 3_000, 10_000_000):
            connection.set_progress_handler(lambda: True, steps)
            try:
                assert texts.contacts_with(connection, "person 399") == {400}
            except sqlite3.OperationalError:
                stopped += 1
        connection.set_progress_handler(None, 0)
        assert stopped == 2
        assert texts.contacts_with(connection, "person 12") == {13, *range(121, 131)}


def test_more_texts_than_fit_are_left_to_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_texts, "_MOST_BYTES", 3)
    path = tmp_path / "saludo.db"
    fill(path, ["Ana"], ["5491155550001"], 1)
    with reading(path) as connection:
        assert ContactTexts().contacts_with(connection, "ana") is None
