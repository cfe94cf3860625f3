"""Workers: what they share, what one that dies leaves, and messages that move to another stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage.clickhouse import pending
from storage.clickhouse.derived_check import problems
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.domain.events import ContactIds, Event, LineIds, Step
from tests.clickhouse import batch_of, empty, new_database, stored, stored_in_sqlite, write
from tests.databases import DAY, NOON, build
from tests.events import inbound, send, status


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with new_database() as opened:
        yield opened


@pytest.fixture
def engine(shared: Engine) -> Engine:
    """The database of all these tests, empty: making one takes longer than most of them."""
    empty(shared)
    return shared


class Died(Exception):
    """A process that ended."""


class Dying:
    """A database whose client dies before it inserts into a table."""

    def __init__(self, engine: Engine, table: str) -> None:
        self._engine, self._table = engine, table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str = "") -> None:
        if table == self._table:
            raise Died
        self._engine.insert(table, columns, token)


@pytest.mark.parametrize("table", ["contact_numbers", "messages", "contacts", "pending_contacts"])
def test_a_worker_that_dies_leaves_its_contacts_to_others(engine: Engine, tmp_path: Path, table: str) -> None:
    history: list[Event] = [send("w1"), status(Step.READ, NOON + 5)]
    write(engine)
    EvidenceWriter(engine).write(batch_of(history))
    with pytest.raises(Died):
        Worker(Dying(engine, table)).derive_pending()
    assert pending.count_pending(engine) == 1
    assert Worker(engine).derive_pending() == 1
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", history))
    assert pending.count_pending(engine) == 0


def test_workers_share_the_contacts(engine: Engine) -> None:
    history = [send(f"w{number}", contact=ContactIds((f"549115555{number:04}",))) for number in range(40)]
    write(engine)
    EvidenceWriter(engine).write(batch_of(history))
    derived = [Worker(engine).derive_pending(part=part, parts=2) for part in (0, 1)]
    assert sum(derived) == 40
    assert min(derived) > 0
    assert len(stored(engine)) == 40


def test_a_message_that_was_sent_earlier_than_was_known_stays_one(engine: Engine, tmp_path: Path) -> None:
    parts: list[list[Event]] = [[status(Step.READ, NOON)], [send("w1", NOON - 40 * DAY)], [send("w2")]]
    for count in (1, 2, 3):
        write(engine, parts[count - 1])
        history = [event for part in parts[:count] for event in part]
        assert stored(engine) == stored_in_sqlite(build(tmp_path / f"{count}.db", history))
    assert len(engine.rows("SELECT key FROM messages FINAL")) == 2


class _Interrupted:
    """A database whose client is so slow that others act before it inserts into a table for the first time."""

    def __init__(self, engine: Engine, table: str, others: Callable[[], object]) -> None:
        self._engine, self._waits = engine, {table: others}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str = "") -> None:
        if table in self._waits:
            self._waits.pop(table)()
        self._engine.insert(table, columns, token)


@pytest.mark.parametrize("table", ["contact_numbers", "pending_contacts"])
def test_two_that_number_one_contact_at_once_agree_on_the_smaller_number(engine: Engine, table: str) -> None:
    """The other derives all of it before one of the inserts, with a number that is smaller or greater than this one."""
    write(engine)
    EvidenceWriter(engine).write(batch_of([send("w1"), send("w2", contact=ContactIds(customer_id="C1"))]))
    Worker(_Interrupted(engine, table, Worker(engine).derive_pending)).derive_pending()
    assert pending.count_pending(engine) == 0
    assert problems(engine, lambda done, of: None) == []
    assert len(stored(engine)) == 2
    contacts = "SELECT DISTINCT id FROM contacts FINAL ORDER BY id"
    assert engine.rows(contacts) == engine.rows("SELECT DISTINCT contact FROM contact_ids FINAL ORDER BY contact")


def test_ids_that_are_numbered_before_it_is_seen_that_they_are_one_contact(engine: Engine, tmp_path: Path) -> None:
    """One worker has read only one of the ids when another writes that there are two, and derives both as one."""
    one, both = ContactIds(("5491155550001",)), ContactIds(("5491155550001",), "AR.1")
    history: list[Event] = [send("w1", contact=one), send("w2", contact=both)]
    write(engine)
    writer = EvidenceWriter(engine)
    writer.write(batch_of(history[:1]))

    def others() -> None:
        writer.write(batch_of(history[1:]))
        Worker(engine).derive_pending()

    Worker(_Interrupted(engine, "contact_numbers", others)).derive([(0, "5491155550001")])
    assert pending.count_pending(engine) == 0
    assert problems(engine, lambda done, of: None) == []
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", history))


@pytest.mark.parametrize("table", ["lines", "line_ids"])
def test_an_importer_that_dies_while_it_unites_lines_goes_on(engine: Engine, tmp_path: Path, table: str) -> None:
    """The links are there when it begins again, and what follows from them is not."""
    lines = LineIds("100"), LineIds(None, "5411000"), LineIds("100", "5411000")
    history: list[Event] = [
        send(f"w{number}", contact=ContactIds((f"549115555000{number}",)), line=line)
        for number, line in enumerate(lines)
    ]
    write(engine, history[:1], history[1:2])
    with pytest.raises(Died):
        EvidenceWriter(Dying(engine, table)).write(batch_of(history[2:]))
    EvidenceWriter(engine).write(batch_of(history[2:]))
    Worker(engine).derive_pending()
    assert len(engine.rows("SELECT DISTINCT line FROM line_ids FINAL")) == 1
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", history))
    assert problems(engine, lambda done, of: None) == []


def test_a_line_that_is_written_after_another_importer_united_it_is_none(engine: Engine) -> None:
    unites = partial(EvidenceWriter(engine).write, batch_of([send("w2", line=LineIds("100", "5411000"))]))
    EvidenceWriter(_Interrupted(engine, "lines", unites)).write(batch_of([send("w1", line=LineIds("100"))]))
    assert engine.rows("SELECT id FROM lines FINAL") == engine.rows("SELECT DISTINCT line FROM line_ids FINAL")


def test_a_reply_with_the_key_of_the_message_that_it_quotes_answers_it(engine: Engine, tmp_path: Path) -> None:
    """The key of one is that of the other, in the other direction, and they are of two contacts."""
    history: list[Event] = [send("w1"), inbound("w1", NOON + 5, ContactIds(customer_id="C1"), context="w1")]
    for event in history:
        EvidenceWriter(engine).write(batch_of([event]))
        Worker(engine).derive_pending()
    assert problems(engine, lambda done, of: None) == []
    assert stored(engine)["w1", 0]["answered_at"] == NOON + 5
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", history))
