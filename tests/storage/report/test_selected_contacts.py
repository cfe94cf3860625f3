"""The starts of each contact from the cube's sets equal those counted in the messages."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.domain.vocabulary import JOIN_DISTANCE
from storage.report import selected_contacts
from storage.report.selected_contacts import contact_starts, contacts_by_day
from storage.report.user_counts import users_can_tell
from tests.cubes import few_examples, filters, odd_cubes, sent, temporary_database, write, written_in_parts
from tests.databases import LINE, NOON, NOW, session_of
from tests.histories import Question, events, questions


@few_examples
@given(st.data(), events(), questions())
def test_the_starts_of_contacts_are_those_of_the_messages(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, odd_cubes(data):
        for _ in written_in_parts(data, path, history, question):
            filter = data.draw(filters(path, Filter.parse("period:all")))
            with session_of(path) as session:
                selection = session.select(filter, question.now)
                rows = session.connection.execute(
                    f"SELECT m.contact, m.day FROM messages AS m WHERE {selection.condition} AND m.contact IS NOT NULL",
                    selection.parameters,
                ).fetchall()
                counted = Counter(contact for contact, _ in rows)
                found = contact_starts(session.cube.catalog, selection)
                assert (found is not None) == users_can_tell(selection.dimensions)
                if found is None:
                    continue
                assert found.total == counted.total()
                assert found.contacts() == BitMap(counted)
                for contact, starts in counted.items():
                    assert found.count(BitMap((contact,))) == starts
                some = BitMap(list(counted)[::2])
                assert found.within(some).total == found.count(some) == sum(counted[contact] for contact in some)
                assert set(found.sample(10)) <= counted.keys()
                if not session.cube.catalog.is_dirty(selection):
                    of_days = {(day, one) for day, of in contacts_by_day(session.cube.catalog, selection) for one in of}
                    assert of_days == {(day, contact) for contact, day in rows}


@few_examples
@given(st.data(), events(), questions())
def test_a_start_has_the_time_of_its_message_or_of_the_row_that_is_joined_to_it(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path:
        for _ in written_in_parts(data, path, history, question):
            pass
        with session_of(path) as session:
            rows = session.connection.execute("SELECT at, start_at FROM messages WHERE origin IS NOT NULL").fetchall()
    assert all(abs(at - start_at) <= JOIN_DISTANCE for at, start_at in rows)


def test_too_many_starts_of_dirty_days_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_database() as path:
        write(path, [sent("one", NOON, LINE), sent("two", NOON + 1, LINE)], refreshed=False)
        with session_of(path) as session:
            selection = session.select(Filter.parse("period:all"), NOW)
            known = contact_starts(session.cube.catalog, selection)
            assert known is not None
            assert known.total == 2
            monkeypatch.setattr(selected_contacts, "_MOST_DIRTY", 1)
            assert contact_starts(session.cube.catalog, selection) is None
