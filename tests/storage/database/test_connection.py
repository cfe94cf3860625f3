"""Which files are refused, with one line and unchanged; who may write; the modes of the files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import schema
from storage.database.connection import DatabaseError, Writer, reading, writing
from tests.databases import build, report_of


def error_of(path: Path, write: bool = True) -> str:
    with pytest.raises(DatabaseError) as caught, (writing if write else reading)(path):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_new_database_is_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "saludo.db"
    with writing(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_writer_is_refused_at_once(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path):
        assert "another import" in error_of(path)


def test_a_writer_by_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "saludo.db")
    (tmp_path / "directory").symlink_to(tmp_path, target_is_directory=True)
    symlink, hard_link = tmp_path / "symlink.db", tmp_path / "hard.db"
    symlink.symlink_to("saludo.db")
    monkeypatch.chdir(tmp_path)
    os.link(path, hard_link)
    names = (symlink, hard_link, tmp_path / "directory" / "saludo.db", Path("saludo.db"), Path("directory/symlink.db"))
    for first in (path, *names):
        with writing(first):
            for name in names:
                assert "another import is writing" in error_of(name)


def test_the_refused_writer_is_told_which_process_writes(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path):
        assert f"(process {os.getpid()})" in error_of(path)


def test_a_hard_link_is_refused_while_another_name_has_an_unfinished_wal(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    os.link(path, tmp_path / "hard.db")
    (tmp_path / "saludo.db-wal").write_bytes(b"frames")
    assert "was last written as saludo.db" in error_of(tmp_path / "hard.db")


def interrupted(path: Path) -> None:
    """Leaves the files of a process that was killed in a transaction outside of WAL mode."""
    open_database = path.with_name("open.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    path.rename(open_database)
    connection = sqlite3.connect(open_database, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the commit
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO templates (name) VALUES (?)", ((f"{n:0999}",) for n in range(200)))
    shutil.copy(open_database, path)
    shutil.copy(f"{open_database}-journal", f"{path}-journal")
    connection.close()


def test_an_interrupted_transaction_is_rolled_back_by_the_next_writer(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    interrupted(path)
    assert "run 'saludo check'" in error_of(path, write=False)
    with writing(path) as writer:
        assert writer.connection.execute("SELECT count(*) FROM templates").fetchone() == (0,)
    report_of(path)


def test_an_interrupted_transaction_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 7")
    connection.close()
    interrupted(path)
    before = path.read_bytes()
    assert "another program" in error_of(path)
    assert path.read_bytes() == before
    assert path.with_name("saludo.db-journal").exists()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer, writer.transaction() as connection, reading(path) as reader:
        connection.execute("INSERT INTO templates (name) VALUES ('x')")
        assert reader.execute("SELECT count(*) FROM templates").fetchone() == (0,)


def test_a_file_that_is_not_a_database_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary, " * 200)
    assert "not a database" in error_of(path)
    assert "not a database" in error_of(path, write=False)
    assert path.read_text() == "dear diary, " * 200


def test_a_database_of_another_program_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE things (name)")
    before = path.read_bytes()
    assert "another program" in error_of(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    assert "newer saludo" in error_of(path)
    assert "newer saludo" in error_of(path, write=False)


def test_a_missing_database_says_how_to_create_one(tmp_path: Path) -> None:
    assert "import" in error_of(tmp_path / "none.db", write=False)


def test_a_damaged_database_gives_one_line(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="damaged"):
        report_of(path)


def _write_and_fail(writer: Writer) -> float:
    with writer.transaction() as connection:
        connection.execute("INSERT INTO templates (name) VALUES ('x')")
        return 1 / 0


def test_a_failed_transaction_is_rolled_back(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(writer)
        assert writer.connection.execute("SELECT count(*) FROM templates").fetchone() == (0,)


def test_no_lock_file_is_created_next_to_a_file_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, no database\n" * 50)
    with pytest.raises(DatabaseError, match="is not a database"), writing(path):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


@pytest.fixture
def read_only_database(tmp_path: Path) -> Iterator[Path]:
    """A database in a directory where the current user may only read. Root may write anywhere, so as root the test
    continues as nobody."""
    root = os.geteuid() == 0
    directory = Path(tempfile.mkdtemp())  # other users cannot read pytest's own directories
    path = build(directory / "saludo.db")
    path.chmod(0o644)
    directory.chmod(0o555)
    if root:
        os.seteuid(65534)
    try:
        yield path
    finally:
        if root:
            os.seteuid(0)
        directory.chmod(0o700)
        shutil.rmtree(directory)


def test_a_reader_writes_nothing(read_only_database: Path) -> None:
    assert report_of(read_only_database)["starts"] == 0
    assert "cannot be written" in error_of(read_only_database)


def test_a_database_that_another_user_is_writing_is_refused(read_only_database: Path) -> None:
    me = os.geteuid()
    if me == 65534 and os.getuid() == 0:
        os.seteuid(0)
    read_only_database.parent.chmod(0o755)
    read_only_database.with_name("saludo.db-wal").touch()
    read_only_database.parent.chmod(0o555)
    os.seteuid(me)
    with pytest.raises(DatabaseError, match=r"read-only|cannot be opened"):
        report_of(read_only_database)
