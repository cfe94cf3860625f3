"""Rejects belong to the file in which they were last found: a corrected file, another option or another version of the
reading replaces them, and nothing else does."""

from __future__ import annotations

import gzip
import os
import random
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.database.connection import reading, writing
from storage.ingest import importer, journal, kept_rejects
from storage.ingest.importer import Summary, import_stream
from tests.captures import OPTIONS
from tests.databases import report_of
from tests.storage.ingest.import_runs import run

HEADER = "wamid,to,template,sent_at\n"
OTHER_OPTIONS = replace(OPTIONS, time_zone=ZoneInfo("Asia/Kolkata"))


def row(number: int, at: str = "2026-11-18T12:00:00Z") -> str:
    """A row of a send log."""
    return f"wamid.{number},549110555{number:04},promo,{at}\n"


def bad(number: int) -> str:
    """A row whose time cannot be read."""
    return row(number, f"31-02-2025 {number}")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "saludo.db"


def put(path: Path, *rows: str) -> Path:
    """Writes a send log."""
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def listed(database: Path) -> list[tuple[str, str]]:
    """File name and place of every reject."""
    with reading(database) as connection:
        return [(Path(one.file).name, one.place) for one in kept_rejects.every(connection)]


def told(database: Path) -> int:
    """How many rejects the report tells."""
    count: int = report_of(database)["data"]["rejects"]
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(DISTINCT digest) FROM rejects").fetchone() == (count,)
    return count


class TestACorrectedFile:
    def test_its_rejects_go_when_it_is_imported_again(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", row(1), bad(2), bad(3))
        assert run(database, path).rejects == 2
        assert listed(database) == [("sends.csv", "line 3"), ("sends.csv", "line 4")]
        put(path, row(1), row(2), bad(3))
        summary = run(database, path)
        assert (summary.new, summary.rejects, summary.settled) == (1, 1, 1)
        assert listed(database) == [("sends.csv", "line 4")]
        put(path, row(1), row(2), row(3))
        assert (run(database, path).settled, listed(database), told(database)) == (1, [], 0)

    def test_what_is_found_again_stays_at_its_new_place(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", bad(1), bad(2))
        run(database, path)
        put(path, row(9), bad(2), bad(1))
        summary = run(database, path)
        assert (summary.rejects, summary.settled) == (2, 0)
        assert listed(database) == [("sends.csv", "line 3"), ("sends.csv", "line 4")]

    def test_the_other_files_keep_theirs(self, tmp_path: Path, database: Path) -> None:
        path, other = put(tmp_path / "a.csv", bad(1), bad(2)), put(tmp_path / "b.csv", bad(2), bad(3))
        run(database, path)
        run(database, other)
        assert told(database) == 3
        put(path, row(1), row(2))
        assert run(database, path).settled == 1
        assert listed(database) == [("b.csv", "line 2"), ("b.csv", "line 3")]
        assert told(database) == 2

    def test_a_relative_name_in_another_directory_is_another_file(
        self, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for day in ("monday", "tuesday"):
            (tmp_path / day).mkdir()
            monkeypatch.chdir(tmp_path / day)
            put(Path("sends.csv"), bad(len(day)))
            run(database, Path("sends.csv"))
        assert len(listed(database)) == 2
        put(Path("sends.csv"), row(1))
        run(database, Path(f"../{day}/./sends.csv"))
        assert told(database) == 1

    def test_the_old_content_brings_its_rejects_back(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", bad(1))
        run(database, path)
        put(path, row(1))
        run(database, path)
        put(path, bad(1))
        assert run(database, path).rejects == 1
        assert listed(database) == [("sends.csv", "line 2")]
        put(path, row(1))
        summary = run(database, path)
        assert (summary.records, summary.settled, told(database)) == (0, 1, 0)

    @pytest.mark.parametrize("worth", [0, 1 << 40])
    def test_an_interrupted_reading_replaces_nothing_until_it_ends(
        self, worth: int, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importer, "_BATCH", 8)
        monkeypatch.setattr(importer, "_WORTH_A_PROCESS", worth)
        path = put(tmp_path / "sends.csv", bad(1), bad(2))
        run(database, path)
        put(path, *map(row, range(30)), bad(31))

        def stop(events: int) -> None:
            if events > 10:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(database, path, each=stop)
        assert len(listed(database)) == 2
        assert (run(database, path).settled, listed(database)) == (2, [("sends.csv", "line 32")])


class TestTheSameContent:
    def test_a_copy_that_is_passed_over_tells_the_rejects_again(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "a.csv", bad(1))
        first = run(database, path)
        again = run(database, put(tmp_path / "b.csv", bad(1)))
        assert (again.records, again.rejects) == (0, 1)
        assert [one.place for one in again.first_rejects] == [one.place for one in first.first_rejects] == ["line 2"]
        assert listed(database) == [("b.csv", "line 2")]

    def test_a_log_that_rotates_keeps_the_rejects_of_the_renamed_file(self, tmp_path: Path, database: Path) -> None:
        log = put(tmp_path / "sends.csv", bad(1), row(2))
        run(database, log)
        old = log.rename(tmp_path / "sends.csv.1")
        put(log, row(3))
        for order in ((old, log), (log, old)):
            for path in order:
                run(database, path)
            assert listed(database) == [("sends.csv.1", "line 2")]

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("renamed", [False, True])
    def test_other_options_replace_them(self, packed: bool, renamed: bool, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", *map(row, range(200)), bad(300))
        if packed:
            path.write_bytes(gzip.compress(path.read_bytes()))
        run(database, path)
        if renamed:
            path = path.rename(tmp_path / "moved.csv")
        summary = run(database, path, OTHER_OPTIONS)
        assert (summary.rejects, summary.settled) == (1, 0)
        assert listed(database) == [(path.name, "line 202")]

    def test_they_replace_those_of_every_earlier_name(self, tmp_path: Path, database: Path) -> None:
        for number, zone in enumerate(("UTC", "Asia/Tokyo", "Asia/Kolkata", "Asia/Dili")):
            run(database, put(tmp_path / f"{number}.csv", bad(1)), replace(OPTIONS, time_zone=ZoneInfo(zone)))
            assert listed(database) == [(f"{number}.csv", "line 2")]

    @pytest.mark.parametrize("renamed", [False, True])
    def test_another_version_that_reads_the_record_settles_it(
        self, renamed: bool, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file of the earlier version is shorter: logs grow."""
        path = put(tmp_path / "sends.csv", row(1), bad(2))
        run(database, path)
        with sqlite3.connect(database) as connection:  # as if the earlier version had not understood another row
            connection.execute("INSERT INTO rejects SELECT NULL, import, 'x', 'line 2', 'y', 'z' FROM rejects")
            connection.execute("UPDATE imports SET rejects = 2")
        if renamed:
            path = path.rename(tmp_path / "moved.csv")
        put(path, row(1), bad(2), row(3))
        monkeypatch.setattr(journal, "_READING", journal._READING + 1)
        summary = run(database, path)
        assert (summary.passed_over, summary.rejects, summary.settled) == (0, 1, 1)
        assert listed(database) == [(path.name, "line 3")]

    def test_a_file_that_only_begins_alike_settles_nothing(self, tmp_path: Path, database: Path) -> None:
        run(database, put(tmp_path / "a.csv", *map(row, range(200)), bad(300)))
        run(database, put(tmp_path / "b.csv", *map(row, range(200)), row(300)), OTHER_OPTIONS)
        assert told(database) == 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.long(keep=3)
def test_after_any_edits_the_rejects_are_those_of_the_files(
    seed: int, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are rewritten, appended to, cut, swapped and copied, and read with two options; batches are small."""
    chance = random.Random(seed)
    monkeypatch.setattr(importer, "_BATCH", 3)
    paths = [tmp_path / f"{name}.csv" for name in "abc"]
    for path in paths:
        put(path)

    def change(path: Path) -> None:
        rows, other = path.read_text().splitlines(keepends=True)[1:], chance.choice(paths)
        more = [chance.choice((row, bad))(chance.randrange(9)) for _ in range(chance.randrange(4))]
        match chance.choice(("rewrite", "append", "cut", "correct", "swap", "copy")):
            case "rewrite":
                put(path, *more)
            case "append":
                put(path, *rows, *more)
            case "cut":
                put(path, *rows[:-1])
            case "correct":
                put(path, *(row(3) if "31-02" in one and chance.random() < 0.5 else one for one in rows))
            case "swap":
                rest = other.read_text()
                other.write_text(path.read_text())
                path.write_text(rest)
            case _:
                other.write_text(path.read_text())

    def read(path: Path) -> None:
        with suppress(_StopError):
            run(database, path, chance.choice((OPTIONS, OTHER_OPTIONS)), each=chance.choice((None, None, _stop)))

    for _ in range(40):
        change(chance.choice(paths))
        if chance.random() < 0.5:
            read(chance.choice(paths))
    for path in chance.sample(paths, 3):
        run(database, path)
    rows = {line for path in paths for line in path.read_text().splitlines()}
    assert told(database) == len([line for line in rows if "31-02" in line])


class _StopError(Exception):
    """The import is to end here."""


def _stop(_: int) -> None:
    raise _StopError


class TestAGrowingLog:
    def test_its_rejects_add_up(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", row(1), bad(2))
        run(database, path)
        put(path, row(1), bad(2), row(3), bad(4))
        summary = run(database, path)
        assert (summary.rejects, summary.settled) == (2, 0)
        assert listed(database) == [("sends.csv", "line 3"), ("sends.csv", "line 5")]
        assert [one.place for one in summary.first_rejects] == ["line 3", "line 5"]

    def test_the_same_record_twice_is_listed_twice_and_counts_once(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", bad(1), row(2), bad(1))
        assert run(database, path).rejects == 2
        assert listed(database) == [("sends.csv", "line 2"), ("sends.csv", "line 4")]
        assert told(database) == 1

    def test_records_are_counted_once(self, tmp_path: Path, database: Path) -> None:
        path = put(tmp_path / "sends.csv", row(1), row(2), "cut,of")
        run(database, path)
        put(path, row(1), row(2), row(3), bad(4))
        run(database, path)
        with sqlite3.connect(database) as connection:
            assert connection.execute("SELECT records, rejects FROM imports").fetchall() == [(4, 1)]


class TestAStream:
    def imported(self, database: Path, content: str, name: str = "-") -> Summary:
        end, start = os.pipe()
        thread = threading.Thread(target=lambda: os.fdopen(start, "wb").write(content.encode()))
        thread.start()
        with writing(database) as writer, os.fdopen(end, "rb") as stream:
            importer.prepare(writer)
            summary = import_stream(writer, stream, name, OPTIONS, lambda *_: None)
        thread.join()
        return summary

    def test_the_same_record_again_is_listed_once(self, database: Path) -> None:
        for _ in range(3):
            summary = self.imported(database, HEADER + row(1) + bad(2))
            assert (summary.rejects, summary.settled) == (1, 0)
        assert listed(database) == [("-", "line 3")]

    def test_two_streams_keep_their_own(self, tmp_path: Path, database: Path) -> None:
        self.imported(database, HEADER + bad(1))
        self.imported(database, HEADER + bad(2))
        run(database, put(tmp_path / "-", row(1)))
        assert len(listed(database)) == 2


def test_rejects_of_an_earlier_version_are_kept_until_their_file_is_read(tmp_path: Path, database: Path) -> None:
    path, other = put(tmp_path / "a.csv", bad(1)), put(tmp_path / "b.csv", bad(2))
    run(database, path)
    run(database, other)
    with sqlite3.connect(database) as connection:
        connection.executescript(
            """
            DROP TABLE rejected_records;
            CREATE TABLE old (
                id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, import INTEGER NOT NULL, place TEXT NOT NULL,
                reason TEXT NOT NULL, excerpt TEXT NOT NULL
            );
            INSERT INTO old SELECT id, digest, import, place, reason, excerpt FROM rejects;
            DROP TABLE rejects;
            ALTER TABLE old RENAME TO rejects;
            DROP INDEX imports_by_path;
            ALTER TABLE imports DROP COLUMN path;
            ALTER TABLE imports DROP COLUMN records;
            UPDATE imports SET options = '(2, None, ''UTC'', ''template'', None)';
            DELETE FROM _sqlite_migrations WHERE name = 'rejects_of_each_import';
            PRAGMA user_version = 5;
            """
        )
    with writing(database):
        pass
    assert told(database) == 2
    put(path, row(1))
    run(database, path)
    assert listed(database) == [("b.csv", "line 2")]
    assert run(database, other).records == 1
    assert listed(database) == [("b.csv", "line 2")]


def test_thousands_of_rejects_are_listed_in_the_order_of_the_file(tmp_path: Path, database: Path) -> None:
    path = put(tmp_path / "sends.csv", *map(bad, range(3_000)))
    summary = run(database, path)
    assert summary.rejects == told(database) == 3_000
    assert [one.place for one in summary.first_rejects] == [f"line {number}" for number in range(2, 7)]
    assert listed(database) == [("sends.csv", f"line {number}") for number in range(2, 3_002)]


def test_equal_rows_are_one_reject_that_names_their_lines(tmp_path: Path, database: Path) -> None:
    path = put(tmp_path / "sends.csv", row(1), *[bad(2)] * 500, bad(3), row(4))
    assert run(database, path).rejects == told(database) == 2
    assert listed(database) == [("sends.csv", "line 3 to 502"), ("sends.csv", "line 503")]
    put(path, row(1), *[row(2)] * 500, bad(3), row(4))
    summary = run(database, path)
    assert (summary.settled, listed(database)) == (1, [("sends.csv", "line 503")])
