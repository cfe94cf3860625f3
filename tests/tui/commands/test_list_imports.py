"""`saludo rejects` and `saludo imports`: as text, JSON and TSV, and with nothing to list."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.captures import capture
from tests.tui.commands.runs import LINES, TABLE, assert_one_line, saludo
from tui.commands import list_imports

SENDS = str(capture("sends_comma.csv"))
HEADER = "wamid,to,template,sent_at\n"
GOOD = "wamid.1,5491105550001,promo,2026-11-18T12:00:00Z\n"
REJECT_KEYS = ["file", "format", "place", "line", "reason", "excerpt", "imported"]
IMPORT_KEYS = [
    *("file", "format", "started", "finished", "records", "events", "ignored", "rejects", "open_rejects", "new"),
    *("changed", "options", "notes"),
]


def as_json(capsys: pytest.CaptureFixture[str], command: str, *words: str) -> list[dict[str, Any]]:
    """The rows that a command gives with --json."""
    status, out, _ = saludo(capsys, command, "--json", *words)
    assert status == 0
    rows: list[dict[str, Any]] = json.loads(out)[command]
    return rows


def as_tsv(capsys: pytest.CaptureFixture[str], command: str, *words: str) -> list[dict[str, str]]:
    """The rows that a command gives with --tsv."""
    status, out, _ = saludo(capsys, command, "--tsv", *words)
    assert status == 0
    assert out.endswith("\n")
    header, *rows = [line.split("\t") for line in out[:-1].split("\n")]
    return [dict(zip(header, row, strict=True)) for row in rows]


def fix_times(database: Path) -> None:
    """Sets all imports to a known time."""
    with sqlite3.connect(database) as connection:
        connection.execute(
            "UPDATE imports SET started_at = 1795014000000, finished_at = finished_at * 0 + 1795014061000"
        )


class TestRejects:
    def test_as_text(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES, SENDS)
        fix_times(database)
        status, out, err = saludo(capsys, "rejects")
        assert status == 0
        header, *rows = out.splitlines()
        assert header.split() == ["FILE", "PLACE", "REASON", "IMPORTED", "EXCERPT"]
        assert [row.split("  ")[:2] for row in rows] == [[SENDS, f"line {number}"] for number in (6, 7, 8)]
        place, reason, imported = (header.index(name) for name in ("PLACE", "REASON", "IMPORTED"))
        assert [row[reason:imported].rstrip() for row in rows] == [
            *("no time", "invalid time 'mañana'", "3 columns, but the header has 9"),
        ]
        assert {row[place - 2 : place] for row in rows} == {"  "}
        assert {row[imported:][:16] for row in rows} == {"2026-11-18 12:00"}
        assert rows[0].endswith("wamid.c#,#############,promo_navidad,es_AR,,,###############,,")
        assert err == "3 rejects in 1 file; correct the file and import it again\n"

    def test_as_data(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", SENDS)
        fix_times(database)
        rows = as_json(capsys, "rejects")
        assert [*rows[0]] == REJECT_KEYS
        assert rows[1] == {
            "file": SENDS,
            "format": "send_log",
            "place": "line 7",
            "line": 7,
            "reason": "invalid time 'mañana'",
            "excerpt": "wamid.c#,#############,promo_navidad,es_AR,,mañana,###############,,",
            "imported": "2026-11-18T12:00:00-03:00",
        }
        assert as_tsv(capsys, "rejects") == [{name: str(value) for name, value in row.items()} for row in rows]

    def test_of_one_file(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = capture("cloud_broken_end.jsonl")
        saludo(capsys, "import", LINES, SENDS, str(broken))
        monkeypatch.chdir(broken.parent.parent)
        for name in (SENDS, "sends_comma.csv", "captures/sends_comma.csv", "captures/../captures/sends_comma.csv"):
            assert [row["line"] for row in as_json(capsys, "rejects", "--file", name)] == [6, 7, 8]
        assert saludo(capsys, "rejects", "--file", LINES) == (
            *(0, "", f"no rejects of {LINES}: every record could be read\n"),
        )
        assert_one_line(saludo(capsys, "rejects", "--file", "sends.csv"), 1, "sends.csv: was not imported", "imports")

    def test_an_end_of_file_has_no_line(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "cut.gz"
        path.write_bytes(gzip.compress(Path(LINES).read_bytes())[:-20])
        saludo(capsys, "import", str(path))
        assert ("end of file", None) in [(row["place"], row["line"]) for row in as_json(capsys, "rejects")]
        assert "" in [row["line"] for row in as_tsv(capsys, "rejects")]

    def test_none(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        assert saludo(capsys, "rejects") == (0, "", "no rejects: every record could be read\n")
        assert as_json(capsys, "rejects") == []
        assert saludo(capsys, "rejects", "--tsv")[1] == "\t".join(REJECT_KEYS) + "\n"

    def test_they_go_when_the_file_is_corrected(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "sends.csv"
        path.write_text(f"{HEADER}{GOOD}wamid.2,5491105550002,promo,mañana\n", encoding="utf-8")
        saludo(capsys, "import", str(path))
        (reject,) = as_json(capsys, "rejects")
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[reject["line"] - 1] = lines[reject["line"] - 1].replace("mañana", "2026-11-18T13:00:00Z")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        saludo(capsys, "import", str(path))
        assert as_json(capsys, "rejects") == []
        report = json.loads(saludo(capsys, "report", "--json", "--filter", "period:all")[1])
        assert (report["starts"], report["data"]["rejects"]) == (2, 0)

    def test_no_cell_is_a_formula_or_a_control_character(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "=SUM(A1)\t\x1b[2J\u202e.csv"
        path.write_text(f'{HEADER}=cmd|x\x1b[2J,5491105550001,promo,"\x9b\u202enever"\n', encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        saludo(capsys, "import", path.name)
        (row,) = as_tsv(capsys, "rejects")
        assert row["file"].startswith("'=SUM(A1) ")
        assert row["excerpt"].startswith("'=cmd|x")
        text = saludo(capsys, "rejects")[1]
        assert all(line.isprintable() for line in text.splitlines())
        assert text.count("\n") == 2

    def test_on_a_terminal_they_stand_below_their_file(
        self, database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = str(capture("cloud_broken_end.jsonl"))
        saludo(capsys, "import", SENDS, broken)
        fix_times(database)
        monkeypatch.setattr(list_imports, "_columns", lambda: 60)
        lines = saludo(capsys, "rejects")[1].splitlines()
        assert lines[0] == f"{SENDS} (send_log), imported 2026-11-18 12:00"
        assert lines[2] == "  line 7  invalid time 'mañana'            wamid.c#,#######…"
        assert lines[4] == f"{broken} (cloud_api), imported 2026-11-18 12:00"
        assert all(len(line) <= 60 for line in lines if line.startswith(" "))

    def test_the_forms_exclude_each_other(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert_one_line(saludo(capsys, "rejects", "--json", "--tsv"), 2, "--tsv")
        assert_one_line(saludo(capsys, "imports", "--json", "--tsv"), 2, "--tsv")
        assert_one_line(saludo(capsys, "rejects", "--filter", "period:7d"), 2, "--filter")


class TestImports:
    def test_as_text(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", "--origin", "notification", SENDS)
        saludo(capsys, "import", "--time-zone", "Asia/Kolkata", "--line", "+5491100000009", TABLE)
        fix_times(database)
        assert saludo(capsys, "imports") == (
            0,
            "STARTED           FINISHED          FORMAT    FILE\n"
            f"2026-11-18 12:00  2026-11-18 12:01  send_log  {SENDS}\n"
            "  7 records, 4 events, 0 ignored, 3 rejects, 4 new, 0 changed, origin notification\n"
            f"2026-11-18 12:00  2026-11-18 12:01  botmaker  {TABLE}\n"
            "  5 records, 5 events, 0 ignored, 0 rejects, 5 new, 0 changed, time zone Asia/Kolkata,"
            " line 5491100000009\n",
            "",
        )

    def test_as_data(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES, SENDS)
        fix_times(database)
        first, second = as_json(capsys, "imports")
        assert [*first] == IMPORT_KEYS
        assert second == {
            **{"file": SENDS, "format": "send_log"},
            **{"started": "2026-11-18T12:00:00-03:00", "finished": "2026-11-18T12:01:01-03:00"},
            **{"records": 7, "events": 4, "ignored": 0, "rejects": 3, "open_rejects": 3, "new": 4, "changed": 0},
            "options": {"time_zone": "America/Argentina/Buenos_Aires", "origin": "template"},
            "notes": [],
        }
        rows = as_tsv(capsys, "imports")
        assert [row["file"] for row in rows] == [LINES, SENDS]
        assert rows[1]["options"] == "time_zone=America/Argentina/Buenos_Aires origin=template"
        assert rows[1]["notes"] == ""
        assert {name: rows[1][name] for name in IMPORT_KEYS[:-2]} == {
            name: str(value) for name, value in second.items() if name not in ("options", "notes")
        }

    def test_the_counts_are_those_of_the_summary(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = [str(path) for path in sorted(capture("x").parent.iterdir()) if path.name != "README.md"]
        summaries = json.loads(saludo(capsys, "import", "--json", *names)[1])["files"]
        keys = ("file", "format", "records", "events", "rejects", "new", "changed")
        told = [{key: summary[key] for key in keys} for summary in summaries]
        assert [{key: row[key] for key in keys} for row in as_json(capsys, "imports")] == told

    def test_what_was_doubtful_stays_told(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Also when the file is in already, and when it has grown."""
        path, words = tmp_path / "sends.csv", ("import", "--map", "numero de fono=recipient", "--json")
        path.write_text("numero de fono,template,sent_at\n5491155550001,promo,03/04/2026 10:00\n", encoding="utf-8")
        for times in range(3):
            (summary,) = json.loads(saludo(capsys, *words, str(path))[1])["files"]
            (note,) = summary["notes"]
            assert note.startswith("nothing proves the order of day and month in 'sent_at'")
            (entry,) = as_json(capsys, "imports")
            assert (entry["notes"], entry["records"]) == ([note], 1 + (times == 2))
            if times == 1:
                path.write_text(path.read_text() + "5491155550002,promo,2026-04-05 10:00\n", encoding="utf-8")
        assert as_tsv(capsys, "imports")[0]["notes"] == note
        counts, told = saludo(capsys, "imports")[1].splitlines()[-2:]
        assert counts.endswith(", columns numero de fono=recipient")
        assert told == f"  note: {note}"

    def test_an_interrupted_one_says_so(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE imports SET finished_at = NULL")
        assert "  interrupted  " in saludo(capsys, "imports")[1]
        assert as_json(capsys, "imports")[0]["finished"] is None
        assert as_tsv(capsys, "imports")[0]["finished"] == ""

    def test_corrected_rejects_are_no_longer_open(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "sends.csv"
        for text in (f"{HEADER}{GOOD}wamid.2,,,\n", HEADER + GOOD):
            path.write_text(text, encoding="utf-8")
            saludo(capsys, "import", str(path))
        first, second = as_json(capsys, "imports")
        assert (first["rejects"], first["open_rejects"]) == (1, 0)
        assert (second["rejects"], second["open_rejects"]) == (0, 0)
        assert "1 reject (0 open)" in saludo(capsys, "imports")[1]

    def test_what_is_skipped_makes_no_entry(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for _ in range(2):
            saludo(capsys, "import", LINES)
        assert len(as_json(capsys, "imports")) == 1

    def test_an_import_of_an_earlier_version_has_no_options(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE imports SET options = '(2, None, ''UTC'', ''template'', None)'")
        assert as_json(capsys, "imports")[0]["options"] == {}

    def test_none(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "settings", "time_zone", "UTC")
        assert saludo(capsys, "imports") == (0, "", "no imports: 'saludo import FILE' reads a file\n")
        assert as_json(capsys, "imports") == []

    def test_a_name_cannot_write_on_the_terminal(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "a\x1b[2J\nb\u202e.jsonl"
        path.write_bytes(Path(LINES).read_bytes())
        saludo(capsys, "import", str(path))
        lines = saludo(capsys, "imports")[1].split("\n")
        assert len(lines) == 4
        assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_width_is_that_of_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            return 1

    assert list_imports._columns() is None
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((width, 24)))
    assert list_imports._columns() == width
