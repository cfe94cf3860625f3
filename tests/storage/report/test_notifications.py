"""The sends grouped by template, line and day from the cube equal those grouped from the messages."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_DELIVERED, STATUS_FAILED, STATUS_READ
from storage.domain.calendar import date_of
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.report import day_users, notifications
from storage.report.notifications import GroupOrder, Notification, SortedGroups, groups, groups_by_day
from storage.report.read_session import ReadSession
from storage.report.selection import Selection
from tests.cubes import few_examples, filters, odd_cubes, temporary_database, written_in_parts
from tests.databases import session_of
from tests.histories import Question, events, questions


def counted(session: ReadSession, selection: Selection) -> set[Notification]:
    """The groups, counted send by send."""
    rows = session.connection.execute(
        f"SELECT m.day, m.start_template, m.line, m.status, m.contact FROM messages AS m"
        f" WHERE {selection.condition} AND m.origin < {REFERRED_FROM}",
        selection.parameters,
    )
    statuses: defaultdict[tuple[int, int | None, int | None], Counter[int]] = defaultdict(Counter)
    users: defaultdict[tuple[int, int | None, int | None], set[int]] = defaultdict(set)
    for *key, status, contact in rows:
        day, template, line = key
        statuses[day, template, line][status] += 1
        users[day, template, line].update(() if contact is None else (contact,))
    return {
        Notification(
            date_of(day),
            template,
            line,
            len(users[day, template, line]),
            of.total(),
            of[STATUS_FAILED],
            of[STATUS_DELIVERED] + of[STATUS_READ] + of[STATUS_ANSWERED],
            of[STATUS_READ] + of[STATUS_ANSWERED],
            of[STATUS_ANSWERED],
        )
        for (day, template, line), of in statuses.items()
    }


@few_examples
@given(st.data(), events(), questions())
def test_groups_are_those_of_the_messages(data: st.DataObject, history: list[Event], question: Question) -> None:
    with temporary_database() as path, odd_cubes(data), pytest.MonkeyPatch.context() as patch:
        # Low limits, so that a few starts take the ways of many.
        patch.setattr(notifications, "_FEW_DAYS", data.draw(st.sampled_from((0, 4, 1_000_000))))
        patch.setattr(notifications, "_MANY_PAIRS", 0)
        patch.setattr(day_users, "_PICKED_CELLS", data.draw(st.sampled_from((0, 1, 8))))
        for _ in written_in_parts(data, path, history, question):
            filter = data.draw(filters(path, Filter.parse("period:all")))
            with session_of(path) as session:
                selection = session.select(filter, question.now)
                wanted = counted(session, selection)
                by_day = groups_by_day(session, selection)
                found = groups(session, selection, 0, 1_000, data.draw(st.sampled_from((None, by_day))))
                assert set(found) == wanted
                assert len(found) == len(wanted)
                assert by_day == Counter((one.day - date_of(0)).days for one in wanted)
                position, limit = data.draw(st.integers(0, 9)), data.draw(st.integers(1, 4))
                assert groups(session, selection, position, limit, by_day) == found[position : position + limit]
                by_users = SortedGroups(GroupOrder.USERS, False).page(session, selection, 0, 1_000)
                assert set(by_users) == wanted
