"""Helper processes of this program, and plain values through pipes between two processes. Knows nothing of what the
values mean.

A value is sent as its length and then its `marshal` bytes: both ends run the same Python, and no other format is as
fast.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from storage.database.malloc import keep_freed_memory

_LENGTH = struct.Struct("<Q")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def start(module: str, argument: str, stdin: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a module of this program as a process with its output in a pipe.

    Args:
        module: The module to run as `python -m`.
        argument: Its only command-line argument.
        stdin: Its standard input: a file, or subprocess.PIPE.

    Raises:
        OSError: The process cannot be started.
    """
    # The same import path as here, without the working directory (-P): a file there could shadow a module.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # Ctrl-C reaches the whole process group. The helper ignores it from the start; its parent ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, argument], stdin=stdin, stdout=subprocess.PIPE, env=environment
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def running(module: str, argument: str) -> Iterator[subprocess.Popen[bytes] | None]:
    """A helper process with a pipe as standard input, ended with the context; None if it cannot be started."""
    try:
        process = start(module, argument, subprocess.PIPE)
    except OSError:
        yield None
        return
    try:
        yield process
    finally:
        stop(process)


def become_helper(niceness: int) -> None:
    """Sets up the current process as a helper: lower priority, no cyclic GC, freed memory kept.

    Args:
        niceness: How much to add to the process's nice value; its parent goes first.
    """
    os.nice(niceness)
    gc.disable()  # no cycles exist, and scans are costly
    keep_freed_memory()


def run_helper(work: Callable[[], None]) -> None:
    """Runs the work of the current process as a helper, and ends it.

    Whatever ends it early (its parent is gone, the disk is full, memory is short) is no traceback on the terminal of
    whoever imports: the parent sees that the helper has ended, and goes on or says what to do.
    """
    status = 1
    with suppress(BaseException):
        work()
        status = 0
    # Without the interpreter's own end, which writes of a pipe that cannot be flushed.
    os._exit(status)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and closes its pipes."""
    with suppress(ProcessLookupError):
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def send(pipe: IO[bytes], value: Any) -> None:
    """Writes a value to a pipe; raises BrokenPipeError if the other end is closed."""
    data = marshal.dumps(value)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def widen(pipe: IO[bytes], size: int) -> None:
    """Lets a pipe hold so many bytes that nobody has read yet, if the system can."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)


def has_data(pipe: IO[bytes]) -> bool:
    """Whether the pipe has unread data or its other end is closed; data already buffered by `pipe` does not count."""
    return bool(select.select([pipe], [], [], 0)[0])


def receive(pipe: IO[bytes]) -> Any:
    """Reads a value from a pipe; raises EOFError if the other end closed it, even in the middle of a value."""
    head = pipe.read(_LENGTH.size)
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    data = pipe.read(size)
    if not size or len(data) < size:
        raise EOFError("the other process has ended")
    return marshal.loads(data)
