"""`saludo export` to files: the name decides the kind, nothing is half-written, and errors are one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from tests.tui.commands.runs import NOW, ROOT, TABLE, assert_one_line, saludo

ALL = ("--filter", "period:all", "--now", NOW)

# A notification whose recipient is masked.
NOBODY = """wamid,to,template,sent_at
wamid.A,549115555****,promo,2026-11-18T12:00:00Z
"""

# One who can be tried again and one who stopped marketing; the table has one with wrong parameters.
FAILED = """wamid,to,template,status,sent_at,error_code
wamid.F,5491155551111,promo,failed,2026-11-18T15:00:00Z,131049
wamid.G,5491155552222,promo,failed,2026-11-18T15:00:00Z,131050
wamid.H,549115555****,promo,failed,2026-11-18T15:00:00Z,131049
"""
LEFT_OUT = (
    "left out: 1 marketing not allowed for this person; 1 wrong template parameters; 1 send to an unknown contact\n"
)


def _log(directory: Path) -> Path:
    log = directory / "failed.csv"
    log.write_text(FAILED, encoding="utf-8")
    return log


# Every row of an export takes a while, so that there is a middle of it.
SLOW = """
import sys, time
import storage.table.export_starts as starts
starts._CHUNK = 1
from storage.table.export_lines import StartLines
def slow(read):
    def slowly(*asked):
        for part in read(*asked):
            yield part
            time.sleep(0.5)
    return slowly
StartLines.selected = slow(StartLines.selected)  # of TSV
starts.StartsExport.chunks = slow(starts.StartsExport.chunks)  # of workbooks
from tui.commands.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["report.xlsx", "REPORT.XLSX", "with space.xlsx"])
def test_a_name_that_ends_in_xlsx_is_a_workbook(
    name: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", TABLE)
    path = tmp_path / name
    assert saludo(capsys, "export", *ALL, "-o", str(path)) == (0, "", f"{path}: 5 starts\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert openpyxl.load_workbook(path).active.max_row == 6
    assert_one_line(saludo(capsys, "export", *ALL, "-o", str(path)), 1, "already exists")
    assert saludo(capsys, "export", *ALL, "-o", str(path), "--force")[0] == 0


def test_without_the_library_nothing_is_read(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    path = tmp_path / "report.xlsx"
    assert_one_line(saludo(capsys, "export", "-o", str(path)), 1, "pip install 'saludo[xlsx]'")
    assert not path.exists()


def test_a_long_text_is_told(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = Path(TABLE).read_text(encoding="utf-8").replace("Parámetros incorrectos", "x" * 40_000)
    (tmp_path / "long.tsv").write_text(table, encoding="utf-8")
    saludo(capsys, "import", str(tmp_path / "long.tsv"))
    path = tmp_path / "report.xlsx"
    status, _, err = saludo(capsys, "export", *ALL, "-o", str(path))
    assert (status, err.splitlines()[1:]) == (0, [f"{path}: 1 text was longer than 32,767 characters and is cut"])


def test_a_directory_that_is_missing_is_one_line(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", TABLE)
    assert_one_line(saludo(capsys, "export", "-o", str(tmp_path / "no" / "a.xlsx")), 1, "cannot be written")


class TestPeople:
    def test_one_row_a_contact_on_stdout(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        status, out, err = saludo(capsys, "export", "--people", *ALL)
        assert (status, err) == (0, "")
        header, *rows = out.splitlines()
        assert header.split("\t")[3] == "Last start"
        report = json.loads(saludo(capsys, "report", "--json", *ALL)[1])
        assert len(rows) == report["users"]
        assert sum(int(row.split("\t")[10]) for row in rows) == report["starts"]

    @pytest.mark.parametrize("name", ["people.tsv", "people.xlsx"])
    def test_to_a_file(self, name: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        path = tmp_path / name
        assert saludo(capsys, "export", "--people", *ALL, "-o", str(path)) == (0, "", f"{path}: 5 contacts\n")
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_file_of_people_is_not_imported(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", TABLE)
        path = tmp_path / "people.tsv"
        saludo(capsys, "export", "--people", *ALL, "-o", str(path))
        assert_one_line(saludo(capsys, "import", str(path)), 1, str(path))

    @pytest.mark.parametrize("options", [("--retry",), ("--people", "--retry")])
    def test_retry_tells_who_is_left_out(
        self, options: tuple[str, ...], database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", TABLE, str(_log(tmp_path)))
        status, out, err = saludo(capsys, "export", *options, *ALL)
        header, row = out.splitlines()
        assert status == 0
        assert header.split("\t")[9] == "Try from"
        assert row.split("\t")[1:2] + row.split("\t")[5:7] == ["5491155551111", "2026-11-18T12:00:00-03:00", "131049"]
        assert err == LEFT_OUT
        path = tmp_path / "again.tsv"
        assert saludo(capsys, "export", *options, *ALL, "-o", str(path)) == (0, "", f"{path}: 1 contact\n{LEFT_OUT}")
        assert path.read_text(encoding="utf-8") == out

    def test_starts_of_nobody_are_told(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = tmp_path / "masked.csv"
        log.write_text(NOBODY, encoding="utf-8")
        saludo(capsys, "import", str(log))
        status, out, err = saludo(capsys, "export", "--people", *ALL)
        assert (status, out.count("\n")) == (0, 1)
        assert err == "1 start has no known contact and is left out\n"


@pytest.mark.parametrize("name", ["out.tsv", "out.xlsx"])
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_export_leaves_nothing(
    how: str, name: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", TABLE)
    directory = tmp_path / "out"
    directory.mkdir()
    command = [sys.executable, "-c", SLOW, "export", *ALL, "-o", str(directory / name)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not list(directory.glob(".*")) and time.monotonic() < end:
        time.sleep(0.02)
    assert list(directory.glob(".*"))
    os.kill(running.pid, signal.Signals[how])
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (130, "saludo: interrupted\n")
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("name", ["out.tsv", "out.xlsx"])
@pytest.mark.parametrize("limit", [0, 1_000, 4_000])
def test_a_file_that_cannot_grow_is_one_line_and_nothing_stays(
    limit: int, name: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if limit == 4_000 and name == "out.tsv":
        pytest.skip("it is smaller")
    saludo(capsys, "import", TABLE)
    directory = tmp_path / "out"
    directory.mkdir()
    # Not before the database is open: its own files would not fit either.
    script = f"""
import resource, sys
from storage.table.export_lines import StartLines
from storage.table.export_starts import StartsExport
def limited(read):
    def read_limited(*asked):
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
        yield from read(*asked)
    return read_limited
StartLines.selected, StartsExport.chunks = limited(StartLines.selected), limited(StartsExport.chunks)
from tui.commands.cli import run
sys.exit(run(sys.argv[1:]))
"""
    command = [sys.executable, "-c", script, "export", *ALL, "-o", str(directory / name)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert_one_line((done.returncode, done.stdout, done.stderr), 1, "cannot be written")
    assert list(directory.iterdir()) == []
