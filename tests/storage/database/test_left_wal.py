"""A WAL that a killed writer left is used with the file that it was written for, and never with another one."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from storage.database.left_wal import belongs_to_another
from storage.database.main_file_record import MainFileRecord
from tests.benchmarks.captures import Size, write
from tests.captures import capture
from tests.faults.commands import numbers_of, saludo
from tests.faults.killed_import import import_killed_after

_LOG = Size(events=2_000, days=8, lines=4, templates=10, contacts=300)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a WAL that a killed writer left, and a backup of it from before."""
    path, log = tmp_path / "saludo.db", tmp_path / "log.jsonl"
    write(log, _LOG)
    write(tmp_path / "more.jsonl", Size(events=2_000, days=8, lines=4, templates=10, contacts=300, seed=2))
    small = tmp_path / "small.jsonl"
    small.write_text("".join(log.read_text().splitlines(keepends=True)[:50]))
    assert saludo(path, "import", str(small)).status == 0
    assert saludo(path, "backup", str(tmp_path / "backup.db")).status == 0
    assert saludo(path, "import", str(log)).status == 0
    import_killed_after(path, tmp_path / "more.jsonl", 2)
    return path


@pytest.mark.parametrize("command", [("report",), ("export", "-o", "-"), ("check",), ("imports",)], ids=" ".join)
@pytest.mark.long(keep=2)
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


def of_one_size(tmp_path: Path) -> tuple[Path, Path]:
    """A database of so few pages that what is imported adds none, with a left WAL; and a backup of it from before."""
    path, backup, log = tmp_path / "saludo.db", tmp_path / "backup.db", tmp_path / "log.jsonl"
    saludo(path, "import", str(capture("send_log.jsonl")))
    saludo(path, "backup", str(backup))
    write(log, _LOG)
    import_killed_after(path, log, 2)
    assert path.stat().st_size == backup.stat().st_size
    return path, backup


def test_a_file_of_the_same_size_is_told_by_the_record_of_its_writer(tmp_path: Path) -> None:
    path, backup = of_one_size(tmp_path)
    assert not belongs_to_another(path)
    shutil.copyfile(backup, path)
    assert belongs_to_another(path)


def test_a_file_that_is_moved_over_the_one_before_is_told_as_well(tmp_path: Path) -> None:
    path, backup = of_one_size(tmp_path)
    backup.rename(path)
    assert belongs_to_another(path)


def test_a_directory_that_is_copied_with_its_lock_file_is_used(tmp_path: Path) -> None:
    path, _ = of_one_size(tmp_path)
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("saludo.db-wal", "saludo.db", "saludo.db.lock"):
        shutil.copyfile(path.with_name(name), copied / name)
    assert not belongs_to_another(copied / "saludo.db")


def test_a_file_that_is_restored_with_its_own_wal_is_used(tmp_path: Path) -> None:
    path, backup = of_one_size(tmp_path)
    other = tmp_path / "other" / "saludo.db"
    other.parent.mkdir()
    shutil.copyfile(backup, other)
    import_killed_after(other, tmp_path / "log.jsonl", 1)
    for name in ("saludo.db", "saludo.db-wal"):
        shutil.copyfile(other.with_name(name), path.with_name(name))
    assert not belongs_to_another(path)


def test_a_lock_file_of_another_boot_or_form_says_nothing(tmp_path: Path) -> None:
    path, backup = of_one_size(tmp_path)
    lock = path.with_name("saludo.db.lock")
    kept = lock.read_text()
    shutil.copyfile(backup, path)
    for text in ("", "7", "7\n", kept[:-1], kept.replace("\n", "\nx", 1), "7\na b c d e f g\n", "7\n\n"):
        lock.write_text(text)
        assert not belongs_to_another(path), text
    lock.write_text(kept)
    assert belongs_to_another(path)
    lock.unlink()
    assert not belongs_to_another(path)


@pytest.mark.parametrize("batches", [0, 1, 3, 7])
def test_no_wal_of_a_new_database_is_refused(tmp_path: Path, batches: int) -> None:
    path, log = tmp_path / "saludo.db", tmp_path / "log.jsonl"
    write(log, _LOG)
    import_killed_after(path, log, batches)
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


def test_a_lock_file_that_cannot_be_written_is_no_fault_of_the_file_that_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: MainFileRecord) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "saludo.db"
    monkeypatch.setattr(MainFileRecord, "forget", full)
    done = saludo(path, "import", str(capture("cloud_errors.jsonl")), str(capture("cloud_statuses.jsonl")))
    assert done.status == 1
    assert done.err.startswith(f"saludo: {path}: cannot be read or written")
    assert done.err.count("\n") == 1
