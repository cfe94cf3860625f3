"""Runs of the command line in tests: in this process or in one of its own."""

from __future__ import annotations

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


def result_of(told: subprocess.CompletedProcess[str]) -> Told:
    return told.returncode, told.stdout, told.stderr
