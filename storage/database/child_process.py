"""A second process of this program, and plain values through the pipes between the two. Knows nothing of what they say.

The values are those that `marshal` writes: both ends are the same program, and nothing else packs as fast.
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from storage.database.malloc import keep_freed_memory

_LENGTH = struct.Struct("<Q")


def start(module: str, told: str, stdin: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a module of this program as a process, with one argument; raises OSError where that cannot be.

    An interruption is not for it, from its first moment on: it is for the process that started it, and will end it.
    """
    # It is to find what this process found, and nothing in the working directory.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, told], stdin=stdin, stdout=subprocess.PIPE, env=environment
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def started(module: str, told: str) -> Iterator[subprocess.Popen[bytes] | None]:
    """Such a process, told more by its standard input and ended with the context; None where none can be started."""
    try:
        process = start(module, told, subprocess.PIPE)
    except OSError:
        yield None
        return
    try:
        yield process
    finally:
        stop(process)


def help_quietly(niceness: int) -> None:
    """What such a process does first: it lets the one that started it go before, and keeps its memory together."""
    os.nice(niceness)
    gc.disable()  # there are no cycles to find
    keep_freed_memory()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, whatever it is doing."""
    with suppress(ProcessLookupError):
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def send(pipe: IO[bytes], value: Any) -> None:
    """Writes a value; raises BrokenPipeError where nobody reads any more."""
    packed = marshal.dumps(value)
    pipe.write(_LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def has_come(pipe: IO[bytes]) -> bool:
    """Whether the other end has sent something, or is gone; what was read ahead of does not count."""
    return bool(select.select([pipe], [], [], 0)[0])


def receive(pipe: IO[bytes]) -> Any:
    """Reads a value; raises EOFError where the other end is gone, be it in the middle of one."""
    head = pipe.read(_LENGTH.size)
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    packed = pipe.read(size)
    if not size or len(packed) < size:
        raise EOFError("the other process has ended")
    return marshal.loads(packed)
