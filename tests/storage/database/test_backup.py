"""A backup is the database of one moment, whatever a writer does meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import backup
from storage.database.backup import BackupError, back_up
from storage.database.complete_file import FileError
from storage.database.connection import DatabaseError, reading, writing
from tests.captures import capture
from tests.cubes import problems
from tests.databases import build, report_of, tsv_bytes
from tests.storage.ingest.import_runs import imports, run

_IMPORT = """
import sys
from pathlib import Path
from storage.database.connection import writing
from storage.ingest import importer
from tests.captures import OPTIONS
importer._BATCH = 20
importer._WORTH_A_PROCESS = 1 << 40
with writing(Path(sys.argv[1])) as writer:
    importer.prepare(writer)
    def wait(position, events):
        print(events, flush=True)
        sys.stdin.readline()
    importer.import_path(writer, Path(sys.argv[2]), OPTIONS, wait)
"""


def quiet(done: int, of: int) -> None:
    """No progress."""


def log_of(directory: Path) -> Path:
    """A log of several batches: a file of statuses, many times with other keys."""
    text = capture("cloud_statuses.jsonl").read_text(encoding="utf-8")
    path = directory / "log.jsonl"
    path.write_text("".join(text.replace("wamid.", f"wamid.{copy}x") for copy in range(30)), encoding="utf-8")
    return path


def test_a_backup_during_an_import_is_sound_and_the_import_goes_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 8)  # few enough steps for the batches of the log
    log, path, whole = log_of(tmp_path), tmp_path / "saludo.db", tmp_path / "whole.db"
    run(whole, log)
    importing = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, str(path), str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    go, told = importing.stdin, importing.stdout
    assert go is not None
    assert told is not None

    def next_batch(*_: int) -> None:
        """Lets the import write a batch."""
        go.write("\n")
        go.flush()
        told.readline()

    copies = [tmp_path / f"{number}.db" for number in range(2)]
    told.readline()
    for copy in copies:
        next_batch()
        back_up(path, copy, replace=False, progress=next_batch)
    go.close()
    assert importing.wait() == 0
    events = [imports(copy)[0][0] for copy in copies]
    assert 0 < events[0] < events[1] < imports(path)[0][0]
    for copy in copies:
        assert problems(copy) == []
        run(copy, log)
    for one in (path, *copies):
        assert report_of(one) == report_of(whole)
        assert tsv_bytes(one) == tsv_bytes(whole)


def test_what_a_writer_commits_meanwhile_is_not_in_it_and_nothing_is_copied_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 1)
    path = build(tmp_path / "saludo.db")
    run(path, capture("cloud_statuses.jsonl"))
    before, steps = report_of(path), 0
    with writing(path) as writer:

        def write(done: int, of: int) -> None:
            nonlocal steps
            steps += 1
            with writer.transaction() as connection:
                connection.execute("UPDATE messages SET status = 0 WHERE origin < 2")
                connection.execute("INSERT INTO imports (file, format, started_at) VALUES ('x', 'y', 1)")

        size = back_up(path, tmp_path / "copy.db", replace=False, progress=write)
    assert steps * 16_384 == size == (tmp_path / "copy.db").stat().st_size
    assert report_of(tmp_path / "copy.db") == before != report_of(path)
    assert problems(tmp_path / "copy.db") == []


def test_a_database_of_an_older_version_is_copied_as_it_is(tmp_path: Path) -> None:
    path, copy = build(tmp_path / "saludo.db"), tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 5")
    back_up(path, copy, replace=False, progress=quiet)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (5,)
    with pytest.raises(DatabaseError, match="older version"), reading(copy):
        pass


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_what_lies_beside_the_copy_is_not_applied_to_it(end: str, tmp_path: Path) -> None:
    path, copy = build(tmp_path / "saludo.db"), tmp_path / "copy.db"
    leftover = tmp_path / f"copy.db{end}"
    leftover.write_bytes(b"changes")
    for replace in (False, True):
        with pytest.raises(BackupError, match=f"{end.strip('-')}.* lies beside it"):
            back_up(path, copy, replace=replace, progress=quiet)
        copy.touch()
    leftover.write_bytes(b"")
    back_up(path, copy, replace=True, progress=quiet)
    assert problems(copy) == []


def test_a_damaged_database_is_named_and_not_the_copy(tmp_path: Path) -> None:
    path, copy = build(tmp_path / "saludo.db"), tmp_path / "copy.db"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatabaseError, match=r"saludo\.db: is damaged"):
        back_up(path, copy, replace=False, progress=quiet)
    assert not copy.exists()


def test_a_copy_replaces_an_older_one_whole_or_not_at_all(tmp_path: Path) -> None:
    path, copy = build(tmp_path / "saludo.db"), tmp_path / "copy.db"
    shutil.copy(path, copy)
    before = copy.read_bytes()
    run(path, capture("cloud_statuses.jsonl"))

    def fail(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(FileError, match="already exists"):
        back_up(path, copy, replace=False, progress=quiet)
    with pytest.raises(KeyboardInterrupt):
        back_up(path, copy, replace=True, progress=fail)
    assert copy.read_bytes() == before
    back_up(path, copy, replace=True, progress=quiet)
    assert report_of(copy) == report_of(path)
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith(".")} == set()
