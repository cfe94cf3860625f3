"""The process that reads ahead, as a fork of the tests' process: all of it but the start of Python, which takes longer
than reading a capture. The other helpers of an import are not started: SQLite cannot open a database in a fork of a
process that has it open."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import IO

from storage.database import child_process
from storage.ingest import batch_reader


class ForkedReader:
    """Has of `subprocess.Popen` what an import uses.

    Attributes:
        started: How many there were so far.
    """

    started = 0
    stdin = None

    def __init__(self, module: str, argument: str, file: int | IO[bytes]) -> None:
        if module != batch_reader.__name__ or isinstance(file, int):
            raise OSError("only the process that reads ahead")
        parts, answers = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.dup2(file.fileno(), 0)
            os.dup2(answers, 1)
            os.close(parts)
            sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
            child_process.run_helper(lambda: batch_reader._main(argument))
        ForkedReader.started += 1
        os.close(answers)
        self.stdout = os.fdopen(parts, "rb")

    def kill(self) -> None:
        """Ends it at once."""
        os.kill(self.process, signal.SIGKILL)

    def wait(self) -> None:
        """Waits for its end."""
        with suppress(ChildProcessError):
            os.waitpid(self.process, 0)
