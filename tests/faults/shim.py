"""Builds shim.c and runs Python under it. Knows Linux with a C compiler only; says why where it cannot."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("shim.c")
_ENVIRONMENT = ("FAULTS_FILE", "FAULTS_AT", "FAULTS_ERROR", "FAULTS_ON", "FAULTS_PART", "FAULTS_CALL", "FAULTS_TOLD")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the process.

    Attributes:
        at: at which call that touches the file; 0: nothing happens, calls are counted.
        error: errno that the call fails with; 0: the process is killed before it.
        on: whether every later call fails too.
        part: only in processes whose command line contains this text.
        call: only calls with this name; "": those that write, sync, shorten or remove a file.
        told: a file that is created when the process is killed.
    """

    at: int = 0
    error: int = 0
    on: bool = False
    part: str = ""
    call: str = ""
    told: Path | str = ""


def why_not() -> str | None:
    """Why the shim cannot be built here; None if it can."""
    if sys.platform != "linux":
        return "the shim needs Linux: it finds the names of open files in /proc"
    if _compiler() is None:
        return "no C compiler (cc, gcc or clang) to build the shim with"
    return None


def _compiler() -> str | None:
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


def run_under_shim(*words: str) -> int:
    """Runs `python -m tests.faults` with these words in a process that has the shim; returns its exit status."""
    with tempfile.TemporaryDirectory() as directory:
        library = Path(directory) / "shim.so"
        compiler = _compiler()
        assert compiler is not None
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
        environment = os.environ | {"LD_PRELOAD": str(library)}
        return subprocess.run([sys.executable, "-m", "tests.faults", *words], env=environment, check=False).returncode


def is_loaded() -> bool:
    """Whether this process runs under the shim."""
    return hasattr(ctypes.CDLL(None), "faults_arm")


def arm(file: Path | str, fault: Fault) -> None:
    """Lets the fault happen in this process and in those that it starts."""
    values = (str(file), str(fault.at), str(fault.error), str(int(fault.on)), fault.part, fault.call, str(fault.told))
    os.environ.update(zip(_ENVIRONMENT, values, strict=True))
    ctypes.CDLL(None).faults_arm()


def calls(name: str) -> int:
    """How many calls of that name have touched the file since `arm` with a fault that does nothing."""
    function = ctypes.CDLL(None).faults_calls
    function.restype = ctypes.c_long
    return int(function(name.encode()))
