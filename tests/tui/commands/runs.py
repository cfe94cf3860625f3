"""Runs of the command line in tests: in this process or in one of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.captures import capture
from tui.commands.cli import run

ROOT = Path(__file__).parents[3]
NOW = "2026-11-20T18:00:00-03:00"
LINES = str(capture("cloud_lines.jsonl"))
TABLE = str(capture("starting_causes.tsv"))
Result = tuple[int, str, str]


def saludo(capsys: pytest.CaptureFixture[str], *words: str) -> Result:
    """Runs one command in this process; returns exit status, stdout and stderr."""
    status = run(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def assert_one_line(result: Result, status: int, *words: str) -> None:
    """Asserts an exit status and an error of one line that has the words."""
    assert result[0] == status
    assert result[2].count("\n") == 1, result[2]
    assert result[2].startswith("saludo: ")
    for word in words:
        assert word in result[2]


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the program in a process of its own."""
    command = [sys.executable, "-m", "tui", *words]
    return subprocess.run(command, cwd=ROOT, text=True, timeout=60, **({"capture_output": True} | options))


def result_of(result: subprocess.CompletedProcess[str]) -> Result:
    """Exit status, stdout and stderr of a finished process."""
    return result.returncode, result.stdout, result.stderr


def without_publication(out: str) -> str:
    """The text of a report of a ClickHouse database without the time of its version, which SQLite has not."""
    return re.sub(r"\nPublished \d+ \w+ \d\d:\d\d(, [a-z0-9 ]+ ago)?\n$", "", out)
