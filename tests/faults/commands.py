"""Runs commands of the program in this process or in a fork, and says whether the outcome is one that a person can act
on: done, or one line that says what is wrong."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui.commands.cli import run

NOW = "2026-11-20T18:00:00-03:00"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. status: its exit status; -1 if it raised. out: stdout. err: stderr."""

    status: int
    out: bytes
    err: str

    @property
    def is_told(self) -> bool:
        """Whether the command did its work, or failed with exactly one line."""
        return self.status == 0 or (self.status == 1 and self.err.strip().count("\n") == 0 and self.err != "")


def saludo(database: Path, *words: str) -> Outcome:
    """Runs one command in this process."""
    before = sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.StringIO()
    sys.stdout, sys.stderr = io.TextIOWrapper(out, encoding="utf-8"), err
    try:
        status = run(["--db", str(database), *words])
        sys.stdout.flush()
    except BaseException:
        status = -1
        err.write(traceback.format_exc())
    finally:
        kept, (sys.stdout, sys.stderr) = sys.stdout, before
        content = out.getvalue()
        kept.detach()
    return Outcome(status, content, err.getvalue())


def forked(
    prepare: Callable[[], None],
    database: Path,
    words: tuple[str, ...],
    errors: Path,
    finish: Callable[[], object] = lambda: None,
) -> tuple[int, str]:
    """Runs one command in a fork of this process.

    Args:
        prepare: called in the fork first.
        database: the database of the command.
        words: the command line.
        errors: a file for the fork's stderr.
        finish: called in the fork when the command has ended.

    Returns:
        The exit status, negative if a signal ended it, and stderr.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            prepare()
            status = run(["--db", str(database), *words])
            finish()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status & 0xFF)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), errors.read_text(encoding="utf-8", errors="replace")


def numbers_of(database: Path) -> tuple[Outcome, Outcome]:
    """The report and the TSV of everything at a fixed time."""
    everything = ("--filter", "period:all", "--now", NOW)
    return saludo(database, "report", "--json", *everything), saludo(database, "export", *everything, "-o", "-")
