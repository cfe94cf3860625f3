"""`saludo import`, `work`, `check` and `settings` with a ClickHouse database, against the same files in SQLite."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from storage.clickhouse import pending
from storage.clickhouse.address import address_of
from storage.clickhouse.connecting import connect
from storage.clickhouse.journal_tables import journal_of
from storage.database.connection import reading
from storage.ingest import importer, journal, kept_rejects
from tests.clickhouse import stored, stored_in_sqlite
from tests.tui.commands.runs import without_publication
from tui.commands.cli import run

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"
NAMES = ("send_log.jsonl", "cloud_statuses.jsonl", "cloud_inbound.jsonl", "starting_causes_short_row.tsv")
READ = (
    ["report", "--json", "--filter", "period:all", "--by", "template"],
    ["export", "--filter", "period:all"],
    ["export", "--people", "--filter", "period:all"],
    ["rejects", "--json"],
    ["settings"],
)
FILES = [str(CAPTURES / name) for name in NAMES]


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Argentina/Buenos_Aires")


def json_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command prints as JSON."""
    assert run(words) == 0
    return json.loads(capsys.readouterr().out)


def printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints on stdout, without the time of an import."""
    assert run(words) == 0
    return re.sub(r'"imported": "[^"]*"', "", capsys.readouterr().out)


def kept(path: Path) -> tuple[list[Any], list[Any]]:
    """Imports without their times, and rejects, of a SQLite database."""
    with reading(path) as connection:
        entries = [entry._replace(started_at=0, finished_at=None) for entry in journal.entries(connection)]
        return entries, [one._replace(imported_at=0) for one in kept_rejects.every(connection)]


def kept_in_clickhouse(address: str) -> tuple[list[Any], list[Any]]:
    """The same of a ClickHouse database."""
    engine = connect(address_of(address))
    try:
        with journal_of(engine) as tables:
            entries = [entry._replace(started_at=0, finished_at=None) for entry in journal.entries(tables.connection)]
            return entries, [one._replace(imported_at=0) for one in kept_rejects.every(tables.connection)]
    finally:
        engine.close()


def messages_of(address: str) -> dict[tuple[str, int], dict[str, Any]]:
    engine = connect(address_of(address))
    try:
        return stored(engine)
    finally:
        engine.close()


def test_files_give_what_they_give_in_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address, path = f"chdb:{tmp_path / 'chdb'}", tmp_path / "a.db"
    for files in (FILES, FILES[::-1]):  # the second time nothing is new
        there, here = (json_of(["import", "--json", "--db", db, *files], capsys) for db in (address, str(path)))
        assert there == here
    assert messages_of(address) == stored_in_sqlite(path)
    assert kept_in_clickhouse(address) == kept(path)
    for words in READ:
        there, here = (printed([*words, "--db", db], capsys) for db in (address, str(path)))
        assert without_publication(there) == here
        assert here
    assert run(["check", "--db", address]) == 0


def test_an_interrupted_import_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, path = f"chdb:{tmp_path / 'chdb'}", tmp_path / "a.db"
    with monkeypatch.context() as patch:
        patch.setattr(importer, "_BATCH", 2)
        written = journal.Journal.record

        def interrupted(book: journal.Journal, *others: Any) -> None:
            written(book, *others)
            if book.events > 4:
                raise KeyboardInterrupt

        patch.setattr(journal.Journal, "record", interrupted)
        assert run(["import", "--db", address, FILES[1]]) == 130
    assert run(["import", "--db", address, FILES[1]]) == 0
    assert "bytes already imported" in capsys.readouterr().err
    assert run(["import", "--db", str(path), FILES[1]]) == 0
    assert messages_of(address) == stored_in_sqlite(path)


def test_a_setting_has_everything_derived_again(tmp_path: Path) -> None:
    address, path = f"chdb:{tmp_path / 'chdb'}", tmp_path / "a.db"
    for db in (address, str(path)):
        assert run(["import", "--db", db, *FILES[:3]]) == 0
        assert run(["settings", "--db", db, "time_zone", "Asia/Tokyo"]) == 0
    assert messages_of(address) == stored_in_sqlite(path)
    assert {row["day"] for row in messages_of(address).values()} != {None}


def test_running_workers_are_left_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"chdb:{tmp_path / 'chdb'}"
    assert run(["import", "--db", address, FILES[0]]) == 0
    engine = connect(address_of(address))
    presence = pending.Presence(engine)
    assert presence.part() == (0, 1)
    engine.close()
    assert run(["import", "--db", address, FILES[1]]) == 0
    assert "workers are running" in capsys.readouterr().err
    assert run(["check", "--db", address]) == 1
    assert "contacts wait to be derived" in capsys.readouterr().out
    engine = connect(address_of(address))
    presence._engine = engine
    presence.leave()
    engine.close()
    assert run(["work", "--once", "--db", address]) == 0
    assert run(["check", "--db", address]) == 0


def test_check_finds_what_differs_and_rebuild_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"chdb:{tmp_path / 'chdb'}"
    assert run(["import", "--db", address, *FILES[:3]]) == 0
    sent = messages_of(address)
    engine = connect(address_of(address))
    one, *_ = sorted(key for key, _direction in sent)
    engine.run(
        "INSERT INTO messages SELECT * REPLACE (0 AS digest, 1 AS status, version + 1 AS version) FROM messages FINAL"
        " WHERE key = {key:String}",
        {"key": one},
    )
    engine.close()
    capsys.readouterr()
    assert run(["check", "--db", address]) == 1
    assert capsys.readouterr().out == f"{one}: what is derived differs\n"
    assert run(["check", "--rebuild", "--db", address]) == 0
    assert messages_of(address) == sent


def test_work_wants_a_clickhouse_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["work", "--db", str(tmp_path / "a.db")]) == 2
    assert "'work' is for a ClickHouse database" in capsys.readouterr().err
