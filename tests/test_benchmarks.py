"""The benchmarks' own pieces on sizes that mean nothing: that they run, and that what they compare is the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.database.connection import writing
from storage.ingest.integrity import check
from storage.sources.opened import Options
from tests.benchmarks import (
    busy,
    checks,
    clickhouse_imports,
    everything,
    exports,
    imports,
    memory,
    opening,
    reports,
    starts,
    tables,
)
from tests.benchmarks.captures import Size, arrivals, write
from tests.benchmarks.duck import Duck
from tests.benchmarks.flattened import flatten
from tests.benchmarks.machine import machine
from tests.benchmarks.plain import Plain
from tests.benchmarks.processes import watched
from tests.benchmarks.report import database
from tests.benchmarks.report_rows import Reported, growth_row, report_rows
from tests.benchmarks.rows import Row, header, text
from tests.storage.ingest.import_runs import run

STARTS = 2_000


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def path(directory: Path) -> Path:
    return database(directory, STARTS)


def test_plain_sqlite_answers_every_filter_as_the_report_does(path: Path, directory: Path) -> None:
    peer = Plain(directory / "plain.db", path)
    measured = reports.measure(path, [peer], rounds=1)
    assert [one.name for one in measured] == list(reports.FILTERS)
    assert peer.ask("SELECT count(*) FROM starts") == [(STARTS,)]
    assert reports.least_advantage(measured, peer.name) > 0


def test_importers_have_the_lines_of_a_log_in_turns(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"1\n2\n3\n")
    assert [path.read_bytes() for path in clickhouse_imports._parts(tmp_path, log, 2)] == [b"1\n3\n", b"2\n"]


def test_plain_sqlite_reads_indexes_only(path: Path, directory: Path) -> None:
    peer = Plain(directory / "indexed.db", path)
    plan = peer.ask("EXPLAIN QUERY PLAN SELECT count(DISTINCT contact) FROM starts WHERE line = 1 AND day > 20500")
    assert "USING COVERING INDEX starts_by_line" in str(plan)


def test_duckdb_answers_every_filter_as_the_report_does(path: Path, directory: Path) -> None:
    pytest.importorskip("duckdb")
    assert len(reports.measure(path, [Duck(directory / "starts.duckdb", path)], rounds=1)) == len(reports.FILTERS)


def test_the_tsv_has_a_line_for_each_of_the_shells(path: Path, directory: Path) -> None:
    exported = exports.measure(path, directory, rounds=1)
    assert (exported.shell is None) == (shutil.which("sqlite3") is None)
    assert not list(directory.glob("*.tsv"))


def test_the_dashboard_of_a_build_is_opened_and_known_by_its_rows(path: Path, tmp_path: Path) -> None:
    rows, now = tmp_path / "rows.tsv", ("--now", starts.UNTIL.isoformat())
    subprocess.run([sys.executable, "-m", "tui", "--db", path, "export", *now, "-o", rows], check=True)
    found = opening.once(Path(sys.executable), path, rows, *now)
    assert 0 < found["a bare Textual app, ms"] < found["charts as well, ms"]
    assert found["tiles and table, ms"] <= found["charts as well, ms"]
    assert found["a bare Textual app, CPU ms"] > 0
    with pytest.raises(TimeoutError):
        opening.once(Path(sys.executable), tmp_path / "none.db", rows, "--no-such-option")


def test_flattening_names_every_leaf_by_its_path_and_keeps_its_type() -> None:
    record = {"a": {"b": [{"c": 1}, {"c": True}], "d": None}, "e": [], "f": "x", "g": {}}
    assert flatten(record) == {"a_b_0_c": 1, "a_b_1_c": True, "a_d": None, "f": "x"}


def test_a_log_is_the_same_every_time_and_its_flat_rows_are_its_lines(tmp_path: Path) -> None:
    size = Size(300, days=3)
    names = ("log", "facts", "flattened")
    log, facts, flattened = (tmp_path / name for name in names)
    count = write(log, size, facts, flattened)
    assert log.read_text() == "".join(one.text for one in arrivals(size))
    lines = log.read_text().splitlines()
    rows = [json.loads(line) for line in flattened.read_text().splitlines()]
    assert len(lines) == len(rows) == len(facts.read_text().splitlines()) == count
    assert rows == [flatten(json.loads(line)) for line in lines]
    statuses = {row.get("entry_0_changes_0_value_statuses_0_status") for row in rows}
    assert {"sent", "delivered", "read"} <= statuses


@pytest.mark.long
def test_an_import_is_measured_beside_its_peers(tmp_path: Path) -> None:
    one = imports.measure(tmp_path, 500, into=None)
    assert one.events == len((tmp_path / "500.jsonl").read_text().splitlines())
    assert one.first.events == one.events
    assert one.stored > 0
    assert not list(tmp_path.glob("*peer*"))


@pytest.mark.long
def test_reports_are_loaded_while_an_import_runs_and_the_base_stays_as_it_was(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    one = busy.growing(path, tmp_path, busy.next_log(tmp_path, 6_000))
    assert one.refusals == 0
    assert one.reports > 0
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.db*"))


def test_the_peak_of_an_import_is_that_of_all_its_processes(tmp_path: Path) -> None:
    peak, size = memory.importing(tmp_path, 50_000)
    assert size > 10_000
    assert peak.together > 10
    assert max(peak.each.values()) > 10


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(Exception, match="exit status 2"):
        watched(["python3", "-c", "raise SystemExit(2)"])


def test_a_row_says_whether_it_holds_and_where_it_is_judged(path: Path) -> None:
    measured = reports.measure(path, [], rounds=1)
    small = Reported(STARTS, measured, [1.0], [1.0], 1_000, [])
    large = Reported(10_000_000, measured, [61.0], [1.0, 31.0], 4_000_000_001, [])
    assert {row.holds for row in report_rows(small)} == {None}
    verdicts = {row.what.partition(": ")[2]: row.verdict for row in report_rows(large)}
    assert verdicts["the first report of a file not in memory, median"] == "OVER"
    assert verdicts["a page of the table, any depth and filter, worst"] == "OVER"
    assert verdicts["database, cube included"] == "OVER"
    assert growth_row(small, large).ratio == "1.0 times"
    heads = header().split()
    assert (heads[0], heads[-1]) == ("what", "verdict")
    assert text(Row("a", "1", holds=True)).endswith("ok")


def test_the_machine_is_described() -> None:
    assert sqlite3.sqlite_version in "\n".join(machine())


def test_the_command_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        everything.run(["--help"])
    assert "--quick" in capsys.readouterr().out


@pytest.mark.long
def test_the_table_of_the_benchmark_is_read_whole(directory: Path) -> None:
    measured = tables.measure(directory, 60, rounds=1)  # raises if a row is not read
    assert measured.rows == 60
    assert min(measured.reading.cpu, measured.peer.rows, measured.whole.rows) > 0


def test_a_database_that_is_copied_within_itself_is_sound(tmp_path: Path) -> None:
    log, path = tmp_path / "log.jsonl", tmp_path / "saludo.db"
    write(log, Size(300, days=3, contacts=20))
    run(path, log, Options(ZoneInfo(starts.ZONE)))
    with writing(path) as writer:
        before = writer.connection.execute("SELECT count(*) FROM messages WHERE origin IS NOT NULL").fetchone()[0]
        checks.multiply(writer.connection, 4 * before)
        assert writer.connection.execute("SELECT count(*) FROM messages WHERE origin IS NOT NULL").fetchone() == (
            4 * before,
        )
        assert check(writer, lambda done, of: None) == []
