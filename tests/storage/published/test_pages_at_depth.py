"""A page of the table at every position and in every order is SQLite's, out of days and blocks counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.database.connection import reading
from storage.domain.events import ContactIds, Event, Failure, Known, Step
from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin
from storage.published import contact_starts
from storage.published.derived_starts import publish
from storage.stores.interface import Store
from storage.stores.opening import store
from storage.table.pages import StartRow
from storage.table.sorting import Order, Sorting
from tests.clickhouse import batch_of, new_database, write
from tests.databases import DAY, NOON, NOW, build
from tests.events import inbound, send, status
from tests.published import forget

FILTERS = ("period:all", "period:30d", "status:failed since:2020-01-01", "name:P1 period:all", "template:*b period:all")


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with new_database() as opened:
        yield opened


def _failure(number: int) -> Failure:
    return Failure(131026, f"broken {number}: \"\\\\/'\\t", None)


def _history() -> list[Event]:
    """Starts of 30 people and of nobody, on 50 days, many at one time, of templates whose names sort, or of none."""
    templates = ("b", "B", "a", "ñb", "Zb")
    events: list[Event] = []
    for number in range(300):
        person = ContactIds(
            (f"54911{number % 30:08}",), name=f'P{number % 30} "\\\\ñ\x1b\n\u202e\U0001f600' if number % 3 else None
        )
        at = NOON - number % 50 * DAY + number % 3
        template = templates[number % 5] if number % 9 else None
        events.append(send(f"w{number}", at, person if number % 7 else ContactIds(), template=template))
        if number % 4 == 0 and number % 7:
            events.append(status(Step.FAILED, at + 5, f"w{number}", person, failure=_failure(number)))
        if number % 9 == 0:
            events.append(inbound(f"i{number}", at, person, origin=Origin.CAMPAIGN))
    return events


def _every_page(opened: Store, filter: Filter, order: Order) -> list[list[StartRow]]:
    sorting, pages = Sorting(order), []
    for position in range(0, 340, 17):
        if order is Order.TIME:
            pages.append(opened.page_at(filter, NOW, position=position, limit=20))
        else:
            pages.append(opened.sorted_page(filter, NOW, sorting, position, 20))
    return pages


def _assert_same_pages(path: Path, engine: Engine) -> None:
    with reading(path) as connection, store(connection) as one, store(engine) as other:
        for text in FILTERS:
            filter = Filter.parse(text)
            for order in Order:
                expected = _every_page(one, filter, order)
                assert expected[0]
                assert _every_page(other, filter, order) == expected, (text, order)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_starts, "_FEWEST_CONTACTS", 4)


@pytest.mark.usefixtures("small_blocks")
def test_every_page_in_every_order(shared: Engine, tmp_path: Path) -> None:
    forget(shared)
    write(shared, _history())
    publish(shared)
    _assert_same_pages(build(tmp_path / "a.db", _history()), shared)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.long
def test_blocks_of_the_version_before_take_new_people_in(shared: Engine, tmp_path: Path) -> None:
    forget(shared)
    history = _history()
    older = [event for event in history if not isinstance(event, Known) and event.at < NOON - 35 * DAY]
    write(shared, older)
    publish(shared)
    labels = ("00", "5491100000000", "54911000000125", "zz")  # before, at, between and behind the limits
    new: list[Event] = [send(f"n{index}", NOON, ContactIds((), label)) for index, label in enumerate(labels)]
    EvidenceWriter(shared).write(batch_of([*history, *new]))
    Worker(shared).derive_pending()
    publish(shared)
    _assert_same_pages(build(tmp_path / "a.db", older, [*history, *new]), shared)


def test_each_month_is_in_one_part(shared: Engine) -> None:
    forget(shared)
    write(shared, _history())
    number = publish(shared).number
    contact_starts.fill(shared, number)  # once more, as an insert of many rows makes several parts
    parts = "SELECT count(), uniqExact(partition), sum(rows) FROM system.parts WHERE active AND table = {it:String}"
    months, starts = 3, len(_page(shared, Order.TIME, 0, limit=999))
    assert shared.rows(parts, {"it": f"v{number}_contact_starts"}) == [(months, months, 2 * starts)]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("order", [*Order])
@pytest.mark.long(keep=3)
def test_further_pages_count_nothing(shared: Engine, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(shared)
    write(shared, _history())
    publish(shared)
    asked, rows_of = [], shared.rows

    def noted(query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        asked.append(query)
        return rows_of(query, parameters)

    monkeypatch.setattr(shared, "rows", noted)
    _page(shared, order, 120)
    asked.clear()
    assert len(_page(shared, order, 130)) == 20
    assert [query for query in asked if "count(" in query] == []


def _page(engine: Engine, order: Order, position: int, limit: int = 20) -> list[StartRow]:
    """A page as a job of the screen reads it: with a session of its own."""
    with store(engine) as opened:
        filter = Filter.parse("period:all")
        if order is Order.TIME:
            return opened.page_at(filter, NOW, position=position, limit=limit)
        return opened.sorted_page(filter, NOW, Sorting(order), position, limit)
