"""The two builds of a comparison: this checkout, and another revision in its own virtual environment.

Knows git and pip. Does not know what is measured. A build is used through its commands only (`python -m tui …`,
`python -m tests.benchmarks …`), so that modules may move between revisions.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout and the Python that runs it; `directory` keeps the databases that this build wrote."""

    name: str
    checkout: Path
    python: Path
    directory: Path

    def run(self, *words: str) -> str:
        """Runs a module of this build to its end.

        Args:
            words: The module and its arguments, as after `python -m`.

        Returns:
            What it printed to stdout.

        Raises:
            subprocess.CalledProcessError: It failed.
        """
        return subprocess.run(
            [str(self.python), "-m", *words], cwd=self.checkout, check=True, capture_output=True, text=True
        ).stdout

    def run_file(self, file: Path, *words: str) -> str:
        """Runs a file, of any build, with the modules of this one; returns what it printed to stdout.

        Raises:
            subprocess.CalledProcessError: It failed.
        """
        return subprocess.run(
            [str(self.python), str(file), *words], cwd=self.checkout, check=True, capture_output=True, text=True
        ).stdout

    def seconds(self, *words: str) -> float:
        """The wall time in seconds of a process that runs a module of this build."""
        began = time.perf_counter()
        self.run(*words)
        return time.perf_counter() - began


def this_build(directory: Path) -> Build:
    """The checkout of this file, run by the current Python."""
    return Build("this", ROOT, Path(sys.executable), _made(directory / "this"))


def other_build(revision: str, directory: Path) -> Build:
    """A revision of this repository; checks it out and installs it below `directory` unless that was done before.

    Args:
        revision: Anything that git understands as a commit.
        directory: Where checkouts, environments and databases are kept.

    Raises:
        subprocess.CalledProcessError: git does not know the revision, or its packages cannot be installed.
    """
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    home = _made(directory / commit[:12])
    checkout, environment = home / "checkout", home / "environment"
    python = environment / "bin" / "python"
    if not (home / "ready").exists():
        _check_out(commit, home, checkout)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        install: Sequence[str] = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        constraints = ["-c", "constraints.txt"] if (checkout / "constraints.txt").exists() else []
        subprocess.run([*install, *constraints, "-e", ".[dev]"], cwd=checkout, check=True)
        (home / "ready").touch()
    return Build(commit[:7], checkout, python, _made(home / "databases"))


def _check_out(commit: str, home: Path, checkout: Path) -> None:
    archive = home / "checkout.tar"
    _git("archive", "--format=tar", f"--output={archive}", commit)
    with tarfile.open(archive) as tar:
        tar.extractall(_made(checkout), filter="data")
    archive.unlink()


def _git(*words: str) -> str:
    result = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return result.stdout.strip()


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory
