"""What reaches a terminal from the command line: no control character of a file's name, a value or an argument."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.database.settings import SettingError, store_setting
from tests.captures import capture
from tests.tui.commands.runs import LINES, NOW, process, saludo
from tui.commands import progress
from tui.commands.output import print_json
from tui.terminal import browser
from tui.terminal.sanitize import printable

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200f\ufeff\u2028\x7f\r"


def assert_harmless(*texts: str) -> None:
    for text in texts:
        for line in text.split("\n"):
            assert line == printable(line), ascii(line)


@pytest.fixture
def hostile_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(LINES, tmp_path / f"log{HOSTILE}\n.jsonl"))


class TestChatLink:
    @pytest.mark.parametrize("link", ["javascript:{number}", "file:///{number}", f"https://a/{{number}}{HOSTILE}"])
    def test_only_web_addresses_are_stored(self, link: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, err = saludo(capsys, "settings", "chat_link", link)
        assert (status, out) == (2, "")
        assert "must begin with http:// or https://" in err
        assert_harmless(err)
        with writing(database) as writer, writer.transaction() as connection, pytest.raises(SettingError):
            store_setting(connection, "chat_link", link)

    @pytest.mark.parametrize("words", [(), ("chat_link",)])
    def test_one_of_an_older_version_is_shown_harmless_and_not_used(
        self, words: tuple[str, ...], database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        with sqlite3.connect(database) as connection:
            connection.execute("INSERT INTO settings VALUES ('chat_link', ?)", (f"ssh://{{number}}{HOSTILE}",))
        status, out, err = saludo(capsys, "settings", *words)
        assert status == 0
        assert "ssh://{number}" in out
        assert err.startswith("chat_link: not used")
        assert_harmless(out, err)
        assert "ssh://" not in saludo(capsys, "export", "--now", NOW, "--filter", "period:all")[1]

    def test_no_browser_gets_anything_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("webbrowser.open", lambda link: pytest.fail(link))
        assert not browser.open_link("file:///etc/passwd")
        assert not browser.open_link(f"https://a/{HOSTILE}")


class TestNames:
    @pytest.mark.parametrize(
        "words",
        [
            ("import", "{file}"),
            ("import", "--preview", "{file}"),
            ("import", "{file}.missing"),
            ("import", "--json", "{file}"),
            ("imports",),
            ("imports", "--json"),
            ("imports", "--tsv"),
            ("rejects",),
            ("rejects", "{file}"),
            ("settings", "time_zone", HOSTILE),
            ("settings", HOSTILE),
            ("report", "--filter", f"template:{HOSTILE}"),
            ("report", "--json", "--filter", f"template:{HOSTILE}"),
            ("report", "--filter", HOSTILE),
            ("report", "--now", HOSTILE),
            ("report", f"--{HOSTILE}"),
            (HOSTILE,),
            ("export", "-o", "{file}"),
            ("check", "--db", "{file}"),
            ("report", "--db", "{file}.db"),
            ("completion", HOSTILE),
        ],
        ids=ascii,
    )
    def test_of_files_and_arguments(
        self, words: tuple[str, ...], hostile_file: Path, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", str(hostile_file), str(capture("broken.jsonl")))
        _, out, err = saludo(capsys, *(word.replace("{file}", str(hostile_file)) for word in words))
        if "--tsv" in words:  # data for programs: marks of direction stay
            assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", out)
            out = ""
        assert_harmless(out, err)

    def test_on_the_progress_bar(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = io.StringIO()
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(progress, "_DELAY", 0)
        with progress.bar_for(f"log{HOSTILE}", 100) as bar:
            bar.show(10, 1)
        assert "log" in terminal.getvalue()
        assert_harmless(terminal.getvalue().replace("\r", "").replace("\x1b[K", ""))

    def test_in_json_they_are_escaped_and_come_back(self, capsys: pytest.CaptureFixture[str]) -> None:
        for indent in (None, 1):
            print_json({"file": f"{HOSTILE}\n", "ñ": "🌸"}, indent)
            out = capsys.readouterr().out
            assert_harmless(out)
            assert json.loads(out) == {"file": f"{HOSTILE}\n", "ñ": "🌸"}
            assert "🌸" in out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
@pytest.mark.parametrize("words", [("--help",), ("import", "--help"), ("--version",), ("settings",)])
@pytest.mark.long(keep=2)
def test_a_full_stdout_is_one_line_and_a_failure(words: tuple[str, ...], database: Path) -> None:
    process("import", LINES)
    with open("/dev/full", "w") as full:
        result = process(*words, stdout=full, stderr=-1, capture_output=False)
    assert result.returncode == 1
    assert result.stderr == "saludo: stdout: cannot be written (No space left on device)\n"


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_every_directory_made_for_the_database_is_private(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with writing(tmp_path / "a" / "b" / "c" / "saludo.db"):
            pass
    finally:
        os.umask(before)
    for name in ("a", "a/b", "a/b/c"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700, name
    assert (tmp_path / "a/b/c/saludo.db").stat().st_mode & 0o777 == 0o600
