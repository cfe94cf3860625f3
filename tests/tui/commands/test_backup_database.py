"""`saludo backup`: a copy that passes the check and gives the same report; what it refuses; what it leaves behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tui.commands.runs import LINES, NOW, ROOT, TABLE, assert_one_line, process, result_of, saludo

EVERYTHING = ("--filter", "period:all", "--now", NOW)

# Each page takes a while, so that there is a middle of the copy.
SLOW = """
import sys, time
from storage.database import backup
backup._PAGES_AT_ONCE = 1
copy = backup._copy
def slowly(source, temporary, target, progress):
    def wait(done, of):
        time.sleep(0.3)
        progress(done, of)
    copy(source, temporary, target, wait)
backup._copy = slowly
from tui.commands.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_the_copy_gives_the_same_numbers_and_is_private(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES, TABLE)
    copy = tmp_path / "kept" / "deep" / "copy.db"
    previous = os.umask(0)
    try:
        status, out, err = saludo(capsys, "backup", str(copy))
    finally:
        os.umask(previous)
    assert (status, out, err) == (0, "", f"{copy}: {copy.stat().st_size / 1e6:,.1f} MB\n")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [stat.S_IMODE(one.stat().st_mode) for one in (copy.parent, copy.parent.parent)] == [0o700, 0o700]
    assert list(copy.parent.iterdir()) == [copy]
    for words in (("report", "--json", *EVERYTHING), ("export", *EVERYTHING), ("imports", "--json")):
        assert saludo(capsys, *words, "--db", str(copy)) == saludo(capsys, *words)
    assert saludo(capsys, "check", "--db", str(copy)) == (0, "", f"{copy}: no problems found\n")


def test_an_existing_file_is_kept_unless_forced(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES)
    copy = tmp_path / "copy.db"
    copy.write_text("mine")
    assert_one_line(saludo(capsys, "backup", str(copy)), 1, "already exists", "--force")
    assert copy.read_text() == "mine"
    assert saludo(capsys, "backup", "--force", str(copy))[0] == 0
    assert saludo(capsys, "check", "--db", str(copy))[0] == 0
    assert_one_line(saludo(capsys, "backup", "--force", str(tmp_path)), 1, "not a regular file")
    assert_one_line(saludo(capsys, "backup", "/dev/null"), 1, "not a regular file")


def test_the_database_itself_is_refused_by_any_name(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saludo(capsys, "import", LINES)
    (database.parent / "symlink.db").symlink_to(database)
    (database.parent / "linked").symlink_to(database.parent, target_is_directory=True)
    os.link(database, database.parent / "hard.db")
    monkeypatch.chdir(database.parent)
    before = database.read_bytes()
    names = (database, "saludo.db", "../data/saludo.db", "symlink.db", "hard.db", "linked/saludo.db", "linked/hard.db")
    beside = ("saludo.db-wal", "saludo.db-shm", "linked/saludo.db-journal", "saludo.db.lock")
    for name in (*names, *beside):
        for force in ((), ("--force",)):
            assert_one_line(saludo(capsys, "backup", str(name), *force), 1, str(name), "the database itself")
    assert database.read_bytes() == before
    assert (database.parent / "symlink.db").is_symlink()
    # Beside it is a place like any other.
    assert saludo(capsys, "backup", "copy.db")[0] == 0


def test_stdout_is_refused(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saludo(capsys, "import", LINES)
    assert_one_line(saludo(capsys, "backup", "-"), 2, "cannot be written to stdout")
    assert_one_line(saludo(capsys, "backup"), 2, "FILE")


def test_what_cannot_be_copied_creates_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "new" / "copy.db"
    assert_one_line(saludo(capsys, "backup", str(copy)), 1, "database not found")
    database.parent.mkdir()
    database.touch()
    assert_one_line(saludo(capsys, "backup", str(copy)), 1, "is empty; import a file")
    database.write_text("not a database" * 100)
    assert_one_line(saludo(capsys, "backup", str(copy)), 1, "is not a database")
    database.unlink()
    saludo(capsys, "import", LINES)
    (tmp_path / "file").touch()
    assert_one_line(saludo(capsys, "backup", str(tmp_path / "file" / "copy.db")), 1, "cannot be")
    assert_one_line(saludo(capsys, "backup", str(tmp_path / ("a" * 300))), 1, "File name too long")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "file"]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_backup_leaves_nothing(
    how: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES)
    target = tmp_path / "out" / "copy.db"
    command = [sys.executable, "-c", SLOW, "backup", str(target)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not list(target.parent.glob(".*")) and time.monotonic() < end:
        time.sleep(0.02)
    assert list(target.parent.glob(".*"))
    os.kill(running.pid, signal.Signals[how])
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (130, "saludo: interrupted\n")
    assert not target.parent.exists()


@pytest.mark.parametrize("room", [0, 20_000, 100_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    room: int, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES)
    assert database.stat().st_size > 100_000
    target = tmp_path / "out" / "copy.db"
    # Not before the database is open: its own files would not fit either.
    script = f"""
import resource, sys
from storage.database import backup
copy = backup._copy
def limited(*parts):
    resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, resource.RLIM_INFINITY))
    copy(*parts)
backup._copy = limited
from tui.commands.cli import run
sys.exit(run(sys.argv[1:]))
"""
    command = [sys.executable, "-c", script, "backup", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert_one_line(result_of(done), 1, str(target), "full")
    assert not target.parent.exists()
    assert process("check").returncode == 0
