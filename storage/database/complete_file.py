"""Files that appear complete or not at all: written beside their place under another name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.domain.errors import StorageError
from storage.language.system_errors import system_reason
from storage.language.texts import _

_MOST = 50  # characters of the name that the temporary one begins with; a name has 255 bytes at most


class FileError(StorageError):
    """The file cannot be written; the message is one line."""


def refuse_replacing(path: Path, *, replace: bool) -> None:
    """Raises FileError if there is something that the file must not replace."""
    if not os.path.exists(path):
        return
    if not os.path.isfile(path):
        raise FileError(_("{path}: not a regular file; choose another name").format(path=path))
    if not replace:
        raise _existing(path)


@contextmanager
def complete_file(path: Path, *, replace: bool, synced: bool = False) -> Iterator[Path]:
    """An empty file of mode 0600 to write to, which gets its name at the end of the context; after an error it is gone.

    Args:
        path: the name that it gets.
        replace: whether an existing file is replaced.
        synced: whether the file and its name are on the disk at the end, so that they survive a loss of power.

    Raises:
        FileError: the file cannot be written, or exists and `replace` is false.
    """
    try:
        temporary = _unused(path.parent, path.name[:_MOST])
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield temporary
            if synced:
                _sync(temporary)
            if not replace:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            os.replace(temporary, path)
            if synced:
                _sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise _existing(path) from None
    except OSError as error:
        raise FileError(_("{path}: cannot be written ({why})").format(path=path, why=system_reason(error))) from None


@contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """An empty directory of mode 0700 in another one; it is gone at the end of the context."""
    import shutil

    directory = _unused(parent, "saludo")
    try:
        directory.mkdir(0o700)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _unused(parent: Path, name: str) -> Path:
    """A hidden path that nothing has.

    The path is known before the file exists: after `tempfile.mkstemp`, Ctrl+C can come before its name is known.
    """
    return parent / f".{name}.{os.urandom(8).hex()}.part"


def _existing(path: Path) -> FileError:
    return FileError(_("{path}: already exists; choose another name or use --force").format(path=path))


def _sync(path: Path) -> None:
    """Waits until a file or a directory is on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
