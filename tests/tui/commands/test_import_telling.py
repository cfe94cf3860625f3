"""What `saludo import` tells: the first rejects and one total of many files; a failed first import leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.ingest import importer
from tests.captures import capture
from tests.tui.commands.runs import LINES, ROOT, TABLE, process, saludo

HEADER = "wamid,to,template,sent_at\n"


def write_sends(path: Path, good: int, bad: int) -> str:
    """A send log whose first rows can be read and whose last ones cannot."""
    rows = [f"wamid.{number},549110555{number:04},promo,2026-11-18T12:00:00Z\n" for number in range(good)]
    rows += [f"wamid.bad{number},549110555{number:04},promo,31-02-20{number:02}\n" for number in range(bad)]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return str(path)


class TestRejects:
    def test_the_first_five_and_how_many_more(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name = write_sends(tmp_path / "sends.csv", 1, 7)
        first, *rejects, more = saludo(capsys, "import", name)[2].splitlines()
        assert first == f"{name} (send_log): 1 event, 1 new message, 0 changed, 7 records could not be read"
        assert rejects == [f"  {name} line {3 + number}: invalid time '31-02-200{number}'" for number in range(5)]
        assert more == "  … and 2 more: saludo rejects"

    @pytest.mark.parametrize(("bad", "words"), [(1, "1 record could not be read"), (2, "2 records could not be read")])
    def test_few_are_all_told(
        self, bad: int, words: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = saludo(capsys, "import", write_sends(tmp_path / "sends.csv", 1, bad))[2].splitlines()
        assert lines[0].endswith(words)
        assert len(lines) == 1 + bad

    def test_a_file_that_is_in_already_tells_them_again(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name = write_sends(tmp_path / "sends.csv", 1, 6)
        first = saludo(capsys, "import", name)[2].splitlines()
        again = saludo(capsys, "import", name)[2].splitlines()
        assert again[0].endswith("already imported, 0 new messages, 6 records could not be read")
        assert again[1:] == first[1:]

    def test_those_of_a_corrected_file_are_gone(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "sends.csv"
        saludo(capsys, "import", write_sends(path, 1, 3))
        path.write_text(path.read_text().replace("31-02-2000", "2026-11-18 12:00").replace("31-02-2001", "1763467200"))
        lines = saludo(capsys, "import", str(path))[2].splitlines()
        assert lines[0].endswith("2 new messages, 0 changed, 1 record could not be read, 2 earlier rejects gone")
        assert lines[1:] == [f"  {path} line 5: invalid time '31-02-2002'"]

    def test_the_command_for_all_of_them_names_the_database(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name, path = write_sends(tmp_path / "sends.csv", 0, 6), tmp_path / "other.db"
        err = saludo(capsys, "import", "--db", str(path), name)[2]
        assert err.endswith(f"  … and 1 more: saludo rejects --db {path}\n")

    def test_they_cannot_write_on_the_terminal(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "a\x1b[2J\u202e.csv"
        path.write_text(f"{HEADER}wamid.1,5491105550001,promo,\x1b[31m\u202e\x9b2J\n", encoding="utf-8")
        _, reject = saludo(capsys, "import", str(path))[2].splitlines()
        assert reject.isprintable()
        assert "line 2: invalid time" in reject

    def test_without_utf8_the_text_stays_readable(self, database: Path, tmp_path: Path) -> None:
        name = write_sends(tmp_path / "sends.csv", 0, 6)
        result = process("import", name, env=dict(os.environ, PYTHONIOENCODING="ascii"))
        assert result.stderr.endswith("  ... and 1 more: saludo rejects\n")


class TestTotal:
    def test_many_files_end_with_one(self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        sends, missing = write_sends(tmp_path / "sends.csv", 2, 1), str(tmp_path / "missing")
        status, out, err = saludo(capsys, "import", sends, LINES, missing, TABLE)
        assert (status, out) == (1, "")
        assert err.splitlines()[-1] == (
            "total: 4 files, 14 events, 11 new messages, 0 changed, 1 record could not be read, 1 file failed"
        )
        assert [line for line in err.splitlines() if line.startswith("total")] == err.splitlines()[-1:]

    def test_one_file_has_none(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "total" not in saludo(capsys, "import", LINES)[2]

    def test_what_is_in_already_adds_nothing(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES, TABLE)
        err = saludo(capsys, "import", LINES, TABLE)[2]
        assert err.splitlines()[-1] == "total: 2 files, 0 events, 0 new messages, 0 changed"

    def test_as_json(self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        sends = write_sends(tmp_path / "sends.csv", 2, 1)
        result = json.loads(saludo(capsys, "import", "--json", sends, LINES, str(tmp_path))[1])
        assert [list(one) for one in result["files"]] == [
            ["file", "format", "records", "events", "rejects", "new", "changed", "notes"]
        ] * 2
        assert result["total"] == {
            **{"files": 2, "failed": 1, "records": 7, "events": 9},
            **{"rejects": 1, "new": 6, "changed": 0},
        }


def files_below(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


class TestNothingLeft:
    @pytest.mark.parametrize("kind", ["unknown", "missing", "directory", "empty", "several", "stdin"])
    def test_a_first_import_that_fails_leaves_no_file(
        self, kind: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unknown, empty = tmp_path / "unknown", tmp_path / "empty"
        unknown.write_text("hello\n")
        empty.touch()
        before = files_below(tmp_path)
        if kind == "stdin":
            assert process("import", "-", input="hello\n").returncode == 1
        else:
            names = {"unknown": [unknown], "missing": [tmp_path / "no"], "directory": [tmp_path], "empty": [empty]}
            words = [str(path) for path in names.get(kind, [unknown, empty, tmp_path])]
            assert saludo(capsys, "import", *words)[0] == 1
        assert files_below(tmp_path) == before
        status, _, err = saludo(capsys, "report")
        assert (status, err) == (1, f"saludo: {database}: database not found; import a file, or try 'saludo demo'\n")

    @pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
    def test_nor_a_file_that_cannot_be_opened(
        self,
        error: OSError,
        database: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(*_: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", refuse)
            assert saludo(capsys, "import", LINES)[0] == 1
        assert files_below(tmp_path) == []

    def test_nor_a_large_file_that_another_process_reads(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importer, "_WORTH_A_PROCESS", 0)
        (tmp_path / "unknown").write_text("hello\n" * 1000)
        assert saludo(capsys, "import", str(tmp_path / "unknown"))[0] == 1
        assert not database.parent.exists()

    def test_a_directory_that_was_there_stays(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        database.parent.mkdir()
        assert saludo(capsys, "import", str(tmp_path / "missing"))[0] == 1
        assert files_below(tmp_path) == [database.parent]

    def test_directories_that_were_created_go_with_all_their_parents(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "a" / "b" / "c" / "saludo.db"
        assert saludo(capsys, "import", "--db", str(path), str(tmp_path / "missing"))[0] == 1
        assert files_below(tmp_path) == []

    def test_an_empty_file_is_empty_again(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        database.parent.mkdir()
        database.touch()
        assert saludo(capsys, "import", str(tmp_path / "missing"))[0] == 1
        assert files_below(tmp_path) == [database.parent, database]
        assert database.stat().st_size == 0

    def test_a_database_that_was_there_stays(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert saludo(capsys, "settings", "time_zone", "America/Bogota")[0] == 0
        assert saludo(capsys, "import", str(tmp_path / "missing"))[0] == 1
        assert saludo(capsys, "settings", "time_zone")[1] == "America/Bogota\n"

    def test_one_good_file_is_worth_keeping(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        nothing = capture("cloud_broken_end.jsonl")
        assert saludo(capsys, "import", str(tmp_path / "missing"), str(nothing))[0] == 1
        assert database.exists()

    def test_a_failed_import_lets_go_of_the_lock_file(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", str(tmp_path / "missing"))
        with writing(database):
            assert "another import" in saludo(capsys, "import", LINES)[2]
        assert saludo(capsys, "import", LINES)[0] == 0


_SMALL_BATCHES = """
import sys
from storage.ingest import importer
importer._BATCH = 8
from tui.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("batches", [0, 1])
def test_an_interrupted_first_import_keeps_what_was_written(batches: int, database: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    child = subprocess.Popen(
        [sys.executable, "-c", _SMALL_BATCHES, "import", str(fifo)],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert child.stderr is not None
    with fifo.open("wb") as out:
        line = Path(LINES).read_bytes().splitlines(keepends=True)[0]
        out.write(line * (1 + batches * 400_000 // len(line)))  # the format is recognised in 256 KiB
        out.flush()
        while not (count_imports(database) if batches else database.exists()):
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        assert child.stderr.read().startswith("saludo: interrupted; ")
        assert child.wait(timeout=30) == 130
    assert database.exists() == bool(batches)


def count_imports(database: Path) -> int:
    """How many imports a database records; 0 while it is being made."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as one:
        count: int = one.execute("SELECT count(*) FROM imports").fetchone()[0]
        return count
    return 0
