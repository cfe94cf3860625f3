"""Text search: the nearest start that contains the text, and its position, by each way of searching."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage.database.connection import reading
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.domain.folding import folded
from storage.domain.patterns import phone_digits
from storage.messages.contact_texts import ContactTexts
from storage.report.read_session import ReadSession
from storage.table import search
from storage.table.positions import Cursor
from storage.table.search import Match, find
from tests.cubes import filters, refresh_all, sent, temporary_database, write
from tests.databases import ANA, BETO, DAY, LINE, NOON, NOW, build, session_of
from tests.histories import Question, events, questions, shuffled, split

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = ("welcome", "ORDER_", "5491100000001", "+54 911 0000-0002", "AR.10", "c3", "%", "nowhere", "1")


def matches(path: Path, filter: Filter, question: Question, text: str) -> list[tuple[int, str, bool]]:
    """All starts newest first (time, key), and whether each contains the text; computed by Python."""
    with reading(path) as connection:
        selection = ReadSession(connection).select(filter, question.now)
        names = dict(connection.execute("SELECT id, ifnull(name, '') FROM contacts"))
        ids = connection.execute("SELECT contact, text FROM contact_ids").fetchall()
        templates = dict(connection.execute("SELECT id, name FROM templates"))
        rows = connection.execute(
            f"SELECT m.start_at, m.key, m.contact, m.start_template FROM messages AS m WHERE {selection.condition}",
            selection.parameters,
        ).fetchall()
    forms = {text.lower(), phone_digits(text).lower()}

    def has(contact: int | None, template: int | None) -> bool:
        words = [names.get(contact, ""), templates.get(template, "")]
        numbers = [known for of, known in ids if of == contact and contact is not None]
        return any(folded(text) in folded(word) for word in words) or any(
            form in known.lower() for known in numbers for form in forms
        )

    return [(at, key, has(contact, template)) for at, key, contact, template in sorted(rows, key=_cursor, reverse=True)]


def _cursor(row: tuple[Any, ...]) -> tuple[int, str]:
    return row[0], row[1]


@quick
@given(st.data(), events(), questions())
def test_the_next_and_the_previous_match_are_right(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, pytest.MonkeyPatch.context() as patch:
        build(path, time_zone=question.time_zone.key)
        for part in data.draw(split(data.draw(shuffled(history)))):
            write(path, part, refreshed=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            refresh_all(path)
        patch.setattr(search, "_FEW", data.draw(st.sampled_from((0, 1, 2_000))))
        filter = data.draw(filters(path, Filter.parse("period:all")))
        text = data.draw(st.sampled_from(TEXTS))
        rows = matches(path, filter, question, text)
        # A message in and a message out may share key and time; a cursor cannot tell such starts apart.
        assume(len({row[:2] for row in rows}) == len(rows))
        at = data.draw(st.integers(-1, len(rows) - 1))
        cursor = None if at < 0 else Cursor(*rows[at][:2])
        texts = data.draw(st.sampled_from((None, ContactTexts())))
        with session_of(path) as session:
            for older in (True, False):
                beyond = range(at + 1, len(rows)) if older else range((len(rows) if at < 0 else at) - 1, -1, -1)
                wanted = next((Match(Cursor(*rows[place][:2]), place) for place in beyond if rows[place][2]), None)
                assert find(session, filter, question.now, text, cursor, older, texts=texts) == wanted


def test_a_search_among_many_contacts_reports_each_day_as_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    history = [sent(f"w{days}", NOON - days * DAY, LINE, BETO if days < 3 else ANA) for days in range(5)]
    path = build(tmp_path / "saludo.db", history)
    reported: list[date | None] = []
    with session_of(path) as session:
        match = find(session, Filter.parse("period:all"), NOW, "ana", None, True, reported.append)
    assert match is not None
    assert match.position == 3
    assert reported == [date(2026, 11, 18), date(2026, 11, 17), date(2026, 11, 16)]


def test_a_search_under_a_filter_of_one_contact_finds_nothing_of_another(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [sent("ana", NOON, LINE, ANA), sent("beto", NOON, LINE, BETO)])
    with session_of(path) as session:
        of_beto = Filter.parse("period:all contact:5491155550002")
        assert find(session, of_beto, NOW, "5491155550001", None, True) is None
        assert find(session, of_beto, NOW, "5491155550002", None, True) == Match(Cursor(NOON, "beto"), 0)
