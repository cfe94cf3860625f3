"""`saludo import`: the summary, rejects, options, and files that cannot be read."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.captures import capture
from tests.headers import ENGLISH
from tests.tui.commands.runs import LINES, NOW, assert_one_line, process, result_of, saludo


class TestImport:
    def test_the_summary_goes_to_stderr(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, err = saludo(capsys, "import", LINES, str(capture("sends_comma.csv")))
        assert (status, out) == (0, "")
        assert "(cloud_api): 7 events, 4 new messages, 0 changed" in err
        assert "3 records could not be read" in err
        assert database.stat().st_mode & 0o777 == 0o600
        assert database.parent.stat().st_mode & 0o777 == 0o700

    def test_the_summary_as_json(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = saludo(capsys, "import", "--json", LINES)
        (result,) = json.loads(out)["files"]
        assert list(result.items()) == [
            *(("file", LINES), ("format", "cloud_api"), ("records", 4), ("events", 7), ("rejects", 0)),
            *(("new", 4), ("changed", 0), ("notes", [])),
        ]

    def test_rejects_fail_only_with_strict(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bad = str(capture("cloud_broken_end.jsonl"))
        assert saludo(capsys, "import", bad)[0] == 0
        assert saludo(capsys, "import", "--strict", bad)[0] == 1
        assert saludo(capsys, "import", "--strict", LINES)[0] == 0

    def test_a_bad_file_does_not_stop_the_others(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        empty, binary, other = tmp_path / "empty", tmp_path / "binary", tmp_path / "other"
        empty.touch()
        binary.write_bytes(b"\x7fELF\0\0")
        other.write_text("name,age\n")
        bad = [str(path) for path in (empty, binary, other, tmp_path, tmp_path / "missing")]
        status, out, err = saludo(capsys, "import", "--json", *bad, LINES)
        assert status == 1
        assert [result["file"] for result in json.loads(out)["files"]] == [LINES]
        lines = err.splitlines()
        assert len(lines) == 6
        for line, path, words in zip(
            lines,
            bad,
            ("empty file", "binary file", "unrecognised file format", "is a directory", "file not found"),
            strict=False,
        ):
            assert line.startswith(f"saludo: {path}: {words}")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_without_permission(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "secret"
        path.write_text("{}")
        path.chmod(0)
        assert_one_line(saludo(capsys, "import", str(path)), 1, "may not be read")

    @pytest.mark.parametrize(
        ("words", "pointed"),
        [
            (("--format", "xml"), "'xml'"),
            (("--origin", "tv"), "'tv'"),
            (("--time-zone", "Mars/Base"), "'Mars/Base'"),
            (("--time-zone", "../../etc/passwd"), "passwd"),
            (("--time-zone", ""), "--time-zone"),
            (("--nonsense",), "--nonsense"),
            (("--filter", "period:7d"), "--filter"),
            (("--line", "a\udcffb"), "not UTF-8"),
            (("--time", "UTC"), "--time"),  # no option is shortened: a later one may begin alike
            (("-", "-"), "'-' is given twice"),
        ],
    )
    def test_wrong_usage(
        self, words: tuple[str, ...], pointed: str, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert_one_line(saludo(capsys, "import", *words, LINES), 2, pointed)
        assert not database.exists()

    def test_the_options_reach_the_rows(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        lines = str(capture("starting_causes_masked_channel.tsv"))
        words = ("--origin", "notification", "--time-zone", "America/Bogota", "--line", "+54 9 11 0000-0009")
        assert saludo(capsys, "import", *words, lines)[0] == 0
        _, out, _ = saludo(capsys, "export", "--filter", "period:all", "--now", NOW)
        rows = [dict(zip(ENGLISH, line.split("\t"), strict=True)) for line in out.splitlines()[1:]]
        assert {row["Origin"] for row in rows} == {"notification"}
        assert rows[-1]["Sent at"] == "2026-11-18T14:00:00-03:00"
        assert {row["Line"] for row in rows} >= {"+5491100000009", "+5491100000001"}

    def test_an_archive_is_imported_member_by_member(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path, other = tmp_path / "logs.zip", tmp_path / "notes.zip"
        for archive, names in ((path, ("README.md", "cloud_lines.jsonl", "send_log.jsonl")), (other, ("README.md",))):
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
                for name in names:
                    opened.write(capture(name), f"november/{name}")
        status, _, err = saludo(capsys, "import", str(path))
        assert status == 0
        lines = err.splitlines()
        assert lines[0].startswith(f"{path}/november/README.md: unrecognised file format")
        assert lines[0].endswith("(skipped)")
        assert lines[1].startswith(f"{path}/november/cloud_lines.jsonl (cloud_api): 7 events")
        assert lines[2].startswith(f"{path}/november/send_log.jsonl (send_log): 6 events")
        assert lines[3].startswith("total: 2 files, 13 events")
        assert len(lines) == 4
        status, out, err = saludo(capsys, "import", "--json", str(other))
        assert (status, json.loads(out)["files"]) == (1, [])
        assert err.splitlines()[-1] == f"saludo: {other}: nothing in this zip archive can be read"

    def test_standard_input(self, database: Path) -> None:
        with capture("cloud_lines.jsonl").open("rb") as stream:
            result = process("import", "-", stdin=stream)
        assert result.returncode == 0
        assert result.stderr.startswith("- (cloud_api): 7 events")
        assert_one_line((*result_of(process("import", "-", stdin=subprocess.DEVNULL)),), 1, "-: empty file")

    def test_a_name_cannot_write_on_the_terminal(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "a\x1b[2J\nb\u202e.jsonl"
        path.write_bytes(Path(LINES).read_bytes())
        _, _, err = saludo(capsys, "import", str(path))
        assert err.count("\n") == 1
        assert all(sign.isprintable() for sign in err[:-1])
