"""The tables: of one server as the engine makes them, of a cluster as statements; how rows with one key become one."""

from __future__ import annotations

from typing import Any

import pytest

from storage.clickhouse import tables
from storage.clickhouse.all_tables import ALL
from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.tables import Place, Table, id_of, statements
from storage.messages import store
from storage.messages.message_row import COLUMNS, NAMES
from tui.commands.cli import run

CONTACT: dict[str, list[Any]] = {"id": [7], "label": ["+54911"], "version": [2]}


def test_tables_can_be_created_again(engine: Engine) -> None:
    tables.create(engine, ALL)
    named = {name for (name,) in engine.rows("SHOW TABLES")}
    assert named == {table.name for table in ALL}


def test_the_newest_version_of_a_row_counts_whatever_comes_first(engine: Engine) -> None:
    engine.insert("contacts", CONTACT)
    engine.insert("contacts", CONTACT | {"label": ["+54"], "version": [1]})
    assert engine.rows("SELECT label FROM contacts FINAL") == [("+54911",)]
    engine.insert("contacts", CONTACT | {"version": [3], "gone": [1]})
    assert engine.rows("SELECT label FROM contacts FINAL") == []


def test_the_latest_times_of_a_contact_count(engine: Engine) -> None:
    ids: dict[str, list[Any]] = {"contact": [1, 2], "kind": [0, 0], "text": ["a", "b"], "derived_at": [0, 7]}
    engine.insert("pending_contacts", ids | {"touched_at": [30, 20]})
    engine.insert("pending_contacts", ids | {"touched_at": [5, 40]})
    found = engine.rows("SELECT contact, touched_at, derived_at FROM pending_contacts FINAL ORDER BY contact")
    assert found == [(1, 30, 0), (2, 40, 7)]


def test_messages_have_the_columns_of_sqlite_in_its_order() -> None:
    same = [name.strip('"') for name in COLUMNS[NAMES:]]
    names = ["bucket", "line_text", "contact_kind", "contact_text", "template", *same, *store.DERIVED]
    assert [*tables.MESSAGES.names] == [*names, "digest", "version", "gone"]


def test_a_cluster_has_the_same_tables_on_every_shard() -> None:
    table = Table("numbers", (("id", "UInt32"), ("version", "UInt64")), ("id",), version="version", shard="id")
    local, joined = statements(table, Place("two_shards", replicated=True))
    assert local.startswith("CREATE TABLE IF NOT EXISTS numbers_local ON CLUSTER 'two_shards' (`id` UInt32,")
    assert (
        "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/numbers', '{replica}', version)" in local
    )
    assert joined.endswith("ENGINE = Distributed('two_shards', currentDatabase(), numbers_local, id)")
    (single,) = statements(table)
    assert single == (
        "CREATE TABLE IF NOT EXISTS numbers (`id` UInt32, `version` UInt64) ENGINE = ReplacingMergeTree(version)"
        " ORDER BY (id) SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192"
    )


@pytest.mark.parametrize("place", [Place(), Place("two_shards", replicated=True)])
def test_the_engine_understands_every_statement(engine: Engine, place: Place) -> None:
    """No cluster is at hand: only the syntax is checked."""
    for table in ALL:
        for statement in statements(table, place):
            assert engine.rows(f"EXPLAIN AST {statement}")[0][0].startswith("CreateQuery")


class _Asked:
    """An engine that answers questions about a cluster, and nothing else."""

    name = "clickhouse://ana@one/saludo"

    def __init__(self, cluster: str, later: bool) -> None:
        self._answers: dict[str, list[tuple[Any, ...]]] = {
            "system.tables": [(cluster,)] if cluster else [],
            "system.settings": [(1,)] if later else [],
        }

    def rows(self, query: str, parameters: object = None) -> list[tuple[Any, ...]]:
        return next(rows for name, rows in self._answers.items() if name in query)


def test_inserts_into_a_cluster_must_not_happen_later() -> None:
    for cluster, later in (("", True), ("", False), ("two", False)):
        tables.check_inserts(_Asked(cluster, later))  # type: ignore[arg-type]
    with pytest.raises(EngineError, match=r"^clickhouse://ana@one/saludo: .* distributed_foreground_insert = 1"):
        tables.check_inserts(_Asked("two", True))  # type: ignore[arg-type]


def test_one_server_is_no_cluster(engine: Engine) -> None:
    tables.create(engine, ALL)
    assert tables.cluster_of(engine) == ""
    tables.check_inserts(engine)


def test_the_tables_of_a_cluster_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["work", "--print-tables", "two_shards"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2 * len(ALL)
    assert all(line.startswith("CREATE TABLE IF NOT EXISTS ") and line.endswith(";") for line in printed)


def test_an_id_is_made_of_the_name_alone() -> None:
    assert id_of("promo") == id_of("promo") != id_of("Promo")
    assert all(0 < id_of(str(number)) < 1 << 63 for number in range(1_000))
