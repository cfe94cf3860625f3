"""Every page equals its part of the whole table, and no query reads the whole table for it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.cube import refresh
from storage.database.connection import writing
from storage.domain.events import ContactIds, Event, Failure, Inbound, LineIds, Origin, Rank, Send, Status, Step
from storage.domain.filters import Filter
from storage.report.read_session import ReadSession, read_session
from storage.table import pages, positions
from storage.table.positions import Cursor
from tests.databases import DAY, HOUR, LINE, NOON, NOW, OTHER_LINE, SECOND, build, session_of

FILTERS = (
    "period:all",
    "period:all line:+5491100000001",
    "period:all template:rare",
    "period:all template:often,(unknown) line:*",
    "period:all template:rare line:Sales",
    "period:all origin:campaign",
    "period:all status:failed",
    "period:all failure:132000",
    "period:all user:new status:sent",
    "period:all contact:5491155500003",
    "since:2026-11-01 until:2026-11-03 template:often",
    "period:7d template:nothing",
)
WORDS = ("SEARCH m USING INDEX starts_by_time", "SEARCH m USING COVERING INDEX starts_by_time")


@pytest.fixture(scope="module", params=["clean", "dirty"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty days: one full of starts, some with a few, many of them at the same second; with and without dirty days."""
    dice = random.Random(3)
    events: list[Event] = []
    for number in range(900):
        at = NOON - 3 * DAY + number % 97 * SECOND if number < 700 else NOON - dice.randrange(40) * DAY
        line = dice.choice((LINE, OTHER_LINE, LineIds(name="Sales"), LineIds()))
        template = "rare" if number % 41 == 0 else dice.choice(("often", "usual", None))
        contact = ContactIds(wa_ids=(f"54911555{number % 70:05}",))
        key = f"w{dice.randrange(10**9):09}"
        if number % 9 == 0:
            events.append(Inbound(key, "text", at, line, contact, origin=Origin.CAMPAIGN))
            continue
        events.append(Send(key, Rank.SEND_LOG, at, line, contact, kind="template", template=template, accepted_at=at))
        if number % 23 == 0:
            code = 132000 if number % 7 == 0 else 131026
            events.append(Status(key, Step.FAILED, at + SECOND, line, contact, failure=Failure(code, "no")))
    path = build(tmp_path_factory.mktemp("positions") / "saludo.db", events)
    if request.param == "clean":
        with writing(path) as writer:
            refresh.refresh_all(writer)
    else:
        with writing(path) as writer, writer.transaction() as connection:
            connection.execute("UPDATE messages SET marks = marks + 8 WHERE id % 50 = 0")
    return path


@pytest.fixture(params=["by time", "by line and template", "by a jump"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Forces each way of reading a page, also where it is not the cheapest."""
    if request.param == "by line and template":
        monkeypatch.setattr(positions, "_CHEAP", 0)
        monkeypatch.setattr(positions, "_CHEAP_IN_INDEX", 0)
        monkeypatch.setattr(positions, "_COST_BY_PAIR_TO_INDEX", 2)
    if request.param == "by a jump":
        monkeypatch.setattr(positions, "_FAR", 0)
    return str(request.param)


def whole_table(session: ReadSession, filter: Filter) -> list[str]:
    """All keys, newest first, sorted by Python."""
    selection = session.select(filter, NOW)
    rows = session.connection.execute(
        f"SELECT m.start_at, m.key FROM messages AS m WHERE {selection.condition}", selection.parameters
    )
    return [key for _, key in sorted(rows.fetchall(), reverse=True)]


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.long(keep=3)
def test_a_page_equals_its_part_of_the_whole_table(path: Path, text: str, way: str) -> None:
    filter = Filter.parse(text)
    with session_of(path) as session:
        keys = whole_table(session, filter)
        for position in sorted({0, 1, 50, len(keys) // 2, len(keys) - 3, len(keys) - 1, len(keys), len(keys) + 9}):
            if position < 0:
                continue
            rows = pages.page_at(session, filter, NOW, position=position, limit=20)
            assert [row.cursor.key for row in rows] == keys[position : position + 20]
            if rows:
                older = pages.page(session, filter, NOW, limit=15, after=rows[0].cursor)
                assert [row.cursor.key for row in older] == keys[position + 1 : position + 16]
                newer = pages.page(session, filter, NOW, limit=15, before=rows[0].cursor)
                assert [row.cursor.key for row in newer] == keys[max(0, position - 15) : position]
        last = pages.last_page(session, filter, NOW, limit=20)
        assert [row.cursor.key for row in last] == keys[-20:]


class Explained(sqlite3.Connection):
    """Records the query plans of its statements on `messages`."""

    plans: list[str]
    explaining = False

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        if not self.explaining and "messages AS m" in statement:
            self.explaining = True
            rows = super().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            self.plans.append("\n".join(row[3] for row in rows))
            self.explaining = False
        return super().execute(statement, parameters)


@pytest.fixture
def explained(path: Path) -> Iterator[Explained]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, factory=Explained, isolation_level=None)
    connection.plans = []
    yield connection
    connection.close()


@pytest.mark.parametrize("text", FILTERS)
def test_no_page_scans_the_table_or_sorts_more_than_ties(explained: Explained, text: str, way: str) -> None:
    filter = Filter.parse(text)
    with read_session(explained) as session:
        selection = session.select(filter, NOW)
        positions.ids_after(session, selection, None, 10)
        positions.ids_after(session, selection, Cursor(NOON - 5 * HOUR, "w5"), 10)
        positions.ids_before(session, selection, None, 10)
        positions.ids_before(session, selection, Cursor(NOON - 30 * DAY, "w5"), 10)
        positions.ids_at(session, selection, 600, 10)
        positions.every_start(explained, selection, "m.id")
    for plan in explained.plans:
        assert "SCAN m" not in plan, plan
        if any(word in plan for word in WORDS):
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_a_rare_template_is_found_by_line_template_and_time(
    path: Path, explained: Explained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_CHEAP", 0)
    monkeypatch.setattr(positions, "_CHEAP_IN_INDEX", 0)
    monkeypatch.setattr(positions, "_COST_BY_PAIR_TO_INDEX", 2)
    monkeypatch.setattr(positions, "_MOST_BY_CONTACT", -1)
    session = ReadSession(explained)
    positions.ids_after(session, session.select(Filter.parse("period:all template:rare"), NOW), None, 10)
    used = [plan for plan in explained.plans if "starts_by_notification" in plan]
    dirty = explained.execute("SELECT count(*) FROM dirty WHERE level = 0").fetchone()[0]
    assert bool(used) == (dirty == 0)
    assert all("(line=? AND start_template=? AND start_at>? AND start_at<?)" in plan for plan in used)


def test_a_rare_template_is_found_by_the_contacts_and_days_that_the_sets_name(
    path: Path, explained: Explained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_COST_BY_CONTACT_TO_INDEX", -9)
    session = ReadSession(explained)
    positions.ids_after(session, session.select(Filter.parse("period:all template:rare"), NOW), None, 10)
    used = [plan for plan in explained.plans if "messages_by_contact" in plan]
    dirty = explained.execute("SELECT count(*) FROM dirty WHERE level = 0").fetchone()[0]
    assert bool(used) == (dirty == 0)
    assert all("(contact=? AND at>? AND at<?)" in plan for plan in used)
