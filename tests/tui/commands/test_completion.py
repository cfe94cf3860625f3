"""`saludo completion`: scripts that complete commands, options, choices and file names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tui.commands.runs import assert_one_line, saludo

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
        (("export", "--language", ""), {"en", "es"}),
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


@pytest.mark.skipif(FISH is None, reason="completion in fish needs fish")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("saludo imp", {"import", "imports"}),
        ("saludo import --f", {"--format"}),
        ("saludo export --language ", {"en", "es"}),
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
