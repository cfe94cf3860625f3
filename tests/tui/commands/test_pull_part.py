"""`saludo pull`: a part of a ClickHouse database as a file with the same report, complete or not at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from storage.published import proof
from tests.tui.commands.runs import LINES, NOW, TABLE, assert_one_line, saludo

NARROW = ("--filter", "period:all status:!failed", "--now", NOW)


@pytest.fixture
def copy(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A ClickHouse database that some files were imported into."""
    address = f"chdb:{tmp_path / 'copy'}"
    assert saludo(capsys, "import", LINES, TABLE, "--db", address)[0] == 0
    return address


def test_a_part_has_the_report_of_its_filter(copy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "part.db"
    status, out, told = saludo(capsys, "pull", str(path), "--db", copy, *NARROW)
    (line,) = [line for line in told.splitlines() if line.startswith(f"{path}: ")]
    assert (status, out) == (0, "")
    before, filter = line.split(" under ")
    assert f"starts, with the same report as {copy}" in before
    asked = ("--filter", filter, "--now", NOW)
    for words in (("report", "--by", "template"), ("export",), ("export", "--people")):
        one, other = (saludo(capsys, *words, *asked, "--db", str(db)) for db in (path, copy))
        assert one[:2] == (0, other[1].partition("\nPublished")[0])
    here, there = (json.loads(saludo(capsys, "report", "--json", *asked, "--db", str(db))[1]) for db in (path, copy))
    del here["data"], there["data"]
    assert here == there
    assert here["starts"] > here["status"]["failed"] == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert saludo(capsys, "check", "--db", str(path))[0] == 0
    assert saludo(capsys, "import", LINES, TABLE, "--db", str(path))[0] == 0


def test_an_existing_file_is_kept_without_force(copy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.db"
    path.write_bytes(b"mine")
    assert_one_line(saludo(capsys, "pull", str(path), "--db", copy), 1, "already exists", "--force")
    assert path.read_bytes() == b"mine"
    assert saludo(capsys, "pull", str(path), "--db", copy, "--force", *NARROW)[0] == 0
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone()[0] > 0


def test_a_part_with_another_report_is_not_written(
    copy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "differences", lambda *given, **more: ["users"])
    before = sorted(tmp_path.iterdir())
    assert_one_line(saludo(capsys, "pull", str(tmp_path / "a.db"), "--db", copy), 1, "(users)", "not written")
    assert sorted(tmp_path.iterdir()) == before


def test_what_has_no_version_is_told(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "a.db")
    assert_one_line(saludo(capsys, "pull", file), 2, "'pull' is for a ClickHouse database")
    assert_one_line(saludo(capsys, "pull", file, "--db", f"chdb:{tmp_path}"), 1, "database not found")
    assert_one_line(saludo(capsys, "backup", file, "--db", f"chdb:{tmp_path}"), 2, "saludo pull", "BACKUP DATABASE")
    assert not Path(file).exists()
