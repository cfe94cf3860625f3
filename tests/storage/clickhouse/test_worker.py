"""Workers: what they share, what one that dies leaves, and messages that move to another stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from storage.clickhouse import contact_scope, pending
from storage.clickhouse.contact_numbers import give_numbers, numbers_of
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.domain.events import ContactIds, Event, Step
from tests.clickhouse import batch_of, stored, stored_in_sqlite, write
from tests.databases import DAY, NOON, build
from tests.events import send, status


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


@pytest.mark.parametrize("table", ["messages", "contacts", "pending_contacts"])
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


def test_two_that_number_one_contact_agree_on_the_smaller_number(engine: Engine) -> None:
    ana = (0, "5491155550001")
    assert [*give_numbers(engine, [ana]).values(), *give_numbers(engine, [ana]).values()] == [1, 2]
    assert numbers_of(engine, [ana]) == {ana: 1}


def test_who_numbers_a_contact_that_another_numbered_reads_it_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has numbered it first and reads later: its time would be the later one, with the smaller number."""
    write(engine)
    EvidenceWriter(engine).write(batch_of([send("w1")]))
    others, read_at = [1], []

    def give(engine: Engine, identities: Iterable[Identity]) -> dict[Identity, int]:
        for _ in others:
            others.pop()
            give_numbers(engine, identities := [*identities])
            read_at.append(pending.clock(engine))
        return give_numbers(engine, identities)

    monkeypatch.setattr(contact_scope, "give_numbers", give)
    Worker(engine).derive_pending()
    ((number, version),) = engine.rows("SELECT contact, version FROM messages FINAL")
    assert number == 1
    assert version > read_at[0]
