"""A server over HTTP, with the real client: two importers at once, faults of the server and of the connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.clickhouse.address import address_of
from storage.clickhouse.connecting import connect
from storage.clickhouse.derived_check import problems
from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.stored_settings import store_setting
from storage.clickhouse.worker import Worker
from storage.domain.events import Event, Inbound, Known, Send, Status, Step
from tests.captures import items_of
from tests.clickhouse import batch_of, stored, stored_in_sqlite, write
from tests.clickhouse_server import Server, running_server
from tests.databases import DAY, NOON, ZONE, build
from tests.events import inbound, send, status
from tests.storage.clickhouse.test_engine import LONG_LISTS, check_long_list
from tui.commands.cli import run

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"
HISTORY: list[Event] = [
    send("w1"),
    status(Step.DELIVERED, NOON + 5),
    send("w2", NOON + DAY),
    inbound("i1", NOON + 60_000, context="w1"),
    status(Step.READ, NOON + DAY + 9, "w2"),
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "secret")
    with running_server(tmp_path / "server") as running:
        yield running


def opened(server: Server) -> Engine:
    from storage.clickhouse import tables
    from storage.clickhouse.all_tables import ALL

    engine = connect(address_of(server.address))
    tables.create(engine, ALL)
    return engine


def test_all_rows_of_a_long_insert_arrive(server: Server) -> None:
    engine = opened(server)
    engine.insert("templates", {"id": range(20_000), "name": [f"template {id}" for id in range(20_000)]})
    assert engine.rows("SELECT count(), sum(id) FROM templates") == [(20_000, 19_999 * 10_000)]
    engine.close()


def test_a_history_over_http_is_what_sqlite_has(server: Server, tmp_path: Path) -> None:
    engine = opened(server)
    write(engine, HISTORY[:3], HISTORY[3:], HISTORY)
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", HISTORY))
    for type, values in LONG_LISTS:  # longer than a server takes as a parameter
        check_long_list(engine, type, values)
    engine.close()


def test_a_lost_answer_to_an_insert_that_happened_changes_nothing(server: Server, tmp_path: Path) -> None:
    engine = opened(server)
    for table in ("evidence", "contact_messages", "pending_contacts", "messages", "contact_numbers"):
        server.fault("lost", f"INSERT INTO {table}")
    write(engine, HISTORY)
    assert server.faults_left() == 0
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", HISTORY))
    changes = EvidenceWriter(engine).write(batch_of(HISTORY))
    assert (changes.new, changes.changed) == (0, 0)
    engine.close()


def test_two_importers_at_once_lose_nothing(server: Server, tmp_path: Path) -> None:
    history = read_captures("send_log", "cloud_statuses", "cloud_inbound", "cloud_number_change", "cloud_user_ids")
    parts = [history[start : start + 20] for start in range(0, len(history), 20)]
    opened(server).close()

    def take_in(some: list[list[Event]]) -> None:
        engine = opened(server)
        for part in some:
            EvidenceWriter(engine).write(batch_of(part))
            Worker(engine).derive_pending()
        engine.close()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(take_in, some) for some in (parts, parts[::-1])]:
            done.result()
    engine = opened(server)
    store_setting(engine, "time_zone", ZONE)
    Worker(engine).derive_pending()
    assert problems(engine, lambda done, of: None) == []
    assert stored(engine) == stored_in_sqlite(build(tmp_path / "a.db", history))
    engine.close()


def read_captures(*names: str) -> list[Event]:
    return [
        item
        for name in names
        for item in items_of(CAPTURES / f"{name}.jsonl")
        if isinstance(item, Send | Status | Inbound | Known)
    ]


def test_a_server_that_goes_in_the_middle_is_told_and_the_import_goes_on_later(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.clickhouse.engine._WAITS", (0.01,))
    file = str(CAPTURES / "cloud_statuses.jsonl")
    server.fault("gone", "INSERT INTO evidence")
    assert run(["import", "--db", server.address, file]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [f"saludo: {server.address}: the server does not answer (Connection refused)"]
    with running_server(tmp_path / "server") as again:
        assert run(["import", "--db", again.address, file]) == 0
        assert "8 new messages" in capsys.readouterr().err
        engine = opened(again)
        assert len(stored(engine)) == 8
        engine.close()


def test_what_is_wrong_with_a_server_is_one_line(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = server.address.replace("/saludo", "/elsewhere")
    with pytest.raises(EngineError, match="no such database on the server; create it") as caught:
        connect(address_of(elsewhere))
    assert "\n" not in str(caught.value)
    server.fault("old", "version()")
    with pytest.raises(EngineError, match=r"is ClickHouse 23\.[\d.]+; 25.8 or newer is needed"):
        connect(address_of(server.address))
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "wrong")
    with pytest.raises(EngineError, match="the user or the password is wrong"):
        connect(address_of(server.address))
