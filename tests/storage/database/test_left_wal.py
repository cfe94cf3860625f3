"""A WAL that a killed writer left is used with the file that it was written for, and never with another one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.database.left_wal import belongs_to_another
from storage.ingest import importer
from tests.benchmarks.captures import Size, write
from tests.captures import OPTIONS
from tests.faults.commands import numbers_of, saludo

_LOG = Size(events=2_000, days=8, lines=4, templates=10, contacts=300)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "_BATCH", 200)


def killed_after(database: Path, log: Path, batches: int) -> None:
    """Imports into a database until a batch, and leaves the WAL as a kill does."""
    child = os.fork()
    if child == 0:
        left = iter(range(batches))

        def count(position: int, events: int) -> None:
            if next(left, None) is None:
                os._exit(9)

        with writing(database) as writer:
            importer.import_path(writer, log, OPTIONS, count)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0


@pytest.fixture
def path(tmp_path: Path, small_batches: None) -> Path:
    """A database with a WAL that a killed writer left, and a backup of it from before."""
    path, log = tmp_path / "saludo.db", tmp_path / "log.jsonl"
    write(log, _LOG)
    write(tmp_path / "more.jsonl", Size(events=2_000, days=8, lines=4, templates=10, contacts=300, seed=2))
    small = tmp_path / "small.jsonl"
    small.write_text("".join(log.read_text().splitlines(keepends=True)[:50]))
    assert saludo(path, "import", str(small)).status == 0
    assert saludo(path, "backup", str(tmp_path / "backup.db")).status == 0
    assert saludo(path, "import", str(log)).status == 0
    killed_after(path, tmp_path / "more.jsonl", 2)
    return path


@pytest.mark.parametrize("command", [("report",), ("export", "-o", "-"), ("check",), ("imports",)], ids=" ".join)
def test_a_file_that_is_copied_over_the_one_before_is_not_mixed_with_it(path: Path, command: tuple[str, ...]) -> None:
    backup = path.with_name("backup.db")
    shutil.copyfile(backup, path)
    done = saludo(path, *command)
    assert done.status == 1
    assert "was replaced, and saludo.db-wal still holds changes" in done.err
    path.with_name("saludo.db-wal").unlink()
    path.with_name("saludo.db-shm").unlink(missing_ok=True)
    assert saludo(path, *command).status == 0
    assert numbers_of(path) == numbers_of(backup)


def test_a_larger_file_is_not_mixed_with_it_either(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    for name in ("log.jsonl", "more.jsonl"):
        saludo(other, "import", str(tmp_path / name))
    other.write_bytes(other.read_bytes() + bytes(16_384 * 40))
    shutil.copyfile(other, path)
    assert belongs_to_another(path)


def test_the_wal_of_a_killed_writer_is_used(path: Path, tmp_path: Path) -> None:
    assert not belongs_to_another(path)
    assert saludo(path, "report").status == 0
    copied = tmp_path / "copied" / "saludo.db"
    copied.parent.mkdir()
    for name in ("saludo.db-wal", "saludo.db"):  # in an order that makes the file look newer than its WAL
        shutil.copyfile(path.with_name(name), copied.with_name(name))
    assert saludo(copied, "import", str(tmp_path / "more.jsonl")).status == 0
    assert saludo(copied, "check").status == 0


@pytest.mark.parametrize("batches", [0, 1, 3, 7])
def test_no_wal_of_a_new_database_is_refused(tmp_path: Path, small_batches: None, batches: int) -> None:
    path, log = tmp_path / "saludo.db", tmp_path / "log.jsonl"
    write(log, _LOG)
    killed_after(path, log, batches)
    assert not belongs_to_another(path)
    assert saludo(path, "import", str(log)).status == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"x" * 31, bytes(32), bytes(500), b"\x37\x7f\x06\x82" * 200],
    ids=["empty", "a byte", "short", "no frame", "zeros", "another version"],
)
def test_what_is_no_wal_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "saludo.db"
    path.write_bytes(b"x" * 40_000)
    path.with_name("saludo.db-wal").write_bytes(content)
    assert not belongs_to_another(path)
