"""A version is of one moment, whatever workers write while it is filled, and stays while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.domain.events import Event, Step
from storage.domain.filters import Filter
from storage.published import derived_starts, versions
from storage.published.derived_starts import StartsChanged
from storage.published.version_session import VersionSession, session_of_latest
from storage.report.report import load_report
from storage.stores.interface import Content
from storage.stores.version_store import VersionStore
from tests.clickhouse import batch_of, new_database, write
from tests.databases import ANA, DAY, NOON, NOW
from tests.events import send, status
from tests.published import exported, forget

EVERYTHING = Filter.parse("period:all")


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with new_database() as opened:
        yield opened


@pytest.fixture
def database(shared: Engine) -> Engine:
    forget(shared)
    return shared


def _writing_meanwhile(engine: Engine, monkeypatch: pytest.MonkeyPatch, parts: list[list[Event]]) -> None:
    """Writes and derives a part each time that a version is filled, after most starts are copied."""
    fill: Callable[..., None] = derived_starts._fill_special

    def slowly(*arguments: Any) -> None:
        if parts:
            EvidenceWriter(engine).write(batch_of(parts.pop(0)))
            Worker(engine).derive_pending()
        fill(*arguments)

    monkeypatch.setattr(derived_starts, "_fill_special", slowly)


def test_values_that_change_while_a_version_is_filled_are_noticed(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of starts stays the same: only how far one got changes."""
    write(database, [send("w1"), send("w2", NOON + DAY)])
    _writing_meanwhile(database, monkeypatch, [[status(Step.READ, NOON + 5)]])
    version = derived_starts.publish(database)
    assert load_report(VersionSession(database, version), EVERYTHING, NOW).status.read == 1


def test_a_name_that_changes_while_a_version_is_filled_is_noticed(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, [send("w1")])
    _writing_meanwhile(database, monkeypatch, [[send("w1", contact=replace(ANA, name="Aba"))]])
    version = derived_starts.publish(database)
    rows = VersionStore(VersionSession(database, version)).page(EVERYTHING, NOW, limit=9)
    assert [row.name for row in rows] == ["Aba"]


def test_a_version_that_others_never_let_be_filled_is_not_published(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, [send("w1")])
    before = versions.latest(database)
    steps = (Step.SENT, Step.DELIVERED, Step.READ)
    _writing_meanwhile(database, monkeypatch, [[status(step, NOON + 5)] for step in steps])
    with pytest.raises(StartsChanged, match="saludo work --once"):
        derived_starts.publish(database)
    assert versions.latest(database) == before


def test_many_rows_of_our_own_tsv_are_read_in_parts(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived_starts, "_CHUNK", 3)
    monkeypatch.setattr(derived_starts, "_SPECIAL", "1")  # as if all starts were of the kind that is read
    write(database, [send(f"w{number}", NOON + number * DAY) for number in range(40)])
    read, rows_of = [], database.rows

    def noted(query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        rows = rows_of(query, parameters)
        if "BETWEEN" in query and " AS c ON " in query:
            read.append(len(rows))
        return rows

    monkeypatch.setattr(database, "rows", noted)
    version = derived_starts.publish(database)
    assert sum(read) == 40
    assert max(read) < 10
    assert load_report(VersionSession(database, version), EVERYTHING, NOW).starts == 40


def test_an_export_outlives_newer_versions(database: Engine) -> None:
    write(database, [send("w1"), send("w2")])
    derived_starts.publish(database)
    opened = VersionStore(session_of_latest(database))
    before = exported(opened, EVERYTHING, NOW, Content.STARTS)
    for _ in range(4):
        derived_starts.publish(database)
    assert exported(opened, EVERYTHING, NOW, Content.STARTS) == before


def test_who_reads_what_was_removed_is_told_to_read_again(database: Engine) -> None:
    write(database, [send("w1")])
    derived_starts.publish(database)
    session = session_of_latest(database)
    for _ in range(3):
        derived_starts.publish(database)
    with pytest.raises(EngineError, match=r"^chdb:.*: newer data took the place .* run the same command again$"):
        load_report(session, EVERYTHING, NOW)
