"""Runs code in a process that speaks another language: the language is chosen before the modules are imported."""

from __future__ import annotations

import os
import subprocess
import sys


def said_in(tag: str, code: str) -> str:
    """What the code prints, without the last line end.

    Args:
        tag: the language, such as `es_AR`.
        code: Python code.
    """
    environment = os.environ | {"SALUDO_LANG": tag, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")
