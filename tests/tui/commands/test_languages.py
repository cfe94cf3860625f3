"""What programs read is the same in every language: JSON, and the values of TSV. What people read is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.language.languages import ENGLISH, LANGUAGES, PSEUDO
from tests.captures import capture
from tests.language_runs import said_in
from tests.tui.commands.runs import NOW, saludo

FILES = ("cloud_lines.jsonl", "cloud_bad_items.jsonl", "cloud_errors.jsonl", "send_log.jsonl", "starting_causes.tsv")
ASKED = ("--filter", "period:all", "--now", NOW)
FOR_PROGRAMS = (
    ("report", "--json", *ASKED),
    ("report", "--json", "--by", "reason", *ASKED),
    ("export", "--header", "en", *ASKED),
    ("export", "--header", "en", "--people", *ASKED),
    ("export", "--header", "en", "--retry", *ASKED),
    ("rejects", "--json"),
    ("rejects", "--tsv"),
    ("imports", "--json"),
    ("settings",),
)
FOR_PEOPLE = (
    ("report", *ASKED),
    ("report", "--by", "origin", *ASKED),
    ("rejects",),
    ("imports",),
    ("report", "--help"),
)
TAGS = sorted({*LANGUAGES, PSEUDO} - {ENGLISH})


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A database of some captures; the commands use it."""
    path = tmp_path / "saludo.db"
    monkeypatch.setenv("SALUDO_DB", str(path))
    saludo(capsys, "import", *(str(capture(name)) for name in FILES))
    return path


def outputs(tag: str, commands: tuple[tuple[str, ...], ...]) -> list[str]:
    """What each command prints in a language."""
    code = f"""
import contextlib, sys
from tui.commands.cli import run
for words in {commands!r}:
    with contextlib.suppress(SystemExit):
        run(list(words))
    print("\\x1e", end="", flush=True)
"""
    return said_in(tag, code).split("\x1e")[: len(commands)]


@pytest.mark.usefixtures("database")
def test_programs_read_the_same_in_every_language() -> None:
    expected = outputs(ENGLISH, FOR_PROGRAMS)
    assert all(expected)
    for tag in TAGS:
        for command, one, other in zip(FOR_PROGRAMS, expected, outputs(tag, FOR_PROGRAMS), strict=True):
            assert other == one, (tag, command)


@pytest.mark.usefixtures("database")
def test_people_read_their_language() -> None:
    expected = outputs(ENGLISH, FOR_PEOPLE)
    for tag in TAGS:
        for command, one, other in zip(FOR_PEOPLE, expected, outputs(tag, FOR_PEOPLE), strict=True):
            assert other != one, (tag, command)
