"""An import that shares its work with other processes writes the same, also when one dies or cannot start."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage.cube import refresh
from storage.cube.counting_process import CountingProcess
from storage.database import child_process
from storage.database.connection import writing
from storage.ingest import importer
from storage.ingest.importer import FileError
from storage.ingest.integrity import check
from tests.captures import capture, counted
from tests.databases import cube_of, report_of, tsv_bytes
from tests.storage.ingest.forked_reader import ForkedReader
from tests.storage.ingest.import_runs import imports, run


@pytest.mark.parametrize("name", [one.name for one in counted()])
@pytest.mark.long(keep=4)
def test_a_process_that_reads_ahead_gives_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, database = tmp_path / "whole.db", tmp_path / "ahead.db"
    alone = run(whole, capture(name))
    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(importer, "_BATCH", 3)
    monkeypatch.setattr(child_process, "start", ForkedReader)
    before = ForkedReader.started
    ahead = run(database, capture(name))
    assert ForkedReader.started == before + 1
    assert (ahead.format, ahead.records, ahead.events, ahead.ignored, ahead.rejects) == (
        *(alone.format, alone.records, alone.events, alone.ignored, alone.rejects),
    )
    assert report_of(database) == report_of(whole)
    assert tsv_bytes(database) == tsv_bytes(whole)


def test_what_the_reading_process_cannot_read_is_one_line(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("no capture of anything")
    with pytest.raises(FileError, match="unrecognised file format"):
        run(tmp_path / "saludo.db", nonsense)
    monkeypatch.setattr(importer, "_BATCH", 500)
    processes = started_processes(monkeypatch)
    with pytest.raises(FileError, match="run the same command again"):
        run(tmp_path / "saludo.db", log, each=lambda events: processes["storage.ingest.batch_reader"].kill())
    assert processes["storage.ingest.batch_reader"].returncode == -signal.SIGKILL
    assert processes["storage.cube.counting_process"].returncode is not None


_WITHOUT_COUNTER = """
import sys
from storage.database import child_process
from storage.ingest import importer
importer._WORTH_A_PROCESS = 0
start = child_process.start
def started(module, *arguments):
    process = start(module, *arguments)
    if module == "storage.cube.counting_process":
        process.kill()
        process.wait()
    return process
child_process.start = started
from tui.__main__ import main
sys.exit(main())
"""


def test_the_command_goes_on_without_the_process_that_counts(tmp_path: Path, log: Path) -> None:
    database, alone = tmp_path / "saludo.db", tmp_path / "alone.db"
    command = [sys.executable, "-c", _WITHOUT_COUNTER, "--db", str(database), "import", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    run(alone, log)
    assert report_of(database) == report_of(alone)


@pytest.mark.parametrize("module", ["storage.ingest.batch_reader", "storage.cube.counting_process"])
@pytest.mark.long(keep=2)
def test_an_import_goes_on_where_a_process_cannot_be_started(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    database, alone = tmp_path / "saludo.db", tmp_path / "alone.db"
    run(alone, log)
    start = child_process.start

    def started(which: str, *arguments: Any) -> subprocess.Popen[bytes]:
        if which == module:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return start(which, *arguments)

    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(child_process, "start", started)
    run(database, log)
    assert report_of(database) == report_of(alone)
    assert imports(database) == imports(alone)


@pytest.mark.parametrize("buffer", [4096, 8192, 1 << 20])
@pytest.mark.parametrize("worth", [0, 1 << 40])
@pytest.mark.long(keep=4)
def test_a_file_is_read_from_its_beginning_however_it_was_opened(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, buffer: int, worth: int
) -> None:
    """Python reads ahead in pieces as large as the file system's, and a process goes on from where that ended."""
    database, alone = tmp_path / "saludo.db", tmp_path / "alone.db"
    read = run(alone, log)
    opened = Path.open
    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", worth)
    monkeypatch.setattr(Path, "open", lambda path, mode: opened(path, mode, buffering=buffer))
    for events in (read.events, 0):
        again = run(database, log)
        assert (again.events, again.rejects) == (events, 0)
    with log.open("ab") as more:
        more.write(log.read_bytes()[:100_000].rpartition(b"\n")[0] + b"\n")
    assert run(database, log).rejects == 0
    assert report_of(database) == report_of(alone)


def started_processes(monkeypatch: pytest.MonkeyPatch) -> dict[str, subprocess.Popen[bytes]]:
    """The processes that an import starts, by the module that they are."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    popen = subprocess.Popen

    def started(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        process = popen(command, **options)
        processes[command[command.index("-m") + 1]] = process
        return process

    monkeypatch.setattr(subprocess, "Popen", started)
    return processes


@pytest.mark.parametrize("batches", [1, 2, 9])
@pytest.mark.long(keep=3)
def test_the_cube_is_the_same_whether_or_not_another_process_counts_with_it(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """That process is killed behind the second batch, behind the third, or not at all."""
    alone, shared = tmp_path / "alone.db", tmp_path / "shared.db"
    monkeypatch.setattr(importer, "_BATCH", 3000)
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    run(alone, log)
    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
    processes = started_processes(monkeypatch)
    days, blocks, left = CountingProcess.days, CountingProcess.blocks, [batches]
    answers: list[bool] = []
    monkeypatch.setattr(CountingProcess, "days", lambda one: answered(days(one)))
    monkeypatch.setattr(CountingProcess, "blocks", lambda one: answered(blocks(one)))

    def answered(answer: Any) -> Any:
        answers.append(bool(answer))
        return answer

    def each(events: int) -> None:
        if left[0] == 0:
            processes["storage.cube.counting_process"].kill()
            processes["storage.cube.counting_process"].wait()
        left[0] -= 1

    run(shared, log, each=each)
    assert any(answers[:batches]) == bool(batches)
    assert answers[-1] == (batches == 9)
    with writing(shared) as writer:
        assert check(writer, lambda done, of: None) == []
    assert cube_of(shared) == cube_of(alone)
    assert report_of(shared) == report_of(alone)
