"""A new field of the filter: the steps of CONTRIBUTING.md, and all that works because of them.

The toy field `language:` selects starts by the language of their template.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.database.connection import reading
from storage.domain.events import ContactIds, Event, Rank, Send
from storage.domain.filter_fields import Pattern, SetField
from storage.domain.filter_text import FilterError
from storage.domain.filters import FIELDS, Filter
from storage.domain.patterns import AnyOf
from storage.report import filter_choices
from storage.report.filter_choices import CHOICES, Choice, choices
from storage.report.filter_conditions import CONDITIONS, Condition
from storage.report.read_session import ReadSession, read_session
from storage.report.report import load_report
from storage.table import pages
from tests.databases import LINE, NOON, NOW, build
from tui.data.filter_completion import candidates
from tui.data.filter_options import options_of, with_chosen
from tui.words.filter_words import DROPDOWNS, FIELD_WORDS, DropdownWords, FieldWords, breadcrumbs


@dataclass(frozen=True, slots=True)
class ToyFilter(Filter):
    """Step 1: an attribute of `Filter`. A test cannot add one to the class itself."""

    languages: frozenset[str] = frozenset()


def _condition(connection: sqlite3.Connection, patterns: frozenset[Any]) -> Condition:
    any_of = AnyOf(patterns)
    found = connection.execute("SELECT DISTINCT language FROM messages WHERE language IS NOT NULL")
    languages = [language for (language,) in found if any_of.matches(language)]
    sql = "m.language IN (SELECT value FROM json_each(:languages))"
    return Condition(sql, {"languages": json.dumps(languages)}, dimensions=None)


def _choices(session: ReadSession) -> list[Choice]:
    found = session.connection.execute("SELECT DISTINCT language FROM messages WHERE language IS NOT NULL ORDER BY 1")
    return [Choice(language, language) for (language,) in found]


@pytest.fixture(autouse=True)
def language_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of CONTRIBUTING.md."""
    dropdown = DropdownWords("Language", "g", lambda filter: "Spanish", everything="All languages")
    words = FieldWords(
        restriction=lambda filter: f"in {' or '.join(sorted(map(str, filter.values('language'))))}",
        without="Without the language there would be {starts}.",
        dropdown=dropdown,
    )
    monkeypatch.setattr(filter_choices, "Filter", ToyFilter)
    monkeypatch.setitem(FIELDS, "language", SetField("language", "languages", Pattern()))
    monkeypatch.setitem(CONDITIONS, "language", _condition)
    monkeypatch.setitem(FIELD_WORDS, "language", words)
    monkeypatch.setitem(CHOICES, "language", _choices)  # only for completion
    monkeypatch.setitem(DROPDOWNS, "language", dropdown)  # made from FIELD_WORDS at import


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ReadSession]:
    events: list[Event] = [
        Send(
            f"w{number}",
            Rank.SEND_LOG,
            NOON - number,
            LINE,
            ContactIds(wa_ids=(f"54911555{number:05}",)),
            kind="template",
            template="promo",
            language=("es_AR", "es_MX", "pt_BR")[number % 3],
            accepted_at=NOON - number,
        )
        for number in range(10)
    ]
    path = build(tmp_path / "saludo.db", events)
    with reading(path) as connection, read_session(connection) as session:
        yield session


def test_it_is_read_and_written() -> None:
    filter = ToyFilter.parse("period:all language:es_*,pt_BR")
    assert filter.languages == {"es_*", "pt_BR"}
    assert str(filter) == "period:all language:es_*,pt_BR"
    assert ToyFilter.parse(str(filter)) == filter
    with pytest.raises(FilterError, match=r"Did you mean 'language'\?"):
        ToyFilter.parse("langauge:es_AR")


@pytest.mark.parametrize(("text", "starts"), [("language:es_*", 7), ("language:pt_br", 3), ("language:it", 0)])
def test_it_selects_in_the_report_and_in_the_table(session: ReadSession, text: str, starts: int) -> None:
    filter = ToyFilter.parse(f"period:all template:promo {text}")
    assert load_report(session, filter, NOW).starts == starts
    assert len(pages.page(session, filter, NOW, limit=20)) == starts


def test_it_has_words_in_the_breadcrumbs() -> None:
    filters = [ToyFilter.parse("period:7d"), ToyFilter.parse("period:7d language:es_AR,pt_BR")]
    assert breadcrumbs(filters) == "Last 7 days › in es_AR or pt_BR"


def test_it_is_completed(session: ReadSession) -> None:
    assert candidates("lan", {}) == ["language:"]
    assert candidates("language:es_AR,es", choices(session)) == ["language:es_AR,es_AR", "language:es_AR,es_MX"]


def test_it_can_be_chosen_from_a_dropdown(session: ReadSession) -> None:
    options = options_of("language", choices(session), None)
    assert [option.label for option in options] == ["All languages", "es_AR", "es_MX", "pt_BR"]
    filter = with_chosen(ToyFilter(), "language", {"pt_BR"})
    assert filter.values("language") == {"pt_BR"}
    assert with_chosen(filter, "language", {None}) == ToyFilter()
