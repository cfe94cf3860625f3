"""Databases that are missing, foreign, locked or damaged; `saludo check` and `saludo settings`."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from storage.database.connection import reading, writing
from tests.captures import CAPTURES
from tests.tui.commands.runs import LINES, NOW, TABLE, assert_one_line, process, saludo
from tui.commands.cli import run

MISSING = [
    *(
        ("report",),
        ("export",),
        ("check",),
        ("settings",),
        ("settings", "time_zone"),
        ("rejects",),
        ("rejects", "--json"),
    ),
    *(("rejects", "--file", "x"), ("imports",), ("imports", "--tsv")),
]


class TestDatabase:
    @pytest.mark.parametrize("words", MISSING)
    def test_a_missing_database_is_one_line(
        self, words: tuple[str, ...], database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert_one_line(saludo(capsys, *words), 1, "database not found")
        assert not database.exists()

    @pytest.mark.parametrize("words", [("report",), ("import", LINES), ("check",), ("settings", "chat_link", "")])
    def test_a_directory_or_foreign_file_is_refused_and_unchanged(
        self,
        words: tuple[str, ...],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        text = tmp_path / "text.db"
        text.write_text("SQLite it is not\n" * 100)
        foreign = tmp_path / "foreign.db"
        with sqlite3.connect(foreign) as connection:
            connection.execute("CREATE TABLE mine (id)")
        newer = tmp_path / "newer.db"
        with writing(newer) as writer:
            writer.connection.execute("PRAGMA user_version = 99")
        bytes_before = [path.read_bytes() for path in (text, foreign, newer)]
        for path, said in (
            (tmp_path, "is a directory"),
            (text, "is not a database"),
            (foreign, "of another program"),
            (newer, "newer saludo (version 99)"),
        ):
            monkeypatch.setenv("SALUDO_DB", str(path))
            assert_one_line(saludo(capsys, *words), 1, str(path), said)
        assert [path.read_bytes() for path in (text, foreign, newer)] == bytes_before

    def test_a_refused_file_leaves_no_files_beside_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        pipe, notes = tmp_path / "pipe", tmp_path / "notes.db"
        os.mkfifo(pipe)
        notes.write_text("dear diary, " * 100)
        assert_one_line(saludo(capsys, "import", "--db", str(pipe), LINES), 1, "is not a regular file")
        assert_one_line(saludo(capsys, "report", "--db", str(pipe)), 1, "is not a regular file")
        assert_one_line(saludo(capsys, "import", "--db", str(notes), LINES), 1, "is not a database")
        assert sorted(tmp_path.iterdir()) == [notes, pipe]

    def test_an_empty_file_says_how_to_begin_and_is_filled(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        database.parent.mkdir()
        database.touch()
        assert_one_line(saludo(capsys, "report"), 1, "is empty; import a file")
        assert saludo(capsys, "import", LINES)[0] == 0
        assert saludo(capsys, "check")[0] == 0

    @pytest.mark.parametrize("words", [("report",), ("import", LINES), ("check",), ("settings", "chat_link", "")])
    def test_a_directory_without_permission_is_one_line(
        self,
        words: tuple[str, ...],
        database: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Root may read every directory, so the error of the system is simulated."""

        stat = Path.stat

        def refused(path: Path, **_: object) -> os.stat_result:
            if path.is_relative_to(database.parent):
                raise PermissionError(13, "Permission denied", str(path))
            return stat(path)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", refused)
            assert_one_line(saludo(capsys, *words), 1, str(database.parent), "Permission denied")

    def test_a_second_importer_is_refused(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with writing(database):
            assert_one_line(saludo(capsys, "import", LINES), 1, "another import is writing")
            assert_one_line(saludo(capsys, "settings", "time_zone", "UTC"), 1, "another import is writing")

    def test_a_lock_of_another_program_is_one_line(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        with sqlite3.connect(database, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert_one_line(saludo(capsys, "import", LINES), 1, "locked by another program")

    def test_a_name_too_long(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert_one_line(saludo(capsys, "report", "--db", "a" * 5_000), 1)

    @pytest.mark.parametrize("room", [10_000, 200_000])
    @pytest.mark.long(keep=2)
    def test_a_full_disk_loses_nothing(self, room: int, database: Path, tmp_path: Path) -> None:
        """The disk is full while the tables are made, or in the middle of the files."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        paths = [str(path) for path in sorted(CAPTURES.iterdir()) if path.name != "README.md"]
        result = process("import", *paths, preexec_fn=limit)
        assert_one_line((result.returncode, "", result.stderr.splitlines(keepends=True)[-1]), 1, str(database))
        assert "Traceback" not in result.stderr
        whole = tmp_path / "whole.db"
        assert process("import", *paths).returncode == process("import", "--db", str(whole), *paths).returncode == 0
        asked = ("export", "--filter", "period:all", "--now", NOW)
        assert process(*asked).stdout == process(*asked, "--db", str(whole)).stdout

    def test_check(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES, TABLE)
        assert saludo(capsys, "check") == (0, "", f"{database}: no problems found\n")
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE messages SET status = 0 WHERE status IS NOT NULL")
        status, out, err = saludo(capsys, "check")
        assert (status, err) == (1, "")
        assert out
        assert saludo(capsys, "check", "--rebuild")[0] == 0


class TestSettings:
    def test_shown_and_set(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        assert saludo(capsys, "settings", "time_zone")[1] == "America/Argentina/Buenos_Aires\n"
        assert saludo(capsys, "settings", "answer_window", "0.1") == (0, "", "")
        assert saludo(capsys, "settings")[1].splitlines() == [
            "time_zone = America/Argentina/Buenos_Aires",
            "answer_window = 0.1",
            "chat_link = ",
            "first_day = monday",
        ]

    def test_weeks_begin_on_the_day_that_is_set(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        words = ("report", "--json", "--by", "week", "--filter", "period:all", "--now", NOW)
        before = json.loads(saludo(capsys, *words)[1])
        assert saludo(capsys, "settings", "first_day", "Sunday") == (0, "", "")
        after = json.loads(saludo(capsys, *words)[1])
        assert [row["value"] for row in before["breakdown"]["rows"]] == ["2026-W47"]
        assert [row["value"] for row in after["breakdown"]["rows"]] == ["2026-11-15"]
        assert date.fromisoformat(before["funnel"]["since"]).weekday() == 0
        assert date.fromisoformat(after["funnel"]["since"]).weekday() == 6
        assert after["starts"] == before["starts"]

    def test_readers_whose_weeks_begin_otherwise_are_told_how_to_change_it(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        told = {
            tag: process("settings", env=os.environ | {"SALUDO_LANG": tag}).stderr
            for tag in ("en_US", "es_AR", "es_MX", "pt_BR", "en")
        }
        assert "weeks begin on Sunday; 'saludo settings first_day sunday'" in told["en_US"]
        assert "domingo" in told["es_MX"]
        assert "domingo" in told["pt_BR"]
        assert told["es_AR"] == told["en"] == ""

    def test_what_depends_on_the_zone_is_recomputed(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        saludo(capsys, "settings", "time_zone", "Pacific/Kiritimati")
        _, out, _ = saludo(capsys, "report", "--json", "--filter", "period:all", "--now", NOW)
        assert [day["day"] for day in json.loads(out)["daily"] if day["failed"]] == ["2026-11-19"]

    @pytest.mark.parametrize(
        ("words", "pointed"),
        [
            (("time_zone", "Mars/Base"), "'Mars/Base'"),
            (("answer_window", "nan"), "'nan'"),
            (("answer_window", "-1"), "-1"),
            (("answer_window", "1e9"), "'1e9'"),
            (("chat_link", "https://example.invalid"), "chat_link"),
            (("first_day", "friday"), "first_day: 'friday' is not one of monday, sunday, saturday"),
            (("colour",), "'colour'"),
            (("colour", "blue"), "'colour'"),
            (("time_zone", "UTC", "more"), "more"),
        ],
    )
    def test_wrong_usage(
        self, words: tuple[str, ...], pointed: str, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert_one_line(saludo(capsys, "settings", *words), 2, pointed)
        assert not database.exists()

    def test_two_damaged_settings_are_set_one_after_the_other(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        before = saludo(capsys, "report", "--json", "--now", NOW)
        with writing(database) as writer:
            writer.connection.execute("UPDATE settings SET value = 'Mars/Phobos' WHERE key = 'time_zone'")
            writer.connection.execute("INSERT INTO settings VALUES ('answer_window', 'abc')")
        zone = json.loads(before[1])["time_zone"]
        assert_one_line(saludo(capsys, "report"), 1, "run 'saludo settings time_zone VALUE'")
        assert_one_line(saludo(capsys, "settings", "time_zone", zone), 1, "run 'saludo settings answer_window VALUE'")
        assert saludo(capsys, "settings", "answer_window", "24")[0] == 0
        assert saludo(capsys, "report", "--json", "--now", NOW) == before


def test_a_line_named_by_its_identifier_is_the_same_line(tmp_path: Path) -> None:
    """`--line` with bare digits is a number or a phone_number_id: the webhooks know which."""
    for order in ((0, 1), (1, 0)):
        database = tmp_path / f"{order[0]}.db"
        words = (
            ["import", str(CAPTURES / "cloud_lines.jsonl")],
            ["import", "--line", "100000000000001", str(CAPTURES / "starting_causes_nulls.tsv")],
        )
        for index in order:
            assert run([*words[index], "--db", str(database)]) == 0
        with reading(database) as connection:
            values = {value for (value,) in connection.execute("SELECT value FROM lines")}
        assert "+100000000000001" not in values
        assert "+5491100000001" in values
