"""Two writers by two names of one database: the second one is told that another one writes, readers go on, and nothing
is damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from itertools import count
from pathlib import Path

from storage.database.connection import writing
from tests.captures import capture
from tests.faults.commands import saludo
from tests.faults.tally import Result

_WRITE: tuple[tuple[str, ...], ...] = (
    ("import", str(capture("send_log.jsonl"))),
    ("settings", "time_zone", "UTC"),
    ("check", "--rebuild"),
)
_READ: tuple[tuple[str, ...], ...] = (("report",), ("export", "-o", "-"))
_IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def two_writers() -> Result:
    """Tries each command by each name while another name is written to."""
    with tempfile.TemporaryDirectory() as directory:
        there = Path(os.path.realpath(directory))
        database = there / "saludo.db"
        saludo(database, "import", str(capture("cloud_statuses.jsonl")))
        (there / "directory").symlink_to(there, target_is_directory=True)
        (there / "symlink.db").symlink_to("saludo.db")
        os.link(database, there / "hard.db")
        relative = [Path(name) for name in ("saludo.db", "symlink.db", "directory/saludo.db", "hard.db")]
        with chdir(there):
            linked = _tried([*relative, *(there / name for name in relative)])
            (there / "hard.db").unlink()
            bound = _tried_bound(there)
    tries = linked.tries + bound.tries
    return Result(tries, tries, (*linked.failures, *bound.failures))


def why_no_bind_mounts() -> str | None:
    """Why this process may not mount a directory or a file a second time; None if it may."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "bind mounts need Linux and unshare"
    done = subprocess.run([*_IN_A_NAMESPACE, "mount", "--bind", "/tmp", "/tmp"], capture_output=True, check=False)
    return None if done.returncode == 0 else f"no bind mounts here: {done.stderr.decode().strip()}"


def _tried_bound(there: Path) -> Result:
    """The same by bind mounts of the directory and of the file, in a namespace where they may be made."""
    if why_no_bind_mounts() is not None:
        return Result(0, 0, ())
    mounted, file = there / "mounted", there / "elsewhere" / "bound.db"
    mounted.mkdir()
    file.parent.mkdir()
    file.touch()
    script = 'mount --bind "$1" "$2" && mount --bind "$1/saludo.db" "$3" && shift 3 && exec "$@"'
    names = [str(there / "saludo.db"), str(mounted / "saludo.db"), str(file)]
    words = [*_IN_A_NAMESPACE, "sh", "-c", script, "sh", str(there), str(mounted), str(file)]
    done = subprocess.run(
        [*words, sys.executable, "-m", "tests.faults.two_writers", *names],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        check=True,
    )
    tries, failures = json.loads(done.stdout)
    return Result(tries, tries, tuple(failures))


def _tried(names: list[Path]) -> Result:
    tries, failures = count(), []
    for first in names:
        with writing(first):
            for second in names:
                for words in (*_WRITE, *_READ):
                    next(tries)
                    done = saludo(second, *words)
                    is_told = done.status == 1 and "another import is writing to it" in done.err
                    if not is_told if words in _WRITE else done.status != 0:
                        failures.append(f"{first}, {second}, {words[0]}: {done.status} {done.err[-300:]}")
    for name in names:
        for words in (*_WRITE, *_READ, ("check",)):
            next(tries)
            if (done := saludo(name, *words)).status != 0:
                failures.append(f"{name}, {words[0]}: {done.status} {done.err[-300:]}")
    total = next(tries)
    return Result(total, total, tuple(failures))


if __name__ == "__main__":
    found = _tried([Path(name) for name in sys.argv[1:]])
    print(json.dumps([found.tries, found.failures]))
