"""The command line as a contract: one line for an error, data on stdout, messages on stderr, its document."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.commands.runs import LINES, ROOT, TABLE, assert_one_line, process, result_of, saludo
from tui.commands.arguments import build_parser
from tui.commands.cli import run
from tui.commands.output import print_message


class TestStreams:
    @pytest.mark.parametrize("words", [("report",), ("report", "--json"), ("export",), ("settings",)])
    @pytest.mark.long(keep=2)
    def test_a_full_or_closed_stdout_is_one_line(self, words: tuple[str, ...], database: Path) -> None:
        run(["import", LINES])
        with open("/dev/full", "w") as full:
            result = process(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert_one_line(result_of(result), 1, "No space left on device")
        shell = f'"{sys.executable}" -m tui {" ".join(words)} >&-'
        closed = subprocess.run(shell, shell=True, cwd=ROOT, text=True, capture_output=True, timeout=60)
        assert_one_line(result_of(closed), 1, "stdout is closed")

    def test_a_filter_cannot_write_on_the_terminal(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)
        words = 'template:"\x1b[2J\u202e\x07"'
        status, out, _ = saludo(capsys, "report", "--filter", words)
        assert status == 0
        assert all(line.isprintable() for line in out.split("\n"))
        assert_one_line(
            saludo(capsys, "report", "--filter", f"{words} nonsense\x1b[31m"), 2, "is not of the form field:value"
        )

    def test_a_reader_that_closes_the_pipe_is_no_error(self, database: Path) -> None:
        run(["import", TABLE])
        shell = f'"{sys.executable}" -m tui export --filter period:all | head -n 1'
        result = subprocess.run(shell, shell=True, cwd=ROOT, text=True, capture_output=True, timeout=60)
        assert (result.stdout.count("\n"), result.stderr) == (1, "")

    def test_no_standard_input_at_all(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", None)
            assert_one_line(saludo(capsys, "import", "-"), 1, "standard input is closed")
            assert_one_line(saludo(capsys), 1, "needs a terminal")

    def test_messages_never_go_to_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", None)
            print_message("hello")
        assert capsys.readouterr().out == ""

    def test_an_interruption_is_one_line_and_running_again_completes_the_import(
        self, database: Path, tmp_path: Path
    ) -> None:
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
        result = process("import", "--json", TABLE, LINES)
        assert [(one["new"], one["changed"]) for one in json.loads(result.stdout)["files"]] == [(0, 0), (4, 0)]


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("import", LINES),
        ("rejects",),
        ("rejects", "--tsv"),
        ("imports",),
        ("report", "--json"),
        ("report",),
        ("export",),
        ("check",),
        ("settings",),
    ],
)
@pytest.mark.long(keep=3)
def test_commands_without_a_screen_import_no_textual(words: tuple[str, ...], database: Path) -> None:
    run(["import", LINES])
    code = (
        "import sys, atexit\n"
        "from tui.__main__ import main\n"
        "atexit.register(lambda: print(sorted({'textual', 'rich', 'plotext'} & sys.modules.keys()), file=sys.stderr))\n"
        f"sys.argv = ['saludo', *{words!r}]\n"
        "sys.exit(main())\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1] == "[]"


def test_the_dashboard_needs_a_terminal(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys), 1, "needs a terminal", "saludo report")


def test_the_document_of_commands_and_the_parser_agree() -> None:
    """Every command and option of the parser is in docs/commands.md, and no other one."""
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
