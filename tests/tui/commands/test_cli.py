"""The command line as a contract: exit statuses, one line of error, stdout for data and stderr for the rest."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage.database.connection import reading, writing
from storage.table.export import ENGLISH, SPANISH
from tests.captures import CAPTURES, capture
from tui.commands.arguments import build_parser, narrate
from tui.commands.cli import run

ROOT = Path(__file__).parents[3]
NOW = "2026-11-20T18:00:00-03:00"
LINES = str(capture("cloud_lines.jsonl"))
TABLE = str(capture("starting_causes.tsv"))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "saludo.db"
    monkeypatch.setenv("SALUDO_DB", str(path))
    monkeypatch.setenv("TZ", "America/Argentina/Buenos_Aires")
    return path


Told = tuple[int, str, str]


def saludo(capsys: pytest.CaptureFixture[str], *words: str) -> Told:
    """Exit status, stdout and stderr of one command."""
    status = run(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def assert_one_line(told: Told, status: int, *words: str) -> None:
    assert told[0] == status
    assert told[2].count("\n") == 1, told[2]
    assert told[2].startswith("saludo: ")
    for word in words:
        assert word in told[2]


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "tui", *words]
    return subprocess.run(command, cwd=ROOT, text=True, timeout=60, **({"capture_output": True} | options))


class TestImport:
    def test_the_summary_is_narration(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, err = saludo(capsys, "import", LINES, str(capture("sends_comma.csv")))
        assert (status, out) == (0, "")
        assert "(cloud_api): 7 events, 4 new messages, 0 changed" in err
        assert "3 records could not be read" in err
        assert database.stat().st_mode & 0o777 == 0o600
        assert database.parent.stat().st_mode & 0o777 == 0o700

    def test_the_summary_as_json(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = saludo(capsys, "import", "--json", LINES)
        (told,) = json.loads(out)["files"]
        assert list(told.items()) == [
            *(("file", LINES), ("format", "cloud_api"), ("records", 4), ("events", 7), ("rejects", 0)),
            *(("new", 4), ("changed", 0)),
        ]

    def test_rejects_fail_only_where_asked(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
        assert [told["file"] for told in json.loads(out)["files"]] == [LINES]
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
    def test_wrong_words(
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

    def test_standard_input(self, database: Path) -> None:
        with capture("cloud_lines.jsonl").open("rb") as stream:
            told = process("import", "-", stdin=stream)
        assert told.returncode == 0
        assert told.stderr.startswith("- (cloud_api): 7 events")
        assert_one_line((*_of(process("import", "-", stdin=subprocess.DEVNULL)),), 1, "-: empty file")

    def test_a_name_cannot_write_on_the_terminal(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "a\x1b[2J\nb\u202e.jsonl"
        path.write_bytes(Path(LINES).read_bytes())
        _, _, err = saludo(capsys, "import", str(path))
        assert err.count("\n") == 1
        assert all(sign.isprintable() for sign in err[:-1])


def _of(told: subprocess.CompletedProcess[str]) -> Told:
    return told.returncode, told.stdout, told.stderr


class TestReport:
    def test_json_has_the_keys_of_the_contract_in_order(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        _, out, err = saludo(capsys, "report", "--json", "--now", NOW, "--filter", "since:2026-11-17 until:2026-11-20")
        assert err == ""
        told = json.loads(out)
        assert list(told) == [
            *("filter", "time_zone", "since", "until", "starts", "sends", "users", "users_sent", "origins"),
            *("answered", "status", "user_types", "daily", "funnel", "failures", "data"),
        ]
        assert told["filter"] == "since:2026-11-17 until:2026-11-20"
        assert (told["time_zone"], told["since"], told["until"]) == (
            "America/Argentina/Buenos_Aires",
            "2026-11-17",
            "2026-11-20",
        )
        assert list(told["origins"].items()) == [("template", 3), ("notification", 0), ("webchat", 0), ("campaign", 0)]
        assert list(told["answered"].items()) == [
            *(("users_reached", 2), ("users_answered", 1), ("sends_reached", 2), ("sends_answered", 1)),
        ]
        assert list(told["status"].items()) == [
            *(("failed", 1), ("sent", 0), ("delivered", 1), ("read", 0), ("answered", 1)),
        ]
        assert list(told["user_types"].items()) == [("new", 2), ("recurrent", 0)]
        assert [day["day"] for day in told["daily"]] == ["2026-11-17", "2026-11-18", "2026-11-19"]
        assert list(told["daily"][1]) == ["day", "failed", "sent", "delivered", "read", "answered", "referred"]
        assert list(told["funnel"]) == ["since", "until", "steps"]
        assert (told["funnel"]["since"], told["funnel"]["until"]) == ("2026-11-16", "2026-11-23")
        assert [list(step.values()) for step in told["funnel"]["steps"]] == [
            ["sent", 2, None, 1.0],
            ["delivered", 2, 1.0, 1.0],
            ["read", 1, 0.5, 0.5],
            ["answered", 1, 1.0, 0.5],
        ]
        assert told["failures"] == [{"code": 131026, "reason": "number_gone", "count": 1, "users": 1}]
        assert list(told["data"]) == ["joined", "unknown_template", "implied", "conflicts", "rejects"]
        assert told["data"]["unknown_template"] == 3

    def test_as_text(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        _, out, err = saludo(capsys, "report", "--now", NOW)
        assert err == ""
        assert "Sends             5" in out
        assert "2026-11-18" in out

    def test_a_filter_before_the_command_counts(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        before = saludo(capsys, "--filter", "template:cobranza", "--now", NOW, "report", "--json")
        assert before == saludo(capsys, "report", "--json", "--filter", "template:cobranza", "--now", NOW)
        assert json.loads(before[1])["starts"] == 1

    @pytest.mark.parametrize(
        ("words", "pointed"),
        [
            (("--filter", "nonsense:1"), "»nonsense«:1"),
            (("--filter", "period:7d status:sold"), "»"),
            (("--filter", "since:2026-13-01"), "»"),
            (("--filter", 'template:"open'), "»"),
            (("--now", "nonsense"), "'nonsense'"),
            (("--now", "0001-01-01"), "'0001-01-01'"),
            (("--now", "9999-12-31T23:59"), "'9999-12-31T23:59'"),
            (("--now", ""), "--now"),
            (("--jsn",), "--jsn"),
        ],
    )
    def test_wrong_words(
        self, words: tuple[str, ...], pointed: str, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        assert_one_line(saludo(capsys, "report", *words), 2, pointed)


class TestExport:
    @pytest.mark.parametrize(("language", "header"), [("en", ENGLISH), ("es", SPANISH)])
    def test_what_is_exported_imports_as_the_same_report(
        self,
        language: str,
        header: tuple[str, ...],
        database: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        saludo(
            capsys, "import", *(str(capture(name)) for name in ("mixed_webhooks_and_sends.log", "hostile_names.jsonl"))
        )
        asked = ("--filter", "period:all", "--now", NOW)
        _, out, err = saludo(capsys, "export", "--language", language, *asked)
        assert err == ""
        assert out.splitlines()[0].split("\t") == list(header)
        path, other = tmp_path / "out.tsv", tmp_path / "other.db"
        status, nothing, err = saludo(capsys, "export", "--language", language, *asked, "-o", str(path))
        assert (status, nothing, err) == (0, "", f"{path}: 10 starts\n")
        assert path.read_text(encoding="utf-8") == out
        assert path.stat().st_mode & 0o777 == 0o600
        saludo(capsys, "import", "--db", str(other), "--strict", str(path))
        reports = [saludo(capsys, "report", "--json", "--db", str(one), *asked)[1] for one in (database, other)]
        first, second = (json.loads(text) for text in reports)
        for told in (first, second):
            del told["data"]
        assert first == second

    def test_what_is_no_file_is_never_replaced(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A rename over it would put a file where a device was."""
        saludo(capsys, "import", LINES)
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        for path in (pipe, tmp_path):
            assert_one_line(saludo(capsys, "export", "-o", str(path)), 1, "already exists")
            assert_one_line(saludo(capsys, "export", "-o", str(path), "--force"), 1, "no file that could be replaced")
        assert pipe.is_fifo()

    def test_an_existing_file_stays(self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        path = tmp_path / "kept"
        path.write_text("mine")
        assert_one_line(saludo(capsys, "export", "-o", str(path)), 1, "already exists")
        assert path.read_text() == "mine"
        assert saludo(capsys, "export", "-o", str(path), "--force")[0] == 0
        assert path.read_text().startswith("User id\t")
        assert_one_line(saludo(capsys, "export", "-o", str(tmp_path / "no" / "x")), 1, "cannot be written")
        assert_one_line(saludo(capsys, "export", "--language", "pt"), 2, "'pt'")


class TestDatabase:
    @pytest.mark.parametrize("words", [("report",), ("export",), ("check",), ("settings",), ("settings", "time_zone")])
    def test_none_yet(self, words: tuple[str, ...], database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert_one_line(saludo(capsys, *words), 1, "database not found")
        assert not database.exists()

    @pytest.mark.parametrize("words", [("report",), ("import", LINES), ("check",), ("settings", "chat_link", "")])
    def test_a_directory_or_another_file_is_refused_untouched(
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

    def test_nothing_is_left_beside_what_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    def test_a_place_that_may_not_be_looked_at_is_one_line(
        self,
        words: tuple[str, ...],
        database: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """As root no directory is closed, so the system's answer is put in its place."""

        def refused(path: Path, **_: object) -> os.stat_result:
            raise PermissionError(13, "Permission denied", str(path))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", refused)
            assert_one_line(saludo(capsys, *words), 1, str(database.parent), "Permission denied")

    def test_a_second_importer_is_refused(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with writing(database):
            assert_one_line(saludo(capsys, "import", LINES), 1, "another import is writing")
            assert_one_line(saludo(capsys, "settings", "time_zone", "UTC"), 1, "another import is writing")

    def test_a_foreign_lock_is_told(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        with sqlite3.connect(database, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert_one_line(saludo(capsys, "import", LINES), 1, "locked by another program")

    def test_a_name_too_long(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert_one_line(saludo(capsys, "report", "--db", "a" * 5_000), 1)

    @pytest.mark.parametrize("room", [10_000, 40_000, 200_000, 700_000])
    def test_a_full_disk_loses_nothing(self, room: int, database: Path, tmp_path: Path) -> None:
        """From a disk that is full while the tables are made to one that is full in the middle of the files."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        paths = [str(path) for path in sorted(CAPTURES.iterdir()) if path.name != "README.md"]
        told = process("import", *paths, preexec_fn=limit)
        assert_one_line((told.returncode, "", told.stderr.splitlines(keepends=True)[-1]), 1, str(database))
        assert "Traceback" not in told.stderr
        whole = tmp_path / "whole.db"
        assert process("import", *paths).returncode == process("import", "--db", str(whole), *paths).returncode == 0
        asked = ("export", "--filter", "period:all", "--now", NOW)
        assert process(*asked).stdout == process(*asked, "--db", str(whole)).stdout

    def test_check(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES, TABLE)
        assert saludo(capsys, "check") == (0, "", f"{database}: sound\n")
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
        ]

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
            (("colour",), "'colour'"),
            (("colour", "blue"), "'colour'"),
            (("time_zone", "UTC", "more"), "more"),
        ],
    )
    def test_wrong_words(
        self, words: tuple[str, ...], pointed: str, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert_one_line(saludo(capsys, "settings", *words), 2, pointed)
        assert not database.exists()


class TestStreams:
    @pytest.mark.parametrize("words", [("report",), ("report", "--json"), ("export",), ("settings",)])
    def test_a_full_or_closed_stdout_is_one_line(self, words: tuple[str, ...], database: Path) -> None:
        run(["import", LINES])
        with open("/dev/full", "w") as full:
            told = process(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert_one_line(_of(told), 1, "No space left on device")
        shell = f'"{sys.executable}" -m tui {" ".join(words)} >&-'
        closed = subprocess.run(shell, shell=True, cwd=ROOT, text=True, capture_output=True, timeout=60)
        assert_one_line(_of(closed), 1, "stdout is closed")

    def test_a_filter_cannot_write_on_the_terminal(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        words = 'template:"\x1b[2J\u202e\x07"'
        status, out, _ = saludo(capsys, "report", "--filter", words)
        assert status == 0
        assert all(line.isprintable() for line in out.split("\n"))
        assert_one_line(saludo(capsys, "report", "--filter", f"{words} nonsense\x1b[31m"), 2, "»nonsense")

    def test_a_reader_that_leaves_is_no_error(self, database: Path) -> None:
        run(["import", TABLE])
        shell = f'"{sys.executable}" -m tui export --filter period:all | head -n 1'
        told = subprocess.run(shell, shell=True, cwd=ROOT, text=True, capture_output=True, timeout=60)
        assert (told.stdout.count("\n"), told.stderr) == (1, "")

    def test_no_standard_input_at_all(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", None)
            assert_one_line(saludo(capsys, "import", "-"), 1, "standard input is closed")
            assert_one_line(saludo(capsys), 1, "needs a terminal")

    def test_narration_never_lands_on_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", None)
            narrate("hello")
        assert capsys.readouterr().out == ""

    def test_an_interruption_is_one_line_and_the_rerun_ends_the_job(self, database: Path, tmp_path: Path) -> None:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        command = [sys.executable, "-m", "tui", "import", TABLE, str(fifo)]

        def heed() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a shell in the background has ignored

        child = subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, preexec_fn=heed)
        assert child.stderr is not None
        assert "5 events" in child.stderr.readline()
        with fifo.open("wb") as out:  # from here on the child waits for more of it
            out.write(b'{"entry": [')
            out.flush()
            child.send_signal(signal.SIGINT)
            rest = child.stderr.read()
            assert child.wait(timeout=30) == 130
        assert rest.startswith("saludo: interrupted; ")
        assert rest.count("\n") == 1
        told = process("import", "--json", TABLE, LINES)
        assert [(one["new"], one["changed"]) for one in json.loads(told.stdout)["files"]] == [(0, 0), (4, 0)]


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("import", LINES),
        ("report", "--json"),
        ("report",),
        ("export",),
        ("check",),
        ("settings",),
    ],
)
def test_no_screen_is_loaded_where_none_is_shown(words: tuple[str, ...], database: Path) -> None:
    run(["import", LINES])
    code = (
        "import sys, atexit\n"
        "from tui.__main__ import main\n"
        "atexit.register(lambda: print(sorted({'textual', 'rich', 'plotext'} & sys.modules.keys()), file=sys.stderr))\n"
        f"sys.argv = ['saludo', *{words!r}]\n"
        "sys.exit(main())\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert told.returncode == 0
    assert told.stderr.splitlines()[-1] == "[]"


def test_the_dashboard_needs_a_terminal(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys), 1, "needs a terminal", "saludo report")


def test_the_document_of_commands_and_the_parser_agree() -> None:
    """Every command and option of the parser stands in docs/commands.md, and no other one does."""
    parser = build_parser()
    (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    options = {
        option
        for one in (parser, *commands.choices.values())
        for action in one._actions
        for option in action.option_strings
        if option.startswith("--") or option == "-o"
    }
    document = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-o)\b", document)) == options
    assert set(re.findall(r"^\| `saludo ([a-z]+)", document, re.MULTILINE)) == set(commands.choices)


def test_a_line_named_by_its_identifier_stays_the_line_that_it_is(tmp_path: Path) -> None:
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
