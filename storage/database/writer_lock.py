"""The lock that lets one writer at a time change a database, by whatever name each opens it. Knows no SQLite.

The lock is a file next to the database, locked by the kernel, which frees it when the writer ends, however it ends. It
is named after the file that links lead to. The database is locked itself as well if it may have another name: several
hard links, or a mount of the file alone, as containers make them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from storage.database.main_file_record import MainFileRecord, holder
from storage.database.new_file import lock_path
from storage.domain.errors import StorageError
from storage.language.system_errors import system_reason
from storage.language.texts import _

# File systems of Linux where this lock and those of SQLite know nothing of each other, so that both can be held.
_OWN_LOCKS = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})


class LockError(StorageError):
    """The lock cannot be had. The message is one line without the database's name."""


def resolved(path: Path) -> Path:
    """The file that a path leads to: without links, absolute."""
    return Path(os.path.realpath(path))


@contextmanager
def writer_lock(file: Path) -> Iterator[MainFileRecord]:
    """Holds the lock of a database; yields the record of the file that the lock file keeps.

    Args:
        file: The database, as `resolved` names it.

    Raises:
        LockError: Another writer has it, at once and without waiting, or the lock file cannot be created.
    """
    with ExitStack() as stack:
        handle = _locked(lock_path(file))
        stack.callback(os.close, handle)
        _lock_names(file, stack)
        try:
            record = MainFileRecord(handle, file)
        except OSError as error:
            raise LockError(_("cannot be written ({why})").format(why=system_reason(error))) from None
        yield record


def _locked(lock: Path) -> int:
    """The lock file, open and locked."""
    while True:
        try:
            handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LockError(_("cannot be written ({why})").format(why=system_reason(error))) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process = holder(handle)
            os.close(handle)
            if process:
                message = _("another import is writing to it (process {process}); wait until it ends")
            else:
                message = _("another import is writing to it; wait until it ends")
            raise LockError(message.format(process=process)) from None
        except OSError as error:
            os.close(handle)
            raise LockError(_("cannot be locked ({why})").format(why=system_reason(error))) from None
        # A writer whose new database held nothing has removed the lock file: what is locked must be what others find.
        if _is_same(handle, lock):
            return handle
        os.close(handle)


def _is_same(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(file))
    except FileNotFoundError:
        return False


def _lock_names(file: Path, stack: ExitStack) -> None:
    """Locks the file itself if it may have another name. Each name has a WAL of its own, and two of them damage it.

    Only such a file: where the system turns the lock into one of SQLite's kind (NFS), SQLite could not open it.
    """
    try:
        status = file.stat()
    except OSError:
        return
    if status.st_nlink < 2 and _file_system(file) not in _OWN_LOCKS:
        return
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    # Closed after the connection: closing any descriptor of a file drops the locks that SQLite holds on it.
    stack.callback(os.close, handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockError(_("another import is writing to it under another name; wait until it ends")) from None
    for other in file.parent.iterdir():
        if other != file and has_unfinished(other) and os.path.samestat(status, other.stat()):
            raise LockError(
                _("was last written as {name}; use that name, or remove the other hard link").format(name=other.name)
            )


def _file_system(file: Path) -> str:
    """The kind of file system that a file lies on; empty if the system does not say (other systems than Linux)."""
    found = longest = ""
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:  # … root, mount point, options, further fields, "-", kind, …: proc(5)
            before, _, after = line.partition(" - ")
            point = before.split(" ")[4].replace("\\040", " ")
            if len(point) >= len(longest) and file.is_relative_to(point):
                longest, found = point, after.split(" ")[0]
    return found


def has_unfinished(file: Path) -> bool:
    """Whether a WAL or journal with content lies beside the file; readers leave empty ones."""
    for end in ("-wal", "-journal"):
        with suppress(OSError):
            if file.with_name(f"{file.name}{end}").stat().st_size:
                return True
    return False
