"""Printing: data to stdout, messages to stderr. Knows no command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from storage.language.system_errors import system_reason
from storage.language.texts import _
from tui.terminal.sanitize import printable as printable


class OutputError(Exception):
    """stdout cannot be written; the message is one line."""


def print_message(text: str) -> None:
    """Prints a message to stderr; errors of a closed or full stderr are ignored."""
    if sys.stderr is not None:
        if not is_utf8(sys.stderr):
            text = text.replace("…", "...")
        with suppress(OSError):
            print(printable(text), file=sys.stderr, flush=True)


def report_error(message: str, status: int) -> int:
    """Prints an error as one line and returns the exit status."""
    print_message(f"saludo: {' '.join(message.split())}")
    return status


@contextmanager
def open_stdout() -> Iterator[TextIO]:
    """stdout, flushed at the end.

    Raises:
        OutputError: it is closed or full.
        BrokenPipeError: the process that reads it has ended.
    """
    if sys.stdout is None:
        raise OutputError(_("stdout is closed"))
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(_("stdout: cannot be written ({why})").format(why=system_reason(error))) from None


def print_lines(*lines: str) -> None:
    """Prints lines to stdout, without control characters; raises as `open_stdout` does."""
    with open_stdout() as out:
        out.writelines(f"{printable(line)}\n" for line in lines)


def print_text(text: str) -> None:
    """Prints a text of the program, such as a script, as it is; raises as `open_stdout` does."""
    with open_stdout() as out:
        out.write(text)


def print_json(value: object, indent: int | None = None) -> None:
    """Prints a value as JSON, its control characters escaped; raises as `open_stdout` does."""
    # JSON escapes C0 only: DEL, C1, and marks of direction act on a terminal too.
    text = json.dumps(value, ensure_ascii=not is_utf8(), indent=indent)
    print_text("\n".join(map(_escaped, text.split("\n"))) + "\n")


def _escaped(line: str) -> str:
    return line if line.isprintable() else "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def discard_stdout() -> None:
    """Discards the buffered output after an error: Python would fail to write it at exit."""
    with suppress(OSError, AttributeError):  # it is None if it was closed from the start
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_utf8(stream: TextIO | None = None) -> bool:
    """Whether a stream, or stdout, can print every character."""
    return (getattr(stream or sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
