"""Two writers by two names of one database: the second one is told that another one writes, and nothing is damaged."""

from __future__ import annotations

import os
import tempfile
from contextlib import chdir
from pathlib import Path

from storage.database.connection import writing
from tests.captures import capture
from tests.faults.commands import saludo
from tests.faults.interruptions import Result

_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("import", str(capture("send_log.jsonl"))),
    ("settings", "time_zone", "UTC"),
    ("check", "--rebuild"),
)


def two_writers() -> Result:
    """Tries each command by each name while another name is written to."""
    tries, failures = 0, []
    with tempfile.TemporaryDirectory() as directory:
        there = Path(os.path.realpath(directory))
        database = there / "saludo.db"
        saludo(database, "import", str(capture("cloud_statuses.jsonl")))
        (there / "directory").symlink_to(there, target_is_directory=True)
        (there / "symlink.db").symlink_to("saludo.db")
        os.link(database, there / "hard.db")
        relative = [Path(name) for name in ("saludo.db", "symlink.db", "directory/saludo.db", "hard.db")]
        names = [*relative, *(there / name for name in relative)]
        with chdir(there):
            for first in names:
                with writing(first):
                    for second in names:
                        for words in _COMMANDS:
                            tries += 1
                            done = saludo(second, *words)
                            if done.status != 1 or "another import is writing to it" not in done.err:
                                failures.append(f"{first}, {second}, {words[0]}: {done.status} {done.err[-300:]}")
            for name in names:
                for words in (*_COMMANDS, ("check",)):
                    tries += 1
                    if (done := saludo(name, *words)).status != 0:
                        failures.append(f"{name}, {words[0]}: {done.status} {done.err[-300:]}")
    return Result(tries, tries, tuple(failures))
