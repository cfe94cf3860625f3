"""`saludo completion`: scripts that complete commands, options, choices and file names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.commands.runs import ROOT, assert_one_line, saludo

BASH, FISH = shutil.which("bash"), shutil.which("fish")
COMPLETE = """
source "$1"
shift
COMP_WORDS=(saludo "$@")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
$(complete -p saludo | sed 's/.*-F \\([^ ]*\\) .*/\\1/') saludo "${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(BASH is None, reason="completion in bash needs bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("imp",), {"import", "imports"}),
        (("import", "--f"), {"--format"}),
        (("export", "--header", ""), {"en", "es", "pt"}),
        (("--theme", ""), {"ansi", "dark", "light"}),
        (("completion", ""), {"bash", "zsh", "fish"}),
        (("report", "--by", "r"), {"reason"}),
        (("report", "--db", "saved"), {"saved.db"}),
        (("export", "-o", "saved"), {"saved.db"}),
        (("import", "saved"), {"saved.db"}),
    ],
)
def test_bash_completes(
    words: tuple[str, ...], completed: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, script, errors = saludo(capsys, "completion", "bash")
    assert (status, errors) == (0, "")
    (tmp_path / "saludo.bash").write_text(script)
    (tmp_path / "saved.db").touch()
    command = [str(BASH), "--norc", "-c", COMPLETE, "bash", "./saludo.bash", *words]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=True)
    offered = {word for word in done.stdout.split() if word != ":"}
    assert offered == completed


COMPLETE_FILTER = COMPLETE.replace("COMP_WORDS=", "COMP_LINE=$1 COMP_POINT=${#1}; shift\nCOMP_WORDS=")
FILTERS = [
    ("saludo report --filter sta", ("report", "--filter", "sta"), ["status:"]),
    ("saludo report --filter template:pr", ("report", "--filter", "template", ":", "pr"), [r"\"promo\ \[/b\]\ 50%\""]),
    ("saludo --filter template:ord", ("--filter", "template", ":", "ord"), ["order_1"]),
    (
        "saludo report --filter 'period:7d template:!ord",
        ("report", "--filter", "'period:7d template:!ord"),
        ["period:7d template:!order_1"],
    ),
    ('saludo report --filter "user:n', ("report", "--filter", '"user:n'), ["user:new"]),
    ("saludo report --filter @lo", ("report", "--filter", "@lo"), ["@lost"]),
    ("saludo report --filter 'user:new' --j", ("report", "--filter", "user:new", "--j"), ["--json"]),
    ("saludo report --filter colour:x", ("report", "--filter", "colour", ":", "x"), []),
]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a `saludo` in the path, with a database and a named filter."""
    monkeypatch.setenv("SALUDO_DB", str(scenes.database(tmp_path)))
    (tmp_path / "settings.toml").write_text('filters.lost = "status:failed"')
    monkeypatch.setenv("SALUDO_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    script = tmp_path / "saludo"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tui "$@"\n')
    script.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(BASH is None, reason="completion in bash needs bash")
@pytest.mark.parametrize(("line", "words", "completed"), FILTERS)
def test_bash_completes_filters(
    line: str, words: tuple[str, ...], completed: list[str], program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program / "saludo.bash").write_text(saludo(capsys, "completion", "bash")[1])
    command = [str(BASH), "--norc", "-c", COMPLETE_FILTER, "bash", "./saludo.bash", line, *words]
    done = subprocess.run(command, cwd=program, text=True, capture_output=True, check=True)
    assert [word for word in done.stdout.splitlines() if word] == completed


@pytest.mark.skipif(FISH is None, reason="completion in fish needs fish")
@pytest.mark.parametrize(
    ("line", "completed"),
    [("saludo report --filter template:ord", "template:order_1"), ("saludo --filter @l", "@lost")],
)
def test_fish_completes_filters(line: str, completed: str, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program / "saludo.fish").write_text(saludo(capsys, "completion", "fish")[1])
    command = [str(FISH), "--no-config", "-c", f"source saludo.fish; complete -C '{line}'"]
    done = subprocess.run(command, cwd=program, text=True, capture_output=True, check=True)
    assert completed in {offer.partition("\t")[0] for offer in done.stdout.splitlines()}


def test_what_a_filter_can_become_is_never_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database" * 999)
    for path in (tmp_path / "none.db", damaged, tmp_path):
        status, out, err = saludo(capsys, "completion", "bash", "--db", str(path), "--complete=template:a status:f")
        assert (status, out, err) == (0, "template:a status:failed\n", "")
        assert saludo(capsys, "completion", "bash", "--db", str(path), "--complete=template:") == (0, "", "")


@pytest.mark.skipif(FISH is None, reason="completion in fish needs fish")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("saludo imp", {"import", "imports"}),
        ("saludo import --f", {"--format"}),
        ("saludo export --header ", {"en", "es", "pt"}),
        ("saludo report --db saved", {"saved.db"}),
        ("saludo import saved", {"saved.db"}),
    ],
)
def test_fish_completes(line: str, completed: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, script, _ = saludo(capsys, "completion", "fish")
    (tmp_path / "saludo.fish").write_text(script)
    (tmp_path / "saved.db").touch()
    command = [str(FISH), "--no-config", "-c", f"source saludo.fish; complete -C '{line}'"]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=True)
    assert {offer.partition("\t")[0] for offer in done.stdout.splitlines()} == completed


@pytest.mark.parametrize(("shell", "mark"), [("zsh", "#compdef saludo"), ("fish", "complete -c saludo")])
def test_other_shells_get_scripts_of_their_own(shell: str, mark: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, script, errors = saludo(capsys, "completion", shell)
    assert (status, errors) == (0, "")
    assert mark in script
    assert "rebuild" in script


def test_an_unknown_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys, "completion", "csh"), 2, "csh", "bash")
