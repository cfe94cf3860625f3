"""A version is of one moment, whatever workers write while it is filled, and stays while it is read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.worker import Worker
from storage.domain.events import Event, Step
from storage.domain.filters import Filter
from storage.published import derived_starts, source_moment, versions
from storage.published.source_moment import StartsChanged
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


def _writing_meanwhile(engine: Engine, monkeypatch: pytest.MonkeyPatch, part: list[Event]) -> None:
    """Writes and derives a part while a version is filled, after most starts are copied."""
    fill: Callable[..., None] = derived_starts._fill_special
    parts = [part]

    def slowly(*arguments: Any) -> None:
        if parts:
            EvidenceWriter(engine).write(batch_of(parts.pop()))
            Worker(engine).derive_pending()
        fill(*arguments)

    monkeypatch.setattr(derived_starts, "_fill_special", slowly)


def test_what_changes_while_a_version_is_filled_is_in_the_next_one(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of starts stays the same: only how far one got, and a name, change."""
    write(database, [send("w1"), send("w2", NOON + DAY)])
    more: list[Event] = [status(Step.READ, NOON + 5), send("w1", contact=replace(ANA, name="Aba"))]
    _writing_meanwhile(database, monkeypatch, more)
    found = []
    for _ in range(2):
        session = VersionSession(database, derived_starts.publish(database))
        rows = VersionStore(session).page(EVERYTHING, NOW, limit=9)
        found.append((load_report(session, EVERYTHING, NOW).status.read, {row.name for row in rows}))
    assert found == [(0, {ANA.name}), (1, {"Aba"})]


def test_a_version_is_of_one_moment_while_others_write_between_every_two_statements(database: Engine) -> None:
    """The writer writes into two tables in turns, so at one moment one has as many rows as the other, or one more."""
    write(database, [send("w1")])
    derived_starts.publish(database)
    written = 0

    def write_one() -> None:
        nonlocal written
        values = f"'lines' || {written}, '', 0, 0" if written % 2 else f"'templates' || {written}"
        table = "lines" if written % 2 else "templates"
        client.command(f"INSERT INTO {table} VALUES ({1_000 + written}, {values})")
        written += 1

    client = database._client  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("run", "rows", "insert"):
            patch.setattr(database, name, _after(write_one, getattr(database, name)))
        number = derived_starts.publish(database).number
    assert written > 50
    counted = f"SELECT (SELECT count() FROM v{number}_{{}} WHERE id BETWEEN 1000 AND 1999)"
    ((templates,), (lines,)) = (database.rows(counted.format(table))[0] for table in ("templates", "lines"))
    assert templates > 5
    assert templates - lines in (0, 1)
    assert not [name for (name,) in database.rows("SHOW TABLES") if "_source_" in name]


def _after(first: Callable[[], None], then: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any) -> Any:
        first()
        return then(*arguments)

    return both


def test_an_answer_that_is_lost_while_a_moment_is_taken_changes_nothing(database: Engine) -> None:
    write(database, [send("w1")])
    run, more = database.run, [send("w2")]  # written while the moment is taken: parts that are not of it

    def twice(statement: str, parameters: object = None) -> None:
        run(statement)
        if "_source_" in statement and "INSERT" not in statement:
            if "ATTACH" in statement and more:
                write(database, [more.pop()])
            run(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "run", twice)
        version = derived_starts.publish(database)
    assert load_report(VersionSession(database, version), EVERYTHING, NOW).starts == 1


def test_tables_that_are_never_of_one_moment_give_no_version(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    write(database, [send("w1")])
    before, rows = versions.latest(database), database.rows

    def never(query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return [([], 0)] if "before = after" in query else rows(query, parameters)

    monkeypatch.setattr(source_moment, "_TRIES", 2)
    monkeypatch.setattr(database, "rows", never)
    with pytest.raises(StartsChanged, match="saludo work --once"):
        derived_starts.publish(database)
    assert versions.latest(database) == before


def test_the_tables_of_a_cluster_are_read_where_they_are_and_must_stay_the_same(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, [send("w1")])
    moments = itertools.count()
    monkeypatch.setattr(derived_starts, "_TRIES", 1)
    monkeypatch.setattr(source_moment, "cluster_of", lambda engine: "two")
    monkeypatch.setattr(source_moment, "_last_blocks", lambda engine, cluster: [("messages", 1)])
    session = VersionSession(database, derived_starts.publish(database))
    assert load_report(session, EVERYTHING, NOW).starts == 1
    monkeypatch.setattr(source_moment, "_last_blocks", lambda engine, cluster: [("messages", next(moments))])
    with pytest.raises(StartsChanged):
        derived_starts.publish(database)


def test_who_is_overtaken_by_another_publication_is_told_so(database: Engine) -> None:
    write(database, [send("w1")])

    def slowly(number: int) -> None:
        for _ in range(2):
            derived_starts.publish(database)
        database.rows(f"SELECT * FROM v{number}_messages")

    with pytest.raises(versions.Overtaken, match="run the same command again"):
        versions.publish(database, slowly)


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
