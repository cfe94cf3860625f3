"""What one file's import remembers serves the next one, as long as it is true."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database import child_process
from storage.database.connection import Writer, writing
from storage.database.settings import store_setting
from storage.ingest import importer
from storage.ingest.importer import FileError, import_path
from storage.ingest.integrity import check
from storage.ingest.kept_batch_writer import KeptBatchWriter
from storage.sources import stream
from tests.captures import OPTIONS, capture, counted, import_all
from tests.databases import tsv_bytes

FILES = [one.name for one in counted()]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with writing(tmp_path / "saludo.db") as opened:
        yield opened


def take_in(writer: Writer, name: str, kept: KeptBatchWriter) -> None:
    import_path(writer, capture(name), OPTIONS, lambda *_: None, kept=kept)


@given(st.lists(st.sampled_from(FILES), min_size=2, max_size=5))
def test_files_of_one_command_give_what_files_of_several_commands_give(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    directory = tmp_path_factory.mktemp("kept")
    together, apart = directory / "together.db", directory / "apart.db"
    paths = [capture(name) for name in names]
    of_one = import_all(together, *paths)
    of_several = [summary for path in paths for summary in import_all(apart, path)]
    assert [(one.new, one.changed) for one in of_one] == [(one.new, one.changed) for one in of_several]
    assert tsv_bytes(together) == tsv_bytes(apart)
    with writing(together) as writer:
        assert check(writer, lambda *_: None) == []


def test_the_next_file_gets_the_same_batch_writer_also_after_a_known_file(writer: Writer) -> None:
    kept = KeptBatchWriter()
    take_in(writer, "send_log.jsonl", kept)
    first = kept.take(writer, None)
    kept.keep(writer, first)
    take_in(writer, "send_log.jsonl", kept)
    take_in(writer, "cloud_statuses.jsonl", kept)
    assert kept.take(writer, None) is first


def test_after_any_other_change_it_gets_a_new_one(writer: Writer) -> None:
    kept = KeptBatchWriter()
    take_in(writer, "send_log.jsonl", kept)
    first = kept.take(writer, None)
    kept.keep(writer, first)
    with writer.transaction() as connection:
        store_setting(connection, "answer_window", "48")
    assert kept.take(writer, None) is not first


def test_after_an_error_it_gets_a_new_one(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptBatchWriter()
    take_in(writer, "send_log.jsonl", kept)
    first = kept.take(writer, None)
    kept.keep(writer, first)
    with monkeypatch.context() as patch:
        patch.setattr(stream.Stream, "lines", broken)
        with pytest.raises(FileError):
            take_in(writer, "cloud_statuses.jsonl", kept)
    assert kept.take(writer, None) is not first


def broken(*_: object, **__: object) -> Iterator[bytes]:
    """A file that cannot be read."""
    raise OSError(5, "Input/output error")
    yield b""


def test_the_helpers_serve_the_next_file_and_end_with_the_command(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
    started: list[tuple[str, subprocess.Popen[bytes]]] = []
    start = child_process.start

    def noted(module: str, *arguments: Any) -> subprocess.Popen[bytes]:
        process = start(module, *arguments)
        started.append((module, process))
        return process

    monkeypatch.setattr(child_process, "start", noted)
    with KeptBatchWriter() as kept:
        for name in ("send_log.jsonl", "cloud_statuses.jsonl"):
            take_in(writer, name, kept)
        assert sum(module == "storage.cube.counting_process" for module, _ in started) == 1
        assert sum(module == "storage.database.wal_sync" for module, _ in started) == 1
        helpers = [process for module, process in started if module not in ("storage.ingest.batch_reader",)]
        assert [process.returncode for process in helpers] == [None, None]
        nonsense = writer.path.with_name("nonsense")
        nonsense.write_text("no capture of anything")
        with pytest.raises(FileError):
            import_path(writer, nonsense, OPTIONS, lambda *_: None, kept=kept)
        assert None not in [process.returncode for process in helpers]
        take_in(writer, "cloud_inbound.jsonl", kept)
        assert sum(module == "storage.cube.counting_process" for module, _ in started) == 2
    assert None not in [process.returncode for _, process in started]


def test_a_helper_that_gives_no_answer_is_replaced(tmp_path: Path) -> None:
    with KeptBatchWriter() as kept:
        first, _ = kept.helpers(tmp_path / "saludo.db")
        assert kept.helpers(tmp_path / "saludo.db")[0] is first
        assert first._process is not None
        first._process.kill()
        first._process.wait()
        first.ask_for_blocks([])
        assert first.blocks() is None
        second, _ = kept.helpers(tmp_path / "saludo.db")
        assert second is not first
        assert second.is_running
