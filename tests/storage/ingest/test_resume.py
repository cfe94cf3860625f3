"""An import goes on where it ended: after kill -9, a full disk or a log that grew, nothing is lost, counted twice or
read again; a reader sees only what was committed."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from storage.cube import refresh
from storage.database.connection import open_reader, writing
from storage.ingest import importer
from storage.ingest.importer import import_path
from storage.ingest.integrity import check
from storage.sources.opened import Options
from tests.captures import OPTIONS, capture, counted
from tests.databases import report_of, tsv_bytes
from tests.storage.ingest.import_runs import imports, run

_PROGRAM = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from storage.database.connection import writing
from storage.ingest import importer
from storage.sources.opened import Options
importer._BATCH = 500
importer._WORTH_A_PROCESS = int(sys.argv[3])
with writing(Path(sys.argv[1])) as writer:
    importer.prepare(writer)
    print("ready", flush=True)
    importer.import_path(writer, Path(sys.argv[2]), Options(ZoneInfo("UTC")), lambda position, events: None)
"""


def start(database: Path, file: Path, worth: int = 1 << 40, **options: Any) -> subprocess.Popen[bytes]:
    """An import in a process of its own; `worth` is how many bytes are worth another one that reads."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(database), str(file), str(worth)], stdout=subprocess.PIPE, **options
    )


def assert_sound_and_same(database: Path, other: Path) -> None:
    assert report_of(database) == report_of(other)
    assert tsv_bytes(database) == tsv_bytes(other)
    with writing(database) as writer:
        assert check(writer, lambda done, of: None) == []


@pytest.mark.parametrize("worth", [1 << 40, 0], ids=["alone", "ahead"])
@pytest.mark.long(keep=2)
def test_an_import_killed_at_random_moments_ends_as_one_that_was_not(worth: int, tmp_path: Path, log: Path) -> None:
    chance, most = random.Random(7), 6
    database, other = tmp_path / "killed.db", tmp_path / "whole.db"
    begun = time.monotonic()
    run(other, log)
    longest = (time.monotonic() - begun) / 5  # of what the whole takes on this machine, so that several kills fit in
    kills, ended = 0, False
    while not ended:
        process = start(database, log, worth)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            # After so many it may end.
            ended = process.wait(chance.random() * longest if kills < most else None) == 0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 2
    assert imports(database)[0][:3] == imports(other)[0][:3]  # as many events read in all, and in one entry
    assert len(imports(database)) == 1
    assert_sound_and_same(database, other)


def test_an_import_that_dies_behind_the_last_record_again_and_again_stays_one(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "saludo.db"

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(refresh, "refresh_all", die)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                run(database, log)
    read = run(database, log)
    assert read.events == 0
    assert read.passed_over == log.stat().st_size
    assert [(finished, position) for _, _, finished, position in imports(database)] == [(1, log.stat().st_size)]


def test_a_full_disk_loses_nothing(tmp_path: Path, log: Path) -> None:
    database, other = tmp_path / "full.db", tmp_path / "whole.db"
    run(other, log)

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1_800_000, 1_800_000))

    process = start(database, log, preexec_fn=limit, stderr=subprocess.PIPE)
    _, errors = process.communicate()
    assert process.returncode != 0, "the limit was not reached"
    assert b"run the same command again" in errors
    assert 0 < imports(database)[0][0] < imports(other)[0][0]
    with writing(database) as writer:
        assert check(writer, lambda done, of: None) == []
    run(database, log)
    assert_sound_and_same(database, other)


def test_a_reader_sees_only_what_was_committed(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "_BATCH", 500)
    database = tmp_path / "saludo.db"
    question = "SELECT (SELECT sum(position) FROM imports), count(*), sum(status), sum(answered_at) FROM messages"
    with writing(database):
        pass
    seen, committed, done = set(), {(None, 0, None, None), (0, 0, None, None)}, threading.Event()

    def read() -> None:
        connection = open_reader(database)
        while not done.is_set():
            seen.add(connection.execute(question).fetchone())
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    with writing(database) as writer:
        importer.prepare(writer)
        ask = writer.connection.execute
        import_path(writer, log, OPTIONS, lambda position, events: committed.add(ask(question).fetchone()))
    done.set()
    reader.join()
    assert len(seen) > 2
    assert seen <= committed


class _StopError(Exception):
    """The import is to end here."""


def interrupted(database: Path, file: Path, batches: int) -> bool:
    """Imports until so many batches are written; whether that was before the end."""
    left = [batches]

    def each(events: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise _StopError

    try:
        run(database, file, each=each)
    except _StopError:
        return True
    return False


@pytest.mark.parametrize("name", [one.name for one in counted()])
@pytest.mark.long(keep=4)
def test_any_capture_goes_on_from_any_batch(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tmp_path / "whole.db"
    run(whole, capture(name))
    monkeypatch.setattr(importer, "_BATCH", 1)
    for batches in (1, 3):
        database = tmp_path / f"{batches}.db"
        for _ in range(9):  # what is one record has no place to go on within it
            if not interrupted(database, capture(name), batches):
                break
        run(database, capture(name))
        assert report_of(database) == report_of(whole)
        assert tsv_bytes(database) == tsv_bytes(whole)
        with sqlite3.connect(database) as one, sqlite3.connect(whole) as other:
            rejects = "SELECT place, reason, excerpt FROM rejects ORDER BY digest"
            assert one.execute(rejects).fetchall() == other.execute(rejects).fetchall()


def test_a_finished_file_is_passed_over_whatever_it_is_called(tmp_path: Path, log: Path) -> None:
    database = tmp_path / "saludo.db"
    first = run(database, log)
    renamed = log.rename(tmp_path / "another name")
    again = run(database, renamed)
    assert (again.records, again.events, again.new, again.changed) == (0, 0, 0, 0)
    assert again.passed_over == renamed.stat().st_size
    assert first.events > 0
    assert len(imports(database)) == 1


def test_a_log_that_grew_is_read_from_where_it_ended(tmp_path: Path, log: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    growing, database, other = tmp_path / "growing.jsonl", tmp_path / "saludo.db", tmp_path / "whole.db"
    run(other, log)
    # The second time the last line is half written.
    for text in (lines[:3000], [*lines[:6000], lines[6000][:100]], lines):
        growing.write_bytes(b"".join(text))
        summary = run(database, growing)
    assert summary.records == len(lines) - 6000
    assert summary.rejects == 0
    assert report_of(database)["data"]["rejects"] == 0
    assert_sound_and_same(database, other)


def test_a_file_whose_beginning_changed_is_read_anew(tmp_path: Path, log: Path) -> None:
    database = tmp_path / "saludo.db"
    first = run(database, log)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[1:], lines[0]]))
    assert run(database, log).records == first.records
    lines[len(lines) // 2 : len(lines) // 2 + 2] = reversed(lines[len(lines) // 2 : len(lines) // 2 + 2])
    log.write_bytes(b"".join(lines))
    assert run(database, log).records == first.records
    assert run(database, log).records == 0


def test_other_options_read_a_file_again(tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    database, file = tmp_path / "saludo.db", capture("starting_causes.tsv")
    records = run(database, file).records
    assert run(database, file).records == 0
    assert run(database, file, Options(ZoneInfo("Asia/Kolkata"))).records == records
    assert run(database, file, Options(ZoneInfo("Asia/Kolkata"))).records == 0


def test_a_packed_file_is_passed_over_whole_and_read_anew_when_it_grew(tmp_path: Path, log: Path) -> None:
    database, packed = tmp_path / "saludo.db", tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    records = run(database, packed).records
    assert run(database, packed).records == 0
    more = json.dumps({"entry": []}).encode() + b"\n"
    packed.write_bytes(packed.read_bytes() + gzip.compress(more))
    again = run(database, packed)
    assert (again.records, again.new, again.changed) == (records + 1, 0, 0)


def test_what_is_no_regular_file_is_read_each_time(tmp_path: Path, log: Path) -> None:
    database, pipe = tmp_path / "saludo.db", tmp_path / "pipe"
    os.mkfifo(pipe)
    records = []
    for _ in range(2):
        writer = threading.Thread(target=lambda: pipe.write_bytes(log.read_bytes()))
        writer.start()
        records.append(run(database, pipe).records)
        writer.join()
    assert records[0] == records[1] > 0
