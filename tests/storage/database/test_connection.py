"""What is refused, in one line and with nothing touched; who may write; what the file's modes are."""

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


def refusal(path: Path, write: bool = True) -> str:
    with pytest.raises(DatabaseError) as caught, (writing if write else reading)(path):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_new_database_is_private(tmp_path: Path) -> None:
    path = build(tmp_path / "data" / "saludo.db")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_writer_is_told_at_once(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path):
        assert "another import" in refusal(path)


def test_readers_go_on_while_a_writer_is_at_work(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer, writer.transaction() as connection, reading(path) as reader:
        connection.execute("INSERT INTO templates (name) VALUES ('x')")
        assert reader.execute("SELECT count(*) FROM templates").fetchone() == (0,)


def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary, " * 200)
    assert "not a database" in refusal(path)
    assert "not a database" in refusal(path, write=False)
    assert path.read_text() == "dear diary, " * 200


def test_a_database_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE things (name)")
    before = path.read_bytes()
    assert "another program" in refusal(path)
    assert path.read_bytes() == before


def test_a_newer_database_stays_as_it_is(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    assert "newer saludo" in refusal(path)
    assert "newer saludo" in refusal(path, write=False)


def test_no_database_yet_says_how_to_begin(tmp_path: Path) -> None:
    assert "import" in refusal(tmp_path / "none.db", write=False)


def test_a_damaged_database_is_one_line(tmp_path: Path) -> None:
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


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(writer)
        assert writer.connection.execute("SELECT count(*) FROM templates").fetchone() == (0,)


def test_a_foreign_file_is_refused_and_nothing_is_made_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, no database\n" * 50)
    with pytest.raises(DatabaseError, match="is not a database"), writing(path):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Path]:
    """A database of another user in a directory where this one may only read. Root may write anywhere, so as root the
    test goes on as nobody."""
    root = os.geteuid() == 0
    directory = Path(tempfile.mkdtemp())  # pytest's own directories are closed to others
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


def test_a_reader_needs_to_write_nothing(another: Path) -> None:
    assert report_of(another)["starts"] == 0
    assert "cannot be written" in refusal(another)


def test_what_another_user_is_writing_is_refused_in_one_line(another: Path) -> None:
    me = os.geteuid()
    if me == 65534 and os.getuid() == 0:
        os.seteuid(0)
    another.parent.chmod(0o755)
    another.with_name("saludo.db-wal").touch()
    another.parent.chmod(0o555)
    os.seteuid(me)
    with pytest.raises(DatabaseError, match=r"read-only|cannot be opened"):
        report_of(another)
