"""The table in any order: each page equals its part of a plain sort of everything."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database.connection import reading
from storage.domain.events import ContactIds, Event, Failure, Inbound, LineIds, Origin, Rank, Send
from storage.domain.filters import Filter
from storage.report import selected_contacts
from storage.report.cube_metrics import Cube
from storage.report.read_session import ReadSession
from storage.report.selection import Selection
from storage.table import contact_order, contact_position, positions, sorting
from storage.table.sorting import Order, Sorting
from tests.cubes import filters, refresh_all, temporary_database, write
from tests.databases import DAY, LINE, NOON, NOW, OTHER_LINE, SECOND, build
from tests.histories import Question, events, questions, shuffled, split

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


# Limits of contact_order.py that a few starts reach.
_LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "_LISTED": st.sampled_from((-1, 5_000)),
    "_READ_AT_ONCE": st.integers(1, 3),
    "_READ_AHEAD": st.integers(1, 3),
    "_COUNTED_FIRST": st.integers(1, 3),
    "_COUNTED_AT_ONCE": st.integers(1, 4),
    "_FAR": st.integers(0, 4),
    "_VERY_FAR": st.sampled_from((-1, 0, 2, 10_000)),
    "_KEPT": st.integers(1, 3),
    "_WIDE_STARTS": st.sampled_from((0, 1 / 8, 2)),
    "_WIDE_CONTACTS": st.sampled_from((0, 1 / 4)),
}


def nocase(text: str) -> tuple[str, str]:
    """How SQLite's NOCASE sees a name: only the letters of ASCII have two cases."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text), text


def whole(connection: sqlite3.Connection, selection: Selection, order: Order) -> list[int]:
    """The row ids of everything that is selected, sorted by Python."""
    rows = connection.execute(
        f"""
        SELECT m.id, m.start_at, m.key, m.origin, t.name, m.status, c.label
        FROM messages AS m
        LEFT JOIN templates AS t ON t.id = m.start_template
        LEFT JOIN contacts AS c ON c.id = m.contact
        WHERE {selection.condition}
        """,
        selection.parameters,
    ).fetchall()
    rows.sort(key=lambda row: row[1:4], reverse=True)
    keys: dict[Order, Any] = {
        Order.TIME: lambda row: 0,
        Order.TEMPLATE: lambda row: (row[4] is None, nocase(row[4] or "")),
        Order.STATUS: lambda row: row[5],
        Order.CONTACT: lambda row: (row[6] is None, row[6] or ""),
    }
    return [row[0] for row in sorted(rows, key=keys[order])]


def assert_pages(path: Path, filter: Filter, now: datetime, order: Order, pages: list[tuple[int, int]]) -> None:
    """Asserts that one Sorting gives all these pages (position, limit)."""
    with reading(path) as connection:
        session = ReadSession(connection)
        selection = session.select(filter, now)
        everything = whole(connection, selection, order)
        one = Sorting(order)
        for position, limit in pages:
            page = one.ids(session, selection, position, limit)
            assert page == everything[position : position + limit], (str(filter), order, position, limit)


@quick
@given(st.data(), events(), questions())
def test_any_page_in_any_order_equals_its_part_of_a_plain_sort(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, pytest.MonkeyPatch.context() as patch:
        build(path, time_zone=question.time_zone.key)
        for part in data.draw(split(data.draw(shuffled(history)))):
            write(path, part, refreshed=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            refresh_all(path)
        # Low limits, so that a few starts take the paths of many.
        patch.setattr(sorting, "_FEW", data.draw(st.sampled_from((0, 4_000))))
        patch.setattr(sorting, "_SECTIONS_KEPT", data.draw(st.sampled_from((1, 64))))
        patch.setattr(sorting, "_READ_FIRST", data.draw(st.integers(0, 4)))
        for name, values in _LIMITS.items():
            patch.setattr(contact_order, name, data.draw(values))
        patch.setattr(contact_position, "_FEW", data.draw(st.sampled_from((0, 20_000))))
        patch.setattr(contact_position, "_SAMPLE", data.draw(st.integers(1, 9)))
        patch.setattr(contact_position, "_DEVIATIONS", data.draw(st.sampled_from((0, 4))))
        patch.setattr(selected_contacts, "_MOST_DIRTY", data.draw(st.sampled_from((0, 200_000))))
        patch.setattr(positions, "_COST_BY_CONTACT", data.draw(st.sampled_from((-9, 2, 99))))
        patch.setattr(positions, "_COST_BY_CONTACT_TO_INDEX", data.draw(st.sampled_from((-9, 24, 99))))
        patch.setattr(positions, "_COST_OF_SET", data.draw(st.sampled_from((-9, 30))))
        filter = data.draw(filters(path, Filter.parse("period:all")))
        page = st.tuples(st.integers(0, 24), st.integers(1, 9))
        for order in Order:
            assert_pages(path, filter, question.now, order, data.draw(st.lists(page, min_size=1, max_size=6)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty days, thirty people of whom two share a name, templates in both cases, some starts without a contact."""
    history: list[Event] = []
    names = ("alpha", "Beta", "beta", "éclair", "zeta", None)
    for number in range(900):
        at = NOON - number % 40 * DAY + number % 7 * SECOND
        who = ContactIds(wa_ids=(f"549115550{number % 29:04}",))
        if number % 30 == 3:
            who = ContactIds(customer_id="5491155500001")
        if number % 31 == 4:
            who = ContactIds()
        line = (LINE, OTHER_LINE, LineIds())[number % 3]
        key = f"w{number * 7919 % 1000:03}"
        if number % 9 == 0:
            history.append(Inbound(key, "text", at, line, who, origin=Origin.CAMPAIGN))
            continue
        template = names[number % len(names)]
        history.append(Send(key, Rank.SEND_LOG, at, line, who, kind="template", template=template, accepted_at=at))
    path = build(tmp_path_factory.mktemp("sorting") / "saludo.db", history)
    refresh_all(path)
    return path


@pytest.fixture
def much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Low limits, so that a few starts take the paths of many."""
    monkeypatch.setattr(sorting, "_FEW", 0)
    monkeypatch.setattr(contact_order, "_LISTED", 0)
    monkeypatch.setattr(contact_order, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(contact_order, "_COUNTED_AT_ONCE", 4)
    monkeypatch.setattr(contact_order, "_FAR", 50)


TEXTS = (
    "period:all",
    "period:7d",
    "period:all template:beta",
    "period:all template:(unknown)",
    "period:all line:(unknown) status:sent",
)


@pytest.mark.usefixtures("much")
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.long(keep=3)
def test_paging_down_up_and_jumping_show_the_same_table(path: Path, text: str, order: Order) -> None:
    filter = Filter.parse(text)
    with reading(path) as connection:
        count = len(whole(connection, ReadSession(connection).select(filter, NOW), order))
    down = [(position, 20) for position in range(0, count + 20, 20)]
    assert_pages(path, filter, NOW, order, down)
    assert_pages(path, filter, NOW, order, down[::-1])
    assert_pages(
        path, filter, NOW, order, [(count // 2, 20), (count // 3, 20), (count - 20 if count > 20 else 0, 20), (0, 20)]
    )


@pytest.mark.usefixtures("much")
@pytest.mark.parametrize("order", list(Order))
def test_a_sorting_that_was_interrupted_still_gives_the_right_page(path: Path, order: Order) -> None:
    with reading(path) as connection:
        selection = ReadSession(connection).select(Filter.parse("period:all"), NOW)
        everything = whole(connection, selection, order)
        one = Sorting(order)
        stopped = 0
        for steps in (100, 300, 1_000, 3_000, 9_000):
            connection.set_progress_handler(lambda: True, steps)
            try:
                assert one.ids(ReadSession(connection), selection, 400, 30) == everything[400:430]
            except sqlite3.OperationalError:
                stopped += 1
            finally:
                connection.set_progress_handler(None, 0)
        assert stopped > 0
        assert one.ids(ReadSession(connection), selection, 400, 30) == everything[400:430]


class Counting(sqlite3.Connection):
    """Counts the steps of SQLite's virtual machine."""

    steps = 0

    def counted(self) -> Counting:
        def step() -> bool:
            self.steps += 1
            return False

        self.set_progress_handler(step, 10)
        return self


def _steps(path: Path, text: str, order: Order, jumps: list[int]) -> int:
    """The steps of SQLite's virtual machine for the last of some pages."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, factory=Counting, isolation_level=None)
    try:
        connection.counted()
        selection = ReadSession(connection).select(Filter.parse(text), NOW)
        one = Sorting(order)
        for position in jumps:
            connection.steps = 0
            assert len(one.ids(ReadSession(connection), selection, position, 10)) == 10
        return connection.steps
    finally:
        connection.close()


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same forty days with a few starts a day and with eight times as many days before them."""
    paths = []
    for days in (40, 320):
        history: list[Event] = []
        for number in range(days * 5):
            at = NOON - number // 5 * DAY - number % 5 * SECOND
            who = ContactIds(wa_ids=(f"5491155{number // 4:06}",))
            template = ("one", "two", "three")[number % 3]
            history.append(
                Send(f"w{number:05}", Rank.SEND_LOG, at, LINE, who, kind="template", template=template, accepted_at=at)
            )
        paths.append(build(tmp_path_factory.mktemp("sizes") / f"{days}.db", history))
        refresh_all(paths[-1])
    return paths[0], paths[1]


@pytest.mark.usefixtures("much")
@pytest.mark.parametrize("order", list(Order))
def test_the_cost_of_the_next_page_does_not_grow_with_the_starts(sizes: tuple[Path, Path], order: Order) -> None:
    small, large = (_steps(path, "period:all", order, [0, 90, 100]) for path in sizes)
    assert large < 2 * small


def test_the_contacts_of_a_selection_are_those_of_its_starts(path: Path) -> None:
    with reading(path) as connection:
        for text in TEXTS:
            selection = ReadSession(connection).select(Filter.parse(text), NOW)
            rows = connection.execute(
                f"SELECT DISTINCT m.contact FROM messages AS m WHERE {selection.condition} AND m.contact IS NOT NULL",
                selection.parameters,
            )
            assert set(Cube(connection).contacts(selection)) == {contact for (contact,) in rows}


@pytest.mark.usefixtures("much")
def test_sorting_by_status_under_a_filter_of_failures_reads_by_line_and_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_CHEAP", 0)
    monkeypatch.setattr(positions, "_COST_BY_PAIR", 0)
    monkeypatch.setattr(positions, "_COST_OF_PAIR", 0)
    failure = Failure(131026, "gone")
    history: list[Event] = [
        Send(
            key, Rank.SEND_LOG, NOON, LINE, ContactIds(), kind="template", template="a", failed_at=NOON, failure=failure
        )
        for key in ("x", "y", "z")
    ]
    path = build(tmp_path / "saludo.db", history)
    refresh_all(path)
    assert_pages(path, Filter.parse("period:all failure:131026"), NOW, Order.STATUS, [(0, 2), (2, 2)])
