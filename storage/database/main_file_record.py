"""What the database's file looked like when its writer last left it alone, kept in the lock file.

While a WAL lies beside the file, only its writer's checkpoints change the file itself. So a file that differs from the
record of a writer that was killed was replaced. Nothing is recorded while a checkpoint can run. A record counts only
for the boot, the lock file and the WAL that it was made with: it says nothing after a crash of the machine, in a copy
of the whole directory, and of a file that was restored with a WAL of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_MOST = 400  # bytes of a lock file
_NOTHING = b"?"  # over the first byte of a record: it is of no boot


class MainFileRecord:
    """Writes the record of a writer.

    Args:
        lock: descriptor of the lock file, locked.
        file: the database.

    Raises:
        OSError: the lock file cannot be written.
    """

    def __init__(self, lock: int, file: Path) -> None:
        self._lock, self._file = lock, file
        self._process, self._boot = f"{os.getpid()}\n".encode(), _boot()
        os.pwrite(lock, self._process + _NOTHING, 0)
        with suppress(OSError):
            os.ftruncate(lock, len(self._process + _NOTHING))

    def forget(self) -> None:
        """The file may change from now on.

        Raises:
            OSError: the lock file cannot be written: a record that stays would blame a file that is sound.
        """
        os.pwrite(self._lock, _NOTHING, len(self._process))

    def keep(self) -> None:
        """The file does not change until `forget`."""
        with suppress(OSError):
            own = os.fstat(self._lock).st_ino
            text = f"{self._boot} {own} {_salt(self._file)} {_state(self._file)}\n".encode()
            os.pwrite(self._lock, text, len(self._process))
            os.ftruncate(self._lock, len(self._process) + len(text))


def differs_from_record(file: Path, lock: Path) -> bool:
    """Whether the file is surely not as its last writer left it. A writer may be at work."""
    try:
        before = _read(lock)
        boot, own, salt, state = before.split(" ", 3)
        now = _state(file)
        if (boot, salt) != (_boot(), _salt(file)) or int(own) != os.stat(lock).st_ino or _read(lock) != before:
            return False
        return bool(boot) and state != now
    except (OSError, ValueError):
        return False


def holder(lock: int) -> str:
    """The number of the process that wrote the lock file last; empty if it did not say."""
    text = os.pread(lock, 20, 0).decode("ascii", "replace").split("\n")[0]
    return text if text.isdigit() else ""


def _read(lock: Path) -> str:
    """The record in a lock file, without its line end; empty if there is none or it is unfinished."""
    lines = _beginning(lock, _MOST).decode("ascii", "replace").split("\n")
    return lines[1] if len(lines) == 3 and not lines[2] else ""


def _state(file: Path) -> str:
    status = os.stat(file)
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _salt(file: Path) -> str:
    """What tells one use of the WAL from the next one: bytes of its header that are random."""
    try:
        return _beginning(file.with_name(f"{file.name}-wal"), 24)[16:].hex() or "none"
    except OSError:
        return "none"


def _boot() -> str:
    """A text that is another one after each start of the machine; empty if the system has none (other than Linux)."""
    try:
        return _beginning(Path("/proc/sys/kernel/random/boot_id"), 64).decode("ascii").strip()
    except OSError:
        return ""


def _beginning(file: Path, size: int) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, size, 0)
    finally:
        os.close(descriptor)
