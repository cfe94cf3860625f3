"""A helper process that ends early says nothing: no traceback on the terminal of the person who imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.ingest import batch_reader
from storage.sources.opened import Offset
from tests.captures import OPTIONS, capture

MODULES = ("storage.ingest.batch_reader", "storage.cube.counting_process", "storage.database.wal_sync")


def _ended(module: str, argument: str, stdin: int, stdout: int) -> tuple[int, bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, argument], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
    )
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("argument", ["", "[]", "/dev/full/none"])
def test_a_wrong_argument(module: str, argument: str) -> None:
    _, errors = _ended(module, argument, subprocess.DEVNULL, subprocess.DEVNULL)
    assert errors == b""


@pytest.mark.parametrize("module", MODULES)
def test_a_parent_that_is_gone(module: str, tmp_path: Path) -> None:
    arguments = {"storage.ingest.batch_reader": '["UTC","template",null,null,[],null,0,0,10]'}
    with capture("cloud_lines.jsonl").open("rb") as file:
        out, into = os.pipe()
        os.close(out)
        try:
            status, errors = _ended(module, arguments.get(module, str(tmp_path / "a.db")), file.fileno(), into)
        finally:
            os.close(into)
    assert errors == b""
    assert status in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("module", MODULES)
def test_a_full_disk(module: str) -> None:
    argument = '["UTC","template",null,null,[],null,0,0,10]'
    with Path("/dev/full").open("wb") as full, capture("cloud_lines.jsonl").open("rb") as file:
        status, errors = _ended(module, argument, file.fileno(), full.fileno())
    assert errors == b""
    assert status in (0, 1)


def test_a_fault_of_the_reader_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise ValueError("a\nb")

    monkeypatch.setattr(batch_reader, "open_source", fault)
    with Path(os.devnull).open("rb") as file:
        told = [*batch_reader._answers(file, OPTIONS, Offset(), 10)]
    assert told == [("broken", (None, "internal error: ValueError: a b")), None]
